"""`ganterm bench` as a person or a script would use it, with figures made up."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from ganterm.benchmarks import result
from ganterm.benchmarks.suite import MEASUREMENTS, BenchSettings, Measurement, choose
from ganterm.cli.app import app
from ganterm.core.errors import ConfigError, GantermError
from ganterm.data.progress import ProgressCallback

FIGURES = result.ResultTable(
    "Speed",
    "Made up.",
    [result.ResultColumn("recipe", "RECIPE"), result.ResultColumn("cost", "COST", "ms")],
    [("mlp", result.Spread(0.002, 0.001, 0.003))],
    ["On \x1b[31mdigits."],
)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, BenchSettings]]]:
    """Take what is measured and give made-up figures."""
    taken: list[tuple[str, BenchSettings]] = []

    def run(
        self: Measurement, settings: BenchSettings, progress: ProgressCallback
    ) -> result.ResultTable:
        assert settings.scratch.is_dir()
        taken.append((self.name, settings))
        return FIGURES

    monkeypatch.setattr(Measurement, "check", lambda *_: None)
    monkeypatch.setattr(Measurement, "run", run)
    yield taken
    assert not any(settings.scratch.exists() for _, settings in taken)


def bench(*arguments: str, cwd: Path) -> Result:
    return CliRunner().invoke(app, ["bench", "--runs-dir", str(cwd), *arguments])


def test_all_is_measured_unless_named(
    tmp_path: Path, asked: list[tuple[str, BenchSettings]]
) -> None:
    """No name means what is not long, on mlp and dcgan, and options reach the measurement."""
    assert bench(cwd=tmp_path).exit_code == 0
    assert [name for name, _ in asked] == [found.name for found in choose([])]
    assert asked[0][1].recipes == ("mlp", "dcgan")
    asked.clear()
    again = ("--recipe", "sngan", "--recipe", "sngan", "--seconds", "3", "--device", "cpu")
    assert bench("upkeep", *again, "--steps", "700", cwd=tmp_path).exit_code == 0
    ((name, settings),) = asked
    assert name == "upkeep"
    assert (settings.recipes, settings.seconds, settings.device) == (("sngan",), 3.0, "cpu")
    assert settings.steps == 700
    assert settings.scratch.parent == tmp_path


def test_the_table_is_on_standard_output(tmp_path: Path) -> None:
    """Machine, headings, cells and notes are data; nothing in them can steer a terminal."""
    done = bench("upkeep", cwd=tmp_path)
    assert "Speed\nRECIPE  COST\nmlp     2.00 ms (1.00 to 3.00)\n" in done.stdout
    assert "Versions" in done.stdout
    assert torch.__version__.split("+")[0] in done.stdout
    assert "\x1b" not in done.stdout


def test_json_is_one_document_with_machine_versions_and_date(tmp_path: Path) -> None:
    """A script reads every figure with what it holds for, and nothing else is on the output."""
    found = json.loads(bench("startup", "--json", cwd=tmp_path).stdout)
    assert found.keys() == {"date", "machine", "versions", "measurements"}
    (row,) = found["measurements"]["startup"]["rows"]
    assert row == {"recipe": "mlp", "cost": {"median": 0.002, "min": 0.001, "max": 0.003}}


def test_the_page_is_written_beside_the_table(tmp_path: Path) -> None:
    """--output writes Markdown that speaks of no path, and says so on standard error."""
    page = tmp_path / "benchmarks.md"
    done = bench("startup", "--output", str(page), cwd=tmp_path)
    assert done.exit_code == 0
    assert "Speed" in done.stdout
    assert str(page) in done.stderr
    assert page.read_text().startswith("# Benchmarks\n")
    assert str(tmp_path) not in page.read_text()


def test_an_unknown_name_or_a_page_without_a_place_is_refused_at_once(
    tmp_path: Path, asked: list[tuple[str, BenchSettings]]
) -> None:
    """Nothing is measured for a result that nobody could get."""
    for arguments in (
        ["startupp"],
        ["-o", str(tmp_path / "no" / "page.md")],
        ["-o", str(tmp_path)],
    ):
        done = bench(*arguments, cwd=tmp_path)
        assert isinstance(done.exception, ConfigError)
        assert done.stdout == ""
    assert asked == []


def test_what_sets_the_quality_to_reach_is_chosen(
    tmp_path: Path, asked: list[tuple[str, BenchSettings]]
) -> None:
    """A finished run is found by name among the runs."""
    (tmp_path / "dcgan-007").mkdir()
    (tmp_path / "dcgan-007" / "run.toml").touch()
    named = ("quality", "--fast", "sngan", "--reference", "mlp", "--reference-run", "dcgan-007")
    assert bench(*named, cwd=tmp_path).exit_code == 0
    ((_, settings),) = asked
    assert (settings.fast, settings.reference) == ("sngan", "mlp")
    assert settings.reference_run == tmp_path / "dcgan-007"
    wrong = bench("quality", "--reference-run", "dcgan-006", cwd=tmp_path)
    assert isinstance(wrong.exception, ConfigError)
    assert len(asked) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """Being terminated ends with the signal's exit code and without the scratch directory."""
    before = signal.getsignal(number)

    def interrupted(
        self: Measurement, settings: BenchSettings, progress: ProgressCallback
    ) -> result.ResultTable:
        signal.raise_signal(number)
        raise AssertionError("went on")

    monkeypatch.setattr(Measurement, "run", interrupted)
    assert bench("startup", cwd=tmp_path).exit_code == 128 + number
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(number) is before


def test_what_a_measurement_cannot_do_is_an_error_for_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own sentence reaches the entry point that prints it."""

    def refuse(
        self: Measurement, settings: BenchSettings, progress: ProgressCallback
    ) -> result.ResultTable:
        raise ConfigError("No such device.")

    monkeypatch.setattr(Measurement, "run", refuse)
    assert isinstance(bench("upkeep", cwd=tmp_path).exception, GantermError)
    assert list(tmp_path.iterdir()) == []


def test_the_help_names_every_measurement() -> None:
    """Whoever asks for help sees what there is to measure."""
    done = CliRunner().invoke(app, ["bench", "--help"], env={"COLUMNS": "200"})
    assert all(name in done.stdout for name in MEASUREMENTS)
