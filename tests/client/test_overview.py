"""A run at a glance: what lists say of it, whatever state its files are in."""

from __future__ import annotations

import json
from pathlib import Path

from ganterm.client.overview import as_dict, overview, settings_of
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.manage import write_note
from ganterm.runs.status import Status, write_status
from tests.records import record as record_of


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
