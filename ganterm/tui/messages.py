"""What is published to screens, and what screens tell the app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from ganterm.client.feed import FeedChange, RunFeed
from ganterm.client.overview import Overview
from ganterm.runs.layout import RunDir


@dataclass(frozen=True)
class RunsListed:
    """The list of all runs as it stands; `trouble` says why it cannot be had."""

    runs: Sequence[Overview]
    trouble: str = ""


@dataclass(frozen=True)
class FeedUpdated:
    """Something is new in a run that is watched."""

    feed: RunFeed
    change: FeedChange


@dataclass
class RunStarted(Message):
    """A run was set up and its worker is at work."""

    run: RunDir
