"""A projection finds images that the generator can make, and comes near to others."""

import math

import pytest
import torch
from torch import nn

from ganterm.components.networks.base import Generator
from ganterm.components.networks.facts import GeneratorSpec
from ganterm.components.networks.stylegan_networks import StyleGenerator
from ganterm.core.dataspec import DataSpec
from ganterm.inference.projection import (
    Projection,
    ProjectionSettings,
    candidates_of,
    pyramid_loss,
    rate_at,
    sphere_prior,
    style_candidates,
)
from ganterm.inference.sample import latents
from ganterm.inference.space import draw
from tests.inference.generators import of_layers, small


@pytest.fixture(scope="module")
def generator() -> Generator:
    """Give a generator whose images differ: random weights, made strong."""
    generator = small("dcgan-8x8", width=1)
    for parameter in generator.parameters():
        parameter.mul_(3)
    return generator


def finished(projection: Projection) -> Projection:
    while not projection.over:
        projection.advance()
    return projection


def test_an_image_of_the_generator_is_found_again(generator: Generator) -> None:
    """From starts that have nothing to do with it; the error is that of the image given back."""
    with torch.no_grad():
        target = generator(latents(1, 64, seed=99))[0]
    projection = finished(Projection(generator, target))
    best = projection.best
    assert best.error < projection.errors[0] / 5
    with torch.no_grad():
        again = generator(best.point[None])[0]
    assert torch.allclose(again, best.image, atol=1e-5)
    assert best.error == pytest.approx(float(((again - target) / 2).square().mean()), rel=1e-3)


def test_searches_that_share_their_candidates_find_the_same(generator: Generator) -> None:
    """Only sooner; the candidates are not changed by it."""
    settings = ProjectionSettings(steps=5, starts=2)
    candidates = candidates_of(generator, settings)
    images = candidates.images.clone()
    for seed in (1, 2):
        with torch.no_grad():
            target = generator(latents(1, 64, seed=seed))[0]
        alone = finished(Projection(generator, target, settings))
        shared = finished(Projection(generator, target, settings, candidates=candidates))
        assert shared.errors == pytest.approx(alone.errors, rel=1e-4)
        torch.testing.assert_close(shared.best.point, alone.best.point, rtol=0, atol=1e-3)
    assert torch.equal(candidates.images, images)


class Rows(Generator):
    """Draws the numbers of a latent in a row of the image, which is that of its class."""

    def __init__(self) -> None:
        super().__init__(GeneratorSpec(z_dim=8, data=DataSpec.image(8, 1), classes=3))
        self.gain = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Turn latents (N, 8) into images (N, 1, 8, 8), of labels or the standing one."""
        labels = self.labels_for(z, labels)
        assert labels is not None
        row = nn.functional.one_hot(labels, 8).to(z)[:, None, :, None]
        return row * torch.tanh(self.gain * z)[:, None, None, :]


def test_all_classes_are_searched_unless_one_stands() -> None:
    """An image is found in its class; where another stands, it is looked for in that alone."""
    rows = Rows()
    target = rows(latents(1, 8, seed=5), torch.tensor([2]))[0]
    found = finished(Projection(rows, target)).best
    assert found.label == 2
    assert found.error < 1e-3
    rows.default_class = 0
    elsewhere = finished(Projection(rows, target)).best
    assert elsewhere.label is None
    assert elsewhere.error > 10 * found.error


def test_the_best_of_all_steps_counts(generator: Generator) -> None:
    """The error never rises, even where a step went too far; each step left its error."""
    target = torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
    projection = Projection(generator, target, ProjectionSettings(steps=20, rate=3.0))
    errors = [projection.best.error]
    while not projection.over:
        projection.advance()
        errors.append(projection.best.error)
    assert errors == sorted(errors, reverse=True)
    assert projection.best.error == min(projection.errors)
    assert max(projection.errors) > projection.best.error
    projection.advance()
    assert projection.step == 20


def test_a_seed_decides_everything(generator: Generator) -> None:
    """Whatever else draws random numbers; another seed searches elsewhere."""
    target = torch.zeros(1, 8, 8)

    def found(seed: int) -> torch.Tensor:
        torch.rand(seed + 1)
        return finished(
            Projection(generator, target, ProjectionSettings(steps=5, seed=seed))
        ).best.point

    assert torch.equal(found(0), found(0))
    assert not torch.equal(found(0), found(1))


def test_the_prior_keeps_points_near_the_sphere() -> None:
    """Where the image asks for endless latents, they stay about as long as normal ones are."""
    layer = nn.Linear(16, 16, bias=False)
    layer.weight.data = torch.eye(16) * 0.05
    generator = of_layers(layer, nn.Unflatten(1, (1, 4, 4)), z_dim=16, image_size=4)
    target = torch.ones(1, 4, 4)

    def length(weight: float) -> float:
        settings = ProjectionSettings(steps=100, rate=0.3, prior_weight=weight)
        return float(finished(Projection(generator, target, settings)).best.point.norm())

    assert length(0.0) > 10
    assert length(1.0) < 5.5


def test_the_prior_is_least_on_the_sphere() -> None:
    """Zero where the length is the root of the dimensions, positive inside and outside."""
    z = torch.ones(3, 25) * torch.tensor([[0.5], [1.0], [2.0]])
    assert sphere_prior(z).tolist() == pytest.approx([0.5625, 0.0, 9.0])


def test_small_copies_see_what_pixels_do_not() -> None:
    """A stroke one pixel off is as wrong by its pixels as one far off, but not by the pyramid."""
    target, near, far = torch.full((3, 1, 1, 16, 16), -1.0)
    target[..., 4] = near[..., 5] = far[..., 12] = 1.0
    plain = pyramid_loss(torch.cat([near, far]), target, weight=0.0)
    assert plain[0] == plain[1]
    both = pyramid_loss(torch.cat([near, far]), target)
    assert both[0] < both[1]
    assert pyramid_loss(target, target).tolist() == [0.0]


def test_tiny_images_have_no_pyramid() -> None:
    """Below 8 pixels only the pixels themselves count."""
    loss = pyramid_loss(torch.ones(2, 1, 6, 6), torch.zeros(1, 1, 6, 6))
    assert loss.tolist() == [1.0, 1.0]


def test_the_rate_rises_and_falls_as_a_cosine() -> None:
    """Small at first, about half of it in the middle, nothing at the end."""
    assert rate_at(0) < 0.25
    assert rate_at(0.05) > 0.95
    assert rate_at(0.5) == pytest.approx(0.5)
    assert math.isclose(rate_at(1), 0, abs_tol=1e-9)


def test_styles_are_searched_of_a_style_generator() -> None:
    """What is found is one style for all layers, and draws the image that is given back."""
    styled = small("stylegan-8x8", width=0.5)
    assert isinstance(styled, StyleGenerator)
    for name, parameter in styled.named_parameters():
        parameter.mul_(3 if "style" in name else 1)
    with torch.no_grad():
        target = styled(latents(1, styled.z_dim, seed=99))[0]
    settings = ProjectionSettings(steps=150)
    candidates = style_candidates(styled, settings)
    with torch.no_grad():
        again = draw(styled, candidates.space.points(candidates.points))
    torch.testing.assert_close(again, candidates.images, atol=1e-4, rtol=1e-3)
    projection = finished(Projection(styled, target, settings, candidates=candidates))
    best = projection.best
    assert best.point.shape == (styled.layers, styled.w_dim)
    assert torch.equal(best.point, best.point[:1].expand_as(best.point))
    assert best.error < projection.errors[0] / 5
    with torch.no_grad():
        torch.testing.assert_close(draw(styled, best.point[None])[0], best.image, atol=1e-4, rtol=0)
