"""A run's state in words, for the first line of a screen."""

from __future__ import annotations

from ganterm.render import words
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.states import STATES
from ganterm.tui.widgets.header import Part


def title_parts(feed: RunFeed) -> list[Part]:
    """Return the run, its state, how far it is, how fast and how long still."""
    sign, tone = STATES[feed.view.state]
    step = f"{feed.step:,}/{feed.steps:,}" if feed.steps else f"{feed.step:,}"
    speed, left = feed.images_per_s, feed.eta_seconds
    return [
        Part(feed.run.name, "title", 9),
        Part(f"{sign} {feed.view.state}", tone, 8),
        Part(f"step {step}", "text", 7),
        Part(f"{speed:,.0f} images/s" if speed else "", "text", 5),
        Part(f"{words.duration(left)} left" if left is not None else "", "text", 6),
        Part(feed.device, "muted", 2),
    ]
