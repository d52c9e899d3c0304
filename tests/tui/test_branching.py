"""Settings typed in one line are held against the schema, and what is wrong is said."""

from __future__ import annotations

import pytest

from ganterm.core.errors import ConfigError
from ganterm.tui.screens.run_actions import parse_changes


def test_a_line_of_settings() -> None:
    assert parse_changes("lr-g=1e-4  d_steps=2 sample_every='20 epochs'") == {
        "lr_g": 1e-4,
        "d_steps": 2,
        "sample_every": "20 epochs",
    }
    assert parse_changes("  ") == {}


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ("lr_g", "KEY=VALUE"),
        ("lrg=1", "lr_g"),
        ("lr_g=2", "from 0 to 1"),
        ("z_dim=3", "stays what it is"),
        ("sample_every='20", "quotation"),
    ],
)
def test_what_is_wrong_is_said(line: str, trouble: str) -> None:
    with pytest.raises(ConfigError, match=trouble):
        parse_changes(line)
