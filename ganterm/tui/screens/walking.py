"""Two places that are picked, and the walk between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.timer import Timer

from ganterm.render.raster import Raster
from ganterm.runs.places import LatentPoint
from ganterm.tui.base import AppScreen
from ganterm.tui.explore.exploration import LONG_WALK_STEP, WALK_STEP, Pick
from ganterm.tui.screens.exploring import ExplorerController

_FRAME: Final = 0.02
"""Share of the way that one frame of a walk that is played goes."""


class Walking:
    """Picks places as A and B, and goes from one to the other.

    `shown` returns the place and the image that are seen; either is None where it is yet to come.
    """

    def __init__(
        self,
        screen: AppScreen,
        explorer: ExplorerController,
        shown: Callable[[], tuple[LatentPoint | None, Raster | None]],
    ) -> None:
        self._screen, self._explorer, self._shown = screen, explorer, shown
        self._player: Timer | None = None
        self._onward = 1

    def pick(self, end: str) -> None:
        """Take what is seen as the end `a` or `b`."""
        place, image = self._shown()
        here = self._explorer.exploration
        if place is None or image is None:
            self._screen.app.say("There is no image yet that could be picked.")
        elif end == "a":
            here.a = Pick(place, image)
        else:
            here.b = Pick(place, image)
        if here.showing == "walk":
            self._explorer.draw()
        self._explorer.show()

    def walk(self, by: int, *, far: bool = False) -> None:
        """Go a step from A to B, or a long one."""
        if self._explorer.exploration.walk(by * (LONG_WALK_STEP if far else WALK_STEP)):
            self._explorer.draw()
        else:
            self._screen.app.say("Pick two places first: a takes the present one as A, b as B.")

    def walk_to(self, share: float) -> None:
        """Go to a share of the way."""
        if self._explorer.exploration.walk_to(share):
            self._explorer.draw()

    def next_way(self) -> None:
        """Go along the other way, or mix by layers where the generator has styles."""
        self._explorer.exploration.next_way()
        if self._explorer.exploration.walk_on:
            self._explorer.draw()
        self._explorer.show()

    # By itself

    @property
    def plays(self) -> bool:
        """Whether the walk is going by itself."""
        return self._player is not None

    def play(self) -> None:
        """Let the walk go to and fro by itself, or stop it."""
        if self._player is not None:
            self.stop()
        elif self._explorer.exploration.walk_on:
            pace = self._screen.app.options.pace.frames_per_second
            self._player = self._screen.set_interval(1 / pace, self.advance)
        else:
            self.walk(0)

    def stop(self) -> None:
        """Stop the walk where it is."""
        if self._player is not None:
            self._player.stop()
            self._player = None

    def advance(self) -> None:
        """Go on by a frame, once the one before has been seen."""
        if self._screen.app.link_seconds or not self._screen.is_current:
            return
        here = self._explorer.exploration
        if here.showing != "walk":
            self.stop()
            return
        if here.crossover is not None and here.opened:
            if not 0 <= here.crossover + self._onward <= here.opened.layers:
                self._onward = -self._onward
            here.walk(self._onward)
        else:
            if not 0 <= here.at + self._onward * _FRAME <= 1:
                self._onward = -self._onward
            here.walk(self._onward * _FRAME)
        self._explorer.draw()
