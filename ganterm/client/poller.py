"""One background thread that reads runs for all screens; what it finds waits until it is taken.

The thread never waits for the screen, and what the screen did not take in time is laid together:
after a stall it sees the newest state, not the way there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from ganterm.client.feed import FeedChange, FeedReader, RunFeed
from ganterm.client.overview import Overview, RunList
from ganterm.client.queueing import wake
from ganterm.runs.layout import RunDir

LIST_EVERY: Final = 1.0
"""Seconds between two looks at the list of all runs."""


@dataclass
class News:
    """What changed since the news before.

    Attributes:
        runs: the runs as they stand; None where the list is as it was.
        trouble: why the runs cannot be listed; empty otherwise.
        changes: what is new in the runs that are watched, by name.
    """

    runs: list[Overview] | None = None
    trouble: str = ""
    changes: dict[str, FeedChange] = field(default_factory=dict)


class Poller:
    """Reads the watched runs and the list of all runs, again and again.

    Attributes:
        feeds: the watched runs whose history has been read, by name, as they were at the last
            look: the thread puts newer ones into their place.
    """

    def __init__(self, runs_dir: Path, *, interval: float, wake: Callable[[], object]) -> None:
        """Begin with nothing; `wake` is called from the thread when there are news to take."""
        self.feeds: dict[str, RunFeed] = {}
        self.interval = interval
        self._list = RunList(runs_dir)
        self._wake = wake
        self._readers: dict[str, FeedReader] = {}
        self._wanted: dict[str, RunDir] = {}
        self._news = News()
        self._listed: list[Overview] | None = None
        self._told = False
        self._rounds_to_list = 0
        self._closely = True
        self._state = threading.Lock()
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin reading in the background."""
        self._thread = threading.Thread(target=self._run, name="ganterm-poller", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop reading; the thread ends after the round it is in."""
        self._stop.set()
        self._hurry.set()

    def watch(self, *runs: RunDir) -> None:
        """Read these runs in full from now on, and no others; their feeds come with the news."""
        with self._state:
            self._wanted = {run.name: run for run in runs}
            for name, feed in list(self.feeds.items()):
                if self._wanted.get(name) != feed.run:
                    del self.feeds[name]
        self.hurry()

    def hurry(self) -> None:
        """Read again at once, list and all: something was just done to a run."""
        self._rounds_to_list, self._closely = 0, True
        self._hurry.set()

    def take(self) -> News:
        """Return what is new since the last call."""
        with self._state:
            news, self._news, self._told = self._news, News(), False
        return news

    def poll(self) -> None:
        """Read everything once; the thread does nothing else."""
        with self._state:
            wanted = dict(self._wanted)
        self._readers = {name: each for name, each in self._readers.items() if name in wanted}
        for name, run in wanted.items():
            self._refresh(name, run)
        self._rounds_to_list -= 1
        if self._rounds_to_list < 0:
            self._rounds_to_list = round(LIST_EVERY / self.interval)
            self._look_at_all()

    def _refresh(self, name: str, run: RunDir) -> None:
        known = self.feeds.get(name)
        if known is None or known.run != run:
            self._readers[name] = FeedReader(run)
        # A long history is read before anybody sees the feed.
        change = self._readers[name].refresh(partial(self._wants, name, run))
        with self._state:
            if self._wanted.get(name) != run:
                return
            new = name not in self.feeds
            self.feeds[name] = self._readers[name].feed
            if change or new:
                earlier = self._news.changes.get(name)
                self._news.changes[name] = earlier.then(change) if earlier else change
                self._tell()

    def _wants(self, name: str, run: RunDir) -> bool:
        return self._wanted.get(name) == run and not self._stop.is_set()

    def share(self, run: RunDir) -> float:
        """Return how much of the history of a watched run has been read, from 0 to 1."""
        reader = self._readers.get(run.name)
        return reader.share if reader and run.name not in self.feeds else 0.0

    def _look_at_all(self) -> None:
        closely, self._closely = self._closely, False
        runs = self._list.poll(closely=closely, patience=LIST_EVERY)
        if any(run.place is not None for run in runs):
            wake(self._list.runs_dir)
        with self._state:
            if runs != self._listed or self._list.trouble != self._news.trouble:
                self._listed = self._news.runs = runs
                self._news.trouble = self._list.trouble
                self._tell()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self._wake()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._hurry.clear()
            self.poll()
            self._hurry.wait(self.interval)
