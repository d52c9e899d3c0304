import itertools

import pytest
import torch

from ganterm.bench import limit
from ganterm.bench.limit import Product, count_flops
from ganterm.bench.pace import Pace, TrainerLoop
from ganterm.bench.result import Spread
from ganterm.bench.settings import Settings
from ganterm.bench.workload import loop_of, prepare
from ganterm.data.progress import silent
from tests.bench.helpers import RECIPE, figure

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def small_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit, "SIDE", 64)


@pytest.mark.usefixtures("two_rounds")
def test_the_share_is_of_the_product_in_the_same_format(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each format's steps are held against its own products, round by round."""
    turns = itertools.count(4)  # of four contestants: a round's load is its number

    def step(self: TrainerLoop, seconds: float) -> Pace:
        load = next(turns) // 4
        return Pace(1, 1, load * (0.5 if self.trainer.config.precision == "float32" else 0.25))

    def multiply(self: Product, seconds: float) -> Pace:
        load = next(turns) // 4
        return Pace(1, 0, load * (1e-3 if self.left.dtype == torch.float32 else 1e-4))

    monkeypatch.setattr(TrainerLoop, "train", step)
    monkeypatch.setattr(Product, "train", multiply)
    monkeypatch.setattr(limit, "count_flops", lambda _: 1e6)
    result = limit.measure(settings, silent)
    assert [row["precision"] for row in result.rows] == ["float32", "bfloat16"]
    # The two rounds that count are loaded twice and three times.
    middle = (1 / 2 + 1 / 3) / 2
    achieved = [figure(result, "achieved", row) for row in (0, 1)]
    assert achieved == pytest.approx([2e6 * middle, 4e6 * middle])
    flops = 2 * 64**3
    shares = [row["share"] for row in result.rows]
    for share, expected in zip(shares, (2e6 * 1e-3 / flops, 4e6 * 1e-4 / flops), strict=True):
        assert isinstance(share, Spread)
        assert [share.low, share.high] == pytest.approx([expected, expected])


@pytest.mark.usefixtures("two_rounds")
def test_real_steps_are_counted_and_timed(settings: Settings) -> None:
    """The same arithmetic is counted in both formats."""
    result = limit.measure(settings, silent)
    assert [row["recipe"] for row in result.rows] == [RECIPE, RECIPE]
    assert figure(result, "flops", 0) == figure(result, "flops", 1) > 0
    assert figure(result, "share", 0) > 0


def test_a_step_is_counted_forward_and_backward() -> None:
    """Three layers of D on real and fake, then G through D: by hand for a network of one width."""
    workload = prepare("mlp", "cpu", silent)
    loop = loop_of(workload, CPU, batch_size=8)
    networks = loop.trainer.networks
    sizes = {
        name: sum(p.numel() for p in network.parameters() if p.dim() == 2)
        for name, network in (("g", networks.generator), ("d", networks.discriminator))
    }
    first_g, first_d = (
        next(p for p in network.parameters() if p.dim() == 2).numel()
        for network in (networks.generator, networks.discriminator)
    )
    # Of each weight a product forward, one for its own gradient, and, but for the first layer's
    # inputs that need none, one for the gradient of its inputs.
    forward = sizes["g"] + 3 * sizes["d"]
    weights = sizes["g"] + 2 * sizes["d"]
    inputs = (sizes["g"] - first_g) + 2 * (sizes["d"] - first_d) + sizes["d"]
    assert count_flops(loop) == 2 * 8 * (forward + weights + inputs)


def test_a_lazy_penalty_counts_for_its_share_of_the_steps() -> None:
    """Steps without it are counted with those that have it."""
    workload = prepare(RECIPE, "cpu", silent)
    none, always, lazy = (
        count_flops(loop_of(workload, CPU, **settings))
        for settings in ({}, {"penalty": "r1"}, {"penalty": "r1", "penalty_every": 4})
    )
    assert lazy == pytest.approx(none + (always - none) / 4)
