"""A class is called by its name or its number; what is meant by neither is said in a sentence."""

from __future__ import annotations

import pytest

from ganterm.config import resolve
from ganterm.core.errors import ConfigError
from ganterm.inference.load import Trained, label_of, labels_of
from tests.inference.generators import small


def trained(*classes: str) -> Trained:
    config = resolve({"recipe": "dcgan-8x8"}).config
    return Trained(small("dcgan-8x8"), config, 1, "ema", config.data_spec.with_classes(classes))


def test_a_name_goes_before_a_number() -> None:
    """Digits that do not begin with 0 are called what they show."""
    odd = trained("1", "3", "5")
    assert label_of(odd, "3") == 1
    assert label_of(odd, "0") == 0
    assert label_of(odd, "2") == 2


def test_capitals_matter_only_where_they_tell_classes_apart() -> None:
    letters = trained("A", "a", "Ankle boot")
    assert (label_of(letters, "A"), label_of(letters, "a")) == (0, 1)
    assert label_of(letters, "ankle BOOT") == 2


def test_several_come_in_the_order_asked_for_and_all_is_every_one() -> None:
    assert labels_of(trained("x", "y", "z"), ["z", "x", "z"]) == [2, 0, 2]
    assert labels_of(trained("x", "y", "z"), ["all"]) == [0, 1, 2]
    assert labels_of(trained("x", "all"), ["all"]) == [1]
    assert labels_of(trained(), []) == []


@pytest.mark.parametrize("wanted", ["q", "3", "-1", "³", "1e3", ""])
def test_what_is_no_class_is_refused_with_those_there_are(wanted: str) -> None:
    with pytest.raises(ConfigError, match=r"^There is no class '.*': there are x, y, z\.$"):
        label_of(trained("x", "y", "z"), wanted)


def test_of_many_classes_the_nearest_are_offered() -> None:
    many = trained(*(f"kind {n}" for n in range(30)))
    with pytest.raises(ConfigError, match=r"there is kind 7 .*, and a number from 0 to 29 will do"):
        label_of(many, "kind7")
    with pytest.raises(ConfigError, match=r"there are 30, kind 0 to kind 29; name one"):
        label_of(many, "zzz")


@pytest.mark.parametrize("wanted", ["7", "all"])
def test_a_run_without_labels_has_no_class(wanted: str) -> None:
    with pytest.raises(ConfigError, match="trained without labels") as caught:
        labels_of(trained(), [wanted])
    assert str(caught.value).count(". ") == 0
