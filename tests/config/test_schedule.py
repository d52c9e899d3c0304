"""A number may have a schedule: how it is read, what it is by then, and where it may not stand."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from ganterm.config import FIELDS, RunConfig, parse_value, resolve
from ganterm.config.runfile import from_mapping, read_run_toml, render_run_toml, to_mapping
from ganterm.config.schedule import Schedule, in_force, remaining, schedules_in
from ganterm.core.errors import ConfigError


@pytest.mark.parametrize("shape", ["constant", "linear", "cosine"])
def test_what_remains_starts_at_one_and_never_rises(shape: str) -> None:
    left = [remaining(shape, step / 50) for step in range(51)]
    assert left[0] == 1
    assert left == sorted(left, reverse=True)
    assert left[-1] == remaining(shape, 99) == pytest.approx(1 if shape == "constant" else 0)
    half = {"constant": 1.0, "linear": 0.5, "cosine": 0.5}[shape]
    assert left[25] == pytest.approx(half)
    assert remaining("cosine", 0.2) > remaining("linear", 0.2)


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        ("2e-4..5e-5:cosine", (0, 0, 100), 2e-4),
        ("2e-4..5e-5:cosine", (50, 10**9, 100), 1.25e-4),
        ("2e-4..5e-5:cosine", (100, 0, 100), 5e-5),
        ("0..1:linear", (25, 0, 100), 0.25),
        ("0..1:linear", (1, 0, 0), 1.0),
        ("0..1:linear:10steps", (5, 0, 100), 0.5),
        ("0..1:linear:10 steps", (50, 0, 100), 1.0),
        ("0.05..0.005:linear:20000kimg", (1, 10_000_000, 100), 0.0275),
        (" 0 .. 1 : linear : 0.5kimg ", (1, 100, 100), 0.2),
    ],
)
def test_it_is_counted_from_the_first_step(
    text: str, place: tuple[int, int, int], value: float
) -> None:
    assert Schedule(text).at(*place) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        *("1e-4..", "..1e-4:cosine", "1e-4..1e-5", "1e-4..1e-5:sine", "1e-4...1e-5x:cosine"),
        *("1e-4..1e-5:cosine:kimg", "1e-4..1e-5:cosine:5epochs", "1e-4..1e-5:cosine:0kimg"),
        *("1e-4..2:cosine", "-1..1e-4:cosine", "nan..1:cosine", "0..inf:linear"),
    ],
)
def test_what_is_none_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_value("lr_g", text)
    form = "FROM..TO:cosine|linear[:N kimg|steps]"
    assert f"lr_g must be {form}, or a number from 0 to 1; got" in str(caught.value)


@pytest.mark.parametrize("spec", FIELDS.values(), ids=list(FIELDS))
def test_every_live_number_takes_one_and_nothing_else_does(spec: Any) -> None:
    text = f"{spec.minimum}..{(spec.minimum or 0) + 0.5}:linear"
    if spec.schedules:
        assert parse_value(spec.name, text) == Schedule(text)
    elif spec.kind not in {"text"}:
        with pytest.raises(ConfigError):
            parse_value(spec.name, text)
    numbers = {"lr_g", "lr_d", "beta2", "ema_kimg", "penalty_weight", "real_label", "fake_label"}
    assert spec.schedules or spec.name not in numbers


def test_it_is_a_number_that_equals_only_its_like_and_keeps_its_words(tmp_path: Path) -> None:
    config = resolve({"recipe": "mlp", "lr_g": "2e-4 .. 5e-5:cosine", "ema_kimg": "0..5:linear"})
    rate = config.config.lr_g
    assert (rate / 2, f"{rate:g}", str(rate)) == (1e-4, "0.0002", "2e-4..5e-5:cosine")
    assert rate != 2e-4
    assert bool(config.config.ema_kimg) is True
    assert bool(Schedule("0..0:linear")) is False
    assert {rate} == {copy.deepcopy(rate), pickle.loads(pickle.dumps(rate))}  # noqa: S301
    assert schedules_in(config.config).keys() == {"lr_g", "ema_kimg"}
    known = in_force(config.config, {"lr_g": 7e-5, "lr_d": 1.0})
    assert (known.lr_g, known.lr_d, known.ema_kimg) == (7e-5, 2e-4, config.config.ema_kimg)
    mapping = json.loads(json.dumps(to_mapping(config.config)))
    assert mapping["lr_g"] == "2e-4..5e-5:cosine"
    assert from_mapping(mapping) == config.config
    path = tmp_path / "run.toml"
    path.write_text(render_run_toml(config.config, {}))
    assert 'ema_kimg = "0..5:linear"' in path.read_text()
    assert read_run_toml(path) == config.config


def test_both_ends_have_to_go_with_the_rest() -> None:
    with pytest.raises(ConfigError, match=r"real_label: is 0\.1, which is not above fake_label"):
        resolve({"recipe": "mlp", "real_label": "0.9..0.1:linear", "fake_label": 0.2})
    assert isinstance(resolve({"real_label": "0.9..0.8:linear"}).config, RunConfig)
