"""The embedded digits as a judge is to see them, and a place to keep what it sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.evaluation.splits import ImageSource

DIGITS = ImageSource(dataset="digits", image_size=8, channels=1)


@pytest.fixture
def data(judges: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have that directory used, and give it."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    return judges
