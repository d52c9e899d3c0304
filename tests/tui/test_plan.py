"""A plan knows what the schema does not: the run's name, its data, its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ganterm.config import FIELDS
from ganterm.config.draft import Draft
from ganterm.config.runfile import read_run_toml
from ganterm.runs.layout import RunDir
from ganterm.tui import plan as module
from ganterm.tui.plan import Plan, draft_of, rows_of, title_parts


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


def test_the_forms_rows_are_the_schemas_in_its_order(plan: Plan) -> None:
    groups = rows_of(plan)
    assert list(groups) == ["Data", "Networks", "Objective", "Optimisers", "Step", "Output"]
    assert [setting.name for setting, _ in groups["Data"]][:3] == ["recipe", "name", "dataset"]


def test_the_title_says_how_the_plan_stands(plan: Plan) -> None:
    def title() -> str:
        return "  ".join(part.text for part in title_parts(plan, starting=False) if part.text)

    assert title() == "New run  ✓ ready  dcgan-8x8  digits 8x8, 200 epochs"
    plan.set("dataset", "mnist")
    plan.set("steps", "0")
    plan.set("batch_size", "x")
    assert "✗ 1 problem" in title()
    assert "● 2 changed  mnist is not here yet" in title()
    assert title_parts(plan, starting=True)[1].text == "starting …"
