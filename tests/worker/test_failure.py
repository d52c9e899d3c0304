"""What fails ends a run in good order, with its weights; what a run can do without, not at all."""

import contextlib
import errno
import itertools
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch

from ganterm.core.errors import TrainingError
from ganterm.doctor.doctor import Doctor
from ganterm.engine.loop import DivergenceError, Trainer
from ganterm.engine.state import export_state
from ganterm.engine.step import GanStep
from ganterm.runs import checkpoints, control
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.state import observe
from ganterm.runs.status import Status
from ganterm.worker import assembly, handler, outputs, reporting
from ganterm.worker import session as session_module
from ganterm.worker.checkpoint import Meta, save_checkpoint
from ganterm.worker.commands import LiveChanges, StopFlag
from ganterm.worker.doctor_hook import DoctorHook
from ganterm.worker.evaluation import Evaluations
from ganterm.worker.job import prepare
from ganterm.worker.samples import write_grid
from ganterm.worker.session import Session
from tests.records import lines
from tests.worker.workers import differences, kinds, last_step, make_run

Patch = pytest.MonkeyPatch

QUICK: dict[str, Any] = {
    "recipe": "mlp",
    "steps": 6,
    "log_every": 2,
    "sample_every": "2",
    "checkpoint_every": "2",
    "judge_every": "3",
}
SAVED_AT_THE_END: dict[str, Any] = {**QUICK, "checkpoint_every": "0", "judge_every": "0"}


@pytest.fixture
def session(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: Patch
) -> Iterator[Session]:
    """Give the session of a new run in this process, holding the run's lock; its judge is ready."""
    monkeypatch.setattr(Evaluations, "make_ready", lambda *_, **__: None)
    with at_work(make_run(tmp_path, **getattr(request, "param", QUICK))) as session:
        yield session


@contextlib.contextmanager
def at_work(run: RunDir) -> Iterator[Session]:
    with WorkerLock(run.lock) as lock, JournalWriter(run.journal) as journal:
        status = Status(state="starting", step=0, steps=0)
        yield Session(run, prepare(run), journal=journal, lock=lock, status=status, stop=StopFlag())


saved_at_the_end = pytest.mark.parametrize("session", [SAVED_AT_THE_END], indirect=True)


def raising(error: BaseException) -> Callable[..., NoReturn]:
    """Return what raises `error` whatever it is called with."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("of 3 TiB")])
def test_memory_that_runs_out_is_a_sentence(
    session: Session, monkeypatch: Patch, error: BaseException
) -> None:
    """It says what to make smaller."""
    monkeypatch.setattr(assembly, "load_for", raising(error))
    with pytest.raises(TrainingError, match="ran out of memory; start a new run with micro_batch"):
        session.work()
    assert told_end(session.run)[0] == "failed"


def test_the_unforeseen_keeps_its_traceback(session: Session, monkeypatch: Patch) -> None:
    """The journal names it and where the traceback is; the run is failed, not crashed."""
    monkeypatch.setattr(assembly, "load_for", raising(ZeroDivisionError("by nothing")))
    with pytest.raises(ZeroDivisionError):
        session.work()
    reason, message = told_end(session.run)
    assert reason == "failed"
    assert message == "ZeroDivisionError: by nothing; the whole story is in worker.log."
    session.lock.release()
    assert observe(session.run).state == "failed"


# What a run can do without


def in_drawing(error: Exception) -> Callable[[Patch, Session], None]:
    return lambda patch, _: patch.setattr(outputs, "fixed_pictures", raising(error))


def in_writing_pictures(patch: Patch, _: Session) -> None:
    """Let a file take the weights, and no pictures."""

    def save_weights_alone(path: Path, meta: Meta, tensors: Mapping[str, torch.Tensor]) -> str:
        if "preview" in tensors:
            raise ValueError("You are trying to save a non contiguous tensor")
        return save_checkpoint(path, meta, tensors)

    patch.setattr(outputs, "save_checkpoint", save_weights_alone)


def in_status(patch: Patch, _: Session) -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "status.json")
    patch.setattr(reporting, "write_status", raising(error))


FAULTS: dict[str, tuple[Callable[[Patch, Session], object], str, str]] = {
    "preview drawn": (in_drawing(ValueError("not\nso")), "preview", "ValueError: not; the whole"),
    "preview, memory": (in_drawing(torch.OutOfMemoryError("3 TiB")), "preview", "the memory ran"),
    "preview written": (in_writing_pictures, "preview", "non contiguous"),
    "grid": (
        lambda patch, _: patch.setattr(outputs, "write_grid", raising(MemoryError())),
        "sample",
        "The sample grid failed, and training goes on without: the memory ran out.",
    ),
    "no place": (
        lambda patch, _: patch.setattr(RunDir, "sample_path", lambda *_: Path("/nowhere/x.png")),
        "sample",
        "/nowhere/x.png: No such file or directory",
    ),
    "real images": (
        lambda patch, _: patch.setattr(session_module, "write_real", raising(ValueError("x"))),
        "real",
        "ValueError: x",
    ),
    "status": (in_status, "status", "goes on without: status.json: Permission denied."),
    "old checkpoints": (
        lambda patch, _: patch.setattr(checkpoints, "prune", raising(OSError(5, "I/O", "old"))),
        "prune",
        "old: I/O",
    ),
    "doctor": (
        lambda patch, _: patch.setattr(Doctor, "see", raising(ZeroDivisionError())),
        "doctor",
        "ZeroDivisionError; the whole story",
    ),
    "judgement asked": (
        lambda patch, _: patch.setattr(Evaluations, "ask", raising(RuntimeError("no"))),
        "judge",
        "RuntimeError: no",
    ),
    "judgement taken": (
        lambda patch, _: patch.setattr(Evaluations, "take", raising(KeyError("step"))),
        "judge",
        "KeyError: 'step'",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_extra_costs_a_run(session: Session, monkeypatch: Patch, fault: str) -> None:
    """Its failure is told once, in a sentence, and the run ends with its weights."""
    monkeypatch.setattr(handler, "WAITED_SECONDS", 0.0)
    if not fault.startswith("judgement"):
        monkeypatch.setattr(Evaluations, "ask", lambda *_: None)
    break_it, code, words = FAULTS[fault]
    break_it(monkeypatch, session)
    assert session.work() == 0
    assert told_end(session.run) == ("finished", "")
    alert, *given_up = kinds(session.run, "alert")
    assert alert["code"] == code
    assert [each["message"][:27] for each in given_up] == ["The run ended before step 3"] * (
        fault == "judgement taken"
    )
    assert words in alert["message"]
    assert "\n" not in alert["message"]
    newest, damaged = checkpoints.newest_valid(session.run.checkpoints)
    assert (newest, damaged) == (session.run.checkpoint_path(6), [])
    names = checkpoints.read_header(session.run.checkpoint_path(6)).tensors
    assert ("preview" in names) is (code != "preview")
    assert any(name.startswith("generator.") for name in names)


def test_an_extra_that_works_again_may_fail_again(session: Session, monkeypatch: Patch) -> None:
    """What fails twice with a success in between is told twice."""

    def draw_some(path: Path, *rest: object) -> None:
        if path.stem.endswith(("0", "4")):
            raise MemoryError
        write_grid(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Evaluations, "ask", lambda *_: None)
    monkeypatch.setattr(outputs, "write_grid", draw_some)
    assert session.work() == 0
    assert [alert["step"] for alert in kinds(session.run, "alert")] == [0, 4]
    assert [sample["step"] for sample in kinds(session.run, "sample")] == [1, 2, 6]


@saved_at_the_end
def test_a_run_without_pictures_can_be_stopped(session: Session, monkeypatch: Patch) -> None:
    """It is saved where it is stopped."""
    in_drawing(ValueError())(monkeypatch, session)
    monkeypatch.setattr(DoctorHook, "see", lambda *_: control.post(session.run.control, "stop"))
    monkeypatch.setattr(handler, "LOOK_SECONDS", 0.0)
    assert session.work() == 0
    assert told_end(session.run)[0] == "stopped"
    assert last_step(session.run) > 0


# What ends a run


def failing(patch: Patch, owner: type, method: str, error: Exception) -> None:
    """Have a method raise at its fifth call."""
    real = getattr(owner, method)
    calls = itertools.count(1)

    def fail(*args: object, **options: object) -> object:
        if next(calls) == 5:
            raise error
        return real(*args, **options)

    patch.setattr(owner, method, fail)


@saved_at_the_end
@pytest.mark.parametrize(
    ("owner", "method"),
    [(LiveChanges, "make_due"), (GanStep, "_g_step")],
    ids=["between steps", "within a step"],
)
def test_a_failure_keeps_the_steps_before_it(
    session: Session, monkeypatch: Patch, tmp_path: Path, owner: type, method: str
) -> None:
    """Though the run writes no checkpoint on its way; and the run goes on from there."""
    run = session.run
    failing(monkeypatch, owner, method, ZeroDivisionError("by nothing"))
    with pytest.raises(ZeroDivisionError):
        session.work()
    reason, message = told_end(run)
    assert reason == "failed"
    assert message.endswith(f"Step 4 is saved; `ganterm resume {run.name}` goes on from it.")
    assert last_step(run) == 4
    again = Session(
        run,
        prepare(run),
        journal=session.journal,
        lock=session.lock,
        status=session.reporter.status,
        stop=StopFlag(),
    )
    assert again.work() == 0
    assert last_step(run) == 6
    with at_work(make_run(tmp_path / "whole", **SAVED_AT_THE_END)) as whole:
        assert whole.work() == 0
        if owner is LiveChanges:
            assert differences(run, whole.run) == []


@saved_at_the_end
def test_memory_that_runs_out_in_a_step_is_free_again(session: Session, monkeypatch: Patch) -> None:
    """What the step held is gone before the weights are gathered, which takes memory too."""
    held: list[weakref.ref[torch.Tensor]] = []
    step = GanStep._g_step

    def run_out(*args: object) -> torch.Tensor:
        activations = torch.zeros(9)
        held.append(weakref.ref(activations))
        if len(held) == 3:
            raise torch.OutOfMemoryError("3 TiB")
        return step(*args)  # type: ignore[arg-type]

    def gather(trainer: Trainer) -> object:
        assert held[-1]() is None
        return export_state(trainer)

    monkeypatch.setattr(GanStep, "_g_step", run_out)
    monkeypatch.setattr(handler, "export_state", gather)
    with pytest.raises(TrainingError, match="ran out of memory"):
        session.work()
    assert last_step(session.run) == 2
    assert "Step 2 is saved" in told_end(session.run)[1]


@saved_at_the_end
def test_a_failure_in_the_first_step_saves_nothing(session: Session, monkeypatch: Patch) -> None:
    """Nothing was trained yet."""
    monkeypatch.setattr(GanStep, "run", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        session.work()
    assert told_end(session.run)[1].endswith("the whole story is in worker.log.")
    assert checkpoints.list_checkpoints(session.run.checkpoints) == []


@saved_at_the_end
def test_a_diverged_run_saves_no_weights(session: Session, monkeypatch: Patch) -> None:
    """They are not worth going on from."""
    failing(monkeypatch, LiveChanges, "make_due", DivergenceError(4, "d_loss"))
    with pytest.raises(TrainingError, match="diverged"):
        session.work()
    assert checkpoints.list_checkpoints(session.run.checkpoints) == []


def told_end(run: RunDir) -> tuple[str, str]:
    end = lines(run.journal)[-1]
    return end["reason"], end["message"]
