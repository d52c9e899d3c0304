"""Whatever lies in one run, the others are seen, nothing outside is touched, and words say why."""

from __future__ import annotations

import json
import os
import resource
import shutil
from pathlib import Path

import pytest

from ganterm.client.poller import Poller
from ganterm.core.errors import ExitCode, TrainingError
from ganterm.runs import manage
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir, create_run
from tests.cli.invoke import invoke
from tests.cli.plain.test_session import Desk
from tests.planted import DIRECTORIES, FILES, KINDS, Case, Planted, cases, within
from tests.quick import slow_unless
from tests.runs.helpers import Child
from tests.tui.driving import awaited, make_app
from tests.worker.workers import Zygote

MOST_MEMORY = 400 << 20
"""Bytes that the tests of a process may add to what it holds, however much is planted."""
DOCUMENTED = {code.value for code in ExitCode}
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("runs",),
    ("info", "bad", "--no-layers"),
    ("attach", "bad", "--json"),
    ("attach", "bad", "--quiet"),
    ("compare", "before", "bad"),
    ("ctl", "bad", "remedy"),
    ("note", "bad"),
    ("show", "bad"),
    ("export", "bad", "-o", "{out}/film.gif"),
    ("export", "bad", "-o", "{out}/card.md"),
    ("branch", "bad"),
    ("note", "bad", "a word"),
    ("ctl", "bad", "pause", "--wait", "0"),
    ("rename", "bad", "worse"),
    ("delete", "worse", "--yes"),
)
NEEDS_TORCH = (("sample", "bad", "-o", "{out}/sample.png"),)
LINES = (
    *("runs", "watch bad", "status", "losses", "describe", "judge", "compare before bad", "log"),
    *("settings", "checkpoints", "remedy", "undo", "delete bad"),
)
"""What is typed in the app in lines."""
QUICK = {
    Case("journal.jsonl", "named pipe"),
    Case("samples", "link"),
    Case("checkpoints/step-00000006.safetensors", "link"),
    Case("journal.jsonl", "evil lines 3"),
}


@pytest.fixture(scope="module")
def memory() -> int:
    """Return what this process has held at most, with all that it imports, in KiB."""
    import ganterm.inference.sample  # noqa: F401, PLC0415 - brings PyTorch

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def small(memory: int) -> None:
    """Fail where this process has grown too much."""
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) << 10
    assert grown < MOST_MEMORY, f"{grown >> 20} MiB more"


@pytest.mark.parametrize("part", slow_unless((0).__eq__, range(6)))
def test_every_bad_run_is_listed_beside_the_others(
    part: int, tmp_path: Path, trained: RunDir, memory: int
) -> None:
    """One list has much that can be planted, each kind in a run of its own."""
    planted = Planted(tmp_path, trained)
    bad = {f"bad-{at:03d}": case for at, case in enumerate(cases()[part::6])}
    runs = {name: planted.add(case, name=name, light=True) for name, case in bad.items()}
    there = {name for name, case in bad.items() if case.where or case.what == "link"}
    poller = Poller(planted.runs_dir, interval=1.0, wake=lambda: None)
    poller.watch(*(run for name, run in runs.items() if name in there))
    with within(60):
        poller.poll()
        listed = {run.name: run for run in poller.take().runs or ()}
        assert listed.keys() == {"before", "later"} | there
        assert poller.feeds.keys() == there
        said = json.loads(invoke("runs", "--runs-dir", planted.runs_dir, "--json").text)
        assert {run["name"] for run in said} == listed.keys()
    for name in ("before", "later"):
        assert (listed[name].state, listed[name].trouble) == ("finished", "")
    for name, case in bad.items():
        if case.where == "run.toml" and case.what not in {"nothing", "a long integer"}:
            assert "run file" in listed[name].trouble, case
        if case.where == "journal.jsonl" and case.what in KINDS:
            words = listed[name].message, poller.feeds[name].trouble
            if case.what != "256 GiB of nothing":
                assert listed[name].state == "unknown", case
                assert all(words), case
    planted.hold()
    small(memory)


@pytest.mark.parametrize("case", slow_unless(QUICK.__contains__, cases()), ids=str)
def test_every_command_ends_in_words(
    case: Case, tmp_path: Path, trained: RunDir, memory: int
) -> None:
    """No traceback, no undocumented exit code, nothing that waits or follows a link."""
    planted = Planted(tmp_path, trained)
    planted.add(case)
    desk = Desk(planted.runs_dir)
    for line in LINES:
        with within():
            desk.type(line)
    with_torch = NEEDS_TORCH if case.where.startswith("checkpoints") else ()
    for command in (*with_torch, *COMMANDS):
        words = [word.format(out=tmp_path) for word in command]
        with within():
            outcome = invoke(*words, "--runs-dir", planted.runs_dir)
        assert outcome.code in DOCUMENTED, words
        assert "Traceback" not in outcome.said, words
        assert not {"\x1b]", "\u202e"} & set(outcome.said), words
        if command == ("runs",):
            assert {"before", "later"} <= set(outcome.text.split())
    if case.where:  # A run that is a link is the one that it leads to.
        planted.hold()
    small(memory)


@awaited
async def test_the_app_shows_every_kind_of_bad_run(tmp_path: Path, trained: RunDir) -> None:
    """A person who goes through them all meets no crash, and the good run at the end."""
    planted = Planted(tmp_path, trained)
    chosen = [
        Case("samples", "link"),
        *(Case("journal.jsonl", f"evil lines {number}") for number in range(3)),
        Case("journal.jsonl", "named pipe"),
    ]
    runs = [planted.add(case, name=f"bad-{at:02d}", light=True) for at, case in enumerate(chosen)]
    app = make_app(planted.runs_dir)
    async with app.run_test(size=(100, 30)) as pilot:
        good = RunDir(planted.runs_dir / "later")
        for run in (*runs, good):
            app.watch_run(run)
            app.read_now()
            await pilot.pause()
            app.judge_run(run)
            await pilot.pause()
        app.compare_runs((*runs, good))
        app.read_now()
        await pilot.pause()
        app.show_runs()
        await pilot.pause()
        assert app.listed is not None
        assert {run.name for run in app.listed.runs} == {"before", "later", *(r.name for r in runs)}
    planted.hold()


UNREADABLE = """
import sys
from tests.cli.invoke import invoke
for line in sys.stdin:
    try:
        outcome = invoke(*line.split(), "--runs-dir", sys.argv[1])
        print(outcome.code, "Traceback" in outcome.said, flush=True)
    except BaseException as error:
        print(repr(error).replace(chr(10), " "), flush=True)
"""
_POWERS = "-dac_override,-dac_read_search"
AS_ANYBODY = ("setpriv", f"--bounding-set={_POWERS}", f"--inh-caps={_POWERS}")
"""Starts a process of root that may read no more than the modes of files let it."""


@pytest.mark.parametrize(
    "name", slow_unless({"journal.jsonl", "checkpoints"}.__contains__, (*FILES[:10], *DIRECTORIES))
)
def test_what_may_not_be_read_is_told(name: str, tmp_path: Path, trained: RunDir) -> None:
    """Somebody looks at the runs of others, with a part of one closed to them."""
    prefix = AS_ANYBODY if os.geteuid() == 0 else ()
    if prefix and shutil.which(prefix[0]) is None:
        pytest.skip("there is no setpriv, and root may read everything")
    planted = Planted(tmp_path, trained)
    bad = planted.add(Case("note.txt", "nothing"), Case("bookmarks.json", "nothing"))
    (bad.path / name).touch()
    (bad.path / name).chmod(0o000)
    with Child(UNREADABLE, planted.runs_dir, prefix=prefix) as child:
        for command in COMMANDS:
            child.tell(" ".join(command).format(out=tmp_path))
            code, _, traced = child.hear().partition(" ")
            assert (code in map(str, DOCUMENTED), traced) == (True, "False"), (name, command, code)


@pytest.mark.parametrize("name", DIRECTORIES)
def test_a_worker_refuses_a_run_whose_directory_is_a_link(
    name: str, tmp_path: Path, trained: RunDir, zygote: Zygote
) -> None:
    """What it would write, prune or obey there is somebody else's."""
    planted = Planted(tmp_path, trained)
    run = planted.add(Case(name, "link"))
    before = run.journal.read_bytes()
    worker = zygote.start(run, "--steps=8")
    assert worker.wait() == ExitCode.TRAINING
    assert f"{run.path / name}: Is a symbolic link" in worker.log()
    assert run.journal.read_bytes() == before
    planted.hold()


def test_a_worker_goes_on_among_links_and_writes_to_none(
    tmp_path: Path, trained: RunDir, zygote: Zygote
) -> None:
    """Its files take the place of links, unfinished ones are removed, not what they lead to."""
    planted = Planted(tmp_path, trained)
    skipped = {"run.toml", "journal.jsonl", "worker.lock", "worker.log"}
    names = [name for name in FILES if name not in skipped]
    names += ["samples/step-00000008.png", "checkpoints/step-00000008.safetensors"]
    run = planted.add(*(Case(name, "link") for name in names))
    worker = zygote.start(run, "--steps=8")
    assert worker.wait() == 0, worker.log()
    assert not run.status.is_symlink()
    assert not run.sample_path(8).is_symlink()
    spared = {run.control / ".tmp-1-planted"}  # Somebody may be writing it.
    assert set(run.path.rglob(".tmp-*")) == spared
    assert set(run.control.iterdir()) == spared
    planted.hold()


def test_a_log_that_is_a_link_is_not_written(tmp_path: Path, trained: RunDir) -> None:
    planted = Planted(tmp_path, trained)
    run = planted.add(Case("worker.log", "link"))
    with pytest.raises(TrainingError, match="symbolic"):
        start_worker(run)
    planted.hold()


def test_a_link_in_the_place_of_what_was_deleted_is_removed_itself(
    tmp_path: Path, trained: RunDir
) -> None:
    planted = Planted(tmp_path, trained)
    run = planted.add(Case("samples", "link"))
    (planted.runs_dir / ".tmp-deleted-planted").symlink_to(planted.outside)
    manage.delete(run)
    assert sorted(path.name for path in planted.runs_dir.iterdir()) == ["before", "later"]
    planted.hold()


def test_a_run_that_is_a_link_is_one_like_any_other(
    tmp_path: Path, trained: RunDir, zygote: Zygote
) -> None:
    """Who keeps a run on another disk has made it; what is in it follows no link."""
    planted = Planted(tmp_path, trained)
    elsewhere = planted.add(Case("note.txt", "nothing"), name="elsewhere")
    there = elsewhere.path.rename(tmp_path / "there")
    elsewhere.path.symlink_to(there)
    assert zygote.start(elsewhere, "--steps=7").wait() == 0
    assert (there / "checkpoints/step-00000007.safetensors").is_file()
    assert invoke("delete", "elsewhere", "--yes", "--runs-dir", planted.runs_dir).code == 2


def test_a_runs_directory_may_be_a_link_by_any_name(tmp_path: Path) -> None:
    """The default is called as a directory within a run is, and often lies on another disk."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "checkpoints").symlink_to(tmp_path / "disk")
    run = create_run(tmp_path / "checkpoints", "made", "dcgan")
    run.config_file.touch()
    assert manage.rename(run, "other").path.is_dir()
    manage.delete(RunDir(tmp_path / "checkpoints/other"))
    assert list((tmp_path / "disk").iterdir()) == []
