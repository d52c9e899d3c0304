"""What the API says while it works, on standard error: sentences, and how far long work is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganterm.config import RunConfig
    from ganterm.data.progress import ProgressCallback


def look_ahead(config: RunConfig, runs_dir: Path, name: str | None, *, told: bool) -> None:
    """Find out whether a run can begin, and fetch the dataset that it lacks."""
    from ganterm.client.describe import take_in  # noqa: PLC0415
    from ganterm.client.preflight import inspect  # noqa: PLC0415
    from ganterm.data.fetch import fetch_dataset  # noqa: PLC0415

    with telling(told) as tell:
        take_in(config, tell)
    found = inspect(config, runs_dir, name=name)
    if told:
        say(*found.notes)
    if found.missing:
        with telling(told) as tell:
            fetch_dataset(found.missing, progress=tell)


def say(*sentences: str) -> None:
    """Say sentences."""
    from ganterm.cli import narrate  # noqa: PLC0415

    for sentence in sentences:
        narrate.say(sentence)


@contextlib.contextmanager
def telling(progress: bool) -> Iterator[ProgressCallback]:
    """Yield what is told how far something is: a bar on standard error, or nobody."""
    if not progress:
        from ganterm.data.progress import silent  # noqa: PLC0415

        yield silent
        return
    from ganterm.cli.narrate import ProgressReporter  # noqa: PLC0415

    with ProgressReporter() as tell:
        yield tell


@contextlib.contextmanager
def cores(count: int) -> Iterator[None]:
    """Let PyTorch compute on so many cores within, or as before where it is 0."""
    import torch  # noqa: PLC0415

    before = torch.get_num_threads()
    if count:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
