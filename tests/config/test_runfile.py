"""A run begins with a run.toml that is read back as the very configuration that was written."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ganterm import recipes
from ganterm.config import FIELDS, Field, RunConfig, parse_value, problems, resolve, runfile
from ganterm.config.runfile import from_mapping, new_run, read_run_toml, render_run_toml, to_mapping
from ganterm.core.dataspec import LEAST_SIDE, MOST_SIDE, Size
from ganterm.core.errors import ConfigError, TrainingError

MADE = {"ganterm": "0.1", "command": "ganterm train 'a b' \x1b[31m \udc80"}


def _values(spec: Field) -> st.SearchStrategy[Any]:
    if spec.kind == "choice":
        return st.sampled_from(spec.choices)
    if spec.kind == "boolean":
        return st.booleans()
    if spec.kind == "cadence":
        return st.tuples(st.integers(0, 10**9 - 1), st.sampled_from(["", " steps", " epochs"])).map(
            lambda pair: f"{pair[0]}{pair[1]}"
        )
    if spec.kind == "size":
        sides = st.integers(LEAST_SIDE, MOST_SIDE)
        return st.builds(lambda height, width: Size(height, width).setting, sides, sides)
    if spec.kind == "integer":
        return st.integers(int(spec.minimum or 0), int(spec.maximum or 0))
    if spec.kind == "number":
        top = spec.maximum if spec.maximum is not None else spec.below
        numbers = st.floats(spec.minimum, top, exclude_max=spec.below is not None)
        return st.none() | numbers if spec.optional else numbers
    if spec.name == "background":
        return st.sampled_from(["auto", "black", "grey", "white", "#0aF3b2"])
    if spec.pattern:
        return st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:12"])
    text = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1)
    return text.map(str.strip).filter(bool)


CONFIGS = st.fixed_dictionaries({name: _values(spec) for name, spec in FIELDS.items()})


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_survives_its_run_toml(tmp_path: Path, name: str) -> None:
    config = resolve({"recipe": name}).config
    path = tmp_path / "run.toml"
    path.write_text(render_run_toml(config, MADE), encoding="utf-8")
    assert read_run_toml(path) == config
    assert resolve(config_file=path).config == config


@given(CONFIGS)
@settings(max_examples=25)
def test_any_configuration_survives_toml_json_and_text(values: dict[str, Any]) -> None:
    config = from_mapping(values)
    assert to_mapping(config) == values
    document = recipes.parse_toml(render_run_toml(config, MADE), "test")
    assert isinstance(document["run"], dict)
    assert from_mapping(document["run"]) == config
    assert from_mapping(msgspec.json.decode(msgspec.json.encode(to_mapping(config)))) == config
    spelled = {k: "auto" if v is None else str(v) for k, v in to_mapping(config).items()}
    assert from_mapping(spelled) == config


@given(CONFIGS)
@settings(max_examples=25)
def test_every_problem_names_a_setting_and_reads_as_one_sentence(values: dict[str, Any]) -> None:
    found = list(problems(from_mapping(values)))
    assume(found)
    for problem in found:
        assert problem.field in FIELDS
        assert problem.message.endswith(".")
        assert "\n" not in problem.message


def test_a_run_toml_without_some_settings_takes_their_defaults(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("[run]\nseed = 4\n", encoding="utf-8")
    assert read_run_toml(path) == RunConfig(seed=4)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", r"has no \[run\] table; it is not a run's configuration"),
        ("run = 3", r"has no \[run\] table"),
        ("[run", "is not valid TOML"),
        ("[run]\nbacth = 3", "There is no setting 'bacth'"),
        ("[run]\nbatch_size = 0", "batch_size must be an integer from 1 to 65536; got '0'"),
        ("[run]\nbatch-size = 0", "batch_size must be"),
        ("[run]\nlr_g = nan", "lr_g must be a number from 0 to 1; got 'nan'"),
        ('[run]\nloss = "wasserstein"', "loss: wasserstein needs a critic of bounded slope"),
    ],
)
def test_a_wrong_run_toml_is_refused_naming_the_file(
    tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "run.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"^Run file .*run\.toml.* ?{words}"):
        read_run_toml(path)


def test_names_with_dashes_are_the_same_names() -> None:
    assert from_mapping({"batch-size": 3}) == RunConfig(batch_size=3)
    assert parse_value("batch-size", 3) == 3


def test_a_run_that_asked_for_compiled_networks_is_one_in_eager(tmp_path: Path) -> None:
    """So its run.toml is read, and used as a config file; nobody may ask for it anew."""
    path = tmp_path / "run.toml"
    path.write_text(render_run_toml(RunConfig(), {}).replace('"eager"', '"compiled"'))
    assert 'mode = "compiled"' in path.read_text()
    assert read_run_toml(path).mode == "eager"
    assert resolve(config_file=path).config.mode == "eager"
    with pytest.raises(ConfigError, match="mode must be one of eager, graphed, auto"):
        resolve({"mode": "compiled"})


def test_a_run_is_numbered_by_its_recipe_and_holds_its_configuration(tmp_path: Path) -> None:
    config = resolve({"batch_size": 7}).config
    run = new_run(config, tmp_path, name=None, command="ganterm train --batch-size 7")
    assert run.path == tmp_path / f"{config.recipe}-001"
    assert read_run_toml(run.config_file) == config
    assert "ganterm train --batch-size 7" in run.config_file.read_text()


def test_a_recipe_file_and_a_name_with_dots_name_their_runs(tmp_path: Path) -> None:
    for text, stem in (("mine.v2", "mine.v2"), (str(tmp_path / "mine.v2.toml"), "mine.v2")):
        recipe = tmp_path / "mine.v2.toml"
        recipe.write_text("")
        config = resolve({"recipe": str(recipe)}).config
        config = msgspec.structs.replace(config, recipe=text)
        run = new_run(config, tmp_path, name=None, command="")
        assert run.name.rsplit("-", 1)[0] == stem


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    config = resolve().config
    new_run(config, tmp_path, name="one", command="")
    with pytest.raises(ConfigError, match="is taken"):
        new_run(config, tmp_path, name="one", command="")


def test_a_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(runfile, "write_atomically", full)
    with pytest.raises(TrainingError, match="free some space"):
        new_run(resolve().config, tmp_path, name="one", command="")


@pytest.mark.parametrize("text", ["auto", "0", "7"])
def test_what_is_left_to_be_found_is_told_from_the_default(text: str, tmp_path: Path) -> None:
    """A file without it, as an older ganterm wrote, has the default."""
    config = resolve({"micro_batch": text}).config
    path = tmp_path / "run.toml"
    path.write_text(render_run_toml(config, {}))
    assert read_run_toml(path) == config
    assert resolve(config_file=path).config == config
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "micro_batch" not in line))
    assert read_run_toml(path).micro_batch == 0
    assert resolve(config_file=path).config.micro_batch == 0
