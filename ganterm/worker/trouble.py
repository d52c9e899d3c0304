"""What goes wrong in a run, in the sentence its user is told, and what it need not bring down."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ganterm.config import RunConfig
from ganterm.core.errors import GantermError, TrainingError
from ganterm.core.files import storage_trouble
from ganterm.core.parts import blamed
from ganterm.core.records import AlertRecord
from ganterm.engine.loop import DivergenceError
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock


class Extras:
    """What a run can do without: it may fail, which its journal says, and training goes on.

    `story` says where the traceback of what nobody foresaw is.
    """

    def __init__(
        self,
        journal: JournalWriter,
        lock: WorkerLock,
        *,
        story: str = "the whole story is in worker.log",
    ) -> None:
        self._story = story
        self._journal = journal
        self._lock = lock
        self._told: set[str] = set()

    @contextmanager
    def attempt(self, code: str, what: str, step: int) -> Iterator[None]:
        """Do the work of a `with` block, `what` in the words of an alert; it may fail.

        What fails again and again, by its words, is told once.

        Raises:
            OSError: the run is not the one this worker holds, or the alert cannot be written.
        """
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not worth a run
            self._lock.require_intact()
            if what not in self._told:
                self._tell(code, what, step, error)
            self._told.add(what)
        else:
            self._told.discard(what)

    def _tell(self, code: str, what: str, step: int, error: Exception) -> None:
        foreseen = isinstance(error, (GantermError, OSError, MemoryError, torch.OutOfMemoryError))
        if not foreseen:
            traceback.print_exception(error, file=sys.stderr)
        story = "" if foreseen else f"; {self._story}"
        sentence = f"{what} failed, and training goes on without: {_reason(error)}{story}."
        self._journal.write(AlertRecord(step=step, code=code, message=sentence))


def _reason(error: Exception) -> str:
    match error:
        case OSError():
            return f"{error.filename or 'file'}: {error.strerror or error}"
        case torch.OutOfMemoryError() | MemoryError():
            return "the memory ran out"
        case GantermError():
            return str(error).rstrip(".")
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}".rstrip(": .")


def explain(error: Exception, run: RunDir, config: RunConfig) -> GantermError | None:
    """Return the error for the user that `error` stands for; None where nobody foresaw it."""
    match error:
        case DivergenceError():
            return TrainingError(f"{error} {_advice(run)}")
        case GantermError():
            return error
        case OSError():
            return storage_trouble(error, run.path)
        case torch.OutOfMemoryError() | MemoryError():
            return TrainingError(
                f"The device ({config.device}) ran out of memory; start a new run with "
                "micro_batch = auto, or a smaller batch_size or width."
            )
    if words := blamed(error):
        traceback.print_exception(error, file=sys.stderr)
        return TrainingError(
            f"Code of yours failed, {words}; mend it and begin a new run, which --init-from "
            f"{run.word} begins with these weights. The whole story is in worker.log."
        )
    return None


def _advice(run: RunDir) -> str:
    newest, _ = checkpoints.newest_valid(run.checkpoints)
    if newest is None:
        return "There is no checkpoint; train again with lower lr_g and lr_d."
    return (
        f"The last good checkpoint is {run.relative(newest)}; lower lr_g and lr_d, or add "
        "a penalty, and train again."
    )
