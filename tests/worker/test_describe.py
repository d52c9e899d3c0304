"""Configurations are described by their networks' sizes and a short trial, never by a traceback."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import torch

from ganterm.client import rpc
from ganterm.client.rpc import Cancel, Cancelled, Failure, Partial, Reply, Result
from ganterm.config import resolve
from ganterm.config.runfile import to_mapping
from ganterm.worker import describe
from ganterm.worker.rpc import Calls, work_off


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describe, "WARM_SECONDS", 0.0)
    monkeypatch.setattr(describe, "TRIAL_SECONDS", 0.001)


def described(values: dict[str, Any], *, cancelled: bool = False) -> list[Reply]:
    """Return the replies to a call, which is cancelled once the counts are there."""
    replies: list[Reply] = []

    def send(reply: Reply) -> None:
        replies.append(reply)
        if cancelled and isinstance(reply, Partial):
            calls.put(msgspec.json.encode(Cancel(1)))

    calls = Calls(["describe"], send)
    calls.put(msgspec.json.encode(rpc.Call(1, "describe", values)))
    work_off(calls, {"describe": describe.describe}, send, idle=0)
    return replies


def about(typed: dict[str, object]) -> list[dict[str, Any]]:
    replies = described(to_mapping(resolve({"device": "cpu", **typed}).config))
    return [reply.value for reply in replies if isinstance(reply, Partial | Result)]


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
    from ganterm.engine.loop import Trainer  # noqa: PLC0415
    from ganterm.engine.state import export_state  # noqa: PLC0415

    typed = {"recipe": "dcgan-8x8", "ema_kimg": ema_kimg}
    (said, *_) = about(typed)
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
    from ganterm.engine.loop import Trainer  # noqa: PLC0415

    steps: list[int] = []
    advance = Trainer.advance

    def counted(self: Trainer) -> None:
        steps.append(self.step)
        advance(self)

    monkeypatch.setattr(Trainer, "advance", counted)
    about({"recipe": "dcgan-8x8", "d_update": "joint", "penalty": "r1", "penalty_every": 8})
    assert (len(steps) - 2) % 8 == 0


def test_a_trial_that_is_cancelled_gives_no_time() -> None:
    """Between two cycles of it."""
    typed = {"recipe": "dcgan-8x8", "device": "cpu"}
    counts, last = described(to_mapping(resolve(typed).config), cancelled=True)
    assert isinstance(counts, Partial)
    assert last == Cancelled(1)


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
        ({"bacth_size": 3}, "did you mean batch_size"),
        ({"batch_size": 0}, "batch_size must be an integer"),
        ({"loss": "wasserstein"}, "loss: wasserstein needs a critic"),
        ({"device": "cuda:77"}, "cuda:77 is not on this machine"),
    ],
)
def test_what_makes_no_sense_is_answered_in_one_sentence(
    question: dict[str, Any], words: str
) -> None:
    (failure,) = described(question)
    assert isinstance(failure, Failure)
    assert words in failure.message
