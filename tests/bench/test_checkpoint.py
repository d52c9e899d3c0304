import msgspec
import pytest

from ganterm.bench import checkpoint
from ganterm.bench.settings import Settings
from ganterm.bench.workload import config_of
from ganterm.config import resolve
from ganterm.data.progress import silent
from ganterm.errors import WorkerError
from tests.bench.helpers import RECIPE, Listener, figure


@pytest.fixture(autouse=True)
def few_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "SAVES", 2)
    monkeypatch.setattr(checkpoint, "STEPS_BETWEEN", 1)


@pytest.mark.slow
@pytest.mark.usefixtures("two_rounds")
def test_a_real_worker_saves_and_its_share_is_of_the_recipes_interval(settings: Settings) -> None:
    """The cost is what the worker wrote down; 20 epochs of 113 steps are weighed against it."""
    listener = Listener()
    result = checkpoint.measure(settings, listener)
    (row,) = result.rows
    assert (row["interval"], row["interval_steps"]) == ("20 epochs", 20 * 113)
    assert figure(result, "bytes") > 4 * 3 * (55_905 + 5_201), "weights and two moments each"
    cost, step = figure(result, "save_seconds"), figure(result, "step_seconds")
    assert figure(result, "share") == pytest.approx(cost / (20 * 113 * step))
    saved = [done for what, done, _, _ in listener.told if what == f"saves of {RECIPE}"]
    assert saved == [0, 1, 2], "that of step 0 has no optimiser state and does not count"


def test_a_worker_that_fails_ends_the_measurement_with_its_words(settings: Settings) -> None:
    """A dataset that is not there is told in the worker's own sentence."""
    config = msgspec.structs.replace(config_of(RECIPE, "cpu"), dataset="mnist")
    with pytest.raises(WorkerError, match=r"checkpoint: the worker failed: .*mnist"):
        checkpoint.save_repeatedly(config, settings.scratch, RECIPE, silent)


@pytest.mark.parametrize(
    ("every", "d_steps", "steps"),
    [
        ("1000", 1, 1000),
        ("500", 5, 500),
        ("20 epochs", 1, 2000),
        ("2 epochs", 5, 40),
        ("0", 1, None),
    ],
)
def test_intervals_count_the_generators_steps(every: str, d_steps: int, steps: int | None) -> None:
    """An epoch of 100 batches is 100 steps, or 20 where the critic takes five batches a step."""
    config = resolve({"checkpoint_every": every, "d_steps": d_steps}).config
    assert checkpoint.interval_steps(config, 100) == steps
