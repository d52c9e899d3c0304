"""Downloading a dataset in a process of its own: `ganterm data fetch`."""

from __future__ import annotations

from ganterm.runs.child import Child
from ganterm.runs.task import Task


class Fetch(Task):
    """The download of dataset `name`."""

    noun = "download"
    outcome = "is here"

    def __init__(self, name: str) -> None:
        super().__init__(
            name,
            f"asking for {name}",
            lambda: Child("ganterm.__main__", "data", "fetch", name, "--json"),
        )
