"""A conditional generator is asked for the classes of the real images it is compared with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from ganterm.evaluation.cache import obtain_judge
from ganterm.evaluation.reference import obtain_reference
from ganterm.evaluation.report import labels_asked, translated
from tests.evaluation.conftest import DIGITS

NAMES = tuple("0123456789")


def test_they_are_those_of_the_real_images_by_name(data: Path) -> None:
    """A generator that counts its classes backwards is asked for the same digits."""
    reference = obtain_reference(obtain_judge(DIGITS), DIGITS)
    assert reference.labels is not None
    forwards = labels_asked(reference, NAMES, 100)
    backwards = labels_asked(reference, NAMES[::-1], 100)
    assert forwards is not None
    assert backwards is not None
    assert torch.equal(forwards, reference.labels[:100])
    assert torch.equal(backwards, 9 - reference.labels[:100])
    # What the judge sees in the real images are these labels, but for its errors.
    seen = reference.real.first(100).probabilities.argmax(dim=1)
    assert (seen == forwards).float().mean() > 0.9


def test_classes_nobody_knows_come_in_turn_and_without_any_nothing_is_asked(data: Path) -> None:
    reference = obtain_reference(obtain_judge(DIGITS), DIGITS)
    assert labels_asked(reference, (), 5) is None
    strangers = labels_asked(reference, ("x", "y"), 5)
    assert strangers is not None
    assert strangers.tolist() == [0, 1, 0, 1, 0]
    bare = dataclasses.replace(reference.images.real, labels=None, classes=())
    images = dataclasses.replace(reference.images, real=bare)
    unlabelled = dataclasses.replace(reference, images=images)
    turns = labels_asked(unlabelled, NAMES, 12)
    assert turns is not None
    assert turns.tolist() == [*range(10), 0, 1]


def test_labels_are_translated_by_name_or_not_at_all() -> None:
    labels = torch.tensor([0, 1, 1])
    found = translated(labels, ("a", "b"), ("b", "c", "a"))
    assert found is not None
    assert found.tolist() == [2, 0, 0]
    assert translated(labels, ("a", "b"), ("a", "c")) is None
    assert translated(labels, ("a", "b"), ()) is None
