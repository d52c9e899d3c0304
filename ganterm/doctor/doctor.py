"""The doctor: all detectors over the records of one run, and the alerts they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ganterm.config import FIELDS, Field, RunConfig
from ganterm.core.records import AlertRecord, Record
from ganterm.doctor.detectors import DETECTORS
from ganterm.doctor.finding import Finding
from ganterm.doctor.remedies import in_words, remedies


class Doctor:
    """Watches a run through its records, one after the other.

    Attributes:
        config: the settings in force; whoever changes one while the run trains says so here.
    """

    def __init__(self, config: RunConfig, fields: Mapping[str, Field] = FIELDS) -> None:
        """Watch a run that has the settings `fields`, which remedies change."""
        self.config = config
        self._fields = fields
        self._detectors = [detector() for detector in DETECTORS]

    def see(self, record: Record) -> list[AlertRecord]:
        """Look at the next record; return the alerts it gives rise to, most often none."""
        found = (detector.see(record, self.config) for detector in self._detectors)
        return [self._alert(finding, record.step) for finding in found if finding is not None]

    def remember(self, records: Iterable[Record]) -> None:
        """Look at the history of a run that goes on, and say nothing of it."""
        for record in records:
            self.see(record)

    def _alert(self, finding: Finding, step: int) -> AlertRecord:
        offered = [] if finding.cleared else remedies(finding.code, self.config, self._fields)
        return AlertRecord(
            step=step,
            code=finding.code,
            message=finding.symptom.message,
            remedy=in_words(offered),
            evidence=dict(finding.symptom.evidence),
            remedies=offered,
            cleared=finding.cleared,
        )
