from pathlib import Path

import pytest

from ganterm.bench import journal
from ganterm.bench.settings import Settings
from ganterm.data.progress import silent
from ganterm.runs.journal import read_journal
from ganterm.training.events import Metrics
from tests.bench.helpers import figure


@pytest.fixture(autouse=True)
def few_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "BATCHES", 2)
    monkeypatch.setattr(journal, "RECORDS", 3)
    monkeypatch.setattr(journal, "LONG", 7)


@pytest.mark.usefixtures("two_rounds")
def test_the_share_is_of_the_steps_that_a_record_stands_for(settings: Settings) -> None:
    """A record every 10 steps and one every epoch of 113 are weighed against a step's time."""
    result = journal.measure(settings, silent)
    steps = figure(result, "steps_per_record")
    assert steps == pytest.approx(1 / (1 / 10 + 1 / 113))
    cost, step = figure(result, "record_seconds"), figure(result, "step_seconds")
    assert figure(result, "share") == pytest.approx(cost / (steps * step))
    assert figure(result, "late_seconds") > 0
    assert list(settings.scratch.iterdir()) == []


def test_the_records_are_real_ones_written_to_a_real_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is timed is as many whole records of the given metrics as the figure is divided by."""
    path = tmp_path / "journal.jsonl"
    monkeypatch.setattr(Path, "unlink", lambda _: None)
    metrics = Metrics(10, 0.5, 1234.5, {"d_loss": 0.25})
    cost = journal.time_records(path, metrics)
    records = read_journal(path)
    assert [record["step"] for record in records] == list(range(6))
    assert all(record["kind"] == "metrics" and record["d_loss"] == 0.25 for record in records)
    assert cost.bytes == path.stat().st_size // 6
    assert cost.seconds.low > 0


def test_a_long_journal_is_long_before_the_first_record_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its records are whole ones, in front of those that are timed."""
    path = tmp_path / "journal.jsonl"
    monkeypatch.setattr(Path, "unlink", lambda _: None)
    journal.time_records(path, Metrics(10, 0.5, 1234.5, {"d_loss": 0.25}), before=7)
    records = read_journal(path)
    assert [record["step"] for record in records] == [0] * 7 + list(range(6))
    assert all(record["d_loss"] == 0.25 for record in records)
