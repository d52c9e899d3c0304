"""A run at a glance: what lists say of it, whatever state its files are in."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganterm.client import overview as module
from ganterm.client.overview import (
    SIZE_SECONDS,
    RunList,
    as_dict,
    cores_beside,
    overview,
    settings_of,
)
from ganterm.core.errors import ConfigError
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.lock import WorkerLock
from ganterm.runs.manage import write_note
from ganterm.runs.status import Status, write_status
from tests.records import record as record_of
from tests.tui.driving import write_run


def _run(directory: Path) -> RunDir:
    run = create_run(directory, "one", "dcgan")
    run.config_file.write_text("[run]\nrecipe = 'dcgan'\ndataset = 'mnist'\nsteps = 90\n")
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("metrics", 3, g_loss=1.0, d_loss=float("nan")))
        journal.write(record_of("metrics", 5, g_loss=2.0, d_loss=0.5, d_real=0.7))
        journal.write(record_of("end", 6, reason="stopped", message="", exit_code=0))
    return run


def test_it_says_where_a_run_stands(tmp_path: Path) -> None:
    """State and step, the newest losses, what it trains on, and the first line of the note."""
    run = _run(tmp_path)
    write_status(run.status, Status(state="stopped", step=6, steps=100, images_per_s=7.5))
    write_note(run, "keep\nthis")
    seen = overview(run)
    assert (seen.name, seen.state, seen.alive, seen.step) == ("one", "stopped", False, 6)
    assert (seen.g_loss, seen.d_loss, seen.d_real, seen.d_fake) == (2.0, 0.5, 0.7, None)
    assert (seen.recipe, seen.dataset) == ("dcgan", "mnist")
    assert (seen.steps, seen.epochs, seen.images_per_s) == (100, None, 7.5)
    assert seen.note == "keep"
    assert seen.run == run
    assert seen.size_bytes > 0


def test_without_a_status_the_configuration_says_the_length(tmp_path: Path) -> None:
    """A run that has just been made has steps to go."""
    seen = overview(_run(tmp_path))
    assert seen.steps == 90
    assert (seen.images_per_s, seen.device, seen.age_s) == (None, None, None)


def test_a_broken_run_is_listed_all_the_same(tmp_path: Path) -> None:
    """Settings of the wrong kind, or none that can be read, are not in the way."""
    run = _run(tmp_path)
    run.config_file.write_text("run = 3")
    assert settings_of(run) == {}
    run.config_file.write_text("[run]\nrecipe = 7\nsteps = 'many'\nepochs = true")
    seen = overview(run)
    assert (seen.recipe, seen.steps, seen.epochs) == (None, None, None)
    run.config_file.unlink()
    run.journal.write_bytes(b"\x00\xff not a record\n")
    assert overview(run).g_loss is None


def test_it_goes_into_json(tmp_path: Path) -> None:
    """Every value is one that JSON has."""
    words = json.loads(json.dumps(as_dict(overview(_run(tmp_path)))))
    assert words["path"] == str(tmp_path / "one")
    assert words["state"] == "stopped"


def test_it_says_what_an_overview_says(tmp_path: Path) -> None:
    """What is remembered between looks leads to the same words."""
    run = write_run(tmp_path, "one")
    runs = RunList(tmp_path)
    assert runs.poll() == [overview(run)]
    assert runs.poll() == [overview(run)]


def test_changes_are_seen(tmp_path: Path) -> None:
    """New losses, notes and runs are there at the next look."""
    run = write_run(tmp_path, "one")
    runs = RunList(tmp_path)
    (before,) = runs.poll()
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("metrics", 500, g_loss=9.5, d_loss=None))
    write_note(run, "look\nhere")
    write_run(tmp_path, "two")
    after = {each.name: each for each in runs.poll()}
    assert set(after) == {"one", "two"}
    assert (before.g_loss, after["one"].g_loss, after["one"].d_loss) != (9.5, 9.5, None)
    assert (after["one"].g_loss, after["one"].d_loss) == (9.5, None)
    assert after["one"].note == "look"


def test_quiet_runs_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither settings, nor journal, nor the size of all files, of a run that did not change."""
    run = write_run(tmp_path, "one")
    run.config_file.write_text("[run]\nrecipe = 'dcgan'\n")
    runs = RunList(tmp_path)
    runs.poll()
    for name in ("settings_of", "last_metrics", "disk_usage"):
        monkeypatch.setattr(module, name, lambda _run, name=name: pytest.fail(f"{name} again"))
    assert runs.poll()[0].recipe == "dcgan"


def test_the_size_of_a_run_that_trains_is_counted_now_and_then(tmp_path: Path) -> None:
    """Counting all files takes a while on a network disk, so it waits its time."""
    now = 0.0
    run = write_run(tmp_path, "one")
    runs = RunList(tmp_path, clock=lambda: now)
    first = runs.poll()[0].size_bytes
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("metrics", 500, g_loss=9.5))
    assert runs.poll()[0].size_bytes == first
    now = SIZE_SECONDS
    assert runs.poll()[0].size_bytes > first


def test_a_directory_that_cannot_be_listed_is_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No runs and the sentence why; gone as soon as it can be listed again."""
    runs = RunList(tmp_path)

    def refuse(_path: Path) -> None:
        raise ConfigError("cannot list it")

    with monkeypatch.context() as patch:
        patch.setattr(module, "runs_in", refuse)
        assert runs.poll() == []
        assert runs.trouble == "cannot list it"
    write_run(tmp_path, "one")
    assert len(runs.poll()) == 1
    assert runs.trouble == ""


def test_many_runs_are_listed_before_all_of_them_are_read(tmp_path: Path) -> None:
    for number in range(5):
        create_run(tmp_path, f"run-{number}", "dcgan").config_file.touch()
    runs = RunList(tmp_path, clock=itertools.count().__next__)
    found = [len(runs.poll(patience=2)) for _ in range(9)]
    assert 0 < found[0] < 5
    assert found[-1] == 5
    assert len(RunList(tmp_path, clock=itertools.count().__next__).poll()) == 5


def test_a_run_that_vanishes_is_forgotten(tmp_path: Path) -> None:
    """Deleted between two looks, it is not listed and nothing of it is kept."""
    run = write_run(tmp_path, "one")
    runs = RunList(tmp_path)
    runs.poll()
    os.rename(run.path, tmp_path / ".gone")  # noqa: PTH104 - as any program does
    assert runs.poll() == []


def test_cores_are_left_to_a_run_that_trains(tmp_path: Path) -> None:
    """To one that is paused, or trains no more, all the same."""
    run = _run(tmp_path)
    run.journal.unlink()
    with WorkerLock(run.lock):
        write_status(run.status, Status(state="running", step=6, steps=9))
        taken, said = cores_beside(tmp_path)
        assert taken == 1
        assert re.fullmatch(r"Judging takes 1 of \d+ cores from one, which trains\.", said)
        assert cores_beside(tmp_path, 2)[0] == 2
        write_status(run.status, Status(state="paused", step=6, steps=9))
        assert cores_beside(tmp_path) == (0, "")
    write_status(run.status, Status(state="running", step=6, steps=9))
    assert cores_beside(tmp_path, 2) == (2, "")


def _counted(runs: RunList, seen: list[str]) -> int:
    """Return how often the file system is asked for one look at all runs."""
    seen.clear()
    runs.poll()
    return len(seen)


def test_quiet_runs_cost_a_few_questions_and_what_happens_to_them_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 300 runs that nobody trains 100 are asked about at a look, and no file is read."""
    asked: list[str] = []
    old = time.time() - 3600
    paths = [_run(tmp_path / f"{place}").path for place in range(1)]
    for place in range(300):
        path = tmp_path / "runs" / f"run-{place:03d}"
        shutil.copytree(paths[0], path)
        for each in (*path.iterdir(), path, path.parent):
            os.utime(each, (old, old))
    monkeypatch.setattr(module, "LOOKS", 100)
    now = 0.0
    runs = RunList(tmp_path / "runs", clock=lambda: now)
    first = runs.poll()
    assert len(first) == 300

    hook = {"on": True}

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if hook["on"] and event in {"open", "os.listdir", "os.scandir", "os.lockf"}:
            asked.append(event)

    def counting(ask: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def counted(*arguments: Any, **options: Any) -> os.stat_result:
            asked.append("stat")
            return ask(*arguments, **options)

        return counted

    sys.addaudithook(note)
    for name in ("stat", "lstat"):
        monkeypatch.setattr(os, name, counting(getattr(os, name)))
    try:
        now += 1.0
        assert [_counted(runs, asked) for _ in range(3)] == [301] * 3
        assert set(asked) == {"stat"}
        with JournalWriter(first[7].run.journal) as journal:
            journal.write(record_of("end", 9, reason="finished", message="", exit_code=0))
        write_note(first[8].run, "mine")
        told = [each for _ in range(3) for each in runs.poll()]
    finally:
        hook["on"] = False
    newest = {each.name: each for each in told}
    assert newest[first[7].name].state == "finished"
    assert newest[first[8].name].note == "mine"
    with WorkerLock(first[9].run.lock):
        assert [each.name for each in runs.poll(closely=True) if each.alive] == [first[9].name]
