"""The list of runs: what stands in it, for people and for scripts, and that it stays quick."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganterm.cli.runs import _fitted
from ganterm.runs import journal
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from tests.cli.invoke import invoke
from tests.records import lines
from tests.records import record as record_of


def test_a_run_is_listed_with_what_matters(trained: RunDir) -> None:
    """State, step of steps, last losses, recipe, dataset and size stand in one line."""
    outcome = invoke("runs", "--runs-dir", trained.path.parent)
    heading, line = outcome.text.splitlines()
    assert heading.split("  ")[0] == "NAME"
    words = line.split()
    assert words[:3] == ["tiny", "finished", "6/6"]
    assert 0 < float(words[3]) < 5
    assert 0 < float(words[4]) < 5
    assert {"dcgan-8x8", "digits"} <= set(words)
    assert outcome.said == ""


def test_json_has_everything(trained: RunDir) -> None:
    """--json gives one object a run, with the journal's own names."""
    (run,) = json.loads(invoke("runs", "--runs-dir", trained.path.parent, "--json").text)
    last = next(
        record for record in reversed(lines(trained.journal)) if record["kind"] == "metrics"
    )
    for name in ("d_loss", "g_loss", "d_real", "d_fake"):
        assert run[name] == last[name]
    assert (run["name"], run["state"], run["alive"]) == ("tiny", "finished", False)
    assert (run["step"], run["steps"], run["epochs"]) == (6, 6, None)
    assert run["last_checkpoint"] == "checkpoints/step-00000006.safetensors"
    assert run["size_bytes"] == sum(
        path.stat().st_size for path in trained.path.rglob("*") if path.is_file()
    )


def test_no_runs_is_not_an_error(tmp_path: Path) -> None:
    """An empty or missing directory gives no data, a word, and exit code 0."""
    outcome = invoke("runs", "--runs-dir", tmp_path / "none")
    assert (outcome.code, outcome.data) == (0, b"")
    assert "ganterm train" in outcome.said
    assert invoke("runs", "--runs-dir", tmp_path, "--json").text == "[]\n"


def test_a_crash_is_told_and_a_broken_configuration_is_not_in_the_way(tmp_path: Path) -> None:
    """A run whose worker vanished is listed as crashed, with the way out on standard error."""
    run = create_run(tmp_path, "lost", "dcgan")
    run.config_file.write_text("not = [toml")
    run.lock.touch()
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0))
        writer.write(record_of("metrics", 5, d_loss=None, g_loss=0.5))
    outcome = invoke("runs", "--runs-dir", tmp_path)
    assert outcome.text.splitlines()[1].split()[:5] == ["lost", "crashed", "5", "-", "0.500"]
    assert "ganterm resume lost" in outcome.said


def test_journals_are_not_read_whole(trained: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listing reads the end of a journal only, however long it is."""

    def whole(_: object) -> None:
        raise AssertionError("the whole journal was read")

    monkeypatch.setattr(journal.JournalTail, "poll", whole)
    assert invoke("runs", "--runs-dir", trained.path.parent).code == 0


def test_a_narrow_screen_loses_what_is_least_needed() -> None:
    """Columns go until the table fits; name, state, step and losses always stay."""
    row = ["run", "finished", "6/6", "0.100", "0.200", "5m", "dcgan", "digits", "12k"]
    assert _fitted([row], None)[0].split()[-1] == "SIZE"
    assert _fitted([row], 62)[0].split()[-1] == "DATASET"
    kept = _fitted([row], 10)[0].split()
    assert kept == ["NAME", "STATE", "STEP", "D", "LOSS", "G", "LOSS"]
