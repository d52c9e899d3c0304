"""Which steps the charts show, and at which of them values are read."""

from __future__ import annotations

from dataclasses import dataclass, replace

LEAST = 4.0
"""Steps that a window has at least."""
_NOT_ALL = 0.98


@dataclass(frozen=True)
class Window:
    """A stretch of a run's steps that can be moved about.

    Attributes:
        span: how many steps it holds; None for the whole run.
        stop: its last step; None for the newest there is, so that it moves on with the run.
        cursor: the step at which values are read and samples shown; None for the newest.
    """

    span: float | None = None
    stop: float | None = None
    cursor: int | None = None

    def bounds(self, last: int) -> tuple[float, float]:
        """Return its first and last step in a run that has come to the step `last`."""
        end = max(float(last), LEAST)
        if self.span is None:
            return 0.0, end
        span = min(max(self.span, LEAST), end)
        stop = end if self.stop is None else min(max(self.stop, span), end)
        return stop - span, stop

    def limits(self, last: int) -> tuple[float | None, float | None]:
        """Return its first and last step, None for an end that is the run's own."""
        if self.span is None:
            return None, None
        start, stop = self.bounds(last)
        return start, stop

    def zoomed(self, factor: float, last: int, about: float | None = None) -> Window:
        """Show `factor` times as many steps; what stands at `about` stays where it is.

        By default that is the cursor if it can be seen; a window at the run's end stays there, and
        one somewhere else keeps its middle.
        """
        start, stop = self.bounds(last)
        span = (stop - start) * factor
        if span >= max(last, LEAST) * _NOT_ALL:
            return replace(self, span=None, stop=None)
        span = max(span, LEAST)
        if about is None and self.cursor is not None and start <= self.cursor <= stop:
            about = self.cursor
        if about is None:
            about = stop if self.stop is None else (start + stop) / 2
        share = (about - start) / (stop - start)
        return self._at(about + span * (1 - share), span, last)

    def panned(self, steps: float, last: int) -> Window:
        """Show as many steps, so much later (or earlier); the end of the run holds it."""
        if self.span is None:
            return self
        start, stop = self.bounds(last)
        return self._at(stop + steps, stop - start, last)

    def pointed(self, cursor: int | None, last: int) -> Window:
        """Read at a step, and show it; at the end of the run, and with None, at the newest."""
        cursor = None if cursor is None else max(cursor, 0)
        if cursor is None or cursor >= last:
            return replace(self, cursor=None, stop=None)
        start, stop = self.bounds(last)
        if self.span is not None and not start <= cursor <= stop:
            stop = cursor + (stop - start) / 2
            return replace(self._at(stop, self.span, last), cursor=cursor)
        return replace(self, cursor=cursor)

    def whole(self) -> Window:
        """Show the whole run."""
        return replace(self, span=None, stop=None)

    def kept(self, last: int) -> Window:
        """Return the window for a run that may have gone back to the step `last`."""
        if self.cursor is not None and self.cursor > last:
            return replace(self, cursor=None, stop=None)
        return self

    def _at(self, stop: float, span: float, last: int) -> Window:
        stop = max(stop, span)
        return replace(self, span=span, stop=None if stop >= last else stop)
