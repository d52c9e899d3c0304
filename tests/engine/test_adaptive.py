"""The probability of augmentation follows how far D knows its training images by heart."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganterm.engine.adaptive import EVERY, SPEED, Adaptive
from ganterm.engine.events import Metrics
from ganterm.engine.state import adapted, export_state, restore_state
from tests.engine.common import ADAPTIVE, CPU, configured, small, trainer

PAIRS = {"loss": "relativistic", "holdout": 0.1}


def adaptive(**settings: Any) -> Adaptive:
    return Adaptive(configured("dcgan-8x8", **{**ADAPTIVE, **settings}), CPU)


@pytest.mark.parametrize(
    ("real", "fake", "held_out", "expected"),
    [
        # The mean sign of D's output on training images, where that tells.
        ([1, 1, 1, -1], [9, 9, 9, 9], None, 0.5),
        ([1, 2, 3, 4], [0, 0, 0, 0], None, 1.0),
        ([-1, -1, -1, -1], [0, 0, 0, 0], None, -1.0),
        # How far images that were held out are from the training images, towards generated ones.
        ([3, 5, 3, 5], [0, 0, 0, 0], 4.0, 0.0),
        ([3, 5, 3, 5], [0, 0, 0, 0], 1.0, 0.75),
        ([3, 5, 3, 5], [0, 0, 0, 0], -9.0, 1.0),
        ([3, 5, 3, 5], [0, 0, 0, 0], 99.0, -1.0),
        ([0, 0, 0, 0], [1, 1, 1, 1], 0.5, 0.0),
        ([1, 1, 1, 1], [1, 1, 1, 1], 1.0, 0.0),
    ],
)
def test_overfitting_is_what_the_paper_calls_so(
    real: list[float], fake: list[float], held_out: float | None, expected: float
) -> None:
    run = adaptive()
    for half in (slice(0, 2), slice(2, 4)):
        logits = torch.tensor(real[half], dtype=torch.float32)
        run.see((logits > 0).float(), logits, torch.tensor(fake[half]).float())
    found = run.adjust(None if held_out is None else torch.tensor(held_out))
    assert found.item() == pytest.approx(expected)
    # Four images towards the target, and the next sums begin anew.
    towards = 1 if expected > 0.6 else -1
    assert run.p.item() == pytest.approx(0.5 + towards * 4 / SPEED, abs=1e-7)
    assert not run.sums.any()


def test_the_probability_stays_one() -> None:
    for p, logit, expected in ((0.999999, 1.0, 1.0), (0.000001, -1.0, 0.0)):
        run = adaptive(augment_p=p)
        logits = torch.full((10,), logit)
        run.see((logits > 0).float(), logits, logits)
        run.adjust(None)
        assert run.p.item() == expected


@pytest.mark.parametrize(
    ("settings", "begin"),
    [
        ({"augment_p": 1.0}, 0.0),
        ({"augment_p": 0.25}, 0.25),
        ({"augment_p": 1.0, "augment_target": 0.0}, 1.0),
        ({"augment_p": 0.25, "augment_target": 0.0}, 0.25),
    ],
)
def test_where_the_probability_begins(settings: dict[str, Any], begin: float) -> None:
    assert adaptive(**settings).p.item() == begin


@pytest.mark.parametrize("settings", [{}, PAIRS, {**PAIRS, "conditional": "projection"}], ids=str)
def test_a_run_measures_and_adapts(settings: dict[str, Any]) -> None:
    """Every fourth step, by as many images as were seen; a window has both figures."""
    config = small("dcgan", steps=12, log_every=4, d_steps=2, **ADAPTIVE, **settings)
    run = trainer(config)
    values = [event.values for event in run.run() if isinstance(event, Metrics)]
    before = 0.5
    for each in values:
        assert -1 <= each["overfitting"] <= 1
        # That of the last step, which was augmented before the probability was adjusted.
        assert each["augment_p"] == pytest.approx(before, abs=1e-6)
        before += (1 if each["overfitting"] > 0.6 else -1) * EVERY * 2 * 8 / SPEED
    assert run.adaptive.p.item() == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, set()),
        ({"augment": "cutout"}, set()),
        ({"augment": "cutout", "augment_p": 0.5}, {"augment_p"}),
        (PAIRS, {"overfitting"}),
        ({**ADAPTIVE, **PAIRS}, {"augment_p", "overfitting"}),
    ],
    ids=lambda each: str(sorted(each)) if isinstance(each, set) else str(each),
)
def test_only_what_tells_something_is_measured(settings: dict[str, Any], names: set[str]) -> None:
    run = trainer(small("dcgan", steps=8, log_every=8, **settings))
    (values,) = [event.values for event in run.run() if isinstance(event, Metrics)]
    assert {"augment_p", "overfitting"} & values.keys() == names


@pytest.mark.parametrize("recipe", ["sngan", "dcgan"])
def test_measuring_alone_changes_no_run(recipe: str) -> None:
    """Statistics of normalisations and singular vectors included."""
    settings: dict[str, Any] = {"loss": "relativistic", "d_norm": "batch"}
    settings |= {"spectral_norm": True, "d_norm": "none"} if recipe == "sngan" else {}
    states = []
    for holdout in (0.0, 0.1):
        run = trainer(small(recipe, steps=9, holdout=holdout, **settings))
        list(run.run())
        states.append(export_state(run)[0])
    for name, value in states[0].items():
        if not name.startswith(("rng.", "statistics.")):
            assert torch.equal(value, states[1][name]), name


def test_held_out_images_are_judged_in_parts_and_after_the_step_is_counted() -> None:
    """As many at once as memory holds; where it does not, the step that was made is one."""
    settings = {"g_norm": "none", "d_norm": "none", "batch_size": 10, "micro_batch": 4, **PAIRS}
    run = trainer(small("dcgan", **settings))
    images = run.batches[0]
    sizes: list[int] = []
    run.networks.discriminator.register_forward_pre_hook(
        lambda _, given: sizes.append(len(given[0]))
    )
    inparts = run.gan_step.mean_logit(images, None)
    assert sizes == [3, 3, 4]
    run.take_at_once(0)
    assert inparts.item() == pytest.approx(run.gan_step.mean_logit(images, None).item(), rel=1e-5)

    def full(images: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        raise torch.OutOfMemoryError("out of memory")

    run.gan_step.mean_logit = full  # type: ignore[method-assign]
    for _ in range(EVERY - 1):
        run.advance()
    with pytest.raises(torch.OutOfMemoryError):
        run.advance()
    assert (run.step, run.batches_seen, run.images_seen) == (EVERY, EVERY, 10 * EVERY)


def test_what_is_set_ends_adapting_and_what_no_longer_adapts_stays() -> None:
    run = trainer(small("dcgan", steps=9, **{**ADAPTIVE, "augment_p": 1.0}))
    run.adaptive.p.fill_(0.3)
    assert run.besides("augment_p", "0.7") == {"augment_target": 0.0}
    assert run.besides("augment_target", "0") == {"augment_p": 0.3}
    assert run.besides("augment_target", "0.5") == run.besides("lr_g", "1e-4") == {}
    assert run.besides("augment_target", "much") == {}
    run.use(run.changed("augment_target", 0.4))
    assert run.adaptive.p.item() == pytest.approx(0.3)
    run.use(run.changed("augment_target", 0))
    run.use(run.changed("augment_p", 0.3))
    assert run.adaptive.p.item() == pytest.approx(0.3)
    assert run.besides("augment_p", 0.7) == {}


@pytest.mark.parametrize(
    ("was", "asked", "begin"),
    [
        ({}, 1.0, 0.0),
        ({}, 0.5, 0.5),
        ({"augment": "cutout", "augment_p": 0.7}, 0.5, 0.7),
        ({"augment": "cutout", "augment_p": "0.2..0.6:linear:4steps"}, 1.0, 0.5),
        ({"augment": "cutout", "augment_p": "0.2..0.6:linear", "steps": 6}, 0.5, 0.4),
        ({"augment": "cutout", "augment_p": "0.2..0.6:linear:0.048kimg"}, 0.5, 0.4),
    ],
    ids=str,
)
def test_a_branch_adapts_from_where_its_parent_was(
    was: dict[str, Any], asked: float, begin: float
) -> None:
    """What a schedule was at by then; where nothing was augmented, as a fresh run begins."""
    before = small("dcgan", **was)
    parent = trainer(before)
    for _ in range(3):
        parent.advance()
    now = small("dcgan", **{**ADAPTIVE, "augment_p": asked})
    branch = trainer(now)
    restore_state(branch, *adapted(*export_state(parent), before, now, 1797))
    assert branch.adaptive.p.item() == pytest.approx(begin)
