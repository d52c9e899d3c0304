"""What the tests of the app share: nothing on the screen happens because a test takes long."""

from __future__ import annotations

import pytest

from ganterm.tui.screens import runs


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the list of runs from looking closer at a run by itself; tests ask it to."""
    monkeypatch.setattr(runs, "REST_SECONDS", 3600.0)
