"""The loop tells of every step, window, epoch and moment exactly once, and ends where it should."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from ganterm.components.penalties import PENALTIES
from ganterm.core.errors import ConfigError
from ganterm.engine.events import (
    Boundary,
    CheckpointDue,
    EpochEnded,
    Event,
    Finished,
    Metrics,
    SampleDue,
)
from ganterm.engine.loop import DivergenceError, Trainer
from ganterm.engine.state import export_state
from tests.engine.common import small, trainer

IMAGES = 44
"""Five batches of 8 and one of 4."""


def happenings(*, count: int = IMAGES, **settings: Any) -> list[Event]:
    return list(trainer(small("mlp", **settings), count).run())


def steps_of(events: list[Event], kind: type[Event]) -> list[int]:
    return [event.step for event in events if isinstance(event, kind)]


def test_a_run_counted_in_steps_ends_with_that_step() -> None:
    events = happenings(steps=7)
    assert steps_of(events, Boundary) == list(range(7))
    assert steps_of(events, Metrics) == list(range(1, 8))
    assert events[-1] == Finished(7)


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"epochs": 2}, 12),
        ({"epochs": 2, "drop_last": True}, 10),
        ({"epochs": 2, "d_steps": 3}, 4),
        ({"epochs": 2, "d_steps": 5}, 3),  # the last step has what is left: two batches
        ({"epochs": 1, "d_steps": 100}, 1),
    ],
)
def test_a_run_counted_in_epochs_sees_the_data_that_often(
    settings: dict[str, Any], steps: int
) -> None:
    run = trainer(small("mlp", **settings), IMAGES)
    assert run.steps_total == steps
    events = list(run.run())
    assert run.step == run.steps_total == steps
    assert run.batches_seen == settings["epochs"] * run.batches.per_epoch
    assert run.epoch == settings["epochs"]
    ended = [event for event in events if isinstance(event, EpochEnded)]
    assert ended[-1].epoch == settings["epochs"]
    assert ended[-1].step == steps


def test_each_epoch_ends_once_at_its_last_step() -> None:
    for settings in ({"steps": 20}, {"epochs": 3}):
        events = happenings(**settings)
        ended = [(e.epoch, e.step) for e in events if isinstance(e, EpochEnded)]
        assert ended == [(1, 6), (2, 12), (3, 18)]
    events = happenings(steps=10, d_steps=4)
    ended = [(e.epoch, e.step) for e in events if isinstance(e, EpochEnded)]
    assert ended == [(1, 2), (2, 3), (3, 5), (4, 6), (5, 8), (6, 9)]
    # Two batches of data and three a step: a step may end two epochs, and tells of the later one.
    events = happenings(steps=4, d_steps=3, count=16)
    ended = [(e.epoch, e.step) for e in events if isinstance(e, EpochEnded)]
    assert ended == [(1, 1), (3, 2), (4, 3), (6, 4)]


def test_windows_end_at_their_multiples_and_the_last_one_with_the_run() -> None:
    assert steps_of(happenings(steps=12, log_every=5), Metrics) == [5, 10, 12]
    assert steps_of(happenings(steps=10, log_every=5), Metrics) == [5, 10]
    assert steps_of(happenings(steps=3, log_every=5), Metrics) == [3]


def test_records_are_means_over_their_window_and_epoch() -> None:
    single = [e for e in happenings(steps=12) if isinstance(e, Metrics)]
    events = happenings(steps=12, log_every=4)
    windows = [e for e in events if isinstance(e, Metrics)]
    epochs = [e for e in events if isinstance(e, EpochEnded)]
    for name in ("d_loss", "g_loss", "d_real", "acc_fake"):
        values = [record.values[name] for record in single]
        for index, record in enumerate(windows):
            assert record.values[name] == pytest.approx(sum(values[4 * index :][:4]) / 4)
        for index, ended in enumerate(epochs):
            assert ended.values[name] == pytest.approx(sum(values[6 * index :][:6]) / 6)
    # Gradient norms are those of the window's last step.
    assert windows[0].values["grad_norm_d"] == pytest.approx(single[3].values["grad_norm_d"])
    assert [record.epoch for record in windows] == pytest.approx([4 / 6, 8 / 6, 2])
    assert all(record.images_per_s > 0 for record in windows)


@pytest.mark.parametrize(
    ("cadence", "settings", "due"),
    [
        ("4", {"steps": 9}, [0, 4, 8]),
        ("5", {"steps": 10}, [0, 5, 10]),
        ("0", {"steps": 10}, []),
        ("1 epoch", {"epochs": 2}, [0, 6, 12]),
        ("2 epochs", {"epochs": 4}, [0, 12, 24]),
        ("1 epoch", {"steps": 14}, [0, 6, 12]),
        ("1 epoch", {"epochs": 2, "d_steps": 4}, [0, 2, 3]),
        ("2 epochs", {"epochs": 4, "d_steps": 18}, [0, 1, 2]),  # epochs 3 and 4 pass 2 and 4
        ("0 epochs", {"epochs": 2}, []),
    ],
)
def test_samples_and_checkpoints_come_due(
    cadence: str, settings: dict[str, Any], due: list[int]
) -> None:
    events = happenings(sample_every=cadence, checkpoint_every="0", **settings)
    reached = {step for step in (1, 10) if due and step <= events[-1].step}
    assert steps_of(events, SampleDue) == sorted({*due, *reached})
    assert steps_of(events, CheckpointDue) == []
    events = happenings(checkpoint_every=cadence, sample_every="0", **settings)
    assert steps_of(events, CheckpointDue) == due


def test_what_was_measured_is_told_before_a_checkpoint_of_the_same_step() -> None:
    events = happenings(steps=12, log_every=3, sample_every="6", checkpoint_every="6")
    told = [(type(e).__name__, e.step) for e in events if e.step == 6]
    assert told == [
        ("Metrics", 6),
        ("EpochEnded", 6),
        ("SampleDue", 6),
        ("CheckpointDue", 6),
        ("Boundary", 6),
    ]
    assert [type(e).__name__ for e in events[-5:]] == [
        "Metrics",
        "EpochEnded",
        "SampleDue",
        "CheckpointDue",
        "Finished",
    ]


def test_statistics_are_fetched_no_oftener_than_every_half_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    run = trainer(small("mlp", steps=20, sample_every="0", checkpoint_every="0"), IMAGES)
    told: list[tuple[int, list[int]]] = []
    records: list[int] = []
    for event in run.run():
        if isinstance(event, Boundary):
            if records:
                told.append((event.step, records))
            records = []
            now[0] += 0.125
        elif isinstance(event, Metrics):
            records.append(event.step)
            assert event.images_per_s == pytest.approx(8 / 0.125, rel=0.15)
    assert [step for step, _ in told] == [4, 8, 12, 16]
    assert [records for _, records in told[:2]] == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_a_finished_run_has_nothing_left_to_do() -> None:
    run = trainer(small("mlp", steps=3), IMAGES)
    list(run.run())
    assert list(run.run()) == [Finished(3)]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("batch_size", "32", "^batch_size cannot be changed while training; what can: threads,"),
        ("nonsense", "1", "^nonsense cannot be changed while training; what can: threads,"),
        ("lr_g", "fast", "^lr_g must be a number from 0 to 1; got 'fast'"),
        ("d_steps", "0", "^d_steps must be an integer from 1 to 100; got '0'"),
        ("real_label", "1.1", "^real_label: .* set real_label from 0 to 1"),
        ("penalty_weight", "2", "^penalty_weight: has no penalty to weigh"),
    ],
)
def test_what_cannot_be_changed_is_refused_and_nothing_changes(
    key: str, value: str, words: str
) -> None:
    run = trainer(small("mlp", steps=3), IMAGES)
    before = run.config
    with pytest.raises(ConfigError, match=words):
        run.changed(key, value)
    assert run.config is before


def poison(run: Trainer, network: str, value: float) -> None:
    with torch.no_grad():
        next(getattr(run.networks, network).parameters()).fill_(value)


def poisoned(run: Trainer, network: str, value: float = math.nan) -> Iterator[Event]:
    """Train, with a weight of `network` overwritten ahead of step 5."""
    for event in run.run():
        yield event
        if event == Boundary(4):
            poison(run, network, value)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize(
    ("network", "term"), [("discriminator", "d_loss_real"), ("generator", "d_loss_fake")]
)
def test_divergence_names_the_first_step_and_term(network: str, term: str, value: float) -> None:
    run = trainer(small("mlp", steps=20, log_every=7), IMAGES)
    with pytest.raises(DivergenceError, match=rf"diverged: {term} was not finite at step 5\.") as e:
        list(poisoned(run, network, value))
    assert (e.value.step, e.value.term) == (5, term)
    assert e.value.exit_code == 1


def test_a_penalty_that_breaks_is_named_before_what_it_breaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def endless(discriminator: Any, images: Tensor) -> Tensor:
        value: Tensor = discriminator(images).sum() * (math.inf if run.step == 4 else 0.0)
        return value

    breaking = dataclasses.replace(PENALTIES.resolve("r1"), on_real=endless)
    monkeypatch.setattr(PENALTIES, "resolve", lambda _name: breaking)
    run = trainer(small("mlp", steps=20, log_every=4, penalty="r1", penalty_every=3), IMAGES)
    with pytest.raises(DivergenceError) as error:
        list(run.run())
    assert (error.value.step, error.value.term) == (4, "penalty")


def test_a_step_that_diverges_never_reaches_a_checkpoint() -> None:
    run = trainer(small("mlp", steps=20, checkpoint_every="5", sample_every="0"), IMAGES)
    seen: list[Event] = []
    with pytest.raises(DivergenceError):
        seen.extend(poisoned(run, "discriminator"))
    assert steps_of(seen, CheckpointDue) == [0]


def test_a_state_with_a_broken_weight_is_not_exported() -> None:
    run = trainer(small("mlp", steps=3), IMAGES)
    run.advance()
    poison(run, "generator", math.nan)
    with pytest.raises(
        DivergenceError, match=r"the weight generator\.\S+ was not finite at step 1"
    ):
        export_state(run)


def test_what_was_measured_before_a_divergence_comes_with_it() -> None:
    """The last good means are not lost with the bad news."""
    run = trainer(
        small("mlp", steps=8, log_every=2, sample_every="0", checkpoint_every="0"), IMAGES
    )
    told: list[Event] = []
    with pytest.raises(DivergenceError) as error:
        told.extend(poisoned(run, "discriminator", math.nan))
    told.extend(error.value.measured)
    assert steps_of(told, Metrics)[:2] == [2, 4]
