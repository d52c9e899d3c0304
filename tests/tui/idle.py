"""Waiting in tests until the app is at rest: as long as that takes, and no longer.

Textual's pilot sleeps 20 ms at a time, 40 ms after each key, and takes the app to be at rest once
the process used little of that, which a busy machine lets it do too early. Here the app itself is
asked: each of its widgets waits for its next message, no thread works for one, and the screen has
painted all there is to paint. No event of Textual's says so: `Ready` comes before the first layout,
and `call_after_refresh` after the next painting, with more of it perhaps already on the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from textual._context import active_app
from textual.app import App
from textual.message_pump import MessagePump

from ganterm.tui.app import GantermApp

_ROUNDS = 1000
"""Paintings after which something that always paints anew counts as at rest."""
_LOOK_SECONDS = 0.002
"""How often it is looked whether a thread is done."""


async def rest(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Return once nothing is left to do of what was begun.

    What a test holds up, such as the answer of a thread, is given up on after `max_sleep` seconds,
    told by how often it was looked at: where the machine is busy they are as much longer.
    """
    app = active_app.get()
    await _nothing_left(app)
    for _ in range(round(max_sleep / _LOOK_SECONDS)):
        if not _at_work(app):
            return
        await asyncio.sleep(_LOOK_SECONDS)
        await _nothing_left(app)


def _at_work(app: App[Any]) -> bool:
    """Tell whether a message or a task is worked on, or a screen is yet to come."""
    if not app.screen_stack or (isinstance(app, GantermApp) and app.screen.id == "_default"):
        return True
    # While widgets are mounted in a batch, which waits for the tasks of them, nothing is painted.
    return (
        app._batch_count > 0
        or not all(pump._mounted_event.is_set() for pump in _pumps(app))
        or any(not worker.is_finished for worker in app.workers)
        or any(pump._running and not pump._closing and not _waits(pump) for pump in _pumps(app))
    )


def _pumps(app: App[Any]) -> Iterator[MessagePump]:
    yield app
    for screen in app.screen_stack:
        yield from screen.walk_children(with_self=True)


def _waits(pump: MessagePump) -> bool:
    """Tell whether a widget has taken all its messages, and asks for the next."""
    queue: Any = pump._message_queue
    return queue.empty() and any(not each.done() for each in queue.ready_event._waiters)


async def _nothing_left(app: App[Any]) -> None:
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
