"""One worker's life as others see it: its states, its stops, its one place in the run."""

import contextlib
import signal
from pathlib import Path

from PIL import Image

from ganterm.core.errors import ExitCode
from ganterm.render.sheet import load_sheet
from ganterm.runs import control
from ganterm.runs.journal import JournalTail
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from ganterm.runs.status import HOST, read_status
from tests.records import lines
from tests.runs.helpers import Child
from tests.worker.workers import Worker, Zygote, damage, differences, kinds, last_step, make_run

ENDLESS = 10**6
"""Steps of a run that a test ends."""


def ask(worker: Worker, name: str) -> None:
    identity = control.post(worker.run.control, name)
    assert worker.until(lambda record: record.get("id") == identity), worker.log()


def test_states_follow_each_other(zygote: Zygote, tmp_path: Path) -> None:
    """Observers see new, starting (if they look in time), running, paused, running, stopped."""
    run = make_run(tmp_path, "mlp", steps=ENDLESS, checkpoint_every="0")
    seen = [observe(run).state]

    def look() -> str:
        state = observe(run).state
        if state != seen[-1]:
            seen.append(state)
        return state

    worker = zygote.start(run)
    worker.until_true(lambda: look() == "running")
    control.post(run.control, "pause")
    worker.until_true(lambda: look() == "paused")
    control.post(run.control, "resume")
    worker.until_true(lambda: look() == "running")
    control.post(run.control, "stop")
    worker.until_true(lambda: look() == "stopped")
    assert worker.wait() == 0
    look()
    seen = [state for state in seen if state != "starting"]
    assert seen == ["new", "running", "paused", "running", "stopped"]


def test_the_status_has_a_heartbeat(zygote: Zygote, tmp_path: Path) -> None:
    """Running or paused, it is renewed, and says who trains and how far it is."""
    run = make_run(tmp_path, steps=ENDLESS, batch_size=16)
    worker = zygote.start(run)

    def later(than: float, state: str) -> float:
        status = worker.until_true(
            lambda: (s := read_status(run.status)) and s.updated > than and s.state == state and s
        )
        assert (status.pid, status.host, status.steps) == (worker.pid, HOST, ENDLESS)
        return float(status.updated)

    first = later(0.0, "running")
    second = later(first, "running")
    status = read_status(run.status)
    assert status is not None
    assert status.step > 0
    assert status.images_per_s > 0
    assert status.memory_bytes is None or status.memory_bytes > 1 << 24
    control.post(run.control, "pause")
    later(later(second, "paused"), "paused")


def test_a_paused_run_stands_still_and_can_be_stopped(zygote: Zygote, tmp_path: Path) -> None:
    """Its metrics are told, its step stays, and stopping it saves it."""
    run = make_run(tmp_path, steps=ENDLESS, checkpoint_every="0")
    worker = zygote.start(run)
    worker.until(lambda record: record["kind"] == "metrics")
    ask(worker, "pause")
    paused = worker.until_true(lambda: (v := observe(run)).state == "paused" and v)
    worker.send(signal.SIGTERM)
    assert worker.wait() == ExitCode.SIGTERM
    end = lines(run.journal)[-1]
    assert (end["kind"], end["reason"], end["exit_code"]) == ("end", "stopped", ExitCode.SIGTERM)
    assert end["message"] == f"Stopped by SIGTERM at step {end['step']}."
    assert end["step"] == paused.step == last_step(run)


def test_commands_are_obeyed(zygote: Zygote, tmp_path: Path) -> None:
    """A checkpoint and a sample on command, then a stop with a checkpoint."""
    run = make_run(tmp_path, steps=ENDLESS, checkpoint_every="0", sample_every="0")
    worker = zygote.start(run)
    for name in ("checkpoint", "sample"):
        ask(worker, name)
        made = worker.until(lambda record, kind=name: record["kind"] == kind)  # type: ignore[misc]
        assert made is not None
        assert (run.path / made["path"]).is_file()
    ask(worker, "stop")
    assert worker.wait() == 0
    end = lines(run.journal)[-1]
    assert end["message"] == f"Stopped on command at step {end['step']}."
    assert last_step(run) == end["step"] > 0
    status = read_status(run.status)
    assert status is not None
    assert (status.state, status.step) == ("stopped", end["step"])
    assert status.last_checkpoint == f"checkpoints/{run.checkpoint_path(end['step']).name}"


def test_losing_the_terminal_changes_nothing(zygote: Zygote, tmp_path: Path) -> None:
    """SIGHUP and SIGINT leave the worker training."""
    run = make_run(tmp_path)
    worker = zygote.start(run)
    assert worker.until_step(1)
    worker.send(signal.SIGHUP)
    worker.send(signal.SIGINT)
    assert worker.wait() == 0
    assert observe(run).state == "finished"


def test_a_stop_for_an_earlier_worker_stops_no_later_one(zygote: Zygote, trained: RunDir) -> None:
    """It is answered and the run trains to its end."""
    control.post(trained.control, "stop")
    zygote.train(trained, "--steps", "36")
    (answer,) = kinds(trained, "control")
    assert answer["error"] == "the worker it was meant for has ended"
    assert last_step(trained) == 36


def test_one_of_two_resumes_wins(zygote: Zygote, trained: RunDir) -> None:
    """The other ends with exit code 4 and one sentence that says who holds the run."""
    workers = [zygote.start(trained, "--steps", str(ENDLESS)) for _ in range(2)]
    loser = workers[0].until_true(lambda: next((w for w in workers if w.gone), None))
    (winner,) = (worker for worker in workers if worker is not loser)
    assert loser.wait() == 4
    assert loser.log() == (
        f"run '{trained.name}' is held by worker {winner.pid} on {HOST}; follow it with "
        f"'ganterm attach {trained.name}' or end it with 'ganterm ctl {trained.name} stop'\n"
    )
    winner.send(signal.SIGTERM)
    assert winner.wait() == ExitCode.SIGTERM
    assert [record["pid"] for record in kinds(trained, "resume")] == [winner.pid]


def test_a_damaged_checkpoint_falls_back_with_a_word(
    zygote: Zygote, trained: RunDir, whole: RunDir
) -> None:
    """Truncated or with one bit flipped: the resume names it and why, and sets it aside."""
    newest, second = trained.checkpoint_path(32), trained.checkpoint_path(28)
    newest.write_bytes(newest.read_bytes()[:-1])
    damage(second)
    zygote.train(trained)
    (resume,) = kinds(trained, "resume")
    assert (resume["step"], resume["checkpoint"]) == (21, "checkpoints/step-00000021.safetensors")
    first, other = resume["skipped"]
    assert first.startswith(f"{newest.name}: its header is not sound")
    assert other == f"{second.name}: its content does not match its digest"
    assert sorted(path.name for path in trained.checkpoints.glob("*.damaged")) == [
        f"{second.name}.damaged",
        f"{newest.name}.damaged",
    ]
    assert differences(whole, trained) == []


def test_no_whole_checkpoint_is_refused_in_one_line(zygote: Zygote, trained: RunDir) -> None:
    """Exit code 1, one sentence, and the run is left as it was."""
    before = trained.journal.read_bytes(), trained.status.read_bytes()
    for path in trained.checkpoints.iterdir():
        damage(path)
    worker = zygote.start(trained)
    assert worker.wait() == 1
    (line,) = worker.log().splitlines()
    assert line.startswith(f"No checkpoint of {trained.name} is whole (step-00000032.safetensors: ")
    assert (trained.journal.read_bytes(), trained.status.read_bytes()) == before


def test_a_dataset_that_is_gone_is_one_line(zygote: Zygote, tmp_path: Path) -> None:
    """The run is resumed once the dataset is back, and ends as it would have."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for shade in range(70):
        Image.new("L", (8, 8), color=3 * shade).save(folder / f"{shade:02d}.png")
    whole, run = (
        make_run(tmp_path / name, dataset=str(folder), steps=12, checkpoint_every="3")
        for name in ("whole", "run")
    )
    zygote.train(whole)
    worker = zygote.start(run)
    assert worker.until_step(4)
    worker.kill()
    folder.rename(tmp_path / "elsewhere")
    worker = zygote.start(run)
    assert worker.wait() in {2, 3}
    (line,) = worker.log().splitlines()
    assert str(folder) in line
    last = lines(run.journal)[-1]
    assert last["kind"] == "alert"
    assert line in last["message"]
    assert observe(run).state == "crashed"
    (tmp_path / "elsewhere").rename(folder)
    assert differences(whole, zygote.train(run)) == []


def test_readers_do_not_hold_the_worker_up(zygote: Zygote, tmp_path: Path) -> None:
    """It trains to its end though many read along, and some have stopped in the midst of it."""
    run = make_run(tmp_path, checkpoint_every="0")
    worker = zygote.start(run)
    assert worker.until_step(1)
    with contextlib.ExitStack() as readers:
        for _ in range(2):
            reader = readers.enter_context(Child(STALLED_READER, run.path))
            assert reader.hear() == "holding"
            reader.process.send_signal(signal.SIGSTOP)
        tails = [JournalTail(run.journal) for _ in range(20)]
        told = [0] * len(tails)
        while not worker.gone:
            observe(run)
            told = [count + len(tail.poll()) for count, tail in zip(told, tails, strict=True)]
        assert worker.wait() == 0
    told = [count + len(tail.poll()) for count, tail in zip(told, tails, strict=True)]
    assert set(told) == {len(lines(run.journal))}


STALLED_READER = """
import fcntl, os, sys
run = sys.argv[1]
files = [open(f"{run}/{name}", "rb") for name in ("journal.jsonl", "status.json", "worker.log")]
for file in files:
    fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    file.read(10)
print("holding", flush=True)
sys.stdin.read()
"""


def test_a_run_keeps_real_images_to_compare_with(trained: RunDir) -> None:
    """They are as many as the samples, and of the same size."""
    real = load_sheet(trained.real_samples)
    fake = load_sheet(trained.sample_path(0))
    assert len(real) == len(fake) == 4
    assert (real[0].width, real[0].height) == (fake[0].width, fake[0].height)
