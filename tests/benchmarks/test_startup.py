from pathlib import Path

import pytest

from ganterm.benchmarks import startup
from ganterm.benchmarks.suite import BenchSettings
from ganterm.core.errors import WorkerError
from ganterm.data.progress import silent
from ganterm.runs.layout import find_runs
from ganterm.runs.state import observe


@pytest.fixture(autouse=True)
def few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "TIMES", 2)
    monkeypatch.setattr(startup, "RUNS", 2)
    monkeypatch.setattr(startup, "RECORDS", 3)


def test_commands_are_timed_in_turn_without_their_first_time(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command runs once to warm up and then as often as the figure says, in turn."""
    asked: list[str] = []
    times = iter([9.0, 9.0, 0.3, 0.5, 0.1, 0.7])

    def take(command: list[str], environment: object) -> float:
        asked.append(command[0])
        return next(times)

    monkeypatch.setattr(startup, "COMMANDS", ("a", "b --help"))
    monkeypatch.setattr(startup, "_time", take)
    rows = startup.startup(settings, silent).records()
    assert asked == ["a", "b"] * 3
    assert [row["command"] for row in rows] == ["ganterm a", "ganterm b --help"]
    assert [row["best_seconds"] for row in rows] == [0.1, 0.5]
    assert [row["median_seconds"] for row in rows] == pytest.approx([0.2, 0.6])
    assert [row["worst_seconds"] for row in rows] == [0.3, 0.7]


def test_real_commands_start_and_list_real_runs(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands are ganterm's own, and `ganterm runs` finds finished runs to list."""
    monkeypatch.setattr(startup, "TIMES", 1)
    monkeypatch.setattr(startup, "COMMANDS", ("--version", "runs"))
    rows = startup.startup(settings, silent).records()
    assert all(isinstance(row["best_seconds"], float) for row in rows)
    runs = find_runs(settings.scratch / "runs")
    assert [observe(run).state for run in runs] == ["finished", "finished"]


def test_a_command_that_fails_is_no_figure(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quick refusal is not a quick start."""
    monkeypatch.setattr(startup, "COMMANDS", ("no-such-command",))
    with pytest.raises(WorkerError, match="`ganterm no-such-command` failed"):
        startup.startup(settings, silent)


def test_the_program_is_the_script_that_a_user_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script beside Python is timed, and the module only where there is no script."""
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert startup.program() == [str(tmp_path / "python"), "-m", "ganterm"]
    (tmp_path / "ganterm").touch()
    assert startup.program() == [str(tmp_path / "ganterm")]
