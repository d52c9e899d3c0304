"""How far the download of a dataset is, in one line."""

from __future__ import annotations

from ganterm.client.tasks import Fetch
from ganterm.tui.widgets.task_bar import TaskBar


class FetchBar(TaskBar):
    """Follows one download at a time."""

    def start(self, dataset: str) -> None:
        """Begin to download a dataset."""
        self.follow(Fetch(dataset), "^d breaks it off")
