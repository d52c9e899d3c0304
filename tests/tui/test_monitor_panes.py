"""Panes side by side as far as the screen has room for them."""

from __future__ import annotations

import pytest

from ganterm.tui.screens.monitor import PANES, Pane, arranged


@pytest.mark.parametrize(
    ("size", "kind", "panes"),
    [
        ((60, 20), "one", ("charts",)),
        ((80, 24), "pair", ("charts", "preview")),
        ((80, 20), "one", ("charts",)),
        ((120, 30), "pair", ("charts", "preview")),
        ((120, 40), "all", PANES),
        ((200, 50), "all", PANES),
        ((1, 1), "one", ("charts",)),
    ],
)
def test_what_fits(size: tuple[int, int], kind: str, panes: tuple[Pane, ...]) -> None:
    found = arranged(*size, "charts", alone=False)
    assert (found.kind, found.panes) == (kind, panes)


@pytest.mark.parametrize("pane", PANES)
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
def test_the_active_pane_is_always_there(pane: Pane, size: tuple[int, int]) -> None:
    assert pane in arranged(*size, pane, alone=False).panes
    assert arranged(*size, pane, alone=True).panes == (pane,)
