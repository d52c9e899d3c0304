"""Downloading a dataset in a process of its own: `ganterm data fetch`, watched from afar."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ganterm.errors import ExitCode
from ganterm.runs.child import Child


@dataclass(frozen=True)
class FetchProgress:
    """How far a download is.

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


class Fetch:
    """The download of dataset `name`; it begins at once and ends with this process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.progress = FetchProgress(what=f"asking for {name}")
        self._child: Child | None = None
        try:
            self._child = Child("ganterm.__main__", "data", "fetch", name, "--json")
        except OSError as error:
            self._end(f"The download could not be started: {error.strerror}.")

    def poll(self) -> FetchProgress:
        """Return how far it is by now."""
        if self._child is None:
            return self.progress
        # Asked first: what a process has said before it ended is all there to be read.
        code = self._child.exit_code
        for line in self._child.poll():
            self._take(line)
        if code is not None:
            words = self._child.last_words().removeprefix("ganterm: ")
            failed = code != ExitCode.OK
            self._end((words or f"The download ended with exit code {code}.") if failed else "")
        return self.progress

    def cancel(self) -> None:
        """Break the download off."""
        if self._child is not None:
            self._end("The download was broken off.")

    def _take(self, line: dict[str, object]) -> None:
        done, total = line.get("done"), line.get("total")
        if isinstance(done, int):
            self.progress = FetchProgress(
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
