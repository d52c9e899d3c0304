"""What nobody foresaw, and memory that runs out, end a run in good order all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ganterm.errors import TrainingError
from ganterm.runs.journal import JournalWriter, read_journal
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.state import observe
from ganterm.runs.status import Status
from ganterm.worker import session as session_module
from ganterm.worker.job import prepare
from ganterm.worker.session import Session
from ganterm.worker.signals import StopFlag
from tests.worker.workers import make_run


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Give the session of a new run in this process, holding the run's lock."""
    run = make_run(tmp_path)
    with WorkerLock(run.lock) as lock, JournalWriter(run.journal) as journal:
        status = Status(state="starting", step=0, steps=0)
        yield Session(run, prepare(run), journal=journal, lock=lock, status=status, stop=StopFlag())


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def load(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(session_module, "load", load)


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("of 3 TiB")])
def test_memory_that_runs_out_is_a_sentence(
    session: Session, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """It says what to make smaller."""
    fail_with(monkeypatch, error)
    with pytest.raises(TrainingError, match="ran out of memory; start a new run with a smaller"):
        session.work()
    assert told_end(session.run)[0] == "failed"


def test_the_unforeseen_keeps_its_traceback(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal names it and where the traceback is; the run is failed, not crashed."""
    fail_with(monkeypatch, ZeroDivisionError("by nothing"))
    with pytest.raises(ZeroDivisionError):
        session.work()
    reason, message = told_end(session.run)
    assert reason == "failed"
    assert message == "ZeroDivisionError: by nothing; the whole story is in worker.log."
    session.lock.release()
    assert observe(session.run).state == "failed"


def told_end(run: RunDir) -> tuple[str, str]:
    end = read_journal(run.journal)[-1]
    return end["reason"], end["message"]
