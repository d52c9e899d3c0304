"""What a run without a judgement needs, in words."""

from __future__ import annotations

from typing import Final

from ganterm.components.datasets import DATASETS
from ganterm.tui.feed.runfeed import RunFeed

_IMAGES: Final = (
    "10,000 images are generated and compared with as many real ones, as a classifier of the data "
    "sees them. That classifier is the judge; ganterm trains it itself the first time, which takes "
    "a minute or two."
)
_POINTS: Final = (
    "10,000 points are generated and compared with as many real ones, where they lie in the plane."
)


def nothing_words(feed: RunFeed | None) -> str:
    """Return what a run without a judgement needs; foreign text."""
    if feed is None:
        return "Reading its history …"
    if not feed.checkpoints:
        return (
            f"{feed.run.name} has not been judged, and has no checkpoint yet that could be.\n\n"
            "m watches it; there, k has a run that trains write a checkpoint."
        )
    newest = feed.checkpoints[-1].step
    spec = DATASETS.facts(str(feed.config.get("dataset", ""))).spec
    how = _POINTS if spec.is_points else _IMAGES
    return (
        f"{feed.run.name} has not been judged yet.\n\n"
        f"g has its checkpoint of step {newest:,} judged: {how}\n\n"
        "a judges every checkpoint that is kept, G asks how many images, and by which judge.\n"
        f"In a shell: ganterm judge {feed.run.word}\n"
        "While it trains: set judge_every, such as judge_every=2000."
    )
