"""Scores of generated images beside real ones: one file each, and one line here.

A score is worth as much as what stands beside it: the judge, the sample count, and the floor, which
is what real images reach against other real images.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ganterm.components.scores.base import NEIGHBOURS, Comparison, Score, ScoreFacts, Seen
from ganterm.core.errors import ConfigError
from ganterm.core.records import JudgedRecord
from ganterm.core.registry import Registry, is_reference, short

__all__ = [
    "MAIN",
    "NEIGHBOURS",
    "SCORES",
    "Comparison",
    "Score",
    "ScoreFacts",
    "Seen",
    "measured",
    "scored",
]

_HERE: Final = "ganterm.components.scores"

SCORES: Final = Registry(
    "score",
    ScoreFacts,
    Score,
    {
        "fid": f"{_HERE}.frechet:FID",
        "inception_score": f"{_HERE}.inception_score:INCEPTION_SCORE",
        "kid": f"{_HERE}.kernel:KID",
        "precision": f"{_HERE}.precision_recall:PRECISION",
        "recall": f"{_HERE}.precision_recall:RECALL",
        "density": f"{_HERE}.density_coverage:DENSITY",
        "coverage": f"{_HERE}.density_coverage:COVERAGE",
        "modes": f"{_HERE}.modes:MODES",
        "kl": f"{_HERE}.modes:KL",
        "class_accuracy": f"{_HERE}.class_accuracy:CLASS_ACCURACY",
        "copies": f"{_HERE}.copies:COPIES",
    },
)
"""Every score by the name that configurations and the journal use, in the order of tables."""
MAIN: Final = "fid"
"""The score that is followed where one must do: by the doctor and beside the losses."""


def scored(records: Iterable[JudgedRecord]) -> list[str]:
    """Return the names of the scores that any of the judgements has, in the order of tables.

    Those that nobody here knows come last; a name that cannot be printed is none.
    """
    found = dict.fromkeys(
        name
        for record in records
        for name in record.scores
        if record.score(name) is not None and name.isprintable()
    )
    return [
        *(name for name in SCORES.names if name in found),
        *sorted(found.keys() - set(SCORES.names)),
    ]


def measured(comparison: Comparison, names: Iterable[str]) -> dict[str, float]:
    """Return the scores called `names` that the images compared allow, by name.

    Raises `ConfigError` where a score of the user's cannot be found or measured.
    """
    found = {}
    for name in names:
        score = SCORES.resolve(name)
        try:
            value = score.measure(comparison)
            if value is not None:
                found[name] = value if isinstance(value, int) else float(value)
        except Exception as error:
            if not is_reference(name):
                raise
            raise ConfigError(
                f"score {short(name)} failed ({type(error).__name__}: {error}); mend its file, or "
                "ask for another score."
            ) from None
    return found
