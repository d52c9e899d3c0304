import dataclasses

import pytest
import torch

from ganterm.bench import throughput
from ganterm.bench.pace import Pace
from ganterm.bench.result import Spread
from ganterm.bench.settings import Settings
from ganterm.config import RunConfig
from ganterm.data.progress import silent
from ganterm.errors import ConfigError
from tests.bench.helpers import RECIPE, figure


class Runner:
    """A contestant whose images per second fall from round to round, as on a busy machine."""

    def __init__(self, per_s: int) -> None:
        self.per_s = per_s
        self.turns = 0

    def train(self, seconds: float) -> Pace:
        self.turns += 1
        return Pace(steps=1, images=self.per_s, seconds=float(self.turns))


def tutorial(config: RunConfig, images: torch.Tensor, device: torch.device) -> Runner:
    return Runner(100)


def ours(config: RunConfig, images: torch.Tensor, device: torch.device) -> Runner:
    return Runner(300 if config.precision == "bfloat16" else 200)


@pytest.mark.usefixtures("two_rounds")
def test_a_ratio_is_taken_within_a_round(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What slows a whole round spreads the rates and leaves the ratios alone."""
    monkeypatch.setattr(throughput, "TutorialLoop", tutorial)
    monkeypatch.setattr(throughput, "TrainerLoop", ours)
    (row,) = throughput.measure(settings, silent).rows
    assert row["tutorial_images_per_s"] == Spread.of([50.0, 100 / 3])
    assert row["float32_ratio"] == Spread(2.0, 2.0, 2.0)
    assert row["bfloat16_ratio"] == Spread(3.0, 3.0, 3.0)


@pytest.mark.usefixtures("two_rounds")
def test_the_real_loops_race_and_say_on_which_images(settings: Settings) -> None:
    """All three loops train a real recipe, and the note names the data."""
    result = throughput.measure(settings, silent)
    assert result.cells()[0][:2] == [RECIPE, "16"]
    for key in ("tutorial_images_per_s", "float32_ratio", "bfloat16_images_per_s"):
        assert figure(result, key) > 0
    assert result.notes == [f"{RECIPE}: digits train, 1,797 images of 8x8."]


def test_an_incomparable_recipe_is_refused_before_anything_is_measured(
    settings: Settings,
) -> None:
    """The recipes before it are not timed in vain."""
    with pytest.raises(ConfigError, match="d_steps = 5"):
        throughput.check_settings(dataclasses.replace(settings, recipes=(RECIPE, "wgan-gp")))
