import dataclasses
from typing import Any

import pytest

from ganterm.benchmarks import throughput
from ganterm.benchmarks.pace import Turn
from ganterm.benchmarks.result import Spread
from ganterm.benchmarks.suite import BenchSettings
from ganterm.components.networks.base import Generator
from ganterm.core.errors import ConfigError
from ganterm.data.progress import silent
from ganterm.inference.sample import generate
from tests.benchmarks.helpers import RECIPE, figure


class Runner:
    """A contestant whose images per second fall from round to round, as on a busy machine."""

    def __init__(self, *_: Any, precision: str = "") -> None:
        self.per_s = {"": 100, "float32": 200, "bfloat16": 300}[precision]
        self.turns = 0
        self.networks = self.trainer = self
        self.generator = None

    def train(self, seconds: float) -> Turn:
        self.turns += 1
        return Turn(steps=1, images=self.per_s, seconds=float(self.turns))


@pytest.mark.usefixtures("two_rounds")
def test_a_ratio_is_taken_within_a_round(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What slows a whole round spreads the rates and leaves the ratios alone."""
    sampled = iter([1.0, 30.0, 10.0, 20.0])  # the first warms up
    monkeypatch.setattr(throughput, "TutorialLoop", Runner)
    monkeypatch.setattr(throughput, "TrainerLoop", Runner)
    monkeypatch.setattr(throughput, "sampling_rate", lambda _: next(sampled))
    monkeypatch.setattr(throughput, "TIMES", 3)
    (row,) = throughput.throughput(settings, silent).records()
    assert row["tutorial_images_per_s"] == Spread.of([50.0, 100 / 3])
    assert row["float32_ratio"] == Spread(2.0, 2.0, 2.0)
    assert row["bfloat16_ratio"] == Spread(3.0, 3.0, 3.0)
    assert row["sampled_images_per_s"] == Spread(20.0, 10.0, 30.0)


@pytest.mark.usefixtures("two_rounds")
def test_the_real_loops_race_and_say_on_which_images(
    settings: BenchSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All three loops train a real recipe, its generator samples, and the note names the data."""
    made: list[int] = []

    def counted(generator: Generator, *arguments: object) -> None:
        made.append(len(generate(generator, *arguments)))  # type: ignore[arg-type]

    monkeypatch.setattr(throughput, "generate", counted)
    monkeypatch.setattr(throughput, "TIMES", 1)
    monkeypatch.setattr(throughput, "IMAGES", 20)
    result = throughput.throughput(settings, silent)
    assert result.cells()[1][:2] == [RECIPE, "16"]
    for key in ("tutorial_images_per_s", "float32_ratio", "bfloat16_images_per_s"):
        assert figure(result, key) > 0
    assert result.notes == [f"{RECIPE}: digits train, 1,797 images of 8x8."]
    assert made == [20, 20]


def test_an_incomparable_recipe_is_refused_before_anything_is_measured(
    settings: BenchSettings,
) -> None:
    """The recipes before it are not timed in vain."""
    with pytest.raises(ConfigError, match="d_steps = 5"):
        throughput.check_recipes(dataclasses.replace(settings, recipes=(RECIPE, "wgan-gp")))
