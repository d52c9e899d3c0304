"""A plan knows what the schema does not: the run's name, its data, its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ganterm.client import planning as module
from ganterm.client.choices import OWN, options_for
from ganterm.client.planning import Plan, draft_of, look_at
from ganterm.components.datasets import DATASETS
from ganterm.config import FIELDS, RunConfig, parse_value, resolve
from ganterm.config.draft import Draft
from ganterm.config.fields import resolve_parts
from ganterm.config.recipefile import presets
from ganterm.config.runfile import read_run_toml
from ganterm.core.registry import absolute
from ganterm.data.catalogue import stored_path
from ganterm.data.progress import ProgressCallback
from ganterm.runs.layout import RunDir
from tests.data.files import write_pictures


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    return Plan(Draft("dcgan-8x8"), Path("checkpoints"))


def test_a_name_is_checked_as_it_is_typed(plan: Plan) -> None:
    assert plan.standings["name"].trouble == ""
    plan.set("name", "../up")
    assert "cannot name a run" in plan.standings["name"].trouble
    Path("checkpoints/taken").mkdir(parents=True)
    plan.set("name", " taken ")
    assert "there is a run taken already" in plan.standings["name"].trouble
    plan.reset("name")
    assert plan.troubles == []


def test_a_recipe_that_cannot_be_had_is_trouble_and_changes_nothing(plan: Plan) -> None:
    before = plan.draft.config
    plan.set("recipe", "dcgam")
    assert "did you mean dcgan" in plan.standings["recipe"].trouble
    assert plan.standings["recipe"].text == "dcgam"
    assert plan.draft.config == before
    plan.set("recipe", "dcgan ")
    assert plan.troubles == []
    assert plan.draft.config.generator == "dcgan"
    plan.set("recipe", "x")
    plan.reset("recipe")
    assert plan.standings["recipe"].text == "dcgan"


def test_a_recipe_on_labels_takes_a_folder_without_classes(plan: Plan) -> None:
    """Where the recipe alone asks for classes; they come back with data that have some."""
    Path("plain").mkdir()
    for index in range(20):
        Image.new("L", (8, 8), index).save(f"plain/{index}.png")
    plan.set("recipe", "turbo-8x8")
    plan.set("dataset", "./plain")
    assert (plan.troubles, plan.draft.config.conditional) == ([], "none")
    assert "--conditional none" in plan.command
    plan.set("dataset", "digits")
    assert plan.draft.config.conditional == "projection"
    plan.set("conditional", "concat")
    plan.set("dataset", "./plain")
    assert "no labels" in plan.standings["conditional"].trouble


def test_pictures_choose_what_nobody_typed(tmp_path: Path) -> None:
    """Recipe, size, channels and batch, until other data take them back; what is typed stays."""
    colours = write_pictures(tmp_path / "colours", count=40, side=48)
    small = write_pictures(tmp_path / "small", count=300, side=12)
    for name in ("notes.txt", "about.html"):
        (colours / name).write_text("no picture")
    plan = Plan(draft_of({})[0], tmp_path)
    plan.set("dataset", str(colours))
    made = plan.draft.config
    chosen = (plan.draft.recipe_name, made.image_size, made.channels, made.batch_size)
    assert chosen == ("pictures-64", 48, 3, 32)
    assert "--recipe pictures-64" in plan.command
    assert "The 40 pictures of colours are in colour, most about 48x48: they" in plan.found
    assert "Files left out: 2, as `ganterm data show` tells." in plan.found
    assert "--channels" not in plan.command, "the recipe has it"
    plan.set("channels", "1")
    assert "--channels 1" in plan.command
    plan.set("dataset", str(small))
    made = plan.draft.config
    chosen = (plan.draft.recipe_name, made.image_size, made.channels, made.batch_size)
    assert chosen == ("dcgan", 12, 1, 128)
    plan.set("recipe", "mlp")
    plan.set("dataset", str(colours))
    assert (plan.draft.recipe_name, plan.draft.config.image_size) == ("mlp", 48)
    plan.reset_all()
    assert plan.draft.config == resolve({"recipe": "mlp"}).config
    untouched = Plan(draft_of({})[0], tmp_path)
    untouched.set("dataset", str(small))
    untouched.set("dataset", "digits")
    assert untouched.draft.config == resolve().config


def test_a_plan_that_saw_its_pictures_decodes_none_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(draft_of({})[0], tmp_path, patient=True)
    plan.set("dataset", str(write_pictures(tmp_path / "colours", count=9)))
    unseen = plan.unseen
    assert unseen is not None
    plan.saw(unseen, *look_at(unseen))
    monkeypatch.delattr("ganterm.data.look.opened")
    for name, text in (("recipe", "mlp"), ("image_size", "16"), ("dataset", f"{tmp_path}/colours")):
        plan.set(name, text)
    assert plan.found.startswith("The 9 pictures of colours")


def test_a_dataset_of_your_own_is_taken_in_elsewhere_and_chooses_settings(
    tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or is trouble in its row, until another one is typed."""

    def take_in(config: RunConfig, progress: ProgressCallback) -> None:
        progress("taking in load", 3, 9, "images")
        resolve_parts(config)

    monkeypatch.setattr(module, "take_in", take_in)
    (tmp_path / "data.py").write_text(
        "import numpy as np\n\n\ndef load():\n    return np.zeros((9, 3, 48, 48), np.uint8)\n"
    )
    patient = Plan(draft_of({})[0], tmp_path, patient=True)
    patient.set("dataset", "data.py:lost")
    unseen = patient.unseen
    assert unseen is not None
    patient.saw(unseen, *look_at(unseen))
    assert "data.py has no lost; it has load" in patient.standings["dataset"].trouble
    patient.set("dataset", "data.py:load")
    assert not patient.standings["dataset"].trouble
    unseen = patient.unseen
    assert unseen is not None
    told: list[int] = []
    patient.saw(unseen, *look_at(unseen, lambda what, done, total, unit: told.append(done)))
    assert told == [3]
    assert patient.found.startswith("The 9 pictures of data.py:load are ")
    assert (patient.draft.recipe_name, patient.draft.config.image_size) == ("pictures-64", 48)
    assert patient.draft.config.dataset == absolute("data.py:load")


def test_data_that_are_not_there_say_so_beside_their_field(plan: Plan) -> None:
    """A wrong name, path or split is trouble; a dataset that can be downloaded is not."""
    plan.set("dataset", "mnits")
    assert "did you mean mnist" in plan.standings["dataset"].trouble
    plan.set("dataset", "./nowhere")
    assert "There is no folder" in plan.standings["dataset"].trouble
    plan.set("dataset", "mnist")
    assert (plan.troubles, plan.missing, plan.images) == ([], "mnist", 60_000)
    plan.reset("dataset")
    plan.set("split", "test")
    assert "digits has no test split" in plan.standings["split"].trouble
    plan.set("split", "all")
    assert (plan.troubles, plan.missing, plan.images) == ([], "", 1797)
    Path("pictures").mkdir()
    plan.set("dataset", "pictures")
    assert (plan.troubles, plan.missing, plan.images) == ([], "", None)


def test_the_command_says_where_the_runs_are_unless_they_are_where_they_always_are(
    plan: Plan, tmp_path: Path
) -> None:
    plan.set("name", "one")
    assert plan.command == "ganterm train --recipe dcgan-8x8 --name one"
    elsewhere = Plan(plan.draft, tmp_path / "else where")
    assert elsewhere.command.endswith(f"--runs-dir '{tmp_path}/else where'")


def test_starting_makes_the_run_and_its_worker(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run's file holds the form's configuration and the command that does the same."""
    started: list[RunDir] = []
    monkeypatch.setattr(module, "start_worker", started.append)
    plan.set("seed", "7")
    run = plan.start()
    assert started == [run]
    assert run.name == "dcgan-8x8-001"
    assert read_run_toml(run.config_file).seed == 7
    assert "--seed 7" in run.config_file.read_text()


def test_a_variable_that_names_no_recipe_is_told_and_passed_over() -> None:
    draft, error = draft_of({"GANTERM_RECIPE": "nowhere", "GANTERM_SEED": "3"})
    assert "no recipe 'nowhere'" in str(error)
    assert (draft.recipe_name, draft.config.seed) == (FIELDS["recipe"].default, 3)


def test_datasets_say_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built in, here, half here, or not here yet."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path))
    for name, splits in {"mnist": ("train", "test"), "usps": ("test",)}.items():
        for split in splits:
            stored_path(name, split).parent.mkdir(parents=True, exist_ok=True)
            stored_path(name, split).touch()
    options = {o.value: o for o in options_for("dataset", resolve().config, [])}
    assert list(options) == [*DATASETS.names, OWN]
    asides = {name: options[name].aside for name in ("digits", "mnist", "usps", "kmnist")}
    assert asides == {
        "digits": "built in",
        "mnist": "here",
        "usps": "test here",
        "kmnist": "not here yet",
    }
    assert "60,000 images + 10,000 test, 28x28, 10 classes" in options["mnist"].about


def test_the_ring_is_offered_first_where_it_fits() -> None:
    """It takes other networks than images do: elsewhere it says with which recipe it goes."""
    first, *_ = options_for("dataset", resolve({"recipe": "ring"}).config, [])
    assert (first.value, first.aside) == ("ring", "made")
    *_, last, _ = options_for("dataset", resolve({"recipe": "dcgan"}).config, [])
    assert (last.value, last.aside) == ("ring", "with the recipe ring")


def test_recipes_say_what_they_are_for() -> None:
    options = {o.value: o for o in options_for("recipe", resolve().config, presets().found)}
    assert options["dcgan-8x8"].aside == "digits 8x8"
    assert "without a network" in options["dcgan-8x8"].about


def test_networks_say_which_image_sizes_they_take() -> None:
    """Those that do not fit the present size say what they need."""
    config = resolve({"recipe": "dcgan"}).config
    options = {o.value: o for o in options_for("generator", config, [])}
    assert list(options) == [*FIELDS["generator"].choices, OWN]
    assert options["dcgan"].aside == ""
    assert options["dcgan-8x8"].aside == "image_size needs exactly 8"
    assert all(option.about for option in options.values())


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_listed_is_a_value_of_its_field(name: str) -> None:
    for option in options_for(name, resolve().config, presets().found):
        assert str(parse_value(name, option.value)) == absolute(option.value)
