"""What a run measured, as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from ganterm.core.records import JudgedRecord, MetricsRecord, Number, Record
from ganterm.exchange.exporters import Exporter
from ganterm.runs.history import effective
from ganterm.runs.journal import read_journal


def csv_of(records: Iterable[Record]) -> bytes:
    """Return what records say was measured as CSV in UTF-8: a line a step, a column a quantity.

    Scores are in columns `judged/NAME`. What was not measured at a step, or was no finite number,
    is empty.
    """
    rows: dict[int, dict[str, Number]] = {}
    for record in records:
        if isinstance(record, MetricsRecord):
            rows.setdefault(record.step, {}).update(record.values)
        elif isinstance(record, JudgedRecord):
            scores = {f"judged/{name}": value for name, value in record.scores.items()}
            rows.setdefault(record.step, {}).update(scores)
    names = dict.fromkeys(name for row in rows.values() for name in row)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["step", *names])
    table.writerows([step, *map(rows[step].get, names)] for step in sorted(rows))
    return text.getvalue().encode("utf-8", "backslashreplace")


CSV: Final = Exporter(
    title="CSV",
    help="what was measured, a line a step and a column a quantity, with the scores",
    place="{run}.csv",
    encode=lambda run: csv_of(effective(read_journal(run.journal))),
    said="Wrote {place}: what {run} measured.",
)
