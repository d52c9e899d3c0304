"""A command of ours at work in a process of its own, watched from afar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ganterm.errors import ExitCode
from ganterm.runs.child import Child


@dataclass(frozen=True)
class TaskProgress:
    """How far a task is.

    Attributes:
        what: what is being done, such as "fetching train-images-idx3-ubyte.gz".
        done: how much of it is through, in `unit`.
        total: how much it is in all; `None` where that is unknown.
        unit: "bytes" or "images".
        ended: whether it is over, for better or worse.
        error: why it failed, in one sentence; empty if it did not.
    """

    what: str = ""
    done: int = 0
    total: int | None = None
    unit: str = "bytes"
    ended: bool = False
    error: str = ""


class Task:
    """A task that begins at once and ends with this process.

    Attributes:
        name: what it is about: a dataset, a run.
        noun: what it is, after "The". outcome: what its name is once it has ended well.
        progress: how far it was when it was last polled.
    """

    noun = "task"
    outcome = "is done"

    def __init__(self, name: str, what: str, start: Callable[[], Child]) -> None:
        """Begin: `start` starts the process, `what` is said of it at first."""
        self.name = name
        self.progress = TaskProgress(what=what)
        self._child: Child | None = None
        try:
            self._child = start()
        except OSError as error:
            self._end(f"The {self.noun} could not be started: {error.strerror}.")

    def poll(self) -> TaskProgress:
        """Return how far it is by now."""
        if self._child is None:
            return self.progress
        # Asked first: what a process has said before it ended is all there to be read.
        code = self._child.exit_code
        for line in self._child.poll():
            self.take(line)
        if code is not None:
            failed = code != ExitCode.OK
            said = self.last_words or f"The {self.noun} ended with exit code {code}."
            self._end(said if failed else "")
        return self.progress

    def cancel(self) -> None:
        """Break it off."""
        if self._child is not None:
            self._end(f"The {self.noun} was broken off.")

    @property
    def last_words(self) -> str:
        """The last line that the process printed on standard error; may be empty."""
        words = self._child.last_words() if self._child is not None else ""
        return words.removeprefix("ganterm: ")

    def take(self, line: dict[str, object]) -> None:
        """Take a line of JSON that tells how far it is."""
        done, total = line.get("done"), line.get("total")
        if isinstance(done, int):
            self.progress = TaskProgress(
                what=str(line.get("what")),
                done=done,
                total=total if isinstance(total, int) else None,
                unit=str(line.get("unit")),
            )

    def _end(self, error: str) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None
        self.progress = replace(self.progress, ended=True, error=error)
