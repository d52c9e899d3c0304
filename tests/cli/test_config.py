"""Settings as they come out, their schemas, and the reference page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganterm.config import FIELDS
from ganterm.core.errors import ExitCode
from ganterm.core.records import KINDS
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir
from tests.cli.invoke import invoke
from tests.records import lines


def test_every_source_is_named(tmp_path: Path) -> None:
    """What was typed wins over the environment, that over the file, that over the recipe."""
    file = tmp_path / "mine.toml"
    file.write_text("seed = 1\nz_dim = 7\nd_steps = 2\nbatch_size = 9\n")
    outcome = invoke(
        *("config", "show", "--recipe", "mlp", "--config", file),
        *("--seed", 4, "--set", "z_dim=8", "--json"),
        env={"GANTERM_SEED": "2", "GANTERM_D_STEPS": "3"},
    )
    shown = json.loads(outcome.text)
    found = {name: (shown["config"][name], shown["origin"][name]) for name in FIELDS}
    assert found["seed"] == (4, "typed")
    assert found["z_dim"] == (8, "typed")
    assert found["d_steps"] == (3, "GANTERM_D_STEPS")
    assert found["batch_size"] == (9, f"file {file}")
    assert found["generator"] == ("mlp", "recipe mlp")
    assert found["width"] == (1.0, "default")


def test_what_is_shown_can_be_used(tmp_path: Path) -> None:
    """The text of `config show` given back with --config resolves to the same settings."""
    file = tmp_path / "shown.toml"
    options = ("--recipe", "wgan-gp", "--set", "lr_g=3e-4", "--epochs", 3)
    file.write_text(invoke("config", "show", *options).text)
    again = json.loads(invoke("config", "show", "--config", file, "--json").text)
    assert (
        again["config"] == json.loads(invoke("config", "show", *options, "--json").text)["config"]
    )
    assert set(again["origin"].values()) <= {f"file {file}", "default"}


@pytest.mark.parametrize(
    "options",
    [("--set", "nonsense=1"), ("--set", "seed"), ("--lr-g", "-1"), ("--config", "missing.toml")],
)
def test_a_wrong_setting_is_one_sentence(options: tuple[str, ...]) -> None:
    """An unknown name, a value out of bounds or a missing file is exit code 2."""
    outcome = invoke("config", "show", *options)
    assert outcome.code == ExitCode.USAGE
    assert len(outcome.said.strip().splitlines()) == 1


def test_the_schema_of_the_settings_has_every_field() -> None:
    """Every setting stands in the JSON schema with its description, bounds and default."""
    schema = json.loads(invoke("config", "schema").text)
    assert schema["properties"].keys() == FIELDS.keys()
    for name, described in schema["properties"].items():
        assert described["description"].startswith(FIELDS[name].help)
        assert described["default"] == FIELDS[name].default
    assert schema["properties"]["batch_size"]["minimum"] == 1


def test_the_schema_of_the_journal_explains_every_field() -> None:
    """Every kind of record has a definition, and each of its fields a description."""
    schema = json.loads(invoke("config", "schema", "--journal").text)
    assert [choice["$ref"] for choice in schema["oneOf"]] == [
        f"#/$defs/{record.__name__}" for record in KINDS.values()
    ]
    for kind, record in KINDS.items():
        definition = schema["$defs"][record.__name__]
        assert definition["properties"].pop("kind") == {"enum": [kind]}
        assert all(field["description"] for field in definition["properties"].values())


def test_a_real_journal_keeps_to_its_schema(trained: RunDir) -> None:
    """Every record that a worker wrote is of its kind's type and has no field left unexplained."""
    schema = json.loads(invoke("config", "schema", "--journal").text)["$defs"]
    written = lines(trained.journal)
    assert {"start", "metrics", "sample", "checkpoint", "end"} <= {r["kind"] for r in written}
    assert len(read_journal(trained.journal)) == len(written)
    for record in written:
        definition = schema[KINDS[record["kind"]].__name__]
        assert set(definition["required"]) <= record.keys() <= definition["properties"].keys()


def test_the_reference_has_every_setting_code_and_variable() -> None:
    """The page names each setting, exit code and variable once, in sound Markdown tables."""
    page = invoke("config", "reference").text
    for name, spec in FIELDS.items():
        assert page.count(f"| `{name}` |") == 1
        assert f"`{spec.variable}`" in page
    for code in ExitCode:
        assert f"\n| {code.value} | " in page
    for variable in ("GANTERM_RUNS_DIR", "GANTERM_DATA_DIR", "GANTERM_COLOR", "GANTERM_CONFIG"):
        assert f"| `{variable}` | " in page
    rows = [line.replace("\\|", "") for line in page.splitlines() if line.startswith("| `")]
    assert {row.count("|") for row in rows} == {3, 5}
