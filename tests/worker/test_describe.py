"""Configurations are described by their networks' sizes and a short trial, never by a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
import torch

from ganterm.config import resolve
from ganterm.config.runfile import to_mapping
from ganterm.worker import describe
from ganterm.worker.describe import Questions, answers


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describe, "WARM_SECONDS", 0.0)
    monkeypatch.setattr(describe, "TRIAL_SECONDS", 0.001)


def about(
    typed: dict[str, object], interrupted: Callable[[], bool] = lambda: False
) -> list[dict[str, Any]]:
    question = json.dumps(to_mapping(resolve({"device": "cpu", **typed}).config))
    return list(answers(question.encode(), interrupted))


def test_counts_come_before_the_trial_and_are_the_published_ones() -> None:
    first, last = about({"recipe": "dcgan-8x8"})
    assert first["generator_parameters"] == 55_905
    assert first["discriminator_parameters"] == 5_201
    assert {key: last[key] for key in first} == first
    assert last["device"] == "cpu"
    assert last["seconds_per_1000_steps"] > 0


@pytest.mark.parametrize("ema_kimg", [0.0, 1.0])
def test_a_checkpoint_takes_what_was_said(ema_kimg: float) -> None:
    """The weights, both moments and the average are its size, but for a few small tensors."""
    from ganterm.training.loop import Trainer  # noqa: PLC0415
    from ganterm.training.state import export_state  # noqa: PLC0415

    typed = {"recipe": "dcgan-8x8", "ema_kimg": ema_kimg}
    (said, *_) = about(typed, lambda: True)
    images = torch.zeros(64, 1, 8, 8, dtype=torch.uint8)
    trainer = Trainer(resolve(typed).config, images, torch.device("cpu"))
    trainer.advance()
    tensors, _ = export_state(trainer)
    size = sum(each.nbytes for each in tensors.values())
    assert said["checkpoint_bytes"] == pytest.approx(size, rel=0.05)
    assert said["checkpoint_bytes"] < said["memory_least"] < said["memory_bytes"]
    assert said["memory_bytes"] < said["memory_free"] <= said["memory_total"]


def test_a_lazy_penalty_has_its_share_of_the_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole cycles from penalty to penalty are trained, not only the cheap steps between."""
    from ganterm.training.loop import Trainer  # noqa: PLC0415

    steps: list[int] = []
    advance = Trainer.advance

    def counted(self: Trainer) -> None:
        steps.append(self.step)
        advance(self)

    monkeypatch.setattr(Trainer, "advance", counted)
    about({"recipe": "dcgan-8x8", "d_update": "joint", "penalty": "r1", "penalty_every": 8})
    assert (len(steps) - 2) % 8 == 0


def test_an_interrupted_trial_gives_no_time() -> None:
    assert len(about({"recipe": "dcgan-8x8"}, lambda: True)) == 1


def test_a_broken_trial_and_a_giant_say_why_there_is_no_time() -> None:
    """Noise that diverges is timed all the same; what would fill the memory is not tried."""
    (_, diverged) = about({"recipe": "dcgan-8x8", "lr_g": 1, "lr_d": 1})
    assert diverged["seconds_per_1000_steps"] > 0
    (_, giant) = about({"recipe": "dcgan", "image_size": 256, "batch_size": 65536})
    assert giant["seconds_per_1000_steps"] is None
    assert giant["note"] == "Too large to try out here."


def test_memory_that_runs_out_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: object) -> float:
        raise RuntimeError("DefaultCPUAllocator: not enough memory")

    monkeypatch.setattr(describe, "_seconds_per_step", short)
    (_, answer) = about({"recipe": "dcgan-8x8"})
    assert "memory may be short" in answer["note"]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (b"{", "line of JSON; this is none"),
        (b"[" * 100_000, "line of JSON; this is none"),
        (b"[1]", "JSON object"),
        (b'{"bacth_size": 3}', "did you mean batch_size"),
        (b'{"batch_size": 0}', "batch_size must be an integer"),
        (b'{"loss": "wasserstein"}', "loss: wasserstein needs a critic"),
        (b'{"device": "cuda:77"}', "cuda:77 is not on this machine"),
    ],
)
def test_what_makes_no_sense_is_answered_in_one_sentence(question: bytes, words: str) -> None:
    last = list(answers(question))[-1]
    assert words in last["error"]


def test_the_newest_of_several_questions_counts() -> None:
    """Lines are counted even when they are passed over; a last line needs no newline."""
    read, write = os.pipe()
    try:
        questions = Questions(read)
        assert not questions.waiting()
        os.write(write, b"a\nb\n\nc")
        assert questions.next(60) == b"b"
        assert questions.count == 2
        assert not questions.waiting()
        os.write(write, b"d\n")
        assert questions.waiting()
        assert questions.next(60) == b"cd"
        assert questions.count == 3
        assert questions.next(0) is None
        os.write(write, b"e")
    finally:
        os.close(write)
    assert questions.next(60) == b"e"
    assert questions.next(60) is None
    os.close(read)


def test_a_whole_conversation(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Questions in, numbered answers out, and the end of input ends it."""
    read, write = os.pipe()
    os.write(write, b'{"batch_size": 0}\n')
    os.close(write)
    with os.fdopen(read) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        monkeypatch.setattr("signal.signal", lambda *_: None)
        monkeypatch.setattr(describe, "_be_the_first_to_go", lambda: None)
        describe.main()
    (line,) = capfd.readouterr().out.splitlines()
    assert json.loads(line)["n"] == 1
