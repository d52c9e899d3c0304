import errno
from pathlib import Path

import pytest

from ganterm.bench.registry import MEASUREMENTS, Measurement
from ganterm.bench.result import Column, Result
from ganterm.bench.settings import Settings
from ganterm.bench.suite import run_suite, scratch
from ganterm.data.progress import Progress, silent
from ganterm.errors import DataError, TrainingError


def test_a_report_has_every_result_and_what_it_holds_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Date, machine and versions stand beside the results, which come by name."""
    result = Result("Title", "How.", [Column("a", "A")], [{"a": "x"}])
    monkeypatch.setattr(Measurement, "check", lambda *_: None)
    monkeypatch.setattr(Measurement, "run", lambda *_: result)
    report = run_suite(list(MEASUREMENTS.values()), settings, silent)
    found = report.as_mapping()
    assert list(found) == ["date", "machine", "versions", "measurements"]
    assert list(found["measurements"]) == list(MEASUREMENTS)
    assert found["date"].endswith("+00:00")
    assert {"ganterm", "python", "torch"} <= found["versions"].keys()


def test_nothing_is_measured_in_vain(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What speaks against the last measurement is told before the first is made."""
    made: list[str] = []
    monkeypatch.setattr(Measurement, "run", lambda self, *_: made.append(self.name))
    chosen = [MEASUREMENTS["journal"], MEASUREMENTS["quality"]]
    with pytest.raises(DataError, match="mnist is not on this machine"):
        run_suite(chosen, settings, silent)
    assert made == []


def test_a_full_disk_is_told_in_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the disk refuses becomes an error for the user."""

    def fail(self: Measurement, settings: Settings, progress: Progress) -> Result:
        raise OSError(errno.ENOSPC, "No space left on device", str(settings.scratch))

    monkeypatch.setattr(Measurement, "run", fail)
    with pytest.raises(TrainingError, match="free some space"):
        run_suite([MEASUREMENTS["journal"]], settings, silent)


def test_scratch_lies_where_runs_would_and_goes_whatever_happens(tmp_path: Path) -> None:
    """It is on the disk of the runs' directory, made or not, and leaves nothing there."""

    def interrupted() -> None:
        with scratch(tmp_path / "none" / "yet") as place:
            assert place.parent == tmp_path
            (place / "run").mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    runs_dir = tmp_path / "runs"
    runs_dir.mkdir()
    with scratch(runs_dir) as place:
        assert place.parent == runs_dir


def test_scratch_that_cannot_be_made_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only place is an error for the user, with the option that helps."""

    def refuse(prefix: str, dir: Path) -> str:  # noqa: A002 - tempfile's own name
        raise PermissionError(errno.EACCES, "Permission denied", str(dir))

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(TrainingError, match="--runs-dir"), scratch(tmp_path):
        pass
