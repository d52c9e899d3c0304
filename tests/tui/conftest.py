"""What the tests of the app share: nothing on the screen happens because a test takes long."""

from __future__ import annotations

import pytest
import textual.app
import textual.pilot

from ganterm.tui.screens import runs
from tests.tui.idle import rest


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the list of runs from looking closer at a run by itself; tests ask it to."""
    monkeypatch.setattr(runs, "REST_SECONDS", 3600.0)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on as soon as the app is at rest."""
    monkeypatch.setattr(textual.app, "wait_for_idle", rest)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", rest)
