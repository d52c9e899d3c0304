"""Augmentation shifts and blanks as the paper says, never mirrors, and lets gradients through."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional

from ganterm.components.augmentations import AUGMENTATIONS
from ganterm.components.augmentations.cutout import cut_out
from ganterm.components.augmentations.translation import translate

ALONE = ("translation", "cutout")
BOTH = AUGMENTATIONS.resolve("translation,cutout")


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


def test_both_shift_before_they_cut() -> None:
    images = _numbered(8, 16)
    torch.manual_seed(1)
    wanted = cut_out(translate(images))
    torch.manual_seed(1)
    assert BOTH(images).equal(wanted)


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
    output = BOTH(images)
    assert output.shape == images.shape
    assert output.dtype == dtype


def test_no_policy_reads_a_value_back_to_the_host() -> None:
    images = torch.empty(2, 1, 8, 8, device="meta")  # holds no values, so reading one raises
    assert BOTH(images).is_meta


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_no_policy_waits_for_the_gpu() -> None:
    images = torch.randn(4, 1, 8, 8, device="cuda", requires_grad=True)
    BOTH(images).sum().backward()  # type: ignore[no-untyped-call]
    torch.cuda.set_sync_debug_mode("error")
    try:
        BOTH(images).sum().backward()  # type: ignore[no-untyped-call]
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_shifting_by_padding_agrees_with_the_plain_way() -> None:
    image = _numbered(1, 5)[0]
    padded = functional.pad(image, (2, 2, 2, 2))
    assert _shifted(image, 1, -2).equal(padded[:, 1:6, 4:9])
