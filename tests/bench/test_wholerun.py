from pathlib import Path

import pytest

from ganterm.bench.wholerun import train_whole
from ganterm.data.progress import silent
from ganterm.errors import WorkerError
from ganterm.runs import checkpoints, control
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import is_held
from tests.bench.helpers import Listener


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "short.toml"
    path.write_text('generator = "dcgan-8x8"\ndiscriminator = "dcgan-8x8"\nimage_size = 8\n')
    return str(path)


def test_a_run_is_timed_from_outside_to_its_end(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time covers the worker's own, and neither seed nor length comes from the environment."""
    Path(recipe).write_text(Path(recipe).read_text() + "steps = 3\n")
    monkeypatch.setenv("GANTERM_STEPS", "5")
    monkeypatch.setenv("GANTERM_SEED", "9")
    run = RunDir(tmp_path / "runs" / "one")
    listener = Listener()
    found = train_whole(recipe, seed=2, device="cpu", run=run, what="one", progress=listener)
    assert checkpoints.read_header(found.checkpoint).step == 3
    records = read_journal(run.journal)
    assert records[0]["config"]["seed"] == 2
    assert found.seconds > records[-1]["time"] - records[0]["time"]
    assert all(what == "one" for what, *_ in listener.told)


def test_a_command_that_fails_is_no_figure(tmp_path: Path) -> None:
    """What ganterm said last is the reason."""
    run = RunDir(tmp_path / "one")
    with pytest.raises(WorkerError, match=r"--recipe dcgann` failed: .*did you mean"):
        train_whole("dcgann", seed=0, device="cpu", run=run, what="one", progress=silent)


@pytest.mark.slow
def test_a_run_that_somebody_stops_is_no_figure(recipe: str, tmp_path: Path) -> None:
    """It ends in peace, and too soon."""
    run = RunDir(tmp_path / "one")

    def stop(what: str, done: int, total: int | None, unit: str) -> None:
        if done > 0:
            control.post(run.control, "stop")

    with pytest.raises(WorkerError, match="was stopped before its end"):
        train_whole(recipe, seed=0, device="cpu", run=run, what="one", progress=stop)


def test_an_interruption_ends_the_worker_too(recipe: str, tmp_path: Path) -> None:
    """The worker, which outlives a lost terminal, does not outlive the measurement."""
    run = RunDir(tmp_path / "one")

    def interrupt(what: str, done: int, total: int | None, unit: str) -> None:
        if done > 0:
            assert is_held(run.lock)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_whole(recipe, seed=0, device="cpu", run=run, what="one", progress=interrupt)
    while is_held(run.lock):  # until the kernel is through with the killed process
        pass
    assert read_journal(run.journal)[-1]["kind"] != "end"
