"""Runs are judged beside their training, without a step that waits, and the best is kept."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PIL import Image

from ganterm.client import rpc
from ganterm.client.rpc import Failure, Result
from ganterm.config.runfile import read_run_toml, to_mapping
from ganterm.core.records import JudgedRecord
from ganterm.evaluation import Known
from ganterm.runs import control
from ganterm.runs.checkpoints import list_checkpoints
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, step_of
from ganterm.worker import evaluation, tasks
from ganterm.worker.evaluation import MOST_WAITING, Best, Evaluations
from ganterm.worker.rpc import Call
from tests.cli.checkpointed import untrained
from tests.records import Line, lines, record
from tests.worker.workers import Worker, Zygote, final_state, kinds, last_step, make_run


def tensors(state: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in state.items() if name != "config"}


def test_a_run_is_judged_while_it_trains_and_learns_nothing_from_it(
    zygote: Zygote, whole: RunDir, tmp_path: Path, judges: Path
) -> None:
    judged = zygote.train(
        make_run(tmp_path, judge_every="10", judge_images=100),
        env={"GANTERM_DATA_DIR": str(judges)},
    )
    records = kinds(judged, "judged")
    assert records[-1]["step"] == 30
    assert {record["step"] for record in records} <= {10, 20, 30}
    assert records[-1]["n"] == 100
    assert records[-1]["fid"] > records[-1]["floor"]["fid"]
    assert (judged.path / records[-1]["worst"]).is_file()
    assert lines(judged.journal)[-1]["reason"] == "finished"
    assert tensors(final_state(judged)) == tensors(final_state(whole))


class FailingJudge:
    """Stands for the judge's process: fails every call, with the words it is to say."""

    words = "It takes images of at least 8 pixels, not 4."

    def __init__(self, *_: object, **__: object) -> None:
        self._asked: list[int] = []

    def call(self, *_: object, **__: object) -> int:
        self._asked.append(1)
        return 1

    def poll(self) -> list[Failure]:
        asked, self._asked = self._asked, []
        return [Failure(number, self.words) for number in asked]


def test_what_cannot_be_judged_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another trouble is told again, and training goes on."""
    monkeypatch.setattr(evaluation, "Helper", FailingJudge)
    run = make_run(tmp_path, "mlp")
    with JournalWriter(run.journal) as journal:
        evaluations = Evaluations(run, journal, lambda _: None)
        for step in (10, 20, 30):
            if step == 30:
                monkeypatch.setattr(FailingJudge, "words", "There is not enough memory.")
            evaluations.ask(step, run.checkpoint_path(step), 100)
            evaluations.take(step)
    assert [(alert["step"], alert["code"], alert["message"]) for alert in kinds(run, "alert")] == [
        (10, "judge", "This run could not be judged. It takes images of at least 8 pixels, not 4."),
        (30, "judge", "This run could not be judged. There is not enough memory."),
    ]


class JudgeHere:
    """Stands for the judge's process: does in this one what it is called for."""

    def __init__(self, *_: object, **__: object) -> None:
        self._replies: list[Result] = []

    def call(self, method: str, params: dict[str, Any], **_: object) -> int:
        call = Call(rpc.Call(1, method, json.loads(json.dumps(params))), lambda _: None)
        self._replies.append(Result(1, getattr(tasks, method)(call)))
        return 1

    def poll(self) -> list[Result]:
        found, self._replies = self._replies, []
        return found


def test_the_judge_that_is_made_ready_is_the_one_that_judges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the run sees its images."""
    known: Known = {}
    monkeypatch.setattr(tasks, "_KNOWN", known)
    monkeypatch.setattr(evaluation, "Helper", JudgeHere)
    monkeypatch.setattr("os.nice", lambda _: tasks.NICENESS)
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)
    monkeypatch.setattr("ganterm.evaluation.classifier.IMAGES", 1000)
    monkeypatch.setattr("ganterm.evaluation.embedder.STEPS", 1)
    monkeypatch.setattr("ganterm.evaluation.trust.DRAWS", 2)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path))
    run = make_run(tmp_path, flip=True, background="white", holdout=0.2, judge_images=100)
    config = read_run_toml(run.config_file)
    told: list[JudgedRecord] = []
    with JournalWriter(run.journal) as journal:
        evaluations = Evaluations(run, journal, told.append)
        evaluations.make_ready(config, progress=lambda *_: None, stop=lambda: False)
        assert len(known) == 1
        evaluations.ask(0, untrained(run.checkpoints, **to_mapping(config)), config.judge_images)
        evaluations.take(0)
    assert (len(told), len(known)) == (1, 1)


class SlowJudge:
    """Stands for a judge's process that answers only when it is let."""

    asked: ClassVar[list[object]] = []
    replies: ClassVar[list[Result | Failure]] = []

    def __init__(self, *_: object, **__: object) -> None:
        self.asked.clear()

    def call(self, _method: str, params: dict[str, Any], **_: object) -> int:
        self.asked.append(params["step"])
        return 1

    def poll(self) -> list[Result | Failure]:
        found, SlowJudge.replies = SlowJudge.replies, []
        return found

    def close(self) -> None:
        """Nothing runs."""


def test_every_judgement_that_is_due_is_made_or_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait are judged in their turn, and their checkpoints stay; too many are told."""
    monkeypatch.setattr(evaluation, "Helper", SlowJudge)
    run = make_run(tmp_path, "mlp")
    told: list[JudgedRecord] = []
    with JournalWriter(run.journal) as journal:
        evaluations = Evaluations(run, journal, told.append)
        for step in range(1, 5):
            evaluations.ask(step, run.checkpoint_path(step), 100)
        assert evaluations.to_come == 4
        assert evaluations.spared("none") == {run.checkpoint_path(step) for step in range(1, 5)}
        for _ in range(4):
            SlowJudge.replies = [Result(1, {"fid": 1.0, "judge": "x", "n": 100})]
            evaluations.take(9)
        assert [record.step for record in told] == SlowJudge.asked == [1, 2, 3, 4]
        assert evaluations.to_come == 0
        assert not kinds(run, "alert")
        for step in range(10, 10 + MOST_WAITING + 3):
            evaluations.ask(step, run.checkpoint_path(step), 100)
        assert evaluations.to_come == MOST_WAITING + 1
        evaluations.close(30)
        assert evaluations.to_come == 0
    full, given_up = kinds(run, "alert")
    assert full["remedy"] == "Raise judge_every, or lower judge_images."
    assert given_up["remedy"] == f"`ganterm judge {run.word} --all` judges what is kept."
    assert full["message"].startswith("Judging takes longer than judge_every asks for, and 8")
    assert given_up["message"].startswith("The run ended before step 10, 13, 14, 15, 16, 17, 18, ")


@pytest.mark.parametrize(
    ("reply", "close", "told"),
    [
        (Failure(None, "The judge's process has died."), (30,), ""),
        (Result(7, {}), (30,), ""),
        (None, (30,), "The run ended before step 10, 20 was judged."),
        (None, (10, "was rewound"), "The run was rewound before step 10 was judged."),
        (None, (5, "was rewound"), ""),
    ],
    ids=["died at rest", "an earlier answer", "ended", "rewound", "rewound to before"],
)
def test_only_what_is_not_judged_is_told(
    reply: Result | Failure | None,
    close: tuple[Any, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that goes on from an earlier step judges the later ones again."""
    monkeypatch.setattr(evaluation, "Helper", SlowJudge)
    run = make_run(tmp_path, "mlp")
    with JournalWriter(run.journal) as journal:
        evaluations = Evaluations(run, journal, lambda _: None)
        for step in (10, 20):
            evaluations.ask(step, run.checkpoint_path(step), 100)
            if reply is not None:
                SlowJudge.replies = [reply, Result(1, {"fid": 1.0, "judge": "x", "n": 100})]
                evaluations.take(step)
                SlowJudge.replies = [reply]
                evaluations.take(step)
        evaluations.close(*close)
    assert [alert["message"] for alert in kinds(run, "alert")] == [told] * bool(told)
    assert len(kinds(run, "judged")) == (0 if reply is None else 2)


def test_what_no_judge_can_be_trained_on_is_refused_before_the_first_step(
    zygote: Zygote, tmp_path: Path, judges: Path
) -> None:
    for number in range(60):
        Image.new("L", (8, 8), number).save(tmp_path / f"{number}.png")
    run = make_run(tmp_path / "runs", dataset=str(tmp_path), judge_every="5")
    zygote.start(run, env={"GANTERM_DATA_DIR": str(judges)}).wait()
    end = lines(run.journal)[-1]
    assert (end["kind"], end["reason"], end["step"]) == ("end", "failed", 0)
    assert "60 images, and judging takes at least 100. Or set judge_every = 0." in end["message"]
    assert not kinds(run, "metrics")


def test_the_best_checkpoint_stays_however_old(zygote: Zygote, tmp_path: Path) -> None:
    """A judgement from outside counts too; it stands in the journal before its command does."""
    settings: dict[str, Any] = {"steps": 10**6, "checkpoint_every": "5", "keep_checkpoints": 1}
    run = make_run(tmp_path, "mlp", keep_best="fid", **settings)
    worker = zygote.start(run)
    first = worker.until(lambda record: record["kind"] == "checkpoint" and record["step"] > 0)
    assert first is not None
    control.post(run.control, "pause")
    worker.until(lambda record: record.get("name") == "pause")
    best = last_step(run)
    judge(worker, run, best, fid=0.5)
    judge(worker, run, best + 1, fid=0.9)
    control.post(run.control, "resume")
    worker.until_step(best + 10)
    control.post(run.control, "stop")
    worker.wait()
    steps = [step_of(path) for path in list_checkpoints(run.checkpoints)]
    assert steps[0] == best
    assert len(steps) == 2
    # A worker that goes on knows what was judged before.
    resumed = zygote.start(run, "--steps", str((steps[1] or 0) + 6))
    resumed.wait()
    assert step_of(list_checkpoints(run.checkpoints)[0]) == best


def judge(worker: Worker, run: RunDir, step: int, *, fid: float) -> None:
    fields = {"fid": fid, "judge": "somebody", "n": 100}
    identity = control.post(run.control, "judged", step=step, fields=fields)
    answer = worker.until(lambda record: record.get("id") == identity)
    assert answer is not None
    assert (answer["error"], answer["args"]) == ("", {"step": step})
    assert kinds(run, "judged")[-1]["fid"] == fid


def test_what_is_no_judgement_is_refused(zygote: Zygote, tmp_path: Path) -> None:
    run = make_run(tmp_path, "mlp", steps=10**6, checkpoint_every="0")
    worker = zygote.start(run)
    wrong: list[dict[str, Any]] = [
        {"fid": "low", "judge": "somebody", "n": 1},
        {"fid": 1.0, "n": 1},
        {"kind": "end", "judge": "somebody", "n": 1},
        {"surprise": "x", "judge": "somebody", "n": 1},
        {"step": 1, "judge": "somebody", "n": 1},
    ]
    for fields in wrong:
        identity = control.post(run.control, "judged", step=3, fields=fields)
        answer = worker.until(partial(is_answer, identity))
        assert answer is not None
        assert answer["error"].startswith("it is no judgement"), fields
    assert kinds(run, "judged") == []
    control.post(run.control, "stop")
    assert worker.wait() == 0


def is_answer(identity: str, record: Line) -> bool:
    return record.get("id") == identity


def seen(*judged: dict[str, Any]) -> Best:
    best = Best()
    for fields in judged:
        step = fields.pop("step")
        best.see(record("judged", step, **{"judge": "a", "n": 10, **fields}))
    return best


def test_less_is_better_of_distances_and_more_of_shares() -> None:
    best = seen({"step": 1, "fid": 2, "recall": 0.2}, {"step": 2, "fid": 3, "recall": 0.4})
    assert (best.step("fid"), best.step("recall"), best.step("kid")) == (1, 2, None)


def test_judgements_that_cannot_be_compared_do_not_count() -> None:
    best = seen({"step": 1, "fid": 1, "judge": "b"}, {"step": 2, "fid": 3}, {"step": 3, "fid": 4})
    assert best.step("fid") == 2
    assert seen({"step": 1, "fid": 1, "n": 99}, {"step": 2, "fid": None, "n": 99}).step("fid") == 1


def test_what_was_measured_otherwise_does_not_count() -> None:
    """Of scores with another k none does; a run from before k was said keeps its best meanwhile.

    Nor does a judgement by another judge than the run's, however late.
    """
    assert seen({"step": 1, "precision_k7": 0.9}).step("precision") is None
    other = {"step": 3, "fid": 9, "judge": "inception", "apart": True}
    assert seen({"step": 1, "fid": 2}, {"step": 2, "fid": 3}, other).step("fid") == 1
    former = JudgedRecord(step=1, judge="a", n=10, scores={"precision_k5": 0.9})
    best = Best()
    best.see(former)
    assert best.step("precision") == 1
    best.see(record("judged", 2, judge="a", n=10, precision=0.3))
    assert best.step("precision") == 2


def test_of_equals_the_latest_is_best() -> None:
    assert seen({"step": 1, "fid": 1}, {"step": 2, "fid": 1}).step("fid") == 2
