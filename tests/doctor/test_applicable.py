"""What is offered for the troubles of a run: each remedy once, live only where the run trains."""

from __future__ import annotations

import pytest

from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.core.records import AlertRecord
from ganterm.doctor.active import ActiveAlert, with_remedies
from ganterm.doctor.applicable import applicable_remedies, chosen


def active_alerts() -> list[ActiveAlert]:
    """Return two troubles that have remedies in common."""
    alerts = [
        AlertRecord(step=400, code=code, message="m", evidence={"steps": 40})
        for code in ("d-too-strong", "mode-collapse")
    ]
    return with_remedies(alerts, RunConfig())


def test_every_remedy_is_offered_once_for_the_oldest_trouble() -> None:
    """A remedy for both comes with the first, from where that one began."""
    offered = applicable_remedies(active_alerts(), alive=True)
    assert len({offer.id for offer in offered}) == len(offered)
    r1 = chosen(offered, "r1", "run")
    assert (r1.trouble.code, r1.trouble.since, r1.how) == ("d-too-strong", 360, "as another run")
    assert chosen(offered, "slower-g", "run").trouble.code == "mode-collapse"


def test_a_run_without_a_worker_takes_nothing_live() -> None:
    """Then every remedy begins another run."""
    assert any(offer.live for offer in applicable_remedies(active_alerts(), alive=True))
    assert not any(offer.live for offer in applicable_remedies(active_alerts(), alive=False))


def test_a_remedy_that_is_not_offered_is_refused_with_those_that_are() -> None:
    """The sentence names them; where there is none it says so."""
    offered = applicable_remedies(active_alerts(), alive=True)
    with pytest.raises(ConfigError, match=r"no remedy 'x' for run; there are slower-d, "):
        chosen(offered, "x", "run")
    with pytest.raises(ConfigError, match="knows of nothing to be done about run"):
        chosen([], "x", "run")
