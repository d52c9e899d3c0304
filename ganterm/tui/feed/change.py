"""What a look at a run brought to light."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from ganterm.client.wording import Told
from ganterm.core.records import Record


@dataclass(frozen=True, slots=True)
class SampleRef:
    """A grid of samples: where it is, and of which step."""

    step: int
    path: Path


@dataclass(frozen=True, slots=True)
class CheckpointRef:
    """A checkpoint that was written; it may have been pruned since."""

    step: int
    path: Path


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of a run's log: when it was, in seconds since 1970, and what it tells."""

    step: int
    time: float
    told: Told


@dataclass(frozen=True)
class FeedChange:
    """What is new in a run since the last look; false if nothing is.

    Attributes:
        rewound: steps were taken back, or the journal turned out to be another: nothing that was
            drawn before can be relied on.
        metrics: there are new points, of steps or of epochs.
        samples: how many grids of samples are new.
        marks: there are new marks, checkpoints among them.
        settings: the settings in force, or the length of the run, changed.
        state: the run's state, its message or its status changed.
        log: the worker printed something.
        records: the new records but those of metrics, epochs and samples, in order: what somebody
            who watches may be told. Empty for the past that is there at the first look.
    """

    rewound: bool = False
    metrics: bool = False
    samples: int = 0
    marks: bool = False
    settings: bool = False
    state: bool = False
    log: bool = False
    records: tuple[Record, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in dataclasses.fields(self))

    def then(self, later: FeedChange) -> FeedChange:
        """Return what is new since the look before this one, if `later` is the one after."""
        return FeedChange(
            rewound=self.rewound or later.rewound,
            metrics=self.metrics or later.metrics,
            samples=self.samples + later.samples,
            marks=self.marks or later.marks,
            settings=self.settings or later.settings,
            state=self.state or later.state,
            log=self.log or later.log,
            records=self.records + later.records,
        )
