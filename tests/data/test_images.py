"""Images are drawn apart by what they show."""

from __future__ import annotations

import torch

from ganterm.data import load
from ganterm.data.images import set_apart


def test_the_same_pictures_are_drawn_in_any_order() -> None:
    """All are on one side or the other; fewer of a seed are among the more, of another are not."""
    images = load("digits", image_size=8).images[:500]
    drawn, others = set_apart(images, 50)
    assert len(drawn) == 50
    assert sorted([*drawn.tolist(), *others.tolist()]) == list(range(500))
    turned, _ = set_apart(images.flip(0), 50)
    assert torch.equal(images.flip(0)[turned], images[drawn])
    assert torch.equal(set_apart(images, 20)[0], drawn[:20])
    assert not set(set_apart(images, 50, seed=1)[0].tolist()) >= set(drawn[:10].tolist())


def test_what_is_there_twice_is_on_one_side() -> None:
    once = load("digits", image_size=8).images[:100]
    images = torch.cat([once, once])
    for count in range(1, 40):
        drawn, _ = set_apart(images, count)
        assert len(drawn) in {count, count + 1}
        assert set((drawn % 100).tolist()) == set(drawn[drawn < 100].tolist())
    alike = once[:1].repeat(10, 1, 1, 1)
    assert len(set_apart(alike, 3)[0]) == 3


def test_labels_go_with_what_is_picked() -> None:
    digits = load("digits", image_size=8)
    drawn, _ = set_apart(digits.images, 30)
    picked = digits.picked(drawn)
    assert digits.labels is not None
    assert picked.labels is not None
    assert picked.labels.tolist() == digits.labels[drawn].tolist()
    assert len(picked) == 30
