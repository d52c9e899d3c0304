import dataclasses
from typing import Any

import pytest

from ganterm.bench import memory
from ganterm.bench.result import Spread
from ganterm.bench.settings import Settings
from ganterm.data.progress import silent
from ganterm.errors import ConfigError
from tests.bench.helpers import RECIPE, figure


def test_loops_take_turns_and_a_ratio_is_within_a_turn(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tutorial's process comes first each time; peaks are held against their neighbours."""
    asked: list[str] = []

    def run(task: str, *_: Any, loop: str, **__: Any) -> dict[str, Any]:
        asked.append(loop)
        peak = len(asked) * 100
        return {"imported": 10, "peak": peak, "gpu": None}

    monkeypatch.setattr(memory, "run_apart", run)
    monkeypatch.setattr(memory, "TIMES", 2)
    tutorial, ours = memory.measure(settings, silent).rows
    assert asked == ["tutorial", "ganterm"] * 2
    assert tutorial["peak"] == Spread.of([100, 300])
    assert tutorial["ratio"] is None
    assert ours["ratio"] == Spread.of([200 / 100, 400 / 300])


@pytest.mark.slow
def test_both_loops_train_in_processes_of_their_own(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real training takes more than its imports, and less than all there is."""
    monkeypatch.setattr(memory, "TIMES", 1)
    monkeypatch.setattr(memory, "STEPS", 2)
    result = memory.measure(settings, silent)
    assert [(row["recipe"], row["loop"]) for row in result.rows] == [
        (RECIPE, "tutorial"),
        (RECIPE, "ganterm"),
    ]
    for index in range(2):
        assert 1e7 < figure(result, "imported", index) < figure(result, "peak", index) < 1e11


def test_an_incomparable_recipe_is_refused_at_once(settings: Settings) -> None:
    """No process is started for it, nor for those before it."""
    with pytest.raises(ConfigError, match="d_steps = 5"):
        memory.check_settings(dataclasses.replace(settings, recipes=(RECIPE, "wgan-gp")))
