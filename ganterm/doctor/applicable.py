"""What can be done about a run's troubles: live where it trains, else by another run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ganterm.config import RunConfig
from ganterm.config.branch import FIXED, branch, checkpoint_steps
from ganterm.config.recorded import recorded_config, refuse_untrusted
from ganterm.config.rules import check
from ganterm.config.runfile import new_run, same_weights
from ganterm.core.errors import ConfigError
from ganterm.core.records import Remedy
from ganterm.doctor.active import ActiveAlert
from ganterm.runs.layout import RunDir
from ganterm.runs.parts import code_from


def begin_with(
    source: RunDir,
    settings: Mapping[str, Any],
    since: int,
    runs_dir: Path,
    look: Callable[[RunConfig], object],
    *,
    command: str = "",
) -> RunDir:
    """Make a run that begins with `settings`; its worker can be started.

    It is a branch of `source` from its newest checkpoint before step `since`, where the trouble
    began, or from its oldest; where other networks are asked for, it is a new run from step 0.
    `look` finds out whether it can begin, and raises where it cannot; `command` is the command line
    that its run.toml says made it.

    Raises:
        ConfigError: there is no checkpoint to go on from, or the settings make no sense.
        TrainingError: the checkpoint is damaged, or the run cannot be written.
        GantermError: what `look` raises.
    """
    if FIXED.isdisjoint(settings):
        steps = checkpoint_steps(source)
        before = [step for step in steps if step <= since]
        step = max(before) if before else min(steps, default=0)
        return branch(source, step, runs_dir, changes=settings, before=look, command=command)
    present = recorded_config(source)
    refuse_untrusted(present, source.path)
    config = msgspec.structs.replace(present, **settings)
    check(config)
    with code_from(source):
        look(config)
    return new_run(
        config, runs_dir, name=None, command=command, weights=same_weights(source), parts_of=source
    )


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

    def begin(self, source: RunDir, runs_dir: Path, look: Callable[[RunConfig], object]) -> RunDir:
        """Make the run that begins with the remedy; its worker can be started.

        `look` is as for `begin_with`, and so is what is raised.
        """
        command = shlex.join(["ganterm", "ctl", source.name, "remedy", self.id])
        settings, since = self.remedy.settings, self.trouble.since
        return begin_with(source, settings, since, runs_dir, look, command=command)


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
