"""Judging a run in a process of its own: `ganterm judge`, which writes the run's journal itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ganterm.runs.child import Child
from ganterm.runs.layout import RunDir
from ganterm.runs.task import Task, TaskProgress

_AMOUNT: Final = re.compile(
    r"(?P<what>.*): (?P<done>[\d,]+) (?P<unit>\w+) of (?P<total>[\d,]+) (?P=unit)"
)
"""How the command tells how far it is, where standard error is no terminal."""


class Judging(Task):
    """The judgement of a run."""

    noun = "judgement"
    outcome = "is judged"

    def __init__(self, run: RunDir, arguments: Sequence[str] = ()) -> None:
        """Begin; `arguments` are options of `ganterm judge`, such as `--step=2000`."""
        path = str(run.path.absolute())
        super().__init__(
            run.name,
            f"judging {run.name}",
            lambda: Child("ganterm.__main__", "judge", path, "--json", *arguments),
        )

    def poll(self) -> TaskProgress:
        """Return how far it is by now."""
        if (said := self.last_words) and not self.progress.ended:
            self.progress = replace(self.progress, what=said.rstrip(" ."), done=0, total=None)
            if found := _AMOUNT.fullmatch(said):
                done, total = (int(found[name].replace(",", "")) for name in ("done", "total"))
                self.progress = TaskProgress(found["what"], done, total, found["unit"])
        return super().poll()

    def take(self, line: dict[str, object]) -> None:
        """Pass over what is printed: the scores come by the journal."""
