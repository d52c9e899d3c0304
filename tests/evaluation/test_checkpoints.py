"""A judgement stands in the journal once, whether or not the run trains."""

from __future__ import annotations

from pathlib import Path

from ganterm.core.codec import judged_record
from ganterm.evaluation.checkpoints import write_judged
from ganterm.runs import control
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.state import observe
from tests.records import lines
from tests.records import record as record_of
from tests.runs.helpers import LockHolder

FIELDS = {"fid": 1.5, "judge": "abc", "n": 100}


def finished(directory: Path) -> RunDir:
    run = create_run(directory, "one", "dcgan")
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("start", 0, run="one"))
        journal.write(record_of("end", 9, reason="finished", message="", exit_code=0))
    return run


def test_a_run_at_rest_has_it_at_once_and_is_still_finished(tmp_path: Path) -> None:
    run = finished(tmp_path)
    assert write_judged(run, judged_record(9, FIELDS))
    last = lines(run.journal)[-1]
    assert (last["kind"], last["step"], last["fid"]) == ("judged", 9, 1.5)
    assert observe(run).state == "finished"


def test_a_run_that_trains_is_handed_it(tmp_path: Path) -> None:
    run = finished(tmp_path)
    with LockHolder(run.lock):
        assert not write_judged(run, judged_record(7, FIELDS))
    assert lines(run.journal)[-1]["kind"] == "end"
    (command_file,) = control.pending(run.control)
    assert (command_file.name, command_file.error) == ("judged", "")
    assert command_file.args == {"step": 7, "fields": FIELDS}
