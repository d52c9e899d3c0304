"""The log of a run: what happened, in the order of the steps."""

from __future__ import annotations

from pathlib import Path

from ganterm.tui.widgets.log_tail import LogTail, lines_of
from tests.records import change, make_run, read_feed, record, start
from tests.tui.driving import awaited, make_app, until
from tests.tui.judged import verdict


def test_judgements_stand_among_what_happened(tmp_path: Path) -> None:
    """With the scores that say the most."""
    judged = record("judged", 40, **verdict(40, fid=12.25, precision=0.5, recall=0.25))
    records = (change(20, "lr_g", 1e-4), judged, change(60, "lr_g", 2e-4))
    feed = read_feed(make_run(tmp_path / "run", start(config={"lr_g": 1e-3}), *records))
    said = [line.text.strip() for line in lines_of(feed)]
    assert said[1].endswith(" 40  judged: fid 12.25, precision 0.5, recall 0.25")
    assert [line.split()[1] for line in said] == ["20", "40", "60"]


@awaited
async def test_a_long_line_is_read_in_full(tmp_path: Path) -> None:
    """It takes as many rows as it needs, indented below what it says; so does why a run failed."""
    words = "the generator's loss is not finite since step 20, and so is what it makes of anything"
    failed = record("end", 40, reason="failed", message=words, exit_code=1)
    run = make_run(tmp_path / "run", start(config={"lr_g": 1e-3}), change(20, "lr_g", 1e-4), failed)
    feed = read_feed(run)
    app = make_app(tmp_path)
    async with app.run_test(size=(40, 20)) as pilot:
        log = LogTail()
        await app.screen.mount(log)
        log.styles.height = 12
        log.show(feed)

        def shown() -> list[str]:
            return [log.render_line(y).text.rstrip() for y in range(1, 12)]

        await until(pilot, lambda: any("failed: the" in row for row in shown()))
        rows = shown()
        first = next(at for at, row in enumerate(rows) if "failed: the" in row)
        assert " ".join(" ".join(rows[first:]).split()).endswith(words)
        assert all(row.startswith(" " * 11) for row in rows[first + 1 :] if row)
