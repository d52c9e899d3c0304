"""What can be done about a run's troubles: live where it trains, else by another run."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganterm.core.errors import ConfigError
from ganterm.core.records import Remedy
from ganterm.doctor.active import ActiveAlert
from ganterm.doctor.anew import begin_with
from ganterm.runs.layout import RunDir


@dataclass(frozen=True, slots=True)
class ApplicableRemedy:
    """A remedy for a trouble that stands.

    Attributes:
        trouble: what it is for.
        remedy: what it changes.
        live: whether the run takes it itself, by `set` commands; else another run begins with it.
    """

    trouble: ActiveAlert
    remedy: Remedy
    live: bool

    @property
    def id(self) -> str:
        """The remedy's short name."""
        return self.remedy.id

    @property
    def how(self) -> str:
        """How it would be applied, in a few words."""
        return "live" if self.live else "as another run"

    def begin(self, source: RunDir, runs_dir: Path) -> RunDir:
        """Make the run that begins with the remedy; its worker can be started.

        Raises what `begin_with` raises.
        """
        command = shlex.join(["ganterm", "ctl", source.name, "remedy", self.id])
        settings, since = self.remedy.settings, self.trouble.since
        return begin_with(source, settings, since, runs_dir, command=command)


def applicable_remedies(troubles: Iterable[ActiveAlert], *, alive: bool) -> list[ApplicableRemedy]:
    """Return the remedies for all that stands: the oldest trouble's first, each name once.

    `alive` is whether the run trains, so that it can take a remedy itself.
    """
    found: dict[str, ApplicableRemedy] = {}
    for trouble in troubles:
        for remedy in trouble.remedies:
            found.setdefault(remedy.id, ApplicableRemedy(trouble, remedy, alive and remedy.live))
    return list(found.values())


def chosen(offered: Sequence[ApplicableRemedy], identity: str, name: str) -> ApplicableRemedy:
    """Return the remedy called `identity` of those offered for the run called `name`.

    Raises `ConfigError` with those there are.
    """
    for offer in offered:
        if offer.id == identity:
            return offer
    if not offered:
        raise ConfigError(f"The doctor knows of nothing to be done about {name}.")
    known = ", ".join(offer.id for offer in offered)
    raise ConfigError(f"There is no remedy {identity!r} for {name}; there are {known}.")
