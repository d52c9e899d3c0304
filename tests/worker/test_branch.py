"""A branch trains on as its parent would have, or under its own settings, and as a run like any."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.config.branch import branch
from ganterm.core.errors import ConfigError, TrainingError
from ganterm.runs import checkpoints, control
from ganterm.runs.layout import RunDir
from ganterm.worker.job import prepare
from tests.quick import slow_unless
from tests.records import lines
from tests.worker.workers import (
    RECIPES,
    Zygote,
    damage,
    differences,
    final_state,
    kinds,
    last_step,
    make_run,
    told,
)


def after(run: RunDir, step: int) -> list[dict[str, object]]:
    return [record for record in told(run) if record["step"] > step]


def states_differ(left: RunDir, right: RunDir) -> list[str]:
    one, other = final_state(left), final_state(right)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.mark.parametrize("recipe", slow_unless("dcgan-8x8".__eq__, ["dcgan-8x8", "mlp", "wgan-gp"]))
def test_a_branch_without_changes_ends_as_its_parent(
    zygote: Zygote, whole: RunDir, tmp_path: Path, recipe: str
) -> None:
    """Bit for bit: weights, moments, averages, counters, and every loss after the step."""
    parent = whole
    if recipe != "dcgan-8x8":
        parent = zygote.train(make_run(tmp_path, recipe, keep_checkpoints=0))
    made = zygote.train(branch(parent, 7, tmp_path))
    assert RECIPES[recipe].get("steps", 32) == last_step(made)
    assert states_differ(parent, made) == []
    assert after(made, 0) == after(parent, 7) != []


def test_the_journal_of_a_branch_tells_where_it_comes_from(
    zygote: Zygote, trained: RunDir, tmp_path: Path
) -> None:
    """A start at the step with its parent, the copied checkpoint, and a grid of images."""
    made = zygote.train(branch(trained, 14, tmp_path, name="on"))
    first, second, third = lines(made.journal)[:3]
    assert (first["kind"], first["step"], first["controls"]) == ("start", 14, 0)
    assert first["parent"] == f"{trained.name}@14"
    assert (second["kind"], second["step"]) == ("checkpoint", 14)
    assert second["digest"] == kinds(trained, "checkpoint")[2]["digest"]
    assert (third["kind"], third["step"]) == ("sample", 14)
    assert made.sample_path(14).is_file()
    assert "parent" not in lines(trained.journal)[0]


def test_a_branch_that_is_killed_early_goes_on_under_its_own_settings(
    zygote: Zygote, trained: RunDir, tmp_path: Path
) -> None:
    """Its only checkpoint is its parent's, which knows neither its settings nor its changes."""
    changes = {"lr_g": 3e-4, "steps": 40, "checkpoint_every": "50"}
    whole = branch(trained, 14, tmp_path / "whole", changes=changes)
    control.post(whole.control, "set", key="lr_d", value=1e-5)
    zygote.train(whole)

    made = branch(trained, 14, tmp_path / "broken", changes=changes)
    control.post(made.control, "set", key="lr_d", value=1e-5)
    worker = zygote.start(made)
    worker.until(lambda record: record["kind"] == "control")
    worker.kill()
    if last_step(made) == 14:
        assert len(prepare(made).pending) == 1
        zygote.train(made)
    assert differences(whole, made) == []
    assert '"lr_g":0.0003,"lr_d":1e-05' in str(final_state(made)["config"]).replace(" ", "")


def test_a_change_made_in_a_branch_of_a_steered_run_outlives_a_kill(
    zygote: Zygote, tmp_path: Path
) -> None:
    """What the parent's checkpoint has seen of the parent's changes is not counted as the own."""
    parent = make_run(tmp_path, steps=20, keep_checkpoints=0)
    control.post(parent.control, "set", key="lr_g", value=2e-4)
    zygote.train(parent)
    made = branch(parent, 14, tmp_path, changes={"steps": 40, "checkpoint_every": "5"})
    control.post(made.control, "set", key="lr_d", value=1e-5)
    worker = zygote.start(made)
    worker.until_step(26)
    worker.kill()
    if lines(made.journal)[-1]["kind"] != "end":
        step = last_step(made)
        control.post(made.control, "set", key="lr_d", value=5e-5)
        assert step >= 15
        zygote.train(made)
        resume = kinds(made, "resume")[-1]
        assert (resume["controls"], resume["config"]["lr_d"]) == (1, 1e-5)
        assert resume["config"]["lr_g"] == 2e-4


@pytest.mark.parametrize(
    "changes",
    [
        {"ema_kimg": 0.0},
        {"batch_size": 32, "log_every": 1},
        {"loss": "hinge", "penalty": "r1", "beta1": 0.0, "sample_grid": 3, "augment": "cutout"},
        {"epochs": 2, "drop_last": False, "batch_size": 100, "d_steps": 2},
    ],
    ids=str,
)
def test_other_settings_train(
    zygote: Zygote, trained: RunDir, tmp_path: Path, changes: dict[str, object]
) -> None:
    """To the end, with a state that fits them, and otherwise than the parent."""
    made = zygote.train(branch(trained, 21, tmp_path, changes=changes))
    assert lines(made.journal)[-1]["reason"] == "finished"
    assert states_differ(trained, made)
    epochs = [record["epoch"] for record in told(made) if record["kind"] == "metrics"]
    assert 0.7 < epochs[0] < 1.1


def test_averaging_can_begin_in_a_branch(zygote: Zygote, tmp_path: Path) -> None:
    """With the weights of the step it begins at."""
    parent = zygote.train(make_run(tmp_path, ema_kimg=0, steps=7, keep_checkpoints=0))
    made = branch(parent, 7, tmp_path, changes={"ema_kimg": 1000.0, "steps": 8})
    zygote.train(made)
    state = final_state(made)
    averaged = {name for name in state if name.startswith("ema.") and name.endswith("weight")}
    assert averaged
    assert all(state[name] != state[name.replace("ema.", "generator.")] for name in averaged)


def test_a_branch_branches(zygote: Zygote, trained: RunDir, tmp_path: Path) -> None:
    """From the checkpoint it began with, and from its own; the end stays that of the first."""
    child = zygote.train(branch(trained, 14, tmp_path, name="child"))
    for step in (14, 21):
        made = zygote.train(branch(child, step, tmp_path))
        assert lines(made.journal)[0]["parent"] == f"child@{step}"
        assert states_differ(trained, made) == []


def test_a_branch_from_the_beginning(zygote: Zygote, trained: RunDir, tmp_path: Path) -> None:
    """The initial weights are a checkpoint like any."""
    made = zygote.train(branch(trained, 0, tmp_path))
    assert differences(trained, made) == []


def test_a_branch_computes_with_its_parents_threads(
    zygote: Zygote, trained: RunDir, tmp_path: Path
) -> None:
    """The last bits of a sum depend on them; those that were asked for come first."""
    text = trained.journal.read_text()
    trained.journal.write_text(text.replace('"threads":1', '"threads":3'))
    assert prepare(branch(trained, 14, tmp_path)).threads == 3
    assert prepare(branch(trained, 14, tmp_path, changes={"threads": 2})).threads == 2


def test_other_images_than_the_parents_are_told(
    zygote: Zygote, trained: RunDir, tmp_path: Path
) -> None:
    """The branch goes on, but not exactly."""
    text = trained.journal.read_text()
    began = lines(trained.journal)[0]["data_crc32"]
    trained.journal.write_text(text.replace(began, "00000000"))
    made = zygote.train(branch(trained, 28, tmp_path))
    (alert,) = kinds(made, "alert")
    assert "are not those the run began with" in alert["message"]


def test_a_branch_never_begins_at_step_0(trained: RunDir, tmp_path: Path, zygote: Zygote) -> None:
    """Without its checkpoint it is refused, before its first worker and after."""
    made = branch(trained, 14, tmp_path)
    path = made.checkpoint_path(14)
    damage(path)
    with pytest.raises(TrainingError, match=r"goes on from .*@14, and its copy .* branch again"):
        prepare(made)
    path.unlink()
    with pytest.raises(TrainingError, match="branch again"):
        prepare(made)
    path.write_bytes(trained.checkpoint_path(14).read_bytes())
    zygote.train(made)
    for each in checkpoints.list_checkpoints(made.checkpoints):
        each.unlink()
    with pytest.raises(TrainingError, match="are gone from"):
        prepare(made, steps=90)


def test_a_branch_cannot_be_repeated(zygote: Zygote, trained: RunDir, tmp_path: Path) -> None:
    """Its changes are of steps that a run from step 0 meets in another state."""
    made = zygote.train(branch(trained, 28, tmp_path))
    with pytest.raises(ConfigError, match=r"is a branch of .*@28, and a branch cannot be repeated"):
        prepare(make_run(tmp_path), repeat=made.path)
