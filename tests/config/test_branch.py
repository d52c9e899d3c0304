"""A branch is a copy of a checkpoint under the settings in force there, or it is refused."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from ganterm.config import branch as module
from ganterm.config.branch import branch, checkpoint_steps, origin_of
from ganterm.config.runfile import read_run_toml, render_run_toml, to_mapping
from ganterm.config.schema import RunConfig
from ganterm.core.errors import ConfigError, TrainingError
from ganterm.runs import checkpoints
from ganterm.runs.checkpoints import CheckpointDamaged
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run, find_runs
from tests.records import record as record_of
from tests.runs.helpers import checkpoint_bytes

CONFIG = RunConfig(steps=100, batch_size=10)


def write_checkpoint(run: RunDir, step: int, config: RunConfig) -> None:
    words = {"config": to_mapping(config), "counters": {"step": step, "batches": step}}
    metadata = {name: json.dumps(value) for name, value in words.items()}
    run.checkpoint_path(step).write_bytes(checkpoint_bytes(step, {"w": bytes(8)}, **metadata))


@pytest.fixture
def source(tmp_path: Path) -> RunDir:
    """Give a run of 100 steps that was steered at step 15 and has three checkpoints."""
    run = create_run(tmp_path / "runs", "one", "dcgan-8x8")
    run.config_file.write_text(render_run_toml(CONFIG, {}))
    with JournalWriter(run.journal) as journal:
        facts: dict[str, object] = {"threads": 3, "data_crc32": "abcd", "images": 100}
        journal.write(record_of("start", 0, config=to_mapping(CONFIG), **facts))
    write_checkpoint(run, 10, CONFIG)
    write_checkpoint(run, 20, RunConfig(steps=100, batch_size=10, lr_g=1e-5))
    write_checkpoint(run, 100, CONFIG)
    return run


def test_a_branch_has_the_checkpoint_and_the_settings_in_force(source: RunDir) -> None:
    """A live change before the checkpoint counts; the file says where the run comes from."""
    made = branch(source, 20, source.path.parent, command="ganterm branch one --step 20")
    assert made.name == f"{CONFIG.recipe}-001"
    assert checkpoint_steps(made) == [20]
    assert made.checkpoint_path(20).read_bytes() == source.checkpoint_path(20).read_bytes()
    assert read_run_toml(made.config_file).lr_g == 1e-5
    origin = origin_of(made)
    assert origin == module.Origin("one@20", 20, threads=3, data_crc32="abcd")
    assert "ganterm branch one --step 20" in made.config_file.read_text()
    assert not made.journal.exists()


@pytest.mark.parametrize(
    ("who", "written", "begins_with"), [("auto-threads-15", 0, 1), ("ganterm-7", 1, 1)]
)
def test_threads_that_the_worker_chose_stay_its_choice(
    source: RunDir, who: str, written: int, begins_with: int
) -> None:
    """A branch begins with those in force at its step, and chooses where its parent did."""
    with JournalWriter(source.journal) as journal:
        args = {"key": "threads", "value": 1}
        journal.write(record_of("control", 15, id=who, name="set", args=args, error=""))
        args = {"key": "threads", "value": 2}
        journal.write(record_of("control", 50, id="later", name="set", args=args, error=""))
    write_checkpoint(source, 20, RunConfig(steps=100, batch_size=10, threads=1))
    made = branch(source, 20, source.path.parent)
    origin = origin_of(made)
    assert origin is not None
    assert (read_run_toml(made.config_file).threads, origin.threads) == (written, begins_with)
    typed = branch(source, 20, source.path.parent, changes={"threads": 4})
    assert read_run_toml(typed.config_file).threads == 4


def test_changes_are_parsed_and_a_length_replaces_the_other(source: RunDir) -> None:
    """Text as typed, dashes or not; epochs take the place of steps."""
    changes = {"lr-d": "1e-3", "epochs": "40", "seed": "0", "penalty_weight": "auto"}
    made = branch(source, 10, source.path.parent, name="two", changes=changes)
    config = read_run_toml(made.config_file)
    assert (made.name, config.lr_d, config.steps, config.epochs) == ("two", 1e-3, 0, 40)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "1"},
        {"dataset": "mnist"},
        {"image_size": "32"},
        {"z_dim": "7"},
        {"width": "2"},
        {"spectral_norm": "true"},
        {"recipe": "mlp"},
    ],
    ids=str,
)
def test_other_networks_images_or_seeds_are_refused(
    source: RunDir, change: dict[str, object]
) -> None:
    """One sentence names the setting, and nothing is made."""
    with pytest.raises(ConfigError, match=f"{next(iter(change))} cannot be changed in a branch"):
        branch(source, 10, source.path.parent, changes=change)
    assert [run.name for run in find_runs(source.path.parent)] == ["one"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bogus": "1"}, "no setting 'bogus'"),
        ({"lr_g": "high"}, "lr_g must be a number"),
        ({"loss": "wasserstein"}, "needs a critic of bounded slope"),
        ({"steps": "10"}, "has made its 10 steps already; give the branch more"),
        ({"epochs": "1"}, "has made its 1 epochs already"),
    ],
)
def test_what_makes_no_sense_is_refused(
    source: RunDir, change: dict[str, object], words: str
) -> None:
    """The schema's own sentences, and a word on a run without an end to go to."""
    with pytest.raises(ConfigError, match=words):
        branch(source, 10, source.path.parent, changes=change)


def test_a_run_at_its_end_branches_with_more_steps(source: RunDir) -> None:
    """Without them the branch would end where it begins."""
    with pytest.raises(ConfigError, match="has made its 100 steps already"):
        branch(source, 100, source.path.parent)
    assert origin_of(branch(source, 100, source.path.parent, changes={"steps": 101}))


def test_a_length_given_since_holds(source: RunDir) -> None:
    """As when a run is taken up again."""
    with JournalWriter(source.journal) as journal:
        journal.write(record_of("resume", 100, config=to_mapping(RunConfig(steps=500))))
    assert read_run_toml(branch(source, 100, source.path.parent).config_file).steps == 500


def test_a_step_without_a_checkpoint_names_those_near(source: RunDir) -> None:
    """And a run without any says so; no number breaks the path."""
    with pytest.raises(ConfigError, match="no checkpoint of step 15; there are those of 10, 20, 1"):
        branch(source, 15, source.path.parent)
    for step in (-1, 10**40):
        with pytest.raises(ConfigError, match="no checkpoint of step"):
            branch(source, step, source.path.parent)
    for path in checkpoints.list_checkpoints(source.checkpoints):
        path.unlink()
    with pytest.raises(ConfigError, match="no checkpoint yet"):
        branch(source, 10, source.path.parent)


def test_a_damaged_checkpoint_leaves_nothing_behind(source: RunDir) -> None:
    """The sentence names the original, and no half of a run stays."""
    path = source.checkpoint_path(10)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointDamaged, match="does not match its digest") as caught:
        branch(source, 10, source.path.parent)
    assert caught.value.path == path
    assert [each.name for each in source.path.parent.iterdir()] == ["one"]


def test_a_full_disk_leaves_nothing_behind(source: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says what to do."""

    def full(path: Path, *_: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(module, "write_atomically", full)
    with pytest.raises(TrainingError, match="free some space"):
        branch(source, 10, source.path.parent)
    assert [each.name for each in source.path.parent.iterdir()] == ["one"]


@pytest.mark.parametrize("parent", ["one", "one@", "@5", "one@x", "one@-1", f"one@{10**20}"])
def test_a_parent_that_makes_no_sense_is_a_sentence(source: RunDir, parent: str) -> None:
    """A run.toml is a file that people edit."""
    source.config_file.write_text(render_run_toml(CONFIG, {"parent": parent}))
    with pytest.raises(ConfigError, match="names no run and step"):
        origin_of(source)


def test_a_run_of_its_own_comes_from_nowhere(source: RunDir) -> None:
    """Neither does one whose file says nothing of what made it."""
    assert origin_of(source) is None
    text = source.config_file.read_text().partition("[made]")[0]
    source.config_file.write_text(text)
    assert origin_of(source) is None
