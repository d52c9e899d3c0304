"""Waiting in tests until the app is at rest: as long as that takes, and no longer.

Textual's pilot sleeps 20 ms at a time, 40 ms after each key, and takes the app to be at rest once
the process used little of that. Here the event loop itself is asked whether anything is left to do.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from weakref import WeakKeyDictionary

from textual._context import active_app
from textual._wait import wait_for_idle
from textual.app import App
from textual.screen import Screen, SystemModalScreen

_ROUNDS = 1000
"""Paintings after which something that always paints anew counts as at rest."""


_FIRST_RESTS = 3
"""Rests of an app, after it began, in which what timers and threads bring is waited for."""
_FIRST_SECONDS = 0.03
_MOUNTING_ROUNDS = 10
"""Times that long after which what has no place on its screen is taken to get none."""
_rested: WeakKeyDictionary[App[Any], int] = WeakKeyDictionary()


async def rest(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Return once no callback is ready and the screen has painted all there is to paint.

    While a thread is at work only the clock can tell, and Textual's own way is gone besides.
    """
    await _nothing_left()
    if threading.active_count() > 1:
        await wait_for_idle(min_sleep, max_sleep)
        await _nothing_left()
    app = active_app.get()
    _rested[app] = _rested.get(app, 0) + 1
    if _rested[app] <= _FIRST_RESTS:
        await asyncio.sleep(_FIRST_SECONDS)
        await _nothing_left()
    for _ in range(_MOUNTING_ROUNDS):
        if not app.screen_stack or _laid_out(app.screen):
            break
        await asyncio.sleep(_FIRST_SECONDS)
        await _nothing_left()


def _laid_out(screen: Screen[Any]) -> bool:
    """Tell whether all that was mounted on a screen has a place, which takes several messages."""
    ours = (child for child in screen.children if child.display and not child.loading)
    return isinstance(screen, SystemModalScreen) or all(
        child in screen._compositor.full_map for child in ours
    )


async def _nothing_left() -> None:
    app = active_app.get()
    loop: Any = asyncio.get_running_loop()
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
        while loop._ready:
            await asyncio.sleep(0)
        if getattr(app, "_resize_timer", None):
            app._check_resize()
            continue
        if app._animator._animations and app.animation_level == "none":
            app._animator()
            continue
        screen = app.screen if app.screen_stack else None
        if screen is None or not (
            screen._dirty_widgets
            or screen._layout_required
            or screen._scroll_required
            or screen._repaint_required
            or screen._recompose_required
            or screen._callbacks
        ):
            return
        screen._on_timer_update()
