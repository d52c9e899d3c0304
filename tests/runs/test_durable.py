"""Whatever is done to a run may be killed, or refused by the disk, at every durable step of it.

What was acknowledged is there afterwards, what is there is whole, and the same goes on from there.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ganterm.config.branch import branch
from ganterm.config.runfile import render_run_toml, to_mapping
from ganterm.config.schema import RunConfig
from ganterm.core.files import remove_stale_temps, write_atomically
from ganterm.core.records import ControlRecord, ResumeRecord
from ganterm.runs import cache, checkpoints, control, manage
from ganterm.runs.bookmarks import Bookmark, keep, read_bookmarks
from ganterm.runs.cache import HistoryReader
from ganterm.runs.history import RunHistory
from ganterm.runs.journal import JournalTail, JournalWriter, read_journal
from ganterm.runs.layout import RunDir, create_run, find_runs
from ganterm.runs.places import LatentPoint
from ganterm.runs.status import Status, read_status, write_status
from ganterm.worker.commands import Inbox
from tests.quick import slow_unless
from tests.records import record
from tests.runs.helpers import checkpoint_bytes, steps_of, struck, temps_in, write_steps

Ack = Callable[[str], object]
CONFIG = RunConfig(steps=100, batch_size=10)


class Deed(NamedTuple):
    """Something that is done to the run `mine` in a directory, and can be done again and again.

    `hold` is told what was acknowledged, and whether all of it was done.
    """

    act: Callable[[Path, Ack], object]
    hold: Callable[[Path, list[str], bool], None]


def mine(place: Path) -> RunDir:
    return RunDir(place / "mine")


def write_checkpoint(run: RunDir, step: int) -> Path:
    words = {"config": to_mapping(CONFIG), "counters": {"step": step, "batches": step}}
    metadata = {name: json.dumps(value) for name, value in words.items()}
    path = run.checkpoint_path(step)
    data = checkpoint_bytes(step, {"w": bytes(500)}, **metadata)
    write_atomically(path, data, check=checkpoints.verify)
    return path


def make(place: Path) -> None:
    """Make a run of four steps, three checkpoints, and a line that a killed worker left torn."""
    run = create_run(place, "mine", "dcgan")
    run.config_file.write_text(render_run_toml(CONFIG, {}))
    with JournalWriter(run.journal) as journal:
        journal.write(record("start", 0, config=to_mapping(CONFIG)))
    write_steps(run.journal, range(1, 5))
    with run.journal.open("a") as file:
        file.write('{"v":1,"kind":"met')
    for step in (1, 2, 4):
        write_checkpoint(run, step)
    write_status(run.status, Status(state="stopped", step=0, steps=9))


def create(place: Path, ack: Ack) -> None:
    def fill(run: RunDir, name: str) -> None:
        run.checkpoint_path(0).write_bytes(b"")
        write_atomically(run.config_file, name.encode())

    if not (place / "other").exists():
        create_run(place, "other", "dcgan", fill)
    ack("other")


def created(place: Path, told: list[str], done: bool) -> None:
    """Its name is free or it is whole, and the next that is made takes away what is left."""
    found = [run for run in find_runs(place) if run.name == "other"]
    assert len(found) == 1 if told or done else len(found) < 2
    assert all(run.config_file.read_text() == "other" for run in found)
    for left in place.iterdir():
        os.utime(left, (0, 0))
    shutil.rmtree(create_run(place, None, "dcgan").path)
    assert {each.name for each in place.iterdir()} == {"mine", *(run.name for run in found)}


def branch_off(place: Path, ack: Ack) -> None:
    if not (place / "other").exists():
        branch(mine(place), 2, place, name="other", command="ganterm branch mine")
    ack("other")


def branched(place: Path, told: list[str], done: bool) -> None:
    if (place / "other").exists():
        other = RunDir(place / "other")
        assert len(checkpoints.whole(other.checkpoints)) == 1
        assert "mine@2" in other.config_file.read_text()
    else:
        assert not told
        assert not done
    assert len(checkpoints.whole(mine(place).checkpoints)) == 3


def journal(place: Path, ack: Ack) -> None:
    begin = len(read_journal(mine(place).journal))
    with JournalWriter(mine(place).journal) as writer:
        for step in range(begin, begin + 4):
            writer.write(record("metrics", step, d_loss=step / 7))
            ack(f"{step}")
        writer.sync()


def journalled(place: Path, told: list[str], done: bool) -> None:
    tail = JournalTail(mine(place).journal)
    steps = steps_of(tail.poll())
    assert (steps, tail.damaged) == (list(range(len(steps))), 0)
    assert steps[-1] >= max(map(int, told), default=4)


def save(place: Path, ack: Ack) -> None:
    run = mine(place)
    remove_stale_temps(run.checkpoints)
    newest, _ = checkpoints.newest_valid(run.checkpoints)
    assert newest is not None
    step = checkpoints.read_header(newest).step + 1
    path = write_checkpoint(run, step)
    ack(f"{step}")
    checkpoints.prune(run.checkpoints, 2, newest=path)


def saved(place: Path, told: list[str], done: bool) -> None:
    directory = mine(place).checkpoints
    newest, damaged = checkpoints.newest_valid(directory)
    assert newest is not None
    assert damaged == []
    assert checkpoints.read_header(newest).step >= max(map(int, told), default=4)
    assert len(checkpoints.whole(directory)) == 2 or not done


def rewind(place: Path, ack: Ack) -> None:
    run = mine(place)
    if not any(isinstance(each, ResumeRecord) for each in read_journal(run.journal)):
        checkpoints.void(run.checkpoints, 2, 4)
        with JournalWriter(run.journal) as writer:
            writer.write(record("resume", 2))
    ack("2")


def rewound(place: Path, told: list[str], done: bool) -> None:
    directory = mine(place).checkpoints
    steps = [checkpoints.read_header(path).step for path in checkpoints.whole(directory)]
    assert steps[:2] == [1, 2]
    assert {*steps, *checkpoints.healthy_aside(directory)} == {1, 2, 4}
    assert steps == [1, 2] or not (told or done)


def write_down(place: Path, ack: Ack) -> None:
    run, before = mine(place), read_status(mine(place).status)
    assert before is not None
    now = before.step + 1
    write_status(run.status, Status(state="stopped", step=now, steps=9))
    ack(f"status {now}")
    manage.write_note(run, f"a note of step {now}")
    ack(f"note {now}")
    keep(run, Bookmark(f"{now}", LatentPoint(seed=now), now))
    ack(f"bookmark {now}")


def written_down(place: Path, told: list[str], done: bool) -> None:
    run, known = mine(place), dict(line.split() for line in told)
    status = read_status(run.status)
    assert status is not None
    assert status.step >= int(known.get("status", 0))
    note, kept = manage.read_note(run), [each.name for each in read_bookmarks(run)]
    assert note in {"", *(f"a note of step {step}" for step in range(3))}
    assert "note" not in known or note.endswith(known["note"])
    assert "bookmark" not in known or kept[-1] == known["bookmark"]


def command(place: Path, ack: Ack) -> None:
    run = mine(place)
    ack(f"posted {control.post(run.control, 'set', key='lr_g', value=1e-4)}")
    answered = [
        each.id for each in read_journal(run.journal) if isinstance(each, ControlRecord) and each.id
    ]
    with JournalWriter(run.journal) as writer:
        inbox = Inbox(run.control, answered, ())
        for each in inbox.take():
            writer.write(record("control", 4, id=each.id, name=each.name, args=each.args))
            ack(f"answered {each.id}")
            inbox.remove(each)


def commanded(place: Path, told: list[str], done: bool) -> None:
    """None is lost and none is obeyed twice."""
    run = mine(place)
    records = read_journal(run.journal)
    answered = [each.id for each in records if isinstance(each, ControlRecord)]
    waiting = {each.id for each in control.pending(run.control)}
    assert len({*answered}) == len(answered)
    words = [line.split() for line in told]
    assert {name for what, name in words if what == "posted"} <= {*answered, *waiting}
    assert {name for what, name in words if what == "answered"} <= {*answered}
    # One that could not be removed is known by its id.
    assert not (done and waiting - {*answered})


def move(place: Path, ack: Ack) -> None:
    if mine(place).path.exists():
        manage.rename(mine(place), "other")
    ack("other")


def moved(place: Path, told: list[str], done: bool) -> None:
    (run,) = find_runs(place)
    assert run.name == "other" or not (told or done)
    assert len(checkpoints.whole(run.checkpoints)) == 3
    if run.name == "mine" and (place / "other").exists():
        (place / "other").rmdir()  # An empty directory may keep the name, and says that it does.


def remove(place: Path, ack: Ack) -> None:
    make_again = place / "spare"
    if not mine(place).path.exists():
        make_again.mkdir(exist_ok=True)
        (place / "spare" / "run.toml").touch()
    manage.delete(mine(place) if mine(place).path.exists() else RunDir(make_again))
    ack("gone")


def removed(place: Path, told: list[str], done: bool) -> None:
    runs = [run for run in find_runs(place) if run.name == "mine"]
    assert not (runs and (told or done))
    assert all(len(checkpoints.whole(run.checkpoints)) == 3 for run in runs)
    assert not done or not any(each.name.startswith(".tmp-") for each in place.iterdir())


def read_it(place: Path, ack: Ack) -> None:
    run = mine(place)
    write_steps(run.journal, range(5, 9))
    history = RunHistory()
    for _ in HistoryReader(run, history).read():
        pass
    assert history.last_step == 8


def read_again(place: Path, _told: list[str], _done: bool) -> None:
    run, history, anew = mine(place), RunHistory(), RunHistory()
    for _ in HistoryReader(run, history).read():
        pass
    anew.add(*read_journal(run.journal))
    known = [{name: repr(s.state()) for name, s in each.series.items()} for each in (history, anew)]
    assert known[0] == known[1]


def live(place: Path, ack: Ack, steps: int = 12) -> None:
    """Do what a worker does, for so many steps."""
    for _ in range(steps // 4):
        journal(place, lambda step: ack(f"journal {step}"))
        save(place, lambda step: ack(f"save {step}"))
        write_down(place, ack)
        command(place, ack)


def lived(place: Path, told: list[str], done: bool) -> None:
    def of(*words: str) -> list[str]:
        return [line.removeprefix(f"{words[0]} ") for line in told if line.split()[0] in words]

    tail = JournalTail(mine(place).journal)
    records = tail.poll()
    assert tail.damaged == 0
    metrics = [each.step for each in records if each.kind == "metrics"]
    assert metrics == sorted(metrics)
    assert {*map(int, of("journal"))} <= {*metrics}
    saved(place, of("save"), done)
    commanded(place, [line for line in told if line.split()[0] in {"posted", "answered"}], done)
    status, written = read_status(mine(place).status), of("status")
    assert status is not None
    assert status.step >= int(written[-1] if written else 0)


DEEDS = {
    "create": Deed(create, created),
    "branch": Deed(branch_off, branched),
    "journal": Deed(journal, journalled),
    "save and prune": Deed(save, saved),
    "rewind": Deed(rewind, rewound),
    "status, note, bookmark": Deed(write_down, written_down),
    "command": Deed(command, commanded),
    "rename": Deed(move, moved),
    "delete": Deed(remove, removed),
    "history.cache": Deed(read_it, read_again),
}


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with a run, and have every history that is read be kept."""
    monkeypatch.setattr(cache, "KEEP_EVERY", 1)
    make(tmp_path / "runs")
    return tmp_path / "runs"


def strike(deed: Deed, template: Path, how: str, at: int) -> tuple[int, str]:
    """Do it with a fault and hold what is to be held; return the steps it came to and the error."""
    place = template.with_name("struck")
    shutil.copytree(template, place)
    found = struck(lambda ack: deed.act(place, ack), how, at)
    deed.hold(place, found.told, found.seen >= 0 and not found.error)
    if found.error:
        wrong = "No space left on device" if how == "full" else "Input/output error"
        assert wrong in found.error
        assert "\n" not in found.error
        # What a deletion has left goes with the next one.
        assert [name for name in temps_in(place) if "deleted" not in name] == []
    deed.act(place, found.told.append)
    deed.hold(place, found.told, True)
    shutil.rmtree(place)
    return found.seen, found.error


@pytest.mark.parametrize(
    ("name", "every"),
    slow_unless(lambda _, every: every > 1, [(n, e) for n in DEEDS for e in (7, 1)]),
)
def test_nothing_is_lost_at_any_durable_step(name: str, every: int, template: Path) -> None:
    deed = DEEDS[name]
    steps, error = strike(deed, template, "none", -1)
    assert (steps > 3, error) == (True, "")
    counts = dict.fromkeys(("killed", "half", "full", "EIO"), 0)
    for number, how in enumerate(counts):
        for at in range(number % every, steps, every):
            seen, error = strike(deed, template, how, at)
            counts[how] += seen < 0 if how in {"killed", "half"} else bool(error)
    assert counts["killed"] == len(range(0, steps, every))
    sys.stdout.write(f"\n{name}: {steps} durable steps; {counts}\n")


def live_until_killed(place: Path, said: int) -> None:
    try:
        live(place, lambda word: os.write(said, f"{word}\n".encode()), 1 << 20)
    finally:
        os._exit(1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_storm_of_kills_over_the_life_of_a_run(template: Path) -> None:
    """Killed at every step of twelve, and by a signal at any moment, in going on and on."""
    deed = Deed(live, lived)
    steps, _ = strike(deed, template, "none", -1)
    kills = sum(
        strike(deed, template, how, at)[0] < 0 for how in ("killed", "half") for at in range(steps)
    )
    chance, told, killed = random.Random(0), list[str](), 0
    for _ in range(1000):
        heard, said = os.pipe()
        child = os.fork()
        if not child:
            live_until_killed(template, said)
        os.close(said)
        with os.fdopen(heard) as pipe:
            told.append(pipe.readline().rstrip("\n"))
            time.sleep(chance.random() / 50)
            os.kill(child, signal.SIGKILL)
            told += pipe.read().splitlines()
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        lived(template, told, False)
        told = told[-50:]
    sys.stdout.write(f"\na life: {kills} kills at a step, {killed} at any moment\n")
    assert killed == 1000
