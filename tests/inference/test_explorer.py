"""Places become points: from a seed or a vector, moved along directions, truncated, walked."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ganterm.core.errors import ConfigError
from ganterm.inference.explorer import Explorer, decoded, encoded
from ganterm.inference.interpolation import linear, spherical
from ganterm.inference.load import load_generator
from ganterm.inference.sample import generate, latent_of
from ganterm.runs.places import LatentPoint, Mix, Walk
from tests.cli.checkpointed import untrained
from tests.close import assert_same_images


@pytest.fixture(scope="module")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> Explorer:
    directory: Path = tmp_path_factory.mktemp("run")
    return Explorer(load_generator(untrained(directory, "dcgan-8x8")))


def test_a_move_sets_one_direction_and_leaves_the_others(explorer: Explorer) -> None:
    """As far along it as was said, whatever the place was."""
    here = LatentPoint(4)
    before = explorer.values(explorer.point(here), "f")
    after = explorer.values(explorer.point(here.moved("f2", 1.5).moved("f7", -3.0)), "f")
    expected = [*before]
    expected[2], expected[7] = 1.5, -3.0
    assert after == pytest.approx(expected, abs=2e-3)


def test_dimensions_are_directions_too(explorer: Explorer) -> None:
    """Number 5 of the latent is set to what was said."""
    point = explorer.point(LatentPoint(4).moved("d5", 2.5))
    expected = latent_of(4, 64)
    expected[5] = 2.5
    torch.testing.assert_close(point, expected)
    assert explorer.values(point, "d")[5] == 2.5


def test_truncation_draws_the_image_nearer_but_tells_the_point_itself(explorer: Explorer) -> None:
    """The sliders stay where they are while the image goes to the mean."""
    (view,) = explorer.views([LatentPoint(4, truncation=0.5)])
    z = latent_of(4, 64)
    torch.testing.assert_close(view.point, z)
    expected = generate(explorer.trained.generator, (0.5 * z)[None])[0]
    assert_same_images(view.image, expected)


@pytest.mark.parametrize("way", ["linear", "spherical"])
def test_a_walk_begins_at_a_and_ends_at_b(explorer: Explorer, way: str) -> None:
    """And is between them in between, along the way that was asked for."""
    a, b = LatentPoint(1), LatentPoint(2, truncation=0.5)
    scenes = [Walk(a, b, at, "linear" if way == "linear" else "spherical") for at in (0, 0.25, 1)]
    first, between, last = explorer.views(scenes)
    ends = explorer.views([a, b])
    assert_same_images(first.image, ends[0].image)
    assert_same_images(last.image, ends[1].image)
    go = linear if way == "linear" else spherical
    expected = go(latent_of(1, 64), 0.5 * latent_of(2, 64), torch.tensor([0.25]))[0]
    torch.testing.assert_close(between.point, expected)


def test_a_vector_is_a_place_of_its_own(explorer: Explorer) -> None:
    """The point of any image can be gone back to."""
    (view,) = explorer.views([LatentPoint(9).moved("f0", 2.0)])
    (again,) = explorer.views([LatentPoint(vector=view.vector)])
    assert_same_images(again.image, view.image)
    assert torch.equal(decoded(encoded(view.point)), view.point)


def test_a_class_is_refused_by_nobody_who_has_none(explorer: Explorer) -> None:
    """A generator that is not conditional leaves classes aside."""
    assert explorer.label_of(LatentPoint(label=3)) is None


def test_directions_that_are_not_there_are_refused(explorer: Explorer) -> None:
    """By their name."""
    for key in ("f64", "d64", "f", "f-1", "z0", ""):
        with pytest.raises(ConfigError, match=r"There (is|are) no direction"):
            explorer.point(LatentPoint().moved(key, 1.0))


def test_a_conditional_generator_draws_the_class_of_the_place(tmp_path: Path) -> None:
    """The first one where a place has none; a walk changes it half-way; one too many is refused."""
    path = untrained(tmp_path, "dcgan-8x8", classes=tuple("0123456789"))
    explorer = Explorer(load_generator(path))
    generator, z = explorer.trained.generator, latent_of(3, 64)[None]
    for label in (0, 7):
        (view,) = explorer.views([LatentPoint(3, label=label)])
        assert view.label == label
        assert_same_images(view.image, generate(generator, z, torch.tensor([label]))[0])
    a, b = LatentPoint(3), LatentPoint(3, label=7)
    assert [view.label for view in explorer.views([a, Walk(a, b, 0.4), Walk(a, b, 0.6)])] == [
        *(0, 0, 7)
    ]
    with pytest.raises(ConfigError, match="no class 10"):
        explorer.views([LatentPoint(label=10)])


def test_dimensions_of_a_conditional_generator_are_ranked_in_one_class(tmp_path: Path) -> None:
    """And the generator is left as it was, between any two of them."""
    path = untrained(tmp_path, "dcgan-8x8", classes=tuple("0123456789"))
    explorer = Explorer(load_generator(path))
    for done, total in explorer.measuring(label=4):
        assert explorer.trained.generator.default_class is None
        assert done <= total == 64


@pytest.fixture(scope="module")
def styled(tmp_path_factory: pytest.TempPathFactory) -> Explorer:
    return Explorer(load_generator(untrained(tmp_path_factory.mktemp("style"), "stylegan-8x8")))


def test_styles_are_mixed_by_layer(styled: Explorer) -> None:
    """All of B at 0, all of A behind the last layer, and the mix can be gone back to."""
    a, b = LatentPoint(1), LatentPoint(2).moved("f0", 2.0)
    none, half, whole = styled.views([Mix(a, b, at) for at in (0, 2, styled.layers)])
    ends = styled.views([a, b])
    assert_same_images(none.image, ends[1].image)
    assert_same_images(whole.image, ends[0].image)
    assert torch.equal(half.point[:2], ends[0].point[:2])
    assert torch.equal(half.point[2:], ends[1].point[2:])
    (again,) = styled.views([LatentPoint(vector=half.vector)])
    assert_same_images(again.image, half.image)


def test_styles_are_walked_between_straight_and_truncated_to_their_mean(styled: Explorer) -> None:
    """Whichever way was asked for: there is no sphere."""
    a, b = LatentPoint(1), LatentPoint(2)
    views = styled.views([a, b, Walk(a, b, 0.5, "spherical")])
    torch.testing.assert_close(views[2].point, (views[0].point + views[1].point) / 2)
    one, other = styled.views([LatentPoint(1, truncation=0.0), LatentPoint(2, truncation=0.0)])
    assert_same_images(one.image, other.image)


def test_what_a_search_finds_in_a_style_generator_is_a_place(styled: Explorer) -> None:
    """Its vector draws the image that was found."""
    (view,) = styled.views([LatentPoint(5)])
    search = styled.search(view.image.float().div(127.5).sub(1))
    (found,) = styled.views([LatentPoint(vector=styled.vector_of(search.best))])
    expected = search.best.image.add(1).mul(127.5)
    assert float((found.image.float() - expected).abs().max()) < 1.0
