"""What a worker is to do follows from the run's directory, or is refused in a sentence."""

import json
from pathlib import Path

import pytest

from ganterm.config import RunConfig
from ganterm.config.runfile import read_run_toml
from ganterm.core.errors import ConfigError, TrainingError
from ganterm.core.records import PendingChange
from ganterm.runs import control
from ganterm.runs.checkpoints import list_checkpoints
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.worker.job import prepare
from tests.records import lines
from tests.records import record as record_of
from tests.worker.workers import damage, make_run

CHECKPOINTS = [0, 7, 14, 21, 28, 32]


def cut(run: RunDir, step: int) -> None:
    """Make a run look as after a kill -9 right after its checkpoint of `step`."""
    lines = run.journal.read_bytes().splitlines(keepends=True)
    kept = [
        line for line in lines if (r := json.loads(line))["step"] <= step and r["kind"] != "end"
    ]
    run.journal.write_bytes(b"".join(kept))
    for path in list_checkpoints(run.checkpoints)[CHECKPOINTS.index(step) + 1 :]:
        path.unlink()


def edit(run: RunDir, old: str, new: str) -> None:
    text = run.config_file.read_text()
    assert old in text
    run.config_file.write_text(text.replace(old, new))


def test_a_new_run_takes_its_file(tmp_path: Path) -> None:
    """A run without a history is trained from step 0 under its run.toml."""
    run = make_run(tmp_path, lr_g=3e-4)
    job = prepare(run)
    assert (job.step, job.checkpoint, job.resumed) == (0, None, False)
    assert job.config == read_run_toml(run.config_file)
    assert job.config.lr_g == 3e-4


def test_a_new_run_without_a_file_is_refused(tmp_path: Path) -> None:
    """Neither history nor configuration: the sentence names the file."""
    run = make_run(tmp_path)
    run.config_file.unlink()
    with pytest.raises(ConfigError, match=r"run\.toml cannot be read"):
        prepare(run)


def test_a_new_run_can_be_given_another_length(tmp_path: Path) -> None:
    """Epochs take the place of steps."""
    config = prepare(make_run(tmp_path), epochs=2).config
    assert (config.steps, config.epochs) == (0, 2)


def test_a_crashed_run_goes_on_from_its_checkpoint(trained: RunDir) -> None:
    """State, configuration and threads are those the run had."""
    cut(trained, 14)
    job = prepare(trained)
    assert job.checkpoint == trained.checkpoint_path(14)
    assert (job.step, job.resumed, job.threads, job.skipped) == (14, True, 1, [])
    assert job.config == read_run_toml(trained.config_file)


def test_a_run_can_go_on_on_another_device(trained: RunDir) -> None:
    """What began on a GPU is taken up where there is none; a word that names no device is not."""
    cut(trained, 14)
    assert prepare(trained, device="mps").config.device == "mps"
    with pytest.raises(ConfigError, match="device must be"):
        prepare(trained, device="tpu")


def test_an_edited_file_does_not_change_a_run(trained: RunDir) -> None:
    """The run goes on as it began, and the user is told which settings do not hold."""
    cut(trained, 14)
    edit(trained, "lr_g = 0.001", "lr_g = 0.5")
    job = prepare(trained)
    assert job.config.lr_g == 0.001
    (note,) = job.notes
    assert note.startswith("lr_g in ")
    assert "as it began" in note


def test_an_edited_file_does_not_change_a_run_without_checkpoints(trained: RunDir) -> None:
    """Killed before its first checkpoint, a run begins again under what its journal says."""
    cut(trained, 0)
    trained.checkpoint_path(0).unlink()
    edit(trained, "lr_g = 0.001", "lr_g = 0.5")
    job = prepare(trained)
    assert (job.config.lr_g, job.step, job.resumed, job.checkpoint) == (0.001, 0, True, None)


@pytest.mark.parametrize("content", [None, "lr_g = ["], ids=["missing", "garbled"])
def test_a_lost_file_does_not_end_a_run(trained: RunDir, content: str | None) -> None:
    """The journal has the configuration too; the user is told."""
    cut(trained, 14)
    config = read_run_toml(trained.config_file)
    trained.config_file.unlink()
    if content is not None:
        trained.config_file.write_text(content)
    job = prepare(trained)
    assert job.config == config
    (note,) = job.notes
    assert note.endswith("with the configuration in its journal.")


def test_a_finished_run_is_refused_and_left_alone(trained: RunDir) -> None:
    """It says how to train on, and a second try is refused in the same way."""
    before = trained.journal.read_bytes()
    for _ in range(2):
        with pytest.raises(ConfigError, match="has reached its length at step 32; train on with"):
            prepare(trained)
    assert trained.journal.read_bytes() == before


def test_a_finished_run_can_be_made_longer(trained: RunDir) -> None:
    """From its last checkpoint, with the new length."""
    job = prepare(trained, steps=50)
    assert (job.step, job.config.steps, job.config.epochs) == (32, 50, 0)
    job = prepare(trained, epochs=2)
    assert (job.step, job.config.steps, job.config.epochs) == (32, 0, 2)


def test_a_length_that_was_passed_is_refused(trained: RunDir) -> None:
    """A run cannot end before where it is."""
    with pytest.raises(ConfigError, match="has trained 32 steps already; give --steps a greater"):
        prepare(trained, steps=32)
    with pytest.raises(ConfigError, match="has trained 1 epochs already; give --epochs a greater"):
        prepare(trained, epochs=1)


def test_a_new_length_outlives_a_crash(trained: RunDir) -> None:
    """A crash between the resume and its first checkpoint does not take the length back."""
    start = lines(trained.journal)[0]
    with JournalWriter(trained.journal) as journal:
        config = {**start["config"], "steps": 90}
        journal.write(record_of("resume", 32, config=config, controls=0, pending=[]))
    assert prepare(trained).config.steps == 90


def test_a_finished_run_with_a_damaged_end_is_taken_up(trained: RunDir) -> None:
    """What a damaged last checkpoint lost is trained again."""
    damage(trained.checkpoint_path(32))
    job = prepare(trained)
    assert job.step == 28
    assert job.skipped == [(trained.checkpoint_path(32), "its content does not match its digest")]


def test_no_whole_checkpoint_is_one_sentence(trained: RunDir) -> None:
    """Training does not silently begin again at step 0."""
    cut(trained, 14)
    for path in list_checkpoints(trained.checkpoints):
        damage(path)
    with pytest.raises(TrainingError, match="is whole") as caught:
        prepare(trained)
    assert "step-00000014.safetensors: its content" in str(caught.value)
    assert f"ganterm train --config {trained.config_file}" in str(caught.value)


def test_deleted_checkpoints_are_one_sentence(trained: RunDir) -> None:
    """A run whose checkpoints are gone does not silently begin again at step 0 either."""
    cut(trained, 14)
    for path in list_checkpoints(trained.checkpoints):
        path.unlink()
    with pytest.raises(TrainingError, match="The checkpoint of step 14 and all others are gone"):
        prepare(trained)


@pytest.mark.parametrize("config", [None, [], {"lr_g": "high"}, {"bogus": 1}])
def test_a_journal_that_makes_no_sense_is_a_sentence(trained: RunDir, config: object) -> None:
    """A garbled start record is not met with a traceback."""
    cut(trained, 14)
    start, *rest = trained.journal.read_bytes().splitlines(keepends=True)
    garbled = json.dumps({**json.loads(start), "config": config}).encode() + b"\n"
    trained.journal.write_bytes(garbled + b"".join(rest))
    with pytest.raises(ConfigError):
        prepare(trained)


def test_changes_are_made_again_after_the_checkpoint(trained: RunDir) -> None:
    """Only what the checkpoint has not seen waits for its step."""
    cut(trained, 14)
    with JournalWriter(trained.journal) as journal:
        args = {"key": "lr_g", "value": 1e-4}
        journal.write(record_of("control", 16, id="a", name="set", args=args, error=""))
        journal.write(record_of("control", 17, id="b", name="set", args=args, error="refused"))
    assert prepare(trained).pending == [PendingChange("a", 16, args)]


def test_repeating_takes_the_changes_of_another_run(trained: RunDir, tmp_path: Path) -> None:
    """All of them, from the first step on."""
    with JournalWriter(trained.journal) as journal:
        args = {"key": "lr_g", "value": 1e-4}
        journal.write(record_of("control", 16, id="a", name="set", args=args, error=""))
    job = prepare(make_run(tmp_path), repeat=trained.path)
    assert job.pending == [PendingChange("a", 16, args)]
    with pytest.raises(ConfigError, match="has no journal, so there is nothing to repeat"):
        prepare(make_run(tmp_path), repeat=tmp_path / "nothing")


def test_commands_that_wait_are_told_apart(trained: RunDir) -> None:
    """Answered ones are not obeyed again, and a stop for an earlier worker stops no later one."""
    cut(trained, 14)
    answered = control.post(trained.control, "set", key="lr_g", value=1e-4)
    with JournalWriter(trained.journal) as journal:
        journal.write(record_of("control", 14, id=answered, name="set", args={}, error=""))
    stop = control.post(trained.control, "stop")
    pause = control.post(trained.control, "pause")
    control.post(trained.control, "set", key="lr_d", value=1e-4)
    job = prepare(trained)
    assert job.answered == {answered}
    assert job.missed == {stop, pause}


def test_preparing_writes_nothing(trained: RunDir) -> None:
    """A refused resume leaves every file as it was."""
    cut(trained, 14)

    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in trained.path.rglob("*") if path.is_file()}

    before = files()
    prepare(trained)
    assert files() == before


def test_configurations_come_back_from_the_journal(trained: RunDir) -> None:
    """The journal holds every setting."""
    start = lines(trained.journal)[0]
    assert start["config"].keys() == set(RunConfig.__struct_fields__)
