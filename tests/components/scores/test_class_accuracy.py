"""Class accuracy is the share of images that are taken for what was asked."""

import torch

from ganterm.components.scores.class_accuracy import class_accuracy


def test_it_is_the_share_of_likeliest_classes_that_were_asked_for() -> None:
    """However narrowly a class is the likeliest, and whatever share the others have."""
    seen = torch.tensor([[0.4, 0.3, 0.3], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9], [0.5, 0.4, 0.1]])
    assert class_accuracy(seen, torch.tensor([0, 1, 2, 0])) == 1
    assert class_accuracy(seen, torch.tensor([0, 1, 2, 1])) == 0.75
    assert class_accuracy(seen, torch.tensor([1, 2, 0, 2])) == 0
