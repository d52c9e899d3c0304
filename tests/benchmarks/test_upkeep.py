import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ganterm.benchmarks import upkeep
from ganterm.benchmarks.pace import config_of
from ganterm.benchmarks.suite import BenchSettings
from ganterm.core.errors import WorkerError
from ganterm.core.records import CheckpointRecord
from ganterm.data.progress import silent
from ganterm.engine.events import Metrics
from ganterm.runs import control
from ganterm.runs.checkpoints import list_checkpoints
from ganterm.runs.layout import RunDir, find_runs
from ganterm.runs.lock import is_held
from ganterm.runs.status import Status
from tests.benchmarks.helpers import RECIPE, Listener, figure
from tests.records import lines


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BATCHES": 2, "RECORDS": 3, "SAVES": 2, "STEPS_BETWEEN": 1}.items():
        monkeypatch.setattr(upkeep, name, value)


@pytest.mark.usefixtures("two_rounds")
@pytest.mark.parametrize(
    ("every", "d_steps", "interval"),
    [("1000", 1, 1000), ("20 epochs", 1, 20 * 113), ("2 epochs", 5, 2 * 113 / 5), ("0", 1, None)],
)
def test_shares_are_of_the_steps_in_the_recipes_own_intervals(
    every: str,
    d_steps: int,
    interval: float | None,
    settings: BenchSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A record every 10 steps and one every epoch, of 113 batches; epochs count D's batches."""
    recipe = settings.scratch / "own.toml"
    recipe.write_text(
        f'generator = "dcgan-8x8"\ndiscriminator = "dcgan-8x8"\nimage_size = 8\nbatch_size = 16\n'
        f'dataset = "digits"\nsplit = "train"\ndrop_last = false\ncheckpoint_every = "{every}"\n'
        f"d_steps = {d_steps}\n"
    )
    saves = [
        CheckpointRecord(step=1, seconds=0.25, bytes=10),
        CheckpointRecord(step=1, seconds=0.75, bytes=20),
    ]
    monkeypatch.setattr(upkeep, "save_repeatedly", lambda *_: (saves, 30))
    result = upkeep.upkeep(dataclasses.replace(settings, recipes=(str(recipe),)), silent)
    step, record = figure(result, "step_seconds"), figure(result, "record_seconds")
    per_step = 1 / 10 + d_steps / 113
    assert figure(result, "record_share") == pytest.approx(record * per_step / step)
    (row,) = result.records()
    assert (row["save_bytes"], row["memory"]) == (20, 30)
    assert row["interval"] == (every if interval else "never")
    if interval is None:
        assert row["save_share"] is None
    else:
        assert figure(result, "save_share") == pytest.approx(0.5 / (interval * step))


def test_the_records_are_real_ones_written_to_a_real_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is timed is as many whole records of the given metrics as the figure is divided by."""
    path = tmp_path / "journal.jsonl"
    monkeypatch.setattr(Path, "unlink", lambda _: None)
    cost, size = upkeep.time_records(path, Metrics(10, 0.5, 1234.5, {"d_loss": 0.25}))
    records = lines(path)
    assert [record["step"] for record in records] == list(range(6))
    assert all(record["kind"] == "metrics" and record["d_loss"] == 0.25 for record in records)
    assert size == path.stat().st_size // 6
    assert cost.low > 0


@pytest.mark.slow
def test_a_real_worker_saves(settings: BenchSettings) -> None:
    """The costs are what it wrote down; step 0, without optimiser state, does not count."""
    config = config_of(RECIPE, "cpu")
    listener = Listener()
    saves, _ = upkeep.save_repeatedly(config, settings.scratch, RECIPE, listener)
    assert [save.step for save in saves] == [1, 2]
    assert (saves[0].bytes or 0) > 4 * 3 * (55_905 + 5_201), "weights and two moments each"
    assert {what for what, *_ in listener.told} == {f"steps of {RECIPE}"}


@pytest.mark.slow
def test_a_worker_that_fails_is_no_figure(settings: BenchSettings) -> None:
    """A dataset that is not there is told in the worker's own sentence."""
    config = msgspec.structs.replace(config_of(RECIPE, "cpu"), dataset="mnist")
    with pytest.raises(WorkerError, match=rf"{RECIPE}-001: the worker failed: .*mnist"):
        upkeep.save_repeatedly(config, settings.scratch, RECIPE, silent)


@pytest.mark.usefixtures("warm")
def test_an_interruption_ends_the_worker_too(settings: BenchSettings) -> None:
    """The worker, which outlives a lost terminal, does not outlive the measurement."""

    def interrupt(what: str, done: int, total: int | None, unit: str) -> None:
        if done > 0:
            (run,) = find_runs(settings.scratch)
            assert is_held(run.lock)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upkeep.growth(dataclasses.replace(settings, steps=10**6), interrupt)
    (run,) = find_runs(settings.scratch)
    while is_held(run.lock):  # until the kernel is through with the killed process
        pass
    assert lines(run.journal)[-1]["kind"] != "end"


def test_growth_is_from_a_tenth_of_the_run_to_its_end(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is taken on before counts for nothing, and what came in between for nothing either."""
    samples = {0: 10, 90: 20, 110: 50, 500: 900, 980: 80}

    def train(config: object, scratch: Path, name: str, progress: object, watch: Any) -> RunDir:
        for step, held in samples.items():
            watch(Status(state="running", step=step, steps=1000, memory_bytes=held))
        run = RunDir(scratch / name)
        run.path.mkdir()
        run.journal.touch()
        return run

    monkeypatch.setattr(upkeep, "train_in_worker", train)
    result = upkeep.growth(dataclasses.replace(settings, steps=1000), silent)
    assert [figure(result, key) for key in ("early", "late", "growth")] == [50, 80, 30]


@pytest.mark.slow
def test_a_real_worker_is_watched_at_all_that_runs_do(settings: BenchSettings) -> None:
    """It journals, samples and saves on the way to its last step."""
    listener = Listener()
    result = upkeep.growth(dataclasses.replace(settings, steps=200), listener)
    (run,) = find_runs(settings.scratch)
    records = lines(run.journal)
    kinds = {record["kind"] for record in records}
    assert {"metrics", "sample", "checkpoint", "end"} <= kinds
    assert records[-1]["step"] == 200
    assert len(list_checkpoints(run.checkpoints)) == 2
    assert figure(result, "journal") == run.journal.stat().st_size
    assert listener.told[0][2] == 200


@pytest.mark.slow
def test_a_worker_that_is_stopped_is_no_figure(settings: BenchSettings) -> None:
    """Somebody else's stop ends it in peace, but not at the end of what was to be measured."""

    def stop(what: str, done: int, total: int | None, unit: str) -> None:
        if done:
            (run,) = find_runs(settings.scratch)
            control.post(run.control, "stop")

    with pytest.raises(WorkerError, match=r"growth.*: the worker was stopped at step"):
        upkeep.growth(dataclasses.replace(settings, steps=10**6), stop)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_memory_does_not_grow_over_100_000_steps(settings: BenchSettings) -> None:
    """What the allocator keeps may differ; a leak of 300 bytes a step would be seen."""
    result = upkeep.growth(dataclasses.replace(settings, steps=100_000), silent)
    assert figure(result, "growth") < 32e6
