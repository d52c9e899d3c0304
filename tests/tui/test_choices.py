"""Every list of choices says what each choice is, and whether it can be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.components.datasets import DATASETS
from ganterm.config import FIELDS, parse_value, resolve
from ganterm.config.recipefile import presets
from ganterm.core.registry import absolute
from ganterm.data.catalogue import stored_path
from ganterm.tui.choices import OWN, options_for


def test_datasets_say_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built in, here, half here, or not here yet."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path))
    for name, splits in {"mnist": ("train", "test"), "usps": ("test",)}.items():
        for split in splits:
            stored_path(name, split).parent.mkdir(parents=True, exist_ok=True)
            stored_path(name, split).touch()
    options = {o.value: o for o in options_for("dataset", resolve().config, [])}
    assert list(options) == list(DATASETS.names)
    asides = {name: options[name].aside for name in ("digits", "mnist", "usps", "kmnist")}
    assert asides == {
        "digits": "built in",
        "mnist": "here",
        "usps": "test here",
        "kmnist": "not here yet",
    }
    assert "60,000 images + 10,000 test, 28x28, 10 classes" in options["mnist"].about


def test_the_ring_is_offered_first_where_it_fits() -> None:
    """It takes other networks than images do: elsewhere it says with which recipe it goes."""
    first, *_ = options_for("dataset", resolve({"recipe": "ring"}).config, [])
    assert (first.value, first.aside) == ("ring", "made")
    *_, last = options_for("dataset", resolve({"recipe": "dcgan"}).config, [])
    assert (last.value, last.aside) == ("ring", "with the recipe ring")


def test_recipes_say_what_they_are_for() -> None:
    options = {o.value: o for o in options_for("recipe", resolve().config, presets().found)}
    assert options["dcgan-8x8"].aside == "digits 8x8"
    assert "without a network" in options["dcgan-8x8"].about


def test_networks_say_which_image_sizes_they_take() -> None:
    """Those that do not fit the present size say what they need."""
    config = resolve({"recipe": "dcgan"}).config
    options = {o.value: o for o in options_for("generator", config, [])}
    assert list(options) == [*FIELDS["generator"].choices, OWN]
    assert options["dcgan"].aside == ""
    assert options["dcgan-8x8"].aside == "image_size needs exactly 8"
    assert all(option.about for option in options.values())


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_listed_is_a_value_of_its_field(name: str) -> None:
    for option in options_for(name, resolve().config, presets().found):
        assert str(parse_value(name, option.value)) == absolute(option.value)
