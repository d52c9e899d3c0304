"""The log of a run: what happened, in the order of the steps."""

from __future__ import annotations

from pathlib import Path

from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.widgets.log_tail import lines_of
from tests.tui.feed.records import change, make_run, record, start
from tests.tui.judged import verdict


def test_judgements_stand_among_what_happened(tmp_path: Path) -> None:
    """With the scores that say the most."""
    judged = record("judged", 40, **verdict(40, fid=12.25, precision=0.5, recall=0.25))
    records = (change(20, "lr_g", 1e-4), judged, change(60, "lr_g", 2e-4))
    feed = RunFeed(make_run(tmp_path / "run", start(config={"lr_g": 1e-3}), *records))
    feed.refresh()
    said = [line.text.strip() for line in lines_of(feed)]
    assert said[1] == "40  judged: fid 12.25, precision 0.5, recall 0.25"
    assert [line.split()[0] for line in said] == ["20", "40", "60"]
