"""The penalties are what calculus says for simple discriminators, and teach every real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck

from ganterm.components import penalties
from ganterm.components.networks import DISCRIMINATORS
from ganterm.components.networks.facts import DiscriminatorSpec
from ganterm.components.networks.from_config import build_discriminator
from ganterm.components.penalties.wgan_gp import wgan_gp
from ganterm.components.penalties.zero_centred import squared_slope
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import begun

Slope = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Tensor]


def _whole(name: str) -> Slope:
    penalty = penalties.PENALTIES.resolve(name)
    return lambda critic, real, fake: torch.stack(penalty.terms(critic, real, fake)).sum()


PENALTIES: dict[str, Slope] = {
    name: _whole(name) for name in penalties.PENALTIES.names if name != "none"
}


class Linear(nn.Module):
    """D(x) = w·x, whose slope is w everywhere."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weight


def _bowl(images: Tensor) -> Tensor:
    """D(x) = ‖x‖²/2, whose slope is x."""
    return images.square().flatten(1).sum(1) / 2


def _batch(count: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randn(count, 1, 2, 2, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("wgan-gp", (5.0 - 1) ** 2), ("r1", 25.0 / 2), ("r2", 25.0 / 2), ("r1+r2", 25.0)],
)
def test_linear_discriminator_has_the_slope_of_its_weight(name: str, wanted: float) -> None:
    critic = Linear(torch.tensor([3.0, 0, 0, 4.0], dtype=torch.float64))
    assert PENALTIES[name](critic, _batch(), -_batch()).item() == pytest.approx(wanted)


def test_r1_and_r2_are_at_the_images_given() -> None:
    images = _batch()
    wanted = images.flatten(1).square().sum(1).mean() / 2
    torch.testing.assert_close(squared_slope(_bowl, images), wanted)
    torch.testing.assert_close(PENALTIES["r1"](_bowl, images, 5 * images), wanted)
    torch.testing.assert_close(PENALTIES["r2"](_bowl, 5 * images, images), wanted)


def test_wgan_gp_is_at_the_interpolates_one_alpha_an_image() -> None:
    real, fake = _batch(), 2 * _batch()
    alpha = torch.tensor([0.0, 1.0, 0.25], dtype=torch.float64)
    points = [fake[0], real[1], 0.25 * real[2] + 0.75 * fake[2]]
    wanted = torch.stack([(point.norm() - 1) ** 2 for point in points]).mean()
    torch.testing.assert_close(wgan_gp(_bowl, real, fake, alpha), wanted)


def test_wgan_gp_of_a_flat_critic_is_one_with_a_finite_gradient() -> None:
    critic = Linear(torch.zeros(4, dtype=torch.float64))
    penalty = wgan_gp(critic, _batch(), -_batch(), torch.rand(3))
    penalty.backward()  # type: ignore[no-untyped-call]
    assert penalty.item() == 1
    assert critic.weight.grad is not None
    assert critic.weight.grad.isfinite().all()


def test_wgan_gp_wants_as_many_of_each() -> None:
    with pytest.raises(ValueError, match="as many real as fake"):
        wgan_gp(_bowl, _batch(3), _batch(2), torch.rand(3))
    with pytest.raises(ValueError, match="as many real as fake"):
        wgan_gp(_bowl, _batch(3), _batch(3), torch.rand(1))


@pytest.mark.parametrize("name", PENALTIES)
def test_gradient_in_the_parameters_is_the_numerical_one(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(5, 4, dtype=torch.float64, generator=generator).requires_grad_()
    second = torch.randn(5, dtype=torch.float64, generator=generator).requires_grad_()
    alpha = torch.rand(3, dtype=torch.float64, generator=generator)

    def penalty(first: Tensor, second: Tensor) -> Tensor:
        def critic(images: Tensor) -> Tensor:
            return torch.tanh(images.flatten(1) @ first.T) @ second

        if name == "wgan-gp":
            return wgan_gp(critic, _batch(), -_batch(), alpha)
        return PENALTIES[name](critic, _batch(), -_batch())

    assert gradcheck(penalty, (first, second))


@pytest.mark.parametrize("options", [{}, {"spectral_norm": True, "minibatch_discrimination": True}])
@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_every_penalty_teaches_every_discriminator(
    name: str, penalty: str, norm: Any, options: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    size = DISCRIMINATORS.facts(name).published_size
    network = build_discriminator(
        name, DiscriminatorSpec(data=DataSpec.image(size, 1), width=0.1, norm=norm, **options)
    )
    begun(network)
    real, fake = torch.randn(2, 3, 1, size, size)
    PENALTIES[penalty](network, real, fake).backward()  # type: ignore[no-untyped-call]
    for key, parameter in network.named_parameters():
        if parameter.ndim > 1 and "minibatch" not in key:
            assert parameter.grad is not None, key
            assert parameter.grad.isfinite().all(), key
            assert parameter.grad.any(), key


@pytest.mark.parametrize("name", PENALTIES)
def test_autocast_changes_nothing(name: str) -> None:
    network = build_discriminator(
        "dcgan", DiscriminatorSpec(data=DataSpec.image(8, 1), width=0.2)
    ).eval()
    real, fake = torch.randn(2, 3, 1, 8, 8)
    torch.manual_seed(0)
    wanted = PENALTIES[name](network, real, fake)
    torch.manual_seed(0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        penalty = PENALTIES[name](network, real, fake)
        assert PENALTIES[name](network, real.bfloat16(), fake.bfloat16()).dtype == torch.float32
    assert penalty.equal(wanted)


@pytest.mark.parametrize("name", PENALTIES)
def test_images_and_their_graph_are_left_alone(name: str) -> None:
    real, fake = _batch(), _batch().requires_grad_()
    critic = Linear(torch.ones(4, dtype=torch.float64))
    PENALTIES[name](critic, real, fake).backward()  # type: ignore[no-untyped-call]
    assert not real.requires_grad
    assert fake.grad is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", PENALTIES)
def test_no_penalty_waits_for_the_gpu(name: str) -> None:
    critic = Linear(torch.ones(4, device="cuda"))
    real, fake = torch.randn(2, 3, 1, 2, 2, device="cuda")
    PENALTIES[name](critic, real, fake).backward()  # type: ignore[no-untyped-call]
    torch.cuda.set_sync_debug_mode("error")
    try:
        PENALTIES[name](critic, real, fake).backward()  # type: ignore[no-untyped-call]
    finally:
        torch.cuda.set_sync_debug_mode("default")
