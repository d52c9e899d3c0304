"""The list of runs: current, and cheap where nothing happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ganterm.client.overview import overview
from ganterm.core.errors import ConfigError
from ganterm.runs.journal import JournalWriter
from ganterm.runs.manage import write_note
from ganterm.tui.feed import runlist
from ganterm.tui.feed.runlist import SIZE_SECONDS, RunList
from tests.records import record as record_of
from tests.tui.driving import write_run


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
        monkeypatch.setattr(runlist, name, lambda _run, name=name: pytest.fail(f"{name} again"))
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
        patch.setattr(runlist, "find_runs", refuse)
        assert runs.poll() == []
        assert runs.trouble == "cannot list it"
    write_run(tmp_path, "one")
    assert len(runs.poll()) == 1
    assert runs.trouble == ""


def test_a_run_that_vanishes_is_forgotten(tmp_path: Path) -> None:
    """Deleted between two looks, it is not listed and nothing of it is kept."""
    run = write_run(tmp_path, "one")
    runs = RunList(tmp_path)
    runs.poll()
    os.rename(run.path, tmp_path / ".gone")  # noqa: PTH104 - as any program does
    assert runs.poll() == []
