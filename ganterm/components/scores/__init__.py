"""Scores of generated images beside real ones: one file each, and one line here.

A score is worth as much as what stands beside it: the judge, the sample count, and the floor, which
is what real images reach against other real images.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from ganterm.components.scores.base import Comparison, Score, ScoreFacts, Seen
from ganterm.core.errors import ConfigError
from ganterm.core.records import JudgedRecord
from ganterm.core.registry import Registry, is_reference, short

__all__ = [
    "MAIN",
    "SCORES",
    "Comparison",
    "Score",
    "ScoreFacts",
    "Seen",
    "measured",
    "named",
    "protocol",
    "scored",
]

_HERE: Final = "ganterm.components.scores"

_VARIANT: Final = re.compile(r"(.+)_(k|splits)([1-9][0-9]{0,3})")


class _Scores(Registry[ScoreFacts, Score]):
    """Also knows scores with another k or splits than published, such as `precision_k5`.

    No configuration can name one, so that none feeds `keep_best`.
    """

    def facts(self, name: str) -> ScoreFacts:
        return self._variant(name) or super().facts(name)

    def resolve(self, name: str) -> Score:
        return self._variant(name) or super().resolve(name)

    def _variant(self, name: str) -> Score | None:
        found = _VARIANT.fullmatch(name)
        if found is None or found[1] not in self.names:
            return None
        score = self.resolve(found[1])
        if score.at is None or score.setting != found[2]:
            return None
        # With its figure too where there is little room: it never stands for the published one.
        varied = score.at(int(found[3]))
        return replace(varied, short=f"{varied.short}@{varied.value}")


SCORES: Final = _Scores(
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
    plain=f"{_HERE}.plain:score",
)
"""Every score by the name that configurations and the journal use, in the order of tables."""
MAIN: Final = "fid"
"""The score that is followed where one must do: by the doctor and beside the losses."""


def scored(records: Iterable[JudgedRecord]) -> list[str]:
    """Return the names of the scores that any of the judgements has, in the order of tables.

    One with another k or splits follows the published one; those that nobody here knows come last.
    A name that cannot be printed is none.
    """
    found = dict.fromkeys(
        name
        for record in records
        for name in record.scores
        if record.score(name) is not None and name.isprintable()
    )
    places = {name: place for place, name in enumerate(SCORES.names)}

    def place(name: str) -> tuple[int, str]:
        base = name if name in places else _VARIANT.sub(r"\1", name)
        return places.get(base, len(places)), name

    return sorted(found, key=place)


def named(*, k: int | None = None, splits: int | None = None) -> list[str]:
    """Return the names of all scores, measured with `k` and `splits` in place of the published."""
    wanted = {"k": k, "splits": splits}
    names = []
    for name in SCORES.names:
        facts = SCORES.facts(name)
        value = wanted.get(facts.setting) or facts.value
        names.append(name if value == facts.value else f"{name}_{facts.setting}{value}")
    return names


def protocol(names: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a judgement that say which k and splits the scores have."""
    all_facts = {name: SCORES.facts(name) for name in names}
    fields: dict[str, Any] = {
        "k": {name: facts.value for name, facts in all_facts.items() if facts.setting == "k"}
    }
    for facts in all_facts.values():
        if facts.setting == "splits":
            fields["splits"] = facts.value
    return fields


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
