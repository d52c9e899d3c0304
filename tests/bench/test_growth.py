import dataclasses

import msgspec
import pytest

from ganterm.bench import growth
from ganterm.bench.settings import Settings
from ganterm.data.progress import silent
from ganterm.errors import WorkerError
from ganterm.runs import control
from ganterm.runs.checkpoints import list_checkpoints
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import find_runs
from tests.bench.helpers import Listener, figure


def test_growth_is_from_a_tenth_of_the_run_to_its_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is taken on before counts for nothing, and what came in between for nothing either."""
    samples = [(0, 10), (90, 20), (110, 50), (500, 900), (980, 80)]
    monkeypatch.setattr(growth, "_train", lambda run, *_: run.journal.touch() or samples)
    result = growth.measure(dataclasses.replace(settings, steps=1000), silent)
    assert [figure(result, key) for key in ("early", "late", "growth")] == [50, 80, 30]


@pytest.mark.slow
def test_a_real_worker_is_watched_at_all_that_runs_do(settings: Settings) -> None:
    """It journals, samples and saves on the way to its last step."""
    listener = Listener()
    result = growth.measure(dataclasses.replace(settings, steps=200), listener)
    (run,) = find_runs(settings.scratch)
    records = read_journal(run.journal)
    kinds = {record["kind"] for record in records}
    assert {"metrics", "sample", "checkpoint", "end"} <= kinds
    assert records[-1]["step"] == 200
    assert len(list_checkpoints(run.checkpoints)) == 2
    assert figure(result, "journal") == run.journal.stat().st_size
    assert listener.told[0][2] == 200


def test_a_worker_that_fails_is_no_figure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own sentence is the reason."""
    config = msgspec.structs.replace(growth.small_config(200, "cpu"), dataset="mnist")
    monkeypatch.setattr(growth, "small_config", lambda *_: config)
    with pytest.raises(WorkerError, match=r"growth: the worker failed: .*mnist"):
        growth.measure(settings, silent)


@pytest.mark.slow
def test_a_worker_that_is_stopped_is_no_figure(settings: Settings) -> None:
    """Somebody else's stop ends it in peace, but not at the end of what was to be measured."""

    def stop(what: str, done: int, total: int | None, unit: str) -> None:
        if done:
            (run,) = find_runs(settings.scratch)
            control.post(run.control, "stop")

    with pytest.raises(WorkerError, match="growth: the worker was stopped at step"):
        growth.measure(dataclasses.replace(settings, steps=10**6), stop)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_memory_does_not_grow_over_100_000_steps(settings: Settings) -> None:
    """What the allocator keeps may differ; a leak of 300 bytes a step would be seen."""
    result = growth.measure(dataclasses.replace(settings, steps=100_000), silent)
    assert figure(result, "growth") < 32e6
