import dataclasses
import errno
import subprocess
import sys
from pathlib import Path

import pytest

from ganterm.benchmarks import suite
from ganterm.benchmarks.result import ResultColumn, ResultTable
from ganterm.benchmarks.suite import (
    MEASUREMENTS,
    BenchSettings,
    Measurement,
    choose,
    run_suite,
    scratch,
)
from ganterm.core.errors import ConfigError, DataError, TrainingError
from ganterm.data.progress import ProgressCallback, silent
from tests.benchmarks.helpers import Listener


def test_a_report_has_every_result_and_what_it_holds_for(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Date, machine and versions stand beside the results, which come by name."""
    result = ResultTable("Title", "How.", [ResultColumn("a", "A")], [("x",)])
    monkeypatch.setattr(Measurement, "check", lambda *_: None)
    monkeypatch.setattr(Measurement, "run", lambda *_: result)
    report = run_suite(list(MEASUREMENTS.values()), settings, silent)
    found = report.as_mapping()
    assert list(found) == ["date", "machine", "versions", "measurements"]
    assert list(found["measurements"]) == list(MEASUREMENTS)
    assert found["date"].endswith("+00:00")
    assert {"ganterm", "python", "torch"} <= found["versions"].keys()


def test_nothing_is_measured_in_vain(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What speaks against the last measurement is told before the first is made."""
    made: list[str] = []
    monkeypatch.setattr(Measurement, "run", lambda self, *_: made.append(self.name))
    chosen = [MEASUREMENTS["upkeep"], MEASUREMENTS["quality"]]
    with pytest.raises(DataError, match="mnist is not on this machine"):
        run_suite(chosen, settings, silent)
    assert made == []


def test_a_full_disk_is_told_in_one_sentence(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the disk refuses becomes an error for the user."""

    def fail(self: Measurement, settings: BenchSettings, progress: ProgressCallback) -> ResultTable:
        raise OSError(errno.ENOSPC, "No space left on device", str(settings.scratch))

    monkeypatch.setattr(Measurement, "run", fail)
    with pytest.raises(TrainingError, match="free some space"):
        run_suite([MEASUREMENTS["upkeep"]], settings, silent)


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

    def refuse(suffix: str, prefix: str, dir: Path) -> str:  # noqa: A002 - tempfile's own name
        raise PermissionError(errno.EACCES, "Permission denied", str(dir))

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(TrainingError, match="--runs-dir"), scratch(tmp_path):
        pass


@pytest.mark.parametrize("name", [name for name in MEASUREMENTS if name != "quality"])
def test_nothing_speaks_against_the_settings_as_they_come(
    name: str, settings: BenchSettings
) -> None:
    """What each checks beforehand passes on the recipes that are measured by default."""
    MEASUREMENTS[name].check(dataclasses.replace(settings, recipes=BenchSettings.recipes))


def test_choosing_keeps_the_order_and_takes_each_once() -> None:
    """Names come in the registry's order whatever was typed."""
    assert [m.name for m in choose(["startup", "upkeep", "startup"])] == ["upkeep", "startup"]


def test_what_takes_long_is_asked_for() -> None:
    """No name leaves out what takes many minutes, and `all` brings it too."""
    everything = list(MEASUREMENTS)
    assert [m.name for m in choose(["all"])] == [m.name for m in choose(["all", "upkeep"])]
    assert [m.name for m in choose(["all"])] == everything
    assert [m.name for m in choose([])] == [name for name in everything if name != "quality"]


def test_an_unknown_name_is_refused_with_a_near_one() -> None:
    """A slip of the key names the measurement that was meant, anything else names them all."""
    with pytest.raises(ConfigError, match="did you mean throughput"):
        choose(["troughput"])
    with pytest.raises(ConfigError, match="there are throughput, techniques"):
        choose(["zzz"])


def test_progress_says_which_measurement_it_is_about(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two measurements that time the steps of one recipe do not share one line of progress."""

    def measure(settings: BenchSettings, progress: ProgressCallback) -> None:
        progress("steps of mlp", 1, 2, "turns")

    monkeypatch.setattr(suite, "resolve_name", lambda _: measure)
    listener = Listener()
    MEASUREMENTS["limit"].run(settings, listener)
    assert listener.told == [("limit: steps of mlp", 1, 2, "turns")]


def test_naming_the_measurements_imports_no_pytorch() -> None:
    """The help and a slip of the key are answered without the seconds that PyTorch takes."""
    code = "import sys, ganterm.benchmarks.suite; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_processor_comes_from_the_kernel_or_else_from_python(tmp_path: Path) -> None:
    """The model's name is read where the kernel tells it; nothing breaks where it does not."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz: v2\nflags\t: fpu\n")
    assert suite._processor(cpuinfo) == "Fast CPU @ 3 GHz: v2"
    assert suite._processor(tmp_path / "none")


def test_the_machine_is_described_by_what_its_speed_depends_on() -> None:
    """Cores, memory, threads and load are there, as plain values of sensible size."""
    found = suite.describe_machine()
    assert found.keys() >= {"processor", "cores", "memory_gib", "torch_threads", "load", "gpu"}
    cores, memory = found["cores"], found["memory_gib"]
    assert isinstance(cores, int)
    assert cores >= 1
    assert isinstance(memory, float)
    assert 0.1 < memory < 1e5


def test_versions_are_those_of_the_installed_packages() -> None:
    """Every package whose speed counts is named with a version."""
    assert all(version[0].isdigit() for version in suite.versions().values())
