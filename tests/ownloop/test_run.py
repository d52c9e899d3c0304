"""What a loop calls: it is cheap, it never breaks the loop, and what was saved comes back."""

from __future__ import annotations

import errno
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from shutil import copy, rmtree
from threading import Thread
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ganterm.client.overview import overview
from ganterm.client.pending import require_training
from ganterm.core.errors import ConfigError, GantermError, WorkerError
from ganterm.core.records import (
    AlertRecord,
    CheckpointRecord,
    ControlRecord,
    EndRecord,
    JudgedRecord,
    MetricsRecord,
    Record,
)
from ganterm.ownloop import Run, init
from ganterm.ownloop import run as runs
from ganterm.ownloop.measures import Measures
from ganterm.ownloop.pictures import pictures_of
from ganterm.render.sheet import load_sheet
from ganterm.runs import control
from ganterm.runs.journal import JournalWriter, read_journal
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from ganterm.tui.screens.run_actions import Branching, RunActions

CONFIG: dict[str, Any] = {"lr": 1e-3, "batch_size": 4, "name": "x", "flip": True, "sizes": [1, 2]}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every call of `log` due."""
    for name in ("LOOK_SECONDS", "FLUSH_SECONDS", "SAMPLE_SECONDS"):
        monkeypatch.setattr(runs, name, 0.0)


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Run]:
    with init("mine", CONFIG, runs_dir=tmp_path) as run:
        yield run


def told(run: Run, kind: type[Record] = Record) -> list[Any]:
    return [each for each in read_journal(run.path / "journal.jsonl") if isinstance(each, kind)]


@pytest.mark.parametrize(
    ("logged", "recorded"),
    [
        ({"loss_d": 1, "errG": 2.5, "D_x": 0.5}, {"d_loss": 1.0, "g_loss": 2.5, "d_real": 0.5}),
        ({"a": torch.tensor(3.0), "b": np.float32(2), "c": True}, {"a": 3.0, "b": 2.0, "c": 1.0}),
        ({"a": torch.ones(1, 1, requires_grad=True) * 2}, {"a": 2.0}),
        ({"a": math.nan, "b": -math.inf, "c": 10**400}, {"a": None, "b": None, "c": None}),
        ({"step": 3.0, "kind": 2.0}, {"step_": 3.0, "kind_": 2.0}),
        ({"a": "word", "b": torch.ones(2), "c": 1.0}, {"c": 1.0}),
        ({"a": torch.tensor(1j), "b": torch.ones((), device="meta"), "c": 1.0}, {"c": 1.0}),
        ({}, {}),
    ],
)
def test_what_is_logged_is_recorded(
    begun: Run, logged: Mapping[str, Any], recorded: dict[str, float | None]
) -> None:
    """By the names of the house; what is no finite number is null, what is none is told once."""
    begun.log(logged, step=7)
    begun.log(logged, step=8)
    begun.finish()
    metrics = told(begun, MetricsRecord)
    assert [each.step for each in metrics] == [7, 8]
    for each in metrics:
        assert {k: v for k, v in each.values.items() if k != "images_per_s"} == recorded
    alerts = [each for each in told(begun, AlertRecord) if each.code == "log"]
    assert len(alerts) == len(logged) - len(recorded)


def test_calls_between_two_writes_are_averaged(begun: Run) -> None:
    """At most ten records come of them, each with the means since the one before."""
    measures = Measures()
    for step in range(1, 31):
        measures.add(step, {"a": float(step), **({"rare": 5.0} if step == 4 else {})})
    records = measures.take()
    assert [each.step for each in records] == list(range(3, 31, 3))
    assert records[0].values == {"a": 2.0}
    assert records[1].values == {"a": 5.0, "rare": 5.0}
    assert measures.take() == []


@pytest.mark.parametrize(
    ("images", "size", "corner"),
    [
        (torch.full((3, 1, 4, 5), -1.0), (5, 4, 1), 0),
        (torch.full((3, 3, 4, 5), 0.5, dtype=torch.bfloat16, requires_grad=True), (5, 4, 3), 128),
        (np.full((2, 6, 5, 3), 200, np.uint8), (5, 6, 3), 200),
        (torch.full((3, 4, 5), 1.0), (5, 4, 3), 255),
        (torch.tensor([[[[-3.0, 9.0]]]]), (2, 1, 1), 0),
    ],
)
def test_images_of_every_kind_are_shown(
    images: Any, size: tuple[int, int, int], corner: int
) -> None:
    """NCHW or NHWC, on either scale; what lies beyond [-1, 1] is as bright as can be."""
    rasters, _ = pictures_of(images, signed=False)
    assert (rasters[0].width, rasters[0].height, rasters[0].channels) == size
    assert rasters[0].pixels[0] == corner


def test_a_scale_once_seen_holds(begun: Run) -> None:
    """A batch of a tanh that is all bright is not taken for [0, 1]."""
    begun.log({}, step=1, images=torch.full((4, 1, 2, 2), -0.5))
    begun.log({}, step=2, images=lambda: torch.zeros(4, 1, 2, 2))
    begun.log({}, step=3, images="nothing of the kind")
    grids = [load_sheet(RunDir(begun.path).sample_path(step))[0] for step in (1, 2)]
    assert [grid.pixels[0] for grid in grids] == [64, 128]
    assert [each.code for each in told(begun, AlertRecord)] == ["sample"]


class Training:
    """A small training with everything that has a state: tied weights, a scheduler, chance."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
        self.net[2].weight = self.net[0].weight
        self.adam = torch.optim.Adam(self.net.parameters(), lr=0.1)
        self.falls = torch.optim.lr_scheduler.ReduceLROnPlateau(self.adam, patience=1)
        self.noise = torch.randn(2)
        self.parts = {"net": self.net, "adam": self.adam, "falls": self.falls, "noise": self.noise}

    def step(self) -> float:
        loss = (self.net(torch.randn(4, 3)) * float(np.random.rand())).square().mean()
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        self.falls.step(loss)
        return float(loss)


def test_a_run_goes_on_as_if_never_interrupted(tmp_path: Path) -> None:
    """With the very numbers: weights, optimisers, schedulers and chance are back."""
    through, first = Training(), Training()
    with init("mine", CONFIG, runs_dir=tmp_path) as run:
        assert run.restore(**first.parts) == 0
        for step in range(1, 4):
            run.log({"loss": first.step()}, step=step)
        assert run.checkpoint(**first.parts) == RunDir(run.path).checkpoint_path(3)
        later = [first.step() for _ in range(3)]
    second = Training()
    second.noise.zero_()
    with init("mine", CONFIG, runs_dir=tmp_path, resume=True) as run:
        assert run.restore(**second.parts) == 3
        assert [second.step() for _ in range(3)] == later
        assert torch.equal(second.noise, through.noise)
        with pytest.raises(ConfigError, match="no 'other'; it has net, adam, falls, noise, rng"):
            run.restore(other=second.net)
    assert second.falls.state_dict() == first.falls.state_dict()


def test_live_changes_are_read_and_hold_after_a_resume(tmp_path: Path) -> None:
    """What a checkpoint has seen at once, the rest at its step; a new word of the script wins."""
    with suppress(KeyboardInterrupt), init("mine", CONFIG, runs_dir=tmp_path) as run:
        place = run.path / "control"
        for step, key, value in ((1, "lr", 0.5), (2, "batch_size", 9), (3, "flip", False)):
            control.post(place, "set", key=key, value=value)
            run.log({}, step=step)
            assert run.config[key] == value
            if step == 1:
                run.checkpoint(net=nn.Linear(2, 2))
        control.post(place, "set", key="sizes", value=3)
        control.post(place, "set", key="lr", value="much")
        run.log({}, step=4)
        refused = [each.error for each in told(run, ControlRecord) if each.error]
        script = Path(sys.argv[0]).name
        assert refused == [
            f"There is no setting 'sizes'; {script} has lr, batch_size, name, flip.",
            "lr must be a number; got 'much'.",
        ]
        raise KeyboardInterrupt
    with init("mine", {**CONFIG, "flip": True, "name": "y"}, runs_dir=tmp_path, resume=True) as run:
        assert (run.config["lr"], run.config["batch_size"], run.config["name"]) == (0.5, 4, "y")
        run.log({}, step=2)
        assert run.config["batch_size"] == 9


@pytest.mark.parametrize(("config", "live"), [({"lr_d": 4e-4}, [{"lr_d": 2e-4}]), ({}, [])])
def test_the_doctor_works_from_what_there_is(
    tmp_path: Path, config: dict[str, Any], live: list[dict[str, Any]]
) -> None:
    """It knows the losses by their tutorial names, and offers what the script can be told."""
    with init("mine", {"loss": "bce", **config}, runs_dir=tmp_path) as run:
        for step in range(0, 200, 10):
            run.log({"loss_d": 0.001, "loss_g": 6.0}, step=step)
    (alert,) = (each for each in told(run, AlertRecord) if each.code == "d-too-strong")
    assert [each.settings for each in alert.remedies if each.id == "slower-d"] == live
    assert all(each.settings.keys() <= config.keys() for each in alert.remedies)


def end_by(error: BaseException | None, command: str = "") -> Callable[[Run], None]:
    def work(run: Run) -> None:
        if command:
            control.post(run.path / "control", command)
        run.log({"loss": 1.0}, step=5)
        if error is not None:
            raise error

    return work


@pytest.mark.parametrize(
    ("work", "state", "message"),
    [
        (end_by(None), "finished", ""),
        (end_by(None, "stop"), "stopped", "Stopped on command at step 5."),
        (end_by(KeyboardInterrupt()), "stopped", "Stopped by SIGINT at step 5."),
        (end_by(SystemExit("no")), "stopped", "Its script left at step 5: exit no."),
        (end_by(ValueError("bad\nvery")), "failed", "ValueError: bad (test_run.py, line {})."),
    ],
)
def test_how_a_loop_ends_is_told(
    tmp_path: Path, work: Callable[[Run], None], state: str, message: str
) -> None:
    """By a state and a sentence; an error is the script's to see as well."""
    with (
        suppress(KeyboardInterrupt, SystemExit, ValueError),
        init("mine", runs_dir=tmp_path) as run,
    ):
        work(run)
    view = observe(RunDir(tmp_path / "mine"))
    line = end_by.__code__.co_firstlineno + 6
    assert (view.state, view.message, view.step) == (state, message.format(line), 5)


def test_a_full_disk_is_told_and_survived(begun: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written is written later; what was not saved is said."""
    append = JournalWriter._append

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(JournalWriter, "_append", full)
    monkeypatch.setattr("ganterm.worker.checkpoint.write_atomically", full)
    for step in range(1, 4):
        begun.log({"loss": float(step)}, step=step)
        assert begun.checkpoint(net=nn.Linear(1, 1)) is None
    monkeypatch.setattr(JournalWriter, "_append", append)
    begun.log({"loss": 4.0}, step=4)
    assert [each.values["loss"] for each in told(begun, MetricsRecord)] == [1.0, 2.0, 3.0, 4.0]
    alerts = {each.code: each.message for each in told(begun, AlertRecord)}
    assert "Writing a checkpoint failed" in alerts["checkpoint"]
    assert "No space left on device" in alerts["storage"]


def test_one_thread_logs_while_another_saves(begun: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of both each record is written once."""
    append = JournalWriter._append

    def slowly(*given: Any) -> None:
        time.sleep(1e-3)
        append(*given)

    monkeypatch.setattr(JournalWriter, "_append", slowly)
    net = nn.Linear(1, 1)
    saving = Thread(target=lambda: [begun.checkpoint(net=net) for _ in range(20)])
    saving.start()
    steps = 0
    while saving.is_alive():
        steps += 1
        begun.log({"loss": 1.0}, step=steps)
    begun.finish()
    assert [each.step for each in told(begun, MetricsRecord)] == list(range(1, steps + 1))
    assert len(told(begun, CheckpointRecord)) == 20
    assert len(told(begun, EndRecord)) == 1


def test_a_run_that_is_gone_and_a_fork_leave_the_loop_alone(
    begun: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    """A child of the process writes nothing; of a directory that was removed it is said once."""
    if (child := os.fork()) == 0:
        begun.log({"loss": 1.0}, step=1)
        begun.finish()
        os._exit(0)
    os.waitpid(child, 0)
    assert told(begun, MetricsRecord) == []
    rmtree(begun.path)
    for step in range(1, 4):
        begun.log({"loss": 1.0}, step=step, images=torch.zeros(1, 1, 2, 2))
        begun.checkpoint(net=nn.Linear(1, 1))
    assert capfd.readouterr().err.count("nothing more is written") == 1


def test_what_others_judged_is_written_down(begun: Run) -> None:
    """As by a worker of ours, which the record alone is for; what is no judgement is refused."""
    control.post(
        begun.path / "control", "judged", step=1, fields={"judge": "a", "n": 100, "fid": 3.0}
    )
    control.post(begun.path / "control", "judged", step=1, fields={"judge": 3})
    begun.log({}, step=2)
    assert [each.score("fid") for each in told(begun, JudgedRecord)] == [3.0]
    taken, refused = told(begun, ControlRecord)
    assert (taken.error, taken.args) == ("", {"step": 1})
    assert "it is no judgement" in refused.error


def test_it_is_gone_on_with_by_its_script(tmp_path: Path) -> None:
    """Whoever asks for a resume is told, in lists and in the app."""
    said: list[str] = []
    with init("mine", CONFIG, runs_dir=tmp_path) as run:
        run.log({}, step=3)
        (tmp_path / "died").mkdir()
        for name in ("journal.jsonl", "run.toml", "status.json"):
            copy(run.path / name, tmp_path / "died" / name)
    died = overview(RunDir(tmp_path / "died"))
    way = f"start {Path(sys.argv[0]).name} again with resume=True"
    assert died.message.endswith(f"without a word after step 3; {way}")
    app = SimpleNamespace(app=SimpleNamespace(say=said.append))
    RunActions(app, lambda: died).resume()  # type: ignore[arg-type]
    assert said.pop() == f"ganterm cannot train died on: {way}."
    Branching(app).ask(died, None)  # type: ignore[arg-type]
    assert said == [f"ganterm cannot branch off died: {way}."]
    with pytest.raises(WorkerError, match=f"cannot be steered; {way}"):
        require_training(died.run)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        ("is taken; choose another name", {"name": "mine"}),
        ("is held by worker", {"name": "mine", "resume": True}),
        ("ganterm.init(NAME, resume=True)", {"resume": True}),
        ("cannot name a run", {"name": "../x"}),
        ("names the script", {"name": "new", "config": {"loop": 1}}),
    ],
)
def test_what_makes_no_sense_is_refused(begun: Run, error: str, again: dict[str, Any]) -> None:
    """In one sentence that says what to do."""
    with pytest.raises((ConfigError, WorkerError)) as refused:
        init(**again, runs_dir=begun.path.parent)
    assert error in str(refused.value)
    assert isinstance(refused.value, GantermError)
