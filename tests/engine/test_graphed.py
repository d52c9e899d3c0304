"""Graphed steps do what eager ones do: proven on tapes, which stand in for CUDA's graphs."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganterm import recipes
from ganterm.components.optimizers import OPTIMIZERS
from ganterm.engine.events import Boundary, FellBack, Metrics
from ganterm.engine.graphed import GraphedStep
from ganterm.engine.loop import Trainer
from ganterm.engine.state import export_state
from ganterm.engine.step import GanStep
from tests.engine.agreement import assert_agree, assert_the_penalty_counts, last_d_gradients
from tests.engine.common import ADAPTIVE, GROWING, metrics, small, trainer
from tests.engine.tape import TapeRecorder, taped
from tests.quick import slow_unless


@pytest.mark.parametrize(
    "recipe",
    slow_unless({"dcgan-classes", "mlp", "ring", "stylegan-8x8"}.__contains__, recipes.names()),
)
def test_every_recipe_has_the_losses_of_eager(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replayed, steps measure what eager ones do, noise and all, to the bit."""
    # One that grows is captured once it has settled.
    config = small(recipe, steps=16 if recipe in GROWING else 8, log_every=2)
    run, recorder = taped(config, monkeypatch)
    assert measured(run) == measured(trainer(config))
    assert recorder.replays >= 4


@pytest.mark.parametrize(
    "settings",
    [
        {"recipe": "mlp", "precision": "bfloat16"},
        {"recipe": "dcgan", "d_steps": 2, "penalty": "r1", "penalty_every": 4},
        {"recipe": "dcgan-8x8", "augment": "translation,cutout"},
        {"recipe": "dcgan-8x8", "augment": "colour,cutout", "augment_p": 0.5, "channels": 3},
        {"recipe": "mlp", "loss": "relativistic", "minibatch_discrimination": True},
        {**ADAPTIVE, "recipe": "dcgan-8x8"},
        {**ADAPTIVE, "recipe": "mlp", "loss": "relativistic", "holdout": 0.1},
        {"recipe": "dcgan", "conditional": "projection", "reuse_fakes": False, "g_batch": 2},
        {
            "recipe": "stylegan",
            "style_mixing": 1.0,
            "modulation": "demodulate",
            "grow_kimg": 0,
            "fade_kimg": 0,
        },
    ],
    ids=lambda settings: " ".join(f"{key}={value}" for key, value in settings.items()),
)
def test_techniques_are_captured(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What draws random numbers, counts batches or reads labels does so in a replay too."""
    config = small(**{"steps": 8, **settings}, log_every=4, ema_kimg=0.05)
    run, recorder = taped(config, monkeypatch)
    exact = trainer(config)
    assert measured(run) == measured(exact)
    assert recorder.replays >= 4
    mine, theirs = export_state(run)[0], export_state(exact)[0]
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize("penalty", ["wgan-gp", "r1", "r2", "r1+r2"])
def test_a_replayed_penalty_has_its_gradient(penalty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """D's gradient is that of eager, and not the one it would have without the penalty."""
    settings = {"beta1": 0.0, "penalty_weight": 10.0, "d_update": "joint"}
    config = small("dcgan", penalty=penalty, **settings)
    without = small("dcgan", beta1=0.0)
    run, recorder = taped(config, monkeypatch)
    found = last_d_gradients(run, 2)
    assert recorder.replays == 1
    # Both have come to the second step in the same way.
    plain = _at_the_same_place(config, without)
    assert_the_penalty_counts(
        found, last_d_gradients(trainer(config), 2), last_d_gradients(plain, 1)
    )


def test_what_was_measured_stays_what_it_was() -> None:
    """A row that somebody keeps is not overwritten by the replays that follow."""
    run, recorder = trainer(small("mlp")), TapeRecorder()
    recorder.run = run
    rows: list[torch.Tensor] = []
    step = GanStep(run.networks, run.config, lambda names, row: rows.append(row))
    graphed = GraphedStep(step, recorder, fell_back=lambda why: None)
    for index in range(4):
        graphed.run([run.batches[index]], first_batch=index, measure=False)
    assert recorder.replays == 3
    losses = [row.item() for row in rows if row.numel() == 1]
    assert len(set(losses)) == len(losses) == 4


def test_each_kind_of_step_is_captured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lazy penalties, measured steps and an epoch's last images make four kinds among twelve."""
    settings = {"penalty": "r1", "penalty_every": 2, "log_every": 100, "drop_last": False}
    config = small("mlp", steps=40, **settings)
    run, recorder = taped(config, monkeypatch, count=36)
    list(run.run())
    # Penalised or not, eight images or the last four.
    assert recorder.captures == 4
    assert recorder.replays == 40 - 4


def test_rates_reach_the_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule, and a change while training, take effect without capturing anything anew."""
    chance = {"augment": "cutout", "augment_p": 0.8}
    config = small("mlp", steps=20, lr_schedule="cosine", **chance)
    changes: dict[int, tuple[str, Any]] = {8: ("lr_g", 1e-2), 12: ("lr_d", 0.0)}
    changes[10] = "augment_p", 0.1
    run, recorder = taped(config, monkeypatch)
    assert _steered(run, changes) == _steered(trainer(config), changes)
    assert recorder.captures == 1
    still = taped(config, monkeypatch)[0]
    for _ in range(4):
        still.advance()
    before = [each.clone() for each in still.networks.discriminator.parameters()]
    still.use(still.changed("lr_d", 0))
    still.advance()
    after = still.networks.discriminator.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_scheduled_numbers_reach_the_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read from tensors, so that one capture serves all their values, to the bit."""
    numbers = {"real_label": "1..0.7:linear", "penalty_weight": "9..1:cosine:15steps"}
    config = small("mlp", steps=20, penalty="r1", ema_kimg="0..1:linear", **numbers)
    run, recorder = taped(config, monkeypatch)
    found = measured(run)
    assert found == measured(trainer(config))
    assert [row["real_label"] for row in found] == pytest.approx(
        [1 - 0.3 * k / 20 for k in range(20)]
    )
    assert recorder.captures == 1
    assert recorder.replays >= 16


def test_a_scheduled_beta2_reaches_the_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fused kernel reads it from a tensor; the step that does agrees but for rounding."""
    config = small("mlp", steps=20, beta2="0.5..0.99:cosine:12steps", lr_g=1e-2)
    run, recorder = taped(config, monkeypatch)
    exact, still = trainer(config), trainer(small("mlp", steps=20, beta2=0.5, lr_g=1e-2))
    losses = [[row["g_loss"] for row in measured(each)] for each in (run, exact, still)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert losses[0] != pytest.approx(losses[2], rel=1e-3)
    assert recorder.captures == 1


@pytest.mark.parametrize(
    ("change", "captures"),
    [(("real_label", 0.8), 2), (("penalty_weight", 5.0), 2), (("sample_every", "7"), 1)],
)
def test_numbers_within_the_graphs_have_them_captured_anew(
    change: tuple[str, object], captures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A label or a weight that changes while training is heeded; a cadence is no part of them."""
    config = small("mlp", steps=12, penalty="r1")
    run, recorder = taped(config, monkeypatch)
    assert _steered(run, {6: change}) == _steered(trainer(config), {6: change})
    assert recorder.captures == captures


def test_fading_steps_are_never_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has another share of the new resolution; graphs of a stage that is over are dropped."""
    # Three settled batches at 4 pixels, three that fade, and settled ones at 8.
    run, recorder = taped(small("stylegan-8x8", penalty="none", log_every=100), monkeypatch)
    captures = []
    for _ in range(12):
        run.advance()
        captures.append(recorder.captures)
    assert captures == [0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    assert len(recorder.kept) == 1


def test_a_capture_that_fails_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on in eager from that very step, and says so once."""
    config = small("dcgan", steps=8)
    run, recorder = taped(config, monkeypatch)
    recorder.broken = True
    events = list(run.run())
    (told,) = [event for event in events if isinstance(event, FellBack)]
    why = "RuntimeError: operation not permitted when stream is capturing"
    assert told == FellBack(2, "graphed", why)
    assert (recorder.captures, recorder.replays, run.mode) == (1, 0, "eager")
    assert [e.values for e in events if isinstance(e, Metrics)] == measured(trainer(config))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(
    ("recipe", "optimizer"),
    [
        *((recipe, "adam") for recipe in recipes.names()),
        *(("mlp", name) for name in OPTIMIZERS.names),
        ("mlp", "torch.optim:NAdam"),
    ],
)
def test_cudas_graphs_have_the_losses_of_eager(recipe: str, optimizer: str) -> None:
    """On the device itself: captured for good, and nothing fell back."""
    device = torch.device("cuda")
    config = small(recipe, steps=16, log_every=2, device="cuda", optimizer=optimizer)
    run = trainer(config, device=device)
    run.run_in("graphed")
    assert_agree(metrics(run), metrics(trainer(config, device=device)), 1e-3)
    assert run.mode == "graphed"


def measured(run: Trainer) -> list[dict[str, float]]:
    """Train to the end and return what was measured."""
    return _steered(run, {})


def _steered(run: Trainer, changes: dict[int, tuple[str, Any]]) -> list[dict[str, float]]:
    """Train to the end with changes made at their steps; return what was measured."""
    found = []
    for event in run.run():
        if isinstance(event, Boundary) and event.step in changes:
            run.use(run.changed(*changes[event.step]))
        if isinstance(event, Metrics):
            found.append(event.values)
    return found


def _at_the_same_place(config: Any, without: Any) -> Trainer:
    """Return a trainer after one step of `config` that goes on under `without`."""
    run = trainer(config)
    run.advance()
    run.use(without)
    return run
