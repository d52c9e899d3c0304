"""Small changes of a setting: round figures, within the schema's bounds, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.config import FIELDS, parse_value
from ganterm.config.fields import Value
from ganterm.tui.screens.steering import nudged

LIVE = sorted(name for name, field in FIELDS.items() if field.live)


@pytest.mark.parametrize(
    ("name", "value", "lower", "higher"),
    [
        ("lr_g", 2e-4, 1.5e-4, 3e-4),
        ("lr_g", 1e-4, 7e-5, 1.5e-4),
        ("lr_g", 1.7e-4, 1.5e-4, 2e-4),
        ("lr_g", 0.0, 0.0, 1e-8),
        ("lr_g", 1.0, 0.7, 1.0),
        ("d_steps", 1, 1, 2),
        ("d_steps", 100, 99, 100),
        ("real_label", 0.9, 0.85, 0.95),
        ("real_label", 1.2, 1.15, 1.2),
        ("fake_label", 0.0, -0.05, 0.05),
        ("penalty_weight", 10.0, 7.0, 15.0),
        ("penalty_weight", None, 7.0, 15.0),
        ("beta2", 0.999, 0.9985, 0.9993),
        ("beta2", 0.0, 0.0, 0.3),
        ("sample_every", "500", "200", "1000"),
        ("sample_every", "1 epochs", "1 epochs", "2 epochs"),
        ("sample_every", "0", "0", "10"),
        ("sample_every", "as it pleases", "as it pleases", "as it pleases"),
    ],
)
def test_the_next_value(name: str, value: Value, lower: Value, higher: Value) -> None:
    assert nudged(FIELDS[name], value, up=False, unset=10.0) == lower
    assert nudged(FIELDS[name], value, up=True, unset=10.0) == higher


@given(st.sampled_from(["lr_g", "lr_d"]), st.floats(0.0, 1.0), st.lists(st.booleans(), max_size=30))
def test_a_rate_never_leaves_its_bounds(name: str, value: float, ups: list[bool]) -> None:
    for up in ups:
        after = nudged(FIELDS[name], value, up=up)
        assert parse_value(name, after) == after
        assert isinstance(after, float)
        assert after >= value if up else after <= value
        value = after


@pytest.mark.parametrize("name", LIVE)
def test_every_live_setting_can_be_changed_by_a_key(name: str) -> None:
    before = FIELDS[name].default
    after = nudged(FIELDS[name], before, up=True, unset=1.0)
    down = nudged(FIELDS[name], before, up=False, unset=1.0)
    assert {after, down} != {before}
    assert parse_value(name, after) == after
