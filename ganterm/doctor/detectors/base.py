"""What all detectors share: a trouble is told of once when it begins, and once when it is over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from ganterm.config import RunConfig
from ganterm.core.records import JudgedRecord, MetricsRecord, Record
from ganterm.doctor.finding import Finding, Symptom
from ganterm.doctor.window import Window

R = TypeVar("R", bound=MetricsRecord | JudgedRecord)


class Detector(ABC, Generic[R]):
    """Watches a run for one kind of trouble.

    Whether it begins and whether it is over are two questions with a gap between their answers, so
    that a quantity near a threshold does not make an alert come and go.
    """

    code: ClassVar[str]
    """Short name of the trouble, as the journal has it."""
    kind: type[R] | tuple[type[R], ...]
    """What it looks at: what is measured, or what a judge says."""
    name: ClassVar[str]
    """The trouble in words that begin a sentence."""
    lost: ClassVar[bool] = False
    """Whether the networks learn nothing while it stands, so that a run that ends so has failed."""

    def __init__(self) -> None:
        self.standing = False

    def see(self, record: Record, config: RunConfig) -> Finding | None:
        """Look at the next record of a run under `config`; return what that changes, if anything.

        Quantities may be missing or None; a record of another kind changes nothing.
        """
        if not isinstance(record, self.kind):
            return None
        self.take(record, config)
        if not self.standing:
            symptom = self.symptom()
            if symptom is None:
                return None
            self.standing = True
            return Finding(self.code, symptom)
        over = self.relief()
        if over is None:
            return None
        self.standing = False
        for window in self.windows:
            window.clear()
        return Finding(self.code, over, cleared=True)

    @property
    def windows(self) -> tuple[Window, ...]:
        """What tells of a trouble by a part of its values, and would do so when it is over."""
        return ()

    @abstractmethod
    def take(self, record: R, config: RunConfig) -> None:
        """Take in a record of the detector's kind."""

    @abstractmethod
    def symptom(self) -> Symptom | None:
        """Return the trouble, if what was taken in shows it."""

    @abstractmethod
    def relief(self) -> Symptom | None:
        """Return in words that the standing trouble is over, if it is."""
