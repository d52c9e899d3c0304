"""Ways between latent points have the ends, the lengths and the even pace that they promise."""

import math

import pytest
import torch
from torch import Tensor

from ganterm.inference.interpolation import Between, linear, loop, spherical, walk
from ganterm.inference.sample import latents

WAYS = [linear, spherical]


@pytest.mark.parametrize("between", WAYS)
def test_a_way_has_its_ends(between: Between) -> None:
    """At 0 it is at the first point, at 1 at the second."""
    a, b = latents(2, 100, seed=1)
    way = between(a, b, torch.tensor([0.0, 0.5, 1.0]))
    assert torch.allclose(way[0], a, atol=1e-5)
    assert torch.allclose(way[2], b, atol=1e-5)


def test_the_straight_way_is_the_mean_in_the_middle() -> None:
    """Of points of any shape, such as styles."""
    a, b = torch.randn(2, 4, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(linear(a, b, torch.tensor([0.25]))[0], 0.75 * a + 0.25 * b)


def test_the_spherical_way_stays_on_the_sphere_and_turns_evenly() -> None:
    """Between points of one length every point has it, and equal steps are equal angles."""
    a, b = torch.nn.functional.normalize(latents(2, 64, seed=3), dim=1) * 8
    way = spherical(a, b, torch.linspace(0, 1, 9))
    assert torch.allclose(way.norm(dim=1), torch.full((9,), 8.0), atol=1e-4)
    cosines = (way[1:] * way[:-1]).sum(dim=1) / 64
    assert torch.allclose(cosines, cosines[:1].expand(8), atol=1e-5)
    # The straight way cuts the corner.
    assert linear(a, b, torch.tensor([0.5])).norm() < 7.5


def test_lengths_go_evenly_from_one_to_the_other() -> None:
    """A quarter of a circle from length 1 to length 3: 45 degrees and length 2 in the middle."""
    way = spherical(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 3.0]), torch.tensor([0.5]))
    assert torch.allclose(way[0], torch.tensor([math.sqrt(2), math.sqrt(2)]))


@pytest.mark.parametrize(
    "b", [[2.0, 0.0, 0.0], [-2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [2.0, 1e-7, 0.0], [-2.0, 1e-7, 0.0]]
)
def test_no_two_points_are_too_near_or_too_far(b: list[float]) -> None:
    """The same, opposite, and the origin: ends are kept and nothing is NaN."""
    a, end = torch.tensor([2.0, 0.0, 0.0]), torch.tensor(b)
    way = spherical(a, end, torch.linspace(0, 1, 5))
    assert way.isfinite().all()
    assert torch.allclose(way[0], a, atol=1e-4)
    assert torch.allclose(way[-1], end, atol=1e-4)
    if end.norm() > 0:
        assert torch.allclose(way.norm(dim=1), torch.full((5,), 2.0), atol=1e-4)


def test_a_walk_is_a_row_for_each_leg() -> None:
    """Each row begins where the one before ended."""
    points = latents(3, 10, seed=0)
    rows = walk(points, 8)
    assert rows.shape == (2, 8, 10)
    assert torch.allclose(rows[0, -1], rows[1, 0], atol=1e-5)


def test_a_loop_comes_back_without_halting() -> None:
    """Each point is there once, and the step from the last frame to the first is like others."""
    points = latents(3, 50, seed=0)
    frames = loop(points, 6)
    assert frames.shape == (18, 50)
    assert torch.allclose(frames[::6], points, atol=1e-5)
    paces = (frames - frames.roll(-1, 0)).norm(dim=1)
    assert paces.min() > 0.5 * paces.max()


@pytest.mark.parametrize(("count", "steps"), [(1, 5), (2, 1)])
def test_what_is_no_walk_is_refused(count: int, steps: int) -> None:
    """One point, or one step."""
    with pytest.raises(ValueError, match="a walk needs"):
        walk(latents(count, 4, seed=0), steps)
    points: Tensor = latents(1, 4, seed=0)
    with pytest.raises(ValueError, match="a loop needs"):
        loop(points, 5)
