"""Augmentation does what papers say, never mirrors, and lets gradients through."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional

from ganterm.components.augmentations import AUGMENTATIONS
from ganterm.components.augmentations.colour import brighten, contrast, saturate
from ganterm.components.augmentations.cutout import cut_out
from ganterm.components.augmentations.translation import translate

ALONE = ("colour", "translation", "cutout")
BOTH = AUGMENTATIONS.resolve("translation,cutout")
EVERY = AUGMENTATIONS.resolve("colour,translation,cutout")


def _numbered(count: int, side: int, channels: int = 1) -> Tensor:
    """Images of which no two pixels are equal and none is 0."""
    pixels = torch.arange(1.0, channels * side * side + 1)
    return pixels.view(1, channels, side, side).repeat(count, 1, 1, 1)


def _shifted(image: Tensor, down: int, right: int) -> Tensor:
    """Shift (C, H, W) with zeros coming in, the slow and plain way."""
    height, width = image.shape[1:]
    output = torch.zeros_like(image)
    for y in range(height):
        for x in range(width):
            if 0 <= y - down < height and 0 <= x - right < width:
                output[:, y, x] = image[:, y - down, x - right]
    return output


def test_translation_is_a_shift_of_up_to_an_eighth_with_zeros_coming_in() -> None:
    torch.manual_seed(0)
    image = _numbered(1, 16, channels=3)[0]  # an eighth of 16 is 2
    shifts = {
        (down, right): _shifted(image, down, right)
        for down in range(-2, 3)
        for right in range(-2, 3)
    }
    seen = set()
    for output in translate(image.repeat(400, 1, 1, 1)):
        matches = [shift for shift, wanted in shifts.items() if output.equal(wanted)]
        assert len(matches) == 1
        seen.add(matches[0])
    assert seen == set(shifts), "every shift comes up"


@pytest.mark.parametrize(("side", "farthest"), [(8, 1), (28, 4), (32, 4), (64, 8)])
def test_translation_reaches_the_papers_distance(side: int, farthest: int) -> None:
    torch.manual_seed(0)
    outputs = translate(torch.ones(300, 1, side, side))
    blank_rows = (outputs[:, 0] == 0).all(2).sum(1)
    assert blank_rows.max() == farthest


@pytest.mark.parametrize("side", [7, 8, 28])
def test_cutout_blanks_one_square_of_half_the_side_clipped_at_the_edges(side: int) -> None:
    torch.manual_seed(0)
    images = _numbered(300, side)
    outputs = cut_out(images)
    length = (side + 1) // 2
    spans = set()
    for output, image in zip(outputs[:, 0], images[:, 0], strict=True):
        blank = output == 0
        assert output[~blank].equal(image[~blank])
        rows, columns = (blank.any(axis).nonzero().flatten().tolist() for axis in (1, 0))
        assert blank.sum() == len(rows) * len(columns), "it is a rectangle"
        for places in (rows, columns):
            assert places == list(range(places[0], places[-1] + 1))
            assert length // 2 <= len(places) <= length
            assert len(places) == length or places[0] == 0 or places[-1] == side - 1
            spans.add((places[0], len(places)))
    assert len(spans) == side + 1 - length % 2, "every place comes up"


def test_nothing_is_ever_mirrored() -> None:
    torch.manual_seed(0)
    # a solid triangle, heavy at the lower left: no shift turns it into its mirror image
    image = torch.ones(1, 16, 16).tril()
    mirrored = [image.flip(2), image.flip(1), image.flip(1, 2), image.transpose(1, 2)]
    wrong = torch.stack(
        [
            _shifted(other, down, right)
            for other in mirrored
            for down in range(-2, 3)
            for right in range(-2, 3)
        ]
    )
    outputs = translate(image.repeat(200, 1, 1, 1))
    assert not (outputs.unsqueeze(1) == wrong).flatten(2).all(2).any()
    kept = outputs.sum((1, 2, 3)) > 0.5 * image.sum()
    assert kept.all(), "the triangle itself is still there to be told from its mirror image"
    left, right = outputs[..., :8].sum((1, 2, 3)), outputs[..., 8:].sum((1, 2, 3))
    assert (left > right).all(), "the heavy side stays the left one"


def test_a_mirrored_shift_would_be_noticed() -> None:
    image = _numbered(1, 8)[0]
    shifts = [_shifted(image, down, right) for down in range(-1, 2) for right in range(-1, 2)]
    assert not any(image.flip(2).equal(shift) for shift in shifts)


def test_images_of_a_batch_are_changed_each_in_its_own_way() -> None:
    torch.manual_seed(0)
    for name in ALONE:
        outputs = AUGMENTATIONS.resolve(name)(_numbered(64, 16))
        assert len({tuple(output.flatten().tolist()) for output in outputs}) > 10


def test_several_are_made_in_the_order_in_which_they_are_named() -> None:
    images = _numbered(8, 16)
    for name, first, then in (
        ("translation,cutout", translate, cut_out),
        ("cutout,translation", cut_out, translate),
    ):
        torch.manual_seed(1)
        wanted = then(first(images))
        torch.manual_seed(1)
        assert AUGMENTATIONS.resolve(name)(images).equal(wanted)


def test_any_combination_is_a_name_and_nothing_else_is() -> None:
    offered = {frozenset(name.split(",")) for name in AUGMENTATIONS.names}
    assert len(offered) == len(AUGMENTATIONS.names) == 2 ** len(ALONE)
    for name in ("cutout,cutout", "none,cutout", "cutout,", "cutout,flip", "colour+cutout", ","):
        assert not AUGMENTATIONS.accepts(name), name
    assert AUGMENTATIONS.facts("cutout,colour").title == "Cutout, Colour"


def test_colours_change_by_the_papers_amounts() -> None:
    """What each does to an image of which mean and distances from it are known."""
    torch.manual_seed(0)
    images = torch.rand(4000, 3, 2, 2) * 2 - 1
    shift = brighten(images) - images
    assert shift.flatten(1).std(1).max() < 1e-6
    for amount, lowest, highest in (
        (shift[:, 0, 0, 0], -0.5, 0.5),
        (_stretch(images, saturate(images), (1,)), 0.0, 2.0),
        (_stretch(images, contrast(images), (1, 2, 3)), 0.5, 1.5),
    ):
        assert lowest - 1e-3 < amount.min() < lowest + 0.01 * (highest - lowest)
        assert highest + 1e-3 > amount.max() > highest - 0.01 * (highest - lowest)
        assert amount.mean() == pytest.approx((lowest + highest) / 2, abs=0.03)


def _stretch(before: Tensor, after: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Return how many times farther from their mean over `axes` colours are than before, (N,)."""
    mean = before.mean(axes, keepdim=True)
    assert torch.allclose(after.mean(axes, keepdim=True), mean, atol=1e-5)
    factor = ((after - mean) * (before - mean)).sum((1, 2, 3)) / (before - mean).pow(2).sum(
        (1, 2, 3)
    )
    assert torch.allclose(after, mean + factor.view(-1, 1, 1, 1) * (before - mean), atol=1e-5)
    return factor


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_saturation_leaves_grey_and_colour_leaves_alpha(channels: int) -> None:
    images = _numbered(4, 4, channels)
    assert saturate(images).equal(images) == (channels == 1)
    changed = AUGMENTATIONS.resolve("colour")(images)
    assert not changed[:, :3].isclose(images[:, :3]).any()
    assert changed[:, 3:].equal(images[:, 3:])


def test_each_change_is_made_with_its_probability() -> None:
    torch.manual_seed(0)
    images = _numbered(4000, 8)
    for p, least, most in ((0.0, 0.0, 0.0), (0.3, 0.27, 0.33), (1.0, 0.99, 1.0)):
        changed = AUGMENTATIONS.resolve("cutout")(images, torch.tensor(p))
        assert least <= (changed != images).flatten(1).any(1).float().mean() <= most
    # Each by itself: of two, as many images have one of them as chance has it.
    both = AUGMENTATIONS.resolve("colour,cutout")(images, torch.tensor(0.3))
    blank, other = (
        (both == 0).flatten(1).any(1),
        both[:, 0].amax((1, 2)) != images[:, 0].amax((1, 2)),
    )
    assert (blank & ~other).float().mean() == pytest.approx(0.3 * 0.7**2, abs=0.04)
    assert (blank & other).float().mean() == pytest.approx(0.3 * (1 - 0.7**2), abs=0.04)


def test_same_seed_same_images() -> None:
    outputs = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        outputs.append(BOTH(_numbered(8, 16)))
    assert outputs[0].equal(outputs[1])
    assert not outputs[0].equal(outputs[2])


def test_no_policy_is_no_change_and_no_random_number() -> None:
    images = _numbered(2, 8)
    state = torch.get_rng_state()
    assert AUGMENTATIONS.resolve("none")(images) is images
    assert torch.get_rng_state().equal(state)


@pytest.mark.parametrize("name", ALONE)
def test_gradients_of_both_orders_flow(name: str) -> None:
    def change(images: Tensor) -> Tensor:
        torch.manual_seed(0)
        return AUGMENTATIONS.resolve(name)(images).tanh()

    images = torch.randn(2, 1, 6, 6, dtype=torch.float64, requires_grad=True)
    assert gradcheck(change, (images,))
    assert gradgradcheck(change, (images,))
    (gradient,) = torch.autograd.grad(change(images).sum(), images)
    assert gradient.any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("side", [1, 2, 8, 28])
def test_shape_and_precision_are_kept(side: int, dtype: torch.dtype) -> None:
    images = torch.randn(2, 3, side, side + 1).to(dtype)
    output = EVERY(images, torch.tensor(0.5))
    assert output.shape == images.shape
    assert output.dtype == dtype


def test_no_policy_reads_a_value_back_to_the_host() -> None:
    images = torch.empty(2, 1, 8, 8, device="meta")  # holds no values, so reading one raises
    assert EVERY(images, torch.empty((), device="meta")).is_meta


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_no_policy_waits_for_the_gpu() -> None:
    images = torch.randn(4, 1, 8, 8, device="cuda", requires_grad=True)
    p = torch.tensor(0.5, device="cuda")
    EVERY(images, p).sum().backward()  # type: ignore[no-untyped-call]
    torch.cuda.set_sync_debug_mode("error")
    try:
        EVERY(images, p).sum().backward()  # type: ignore[no-untyped-call]
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_shifting_by_padding_agrees_with_the_plain_way() -> None:
    image = _numbered(1, 5)[0]
    padded = functional.pad(image, (2, 2, 2, 2))
    assert _shifted(image, 1, -2).equal(padded[:, 1:6, 4:9])
