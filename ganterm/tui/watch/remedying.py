"""What can be done about the troubles of a run that is watched."""

from __future__ import annotations

from ganterm.doctor.active import ActiveAlert
from ganterm.doctor.applicable import ApplicableRemedy, applicable_remedies
from ganterm.tui.feed.runfeed import RunFeed


def offers_of(feed: RunFeed) -> list[ApplicableRemedy]:
    """Return the remedies there are for a run as it stands."""
    return applicable_remedies(feed.troubles, alive=feed.view.alive is not False)


def evidence_words(trouble: ActiveAlert) -> str:
    """Return since when a trouble stands and the figures it rests on; foreign text."""
    figures = [
        f"{name} {value:,.4g}"
        for name, value in trouble.evidence.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    return ", ".join([f"{trouble.code} since step {trouble.since:,}", *figures]) + "."
