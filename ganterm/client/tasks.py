"""What faces have done in a process of its own and watch from afar: downloads and judgements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ganterm.client.launching import typed_words
from ganterm.client.rpc import Failure, Helper, Progress, Result
from ganterm.config import FIELDS
from ganterm.core.errors import ConfigError
from ganterm.runs.layout import RunDir

MODULE: Final = "ganterm.worker.tasks"


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

    def __init__(self, name: str, what: str, method: str, **params: Any) -> None:
        """Begin: `method` of the helper is called, `what` is said of it at first."""
        self.name = name
        self.progress = TaskProgress(what=what)
        self._helper = Helper(MODULE, name=f"The process of the {self.noun}")
        self._helper.call(method, params)

    def poll(self) -> TaskProgress:
        """Return how far it is by now."""
        for reply in self._helper.poll():
            if isinstance(reply, Progress):
                self.progress = TaskProgress(reply.what, reply.done, reply.total, reply.unit)
            elif isinstance(reply, Result | Failure):
                self._end(reply.message if isinstance(reply, Failure) else "")
        return self.progress

    def cancel(self) -> None:
        """Break it off."""
        self._end(f"The {self.noun} was broken off.")

    def _end(self, error: str) -> None:
        self._helper.close()
        self.progress = replace(self.progress, ended=True, error=error)


class Fetch(Task):
    """The download of a dataset."""

    noun = "download"
    outcome = "is here"

    def __init__(self, dataset: str) -> None:
        super().__init__(dataset, f"asking for {dataset}", "fetch", dataset=dataset)


class Judging(Task):
    """The judgement of a run, whose scores come by its journal."""

    noun = "judgement"
    outcome = "is judged"

    def __init__(self, run: RunDir, options: Mapping[str, Any] | None = None) -> None:
        """Begin; `options` are what `judge_options` returns."""
        path = str(run.path.absolute())
        super().__init__(run.name, f"judging {run.name}", "judge", run=path, **(options or {}))


def judge_options(line: str) -> dict[str, Any]:
    """Return how a judgement is asked for in one line, such as `step=4000 n=2000 judge=mnist`.

    The options are `step`, `count`, `judge` and `every`, those that are given.

    Raises:
        ConfigError: a word is none of `step=N`, `n=N`, `judge=NAME` and `all`, or they clash.
    """
    words, given = typed_words(line)
    options: dict[str, Any] = {"every": True} if "all" in words else {}
    unknown = [word for word in words if word != "all"]
    for name, value in given.items():
        number = value.isascii() and value.isdigit() and len(value) < 16
        if name == "step" and number:
            options["step"] = int(value)
        elif name == "n" and number:
            options["count"] = _images(int(value))
        elif name == "judge" and value:
            options["judge"] = value
        else:
            unknown.append(f"{name}={value}")
    for word in unknown:
        raise ConfigError(f"{word!r} is none of step=N, n=N, judge=NAME and all, such as n=2000.")
    if {"every", "step"} <= options.keys():
        raise ConfigError("all judges every step; leave step out.")
    return options


def _images(count: int) -> int:
    field = FIELDS["judge_images"]
    if not (field.minimum or 0) <= count <= (field.maximum or count):
        raise ConfigError(f"n is {field.expectation}; got {count}.")
    return count
