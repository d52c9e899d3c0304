"""Every record that a worker writes conforms to the schema of its kind, field by field."""

from pathlib import Path

import pytest

from ganterm.components.scores import SCORES
from ganterm.core.quantities import QUANTITIES
from ganterm.core.records import KINDS, EpochRecord, JudgedRecord, MetricsRecord
from ganterm.runs import control
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir
from tests.quick import slow_unless
from tests.records import Line
from tests.worker.workers import RECIPES, Zygote, damage, kinds, make_run

SETTINGS: dict[str, dict[str, object]] = {
    "dcgan-8x8": {"penalty": "r1", "penalty_every": 4},
    "dcgan": {"loss": "relativistic", "augment": "translation,cutout"},
    "mlp": {"loss": "wasserstein", "penalty": "wgan-gp", "minibatch_discrimination": True},
}
"""What makes some recipes write other fields than they do by themselves."""


def assert_conforms(run: RunDir) -> set[str]:
    """Hold every record of a run against its schema; return the kinds that were met."""
    records = read_journal(run.journal)
    assert len(records) == len(run.journal.read_bytes().splitlines())
    for record in records:
        assert isinstance(record, KINDS[record.kind])
        assert not record.extra
        if isinstance(record, (MetricsRecord, EpochRecord)):
            assert record.values.keys() <= QUANTITIES.keys()
        if isinstance(record, JudgedRecord):
            assert record.scores.keys() <= set(SCORES.names)
    return {record.kind for record in records}


@pytest.mark.parametrize("recipe", slow_unless(SETTINGS.__contains__, RECIPES))
def test_every_recipe_writes_by_the_schema(zygote: Zygote, tmp_path: Path, recipe: str) -> None:
    """Whatever its loss and penalty add to the metrics is declared."""
    run = make_run(tmp_path, recipe, **{"steps": 14, **SETTINGS.get(recipe, {})})
    met = assert_conforms(zygote.train(run))
    assert met >= {"start", "metrics", "sample", "checkpoint", "end"}
    (metrics, *_) = kinds(run, "metrics")
    assert {"d_loss_real", "d_loss_fake", "grad_norm_d", "grad_norm_g"} <= metrics.keys()
    assert isinstance(metrics["epoch"], float)


def test_resumes_and_commands_are_written_by_the_schema(zygote: Zygote, trained: RunDir) -> None:
    """With a torn journal, a damaged checkpoint, an edited file and every kind of command."""
    damage(trained.checkpoint_path(32))
    with trained.journal.open("ab") as journal:
        journal.write(b'{"v":1,"kind":"metr')
    text = trained.config_file.read_text()
    trained.config_file.write_text(text.replace("lr_g = 0.001", "lr_g = 0.5"))
    for name in ("checkpoint", "sample", "resume"):
        control.post(trained.control, name)
    control.post(trained.control, "set", key="lr_g", value=1e-4)
    control.post(trained.control, "set", key="lr_g", value="high")
    (trained.control / "garbled.json").write_bytes(b"?")
    zygote.train(trained, "--steps", "40")
    assert assert_conforms(trained) >= {"resume", "control", "alert", "epoch"}
    (resume,) = kinds(trained, "resume")
    assert resume["torn_bytes"] == 19
    assert resume["skipped"] != []
    assert resume["command"] == ["ganterm.worker", str(trained.path), "--steps", "40"]
    (alert,) = kinds(trained, "alert")
    assert alert["code"] == "run-file"
    errors = {r["id"] if r["id"] == "garbled" else r["name"]: r["error"] for r in refused(trained)}
    assert errors.keys() == {"garbled", "set"}


def test_other_images_deserve_a_word(zygote: Zygote, trained: RunDir) -> None:
    """A dataset that changed since the run began is told, because no resume is exact then."""
    start = kinds(trained, "start")[0]
    text = trained.journal.read_text()
    trained.journal.write_text(text.replace(start["data_crc32"], "0badc0de"))
    zygote.train(trained, "--steps", "34")
    (alert,) = kinds(trained, "alert")
    assert alert["code"] == "data"
    assert alert["message"].startswith("The images of digits are not those the run began with")


def refused(run: RunDir) -> list[Line]:
    return [record for record in kinds(run, "control") if record["error"]]
