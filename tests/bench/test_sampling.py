import dataclasses

import pytest

from ganterm.bench import sampling
from ganterm.bench.result import Spread
from ganterm.bench.settings import Settings
from ganterm.data.progress import silent
from ganterm.latent.sample import generate
from ganterm.networks import Generator
from tests.bench.helpers import RECIPE


def test_generators_take_turns_and_their_first_time_is_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each makes as many images as the figure says, as often as it says."""
    times = iter([9.0, 9.0, 0.1, 0.2, 0.3, 0.4])
    monkeypatch.setattr(sampling, "TIMES", 2)
    monkeypatch.setattr(sampling, "_time", lambda *_: next(times))
    both = dataclasses.replace(settings, recipes=(RECIPE, "mlp"))
    small, large = sampling.measure(both, silent).rows
    assert (small["image_size"], large["image_size"]) == (8, 28)
    assert small["seconds"] == Spread.of([0.1, 0.3])
    assert large["images_per_s"] == Spread.of([1000 / 0.2, 1000 / 0.4])


@pytest.mark.parametrize("recipe", [RECIPE, "dcgan-classes"])
def test_real_generators_are_timed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    """All images are generated, of every class where there are classes."""
    made: list[int] = []
    monkeypatch.setattr(sampling, "TIMES", 1)
    monkeypatch.setattr(sampling, "IMAGES", 20)

    def counted(generator: Generator, *arguments: object) -> None:
        made.append(len(generate(generator, *arguments)))  # type: ignore[arg-type]

    monkeypatch.setattr(sampling, "generate", counted)
    (row,) = sampling.measure(dataclasses.replace(settings, recipes=(recipe,)), silent).rows
    assert made == [20, 20]
    assert isinstance(row["seconds"], Spread)
