"""Every setting is described, reads what it can mean, and refuses the rest in its words."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.config import FIELDS, Field, RunConfig, parse_value
from ganterm.config.fields import field
from ganterm.core.errors import ConfigError

NUMBERS = [spec for spec in FIELDS.values() if spec.kind in {"integer", "number"}]


def _names(specs: list[Field]) -> list[str]:
    return [spec.name for spec in specs]


@pytest.mark.parametrize("spec", FIELDS.values(), ids=list(FIELDS))
def test_every_setting_has_words_and_a_legal_default(spec: Field) -> None:
    assert spec.help.endswith(".")
    assert spec.group
    assert spec.default == getattr(RunConfig(), spec.name)
    assert parse_value(spec.name, spec.default) == spec.default
    assert spec.option == "--" + spec.name.replace("_", "-")
    assert spec.variable == "GANTERM_" + spec.name.upper()


@pytest.mark.parametrize("spec", NUMBERS, ids=_names(NUMBERS))
def test_bounds_are_inclusive_where_they_say_so_and_said_in_the_refusal(spec: Field) -> None:
    assert spec.minimum is not None
    assert (spec.maximum is None) is not (spec.below is None), "one upper bound"
    assert parse_value(spec.name, spec.minimum) == spec.minimum
    assert parse_value(spec.name, str(spec.minimum)) == spec.minimum
    top = spec.maximum if spec.maximum is not None else spec.below
    assert top is not None
    step = 1 if spec.kind == "integer" else 1e-3
    too_much = [
        spec.minimum - step,
        top + step * max(1, abs(top)) if spec.kind == "number" else top + 1,
    ]
    if spec.maximum is not None:
        assert parse_value(spec.name, spec.maximum) == spec.maximum
    else:
        too_much.append(top)
    for value in too_much:
        with pytest.raises(ConfigError) as caught:
            parse_value(spec.name, value)
        assert str(caught.value) == f"{spec.name} must be {spec.expectation}; got {str(value)!r}."


def test_expectations_read_as_words() -> None:
    assert FIELDS["batch_size"].expectation == "an integer from 1 to 65536"
    assert FIELDS["seed"].expectation == "an integer from 0 to 9223372036854775807"
    assert FIELDS["beta1"].expectation == "a number from 0 to below 1"
    assert FIELDS["width"].expectation == "a number from 0.0625 to 8"
    assert FIELDS["penalty_weight"].expectation == "a number from 0 to 1000000, or auto"
    assert FIELDS["drop_last"].expectation == "true or false"
    assert FIELDS["channels"].expectation == "one of 1, 3, 4"
    assert "48x64" in FIELDS["image_size"].expectation
    assert FIELDS["device"].expectation == "auto, cpu, cuda, cuda:N or mps"
    assert "20 epochs" in FIELDS["sample_every"].expectation


@pytest.mark.parametrize(
    ("name", "given_value", "meant"),
    [
        ("batch_size", "64", 64),
        ("batch_size", " 64 ", 64),
        ("lr_g", 1, 1.0),
        ("lr_g", "2e-4", 2e-4),
        ("drop_last", "false", False),
        ("drop_last", "TRUE", True),
        ("drop_last", "0", False),
        ("channels", "3", 3),
        ("image_size", 64, 64),
        ("image_size", " 64x64 ", 64),
        ("image_size", "48x64", "48x64"),
        ("penalty_weight", "auto", None),
        ("penalty_weight", "", None),
        ("penalty_weight", "none", None),
        ("penalty_weight", 5, 5.0),
        ("sample_every", 20, "20"),
        ("sample_every", "20 epochs", "20 epochs"),
        ("device", "cuda:1", "cuda:1"),
        ("dataset", "bilder/Zürich \u3000 数字", "bilder/Zürich \u3000 数字"),
        ("batch-size", 8, 8),
    ],
)
def test_text_and_native_values_mean_the_same(
    name: str, given_value: object, meant: object
) -> None:
    value = parse_value(name, given_value)
    assert value == meant
    assert type(value) is type(meant)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, value) for name in ("lr_g", "ema_kimg", "width") for value in ("nan", math.nan)],
        *[(name, value) for name in ("lr_g", "ema_kimg") for value in ("inf", -math.inf, "1e999")],
        ("batch_size", -1),
        ("batch_size", ""),
        ("batch_size", "64.5"),
        ("batch_size", True),
        ("batch_size", None),
        ("batch_size", [64]),
        ("batch_size", {"a": 1}),
        ("batch_size", "9" * 5000),
        ("batch_size", "٣"),
        ("seed", 2**63),
        ("seed", -1),
        ("lr_g", True),
        ("channels", 2),
        *[("image_size", value) for value in (1, 513, "48x513", "48x", 48.0, True, "9" * 5000)],
        *[("background", value) for value in ("transparent", "#fff", "#12345g", 0)],
        ("channels", True),
        ("loss", "Hinge"),
        ("loss", ""),
        ("augment", "mirror"),
        ("augment", "flip"),
        ("drop_last", "perhaps"),
        ("dataset", ""),
        ("dataset", "\x1b[31mred"),
        ("dataset", "a\0b"),
        ("dataset", "a\nb"),
        ("dataset", 5),
        ("device", "tpu"),
        ("device", "cuda:٣"),
        ("device", "cpu; rm -rf"),
        ("sample_every", -1),
        ("sample_every", True),
        ("sample_every", "often"),
        ("sample_every", 10**10),
    ],
)
def test_hostile_values_are_refused_in_one_printable_line(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{name} must be ") as caught:
        parse_value(name, value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def test_a_dataset_that_no_file_of_settings_can_hold_is_refused_with_a_way_out() -> None:
    with pytest.raises(ConfigError, match=r"no UTF-8.*`ln -s`") as caught:
        parse_value("dataset", "\udc80")
    assert str(caught.value).isprintable()


def test_integers_too_long_for_python_to_spell_are_refused() -> None:
    for name in ("batch_size", "lr_g", "sample_every", "channels", "drop_last", "dataset"):
        with pytest.raises(ConfigError, match=f"^{name} must be .*; got a number of thousands of"):
            parse_value(name, 10**5000)


def test_unknown_names_come_with_near_ones() -> None:
    with pytest.raises(ConfigError, match="no setting 'batchsize'; did you mean batch_size"):
        field("batchsize")
    with pytest.raises(ConfigError, match="no setting 'zzzz'; `ganterm config show` lists"):
        field("zzzz")
    with pytest.raises(ConfigError, match=r"no setting '\\x1b\[31m'"):
        field("\x1b[31m")


@given(st.sampled_from(list(FIELDS)), st.text(max_size=30) | st.integers() | st.floats())
def test_a_value_is_read_or_refused_and_reads_the_same_again(name: str, value: object) -> None:
    try:
        read = parse_value(name, value)
    except ConfigError:
        return
    assert parse_value(name, read) == read
    if read is not None:
        assert parse_value(name, str(read)) == read
