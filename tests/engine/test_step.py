"""Each technique acts on the step as it says, and neither phase touches the other's gradients."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor, nn
from torch.nn import functional

from ganterm.components.augmentations import Augmentation
from ganterm.components.penalties import Penalty
from ganterm.components.penalties.zero_centred import squared_slope
from ganterm.config import RunConfig
from ganterm.engine.adaptive import EVERY
from ganterm.engine.build import Networks, build
from ganterm.engine.seeding import seed_default_generators
from ganterm.engine.statistics import MEASURED
from ganterm.engine.step import GanStep
from tests.engine.common import ADAPTIVE, CPU, metrics, small, trainer


def first_values(config: RunConfig) -> dict[str, float]:
    """Return what the very first step measured."""
    run = trainer(config)
    run.advance()
    (record,) = [event for event in run.flush() if event.step == 1]
    return record.values


def first_logits(config: RunConfig) -> tuple[Tensor, Tensor]:
    """Return the logits of the first real and fake batch under the initial weights."""
    run = trainer(config)
    seed_default_generators(config.seed, "noise of a step", 0)
    z = torch.randn(config.batch_size, config.z_dim)
    with torch.no_grad():
        fakes = run.networks.generator(z)
        discriminator = run.networks.discriminator
        return discriminator(run.batches[0]), discriminator(fakes)


@pytest.mark.parametrize(("real", "fake"), [(1.0, 0.0), (0.9, 0.0), (0.9, 0.1)])
def test_smoothing_changes_the_discriminators_targets_alone(real: float, fake: float) -> None:
    config = small("mlp", steps=1, real_label=real, fake_label=fake)
    real_logits, fake_logits = first_logits(config)
    bce = functional.binary_cross_entropy_with_logits
    values = first_values(config)
    expected_real = bce(real_logits, torch.full_like(real_logits, real)).item()
    expected_fake = bce(fake_logits, torch.full_like(fake_logits, fake)).item()
    assert values["d_loss_real"] == pytest.approx(expected_real, rel=1e-5)
    assert values["d_loss_fake"] == pytest.approx(expected_fake, rel=1e-5)
    assert values["d_loss"] == pytest.approx(expected_real + expected_fake, rel=1e-5)
    frozen = first_values(small("mlp", steps=1, real_label=real, fake_label=fake, lr_d=0.0))
    expected_g = bce(fake_logits, torch.ones_like(fake_logits)).item()
    assert frozen["g_loss"] == pytest.approx(expected_g, rel=1e-5), "G's target is never smoothed"


def test_what_is_measured_are_probabilities_and_accuracies_at_a_half() -> None:
    config = small("mlp-small", steps=1)
    real_logits, fake_logits = first_logits(config)
    values = first_values(config)
    assert values["d_real"] == pytest.approx(real_logits.sigmoid().mean().item(), rel=1e-5)
    assert values["d_fake"] == pytest.approx(fake_logits.sigmoid().mean().item(), rel=1e-5)
    assert values["acc_real"] == pytest.approx((real_logits >= 0).float().mean().item())
    assert values["acc_fake"] == pytest.approx((fake_logits < 0).float().mean().item())
    assert values["d_loss"] == pytest.approx((values["d_loss_real"] + values["d_loss_fake"]) / 2)


def test_whoever_cannot_tell_calls_all_images_real() -> None:
    run = trainer(small("dcgan-8x8", steps=1, lr_d=0.0))
    with torch.no_grad():
        for parameter in run.networks.discriminator.parameters():
            parameter.zero_()
    (record,) = metrics(run)
    assert (record.values["acc_real"], record.values["acc_fake"]) == (1.0, 0.0)


def test_a_critic_reports_the_wasserstein_estimate_and_its_penalty() -> None:
    config = small("wgan-gp", steps=2)
    for record in metrics(trainer(config)):
        values = record.values
        assert values["wasserstein"] == pytest.approx(values["d_real"] - values["d_fake"], abs=1e-6)
        assert values["d_loss"] == pytest.approx(-values["wasserstein"], abs=1e-6)
        assert values["penalty"] > 0
    assert "wasserstein" not in first_values(small("dcgan", steps=1))
    assert "penalty" not in first_values(small("dcgan", steps=1))


def test_whatever_is_measured_stands_in_the_order_of_the_step() -> None:
    (images,) = metrics(trainer(small("wgan-gp", steps=1, d_steps=1)))
    (points,) = metrics(trainer(small("ring", steps=1)))
    (adaptive,) = metrics(trainer(small("dcgan", steps=EVERY, log_every=EVERY, **ADAPTIVE)))
    for record in (images, points):
        assert tuple(record.values) == tuple(name for name in MEASURED if name in record.values)
    assert {*images.values, *points.values, *adaptive.values} == set(MEASURED)


@pytest.mark.parametrize("frozen", ["generator", "discriminator"])
def test_each_network_has_a_rate_of_its_own(frozen: str) -> None:
    run = trainer(small("mlp", steps=3, **{f"lr_{frozen[0]}": 0.0}))
    before = _weights(run.networks.generator), _weights(run.networks.discriminator)
    list(run.run())
    after = _weights(run.networks.generator), _weights(run.networks.discriminator)
    still = [_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert still == [frozen == "generator", frozen == "discriminator"]


@pytest.mark.parametrize(("d_steps", "separate"), [(1, False), (3, False), (2, True)])
def test_the_discriminator_makes_its_steps_per_generator_step(d_steps: int, separate: bool) -> None:
    update = {"d_update": "separate"} if separate else {}
    run = trainer(small("mlp", steps=4, d_steps=d_steps, **update))
    list(run.run())
    assert run.step == 4
    assert run.batches_seen == 4 * d_steps
    assert run.images_seen == 4 * d_steps * 8
    assert _adam_steps(run.networks.optimizer_g) == {4}
    assert _adam_steps(run.networks.optimizer_d) == {4 * d_steps * (2 if separate else 1)}


@pytest.mark.parametrize("every", [1, 4])
def test_a_lazy_penalty_comes_seldom_and_weighs_as_much_more(every: int) -> None:
    def slope_of_the_bias(discriminator: Any, real: Tensor) -> Tensor:
        bias: Tensor = discriminator.head.bias.sum()
        return bias if active else 0 * bias

    gradients: dict[bool, list[float]] = {True: [], False: []}
    for active in (True, False):
        run = trainer(
            small("mlp", steps=9, penalty="r1", penalty_weight=0.5, penalty_every=every, lr_d=0.0)
        )
        run.gan_step.penalty = Penalty(on_real=slope_of_the_bias)
        for _ in range(9):
            run.advance()
            bias = run.networks.discriminator.get_parameter("head.bias")
            assert bias.grad is not None
            gradients[active].append(bias.grad.item())
        counted = [event.values for event in run.flush()]
        assert ["penalty" in values for values in counted] == [i % every == 0 for i in range(9)]
    added = [a - b for a, b in zip(gradients[True], gradients[False], strict=True)]
    expected = [0.5 * every if i % every == 0 else 0.0 for i in range(9)]
    assert added == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("loss", ["non-saturating", "relativistic", "hinge"])
def test_a_penalty_weighs_the_same_beside_a_mean_and_a_sum(loss: str) -> None:
    """Two trainings on gradients twice as large make the same steps of Adam without its epsilon."""
    found = {}
    for reduction, against in (("mean", "sum"), ("sum", "sum"), ("sum", "loss"), ("mean", "loss")):
        settings = {"loss": loss, "d_reduction": reduction, "penalty_against": against}
        run = trainer(small("mlp", steps=1, penalty="r1", penalty_weight=3.0, **settings))
        run.advance()
        gradient = [p.grad for p in run.networks.discriminator.parameters() if p.grad is not None]
        total = torch.cat([each.flatten() for each in gradient])
        found[reduction, against] = total * (2 if reduction == "mean" else 1)
    papers = found["sum", "sum"]
    assert torch.allclose(found["mean", "sum"], papers, rtol=1e-5, atol=1e-8)
    assert torch.equal(found["sum", "loss"], papers)
    assert not torch.allclose(found["mean", "loss"], papers, rtol=1e-3, atol=1e-6)


def test_lazy_penalties_count_the_discriminators_own_steps() -> None:
    # Twelve batches in four steps; the penalty is due at batches 0, 4 and 8.
    run = trainer(small("mlp", steps=4, penalty="r1", penalty_every=4, d_steps=3))
    assert ["penalty" in record.values for record in metrics(run)] == [True, True, True, False]


@pytest.mark.parametrize(("penalty", "kinds"), [("r1", 1), ("r2", 1), ("r1+r2", 2)])
def test_penalties_see_real_or_generated_images(penalty: str, kinds: int) -> None:
    calls: list[str] = []
    noting = {"on_real": _noting(calls, "r1"), "on_fake": _noting(calls, "r2")}
    for update in ("joint", "separate"):
        calls.clear()
        run = trainer(small("mlp", steps=1, penalty=penalty, d_update=update))
        there = {key: noted for key, noted in noting.items() if getattr(run.gan_step.penalty, key)}
        run.gan_step.penalty = dataclasses.replace(run.gan_step.penalty, **there)
        run.advance()
        assert sorted(calls) == sorted(penalty.split("+"))
        assert len(calls) == kinds


@pytest.mark.parametrize("update", ["joint", "separate"])
def test_a_penalty_takes_augmentation_for_a_part_of_the_discriminator(update: str) -> None:
    """Slopes are those at the images as they are, where a change of theirs counts as well."""
    run = trainer(small("mlp", steps=1, penalty="r1", d_update=update, augment="cutout", lr_d=0.0))
    run.gan_step.augment = Augmentation(changes=(lambda images: 3 * images,))
    judge = run.networks.discriminator
    wanted = squared_slope(lambda images: judge(3 * images), run.batches[0]).item()
    (record,) = metrics(run)
    assert record.values["penalty"] == pytest.approx(wanted, rel=1e-5)


def test_bfloat16_trains_on_the_cpu_with_weights_in_float32() -> None:
    values = {}
    for precision in ("float32", "bfloat16"):
        run = trainer(small("dcgan", steps=5, precision=precision, penalty="r1"))
        values[precision] = [record.values["d_loss"] for record in metrics(run)]
        for module in (run.networks.generator, run.networks.discriminator):
            assert {p.dtype for p in module.parameters()} == {torch.float32}
    assert values["float32"] != values["bfloat16"]
    assert values["float32"] == pytest.approx(values["bfloat16"], rel=0.1, abs=0.1)


def test_augmentation_reaches_all_the_discriminator_sees_and_never_mirrors() -> None:
    seen: list[tuple[Tensor, Tensor, bool]] = []

    run = trainer(small("dcgan", image_size=28, steps=1, augment="translation"))
    (translate,) = run.gan_step.augment.changes

    def watched(images: Tensor) -> Tensor:
        changed = translate(images)
        seen.append((images.detach(), changed.detach(), changed.requires_grad))
        return changed

    run.gan_step.augment = dataclasses.replace(run.gan_step.augment, changes=(watched,))
    run.advance()
    # Real and fake for D, without a graph, then fake for G, with one.
    assert [graph for *_, graph in seen] == [False, False, True]
    for before, after, _ in seen:
        for image, shown in zip(before, after, strict=True):
            assert _is_shift(image[0], shown[0])
            assert not _is_shift(image[0].flip(-1), shown[0])


@pytest.mark.parametrize("settings", [{}, {"d_update": "separate"}, {"loss": "relativistic"}])
def test_neither_phase_computes_gradients_of_the_other_network(settings: dict[str, Any]) -> None:
    config = small("dcgan", augment="cutout", penalty="r1+r2", **settings)
    networks = build(config, CPU)
    counts = {"generator": 0, "discriminator": 0}
    phase = ""
    found: list[tuple[str, str]] = []
    for name in counts:
        for parameter in getattr(networks, name).parameters():
            parameter.register_post_accumulate_grad_hook(
                lambda _, name=name: found.append((phase, name))
            )

    class Watched(GanStep):
        def _d_optimise(self, count: int, loss_of: Callable[[slice], Tensor]) -> None:
            nonlocal phase
            phase = "d"
            super()._d_optimise(count, loss_of)

        def _g_step(
            self, real: Tensor, z: Tensor, fakes: Tensor | None, labels: Tensor | None
        ) -> Tensor:
            nonlocal phase
            phase = "g"
            kept = [p.grad for p in self.d_parameters]
            made = super()._g_step(real, z, fakes, labels)
            assert all(p.grad is k for p, k in zip(self.d_parameters, kept, strict=True))
            return made

    watched = Watched(networks, config, lambda *_: None)
    watched.run([torch.randn(8, 1, 8, 8)], first_batch=0, measure=True)
    assert set(found) == {("d", "discriminator"), ("g", "generator")}


@pytest.mark.parametrize(
    ("settings", "passes"),
    [
        ({}, [16, 8]),
        ({"conditional": "projection"}, [16, 8]),
        ({"conditional": "concat"}, [16, 8]),
        ({"augment": "cutout"}, [16, 8]),
        ({"d_norm": "batch"}, [8, 8, 8]),
        ({"minibatch_discrimination": True}, [8, 8, 8]),
        ({"spectral_norm": True}, [8, 8, 8]),
        ({"d_update": "separate"}, [8, 8, 8]),
    ],
    ids=str,
)
def test_real_and_fake_go_through_the_discriminator_together_where_that_is_the_same(
    settings: dict[str, Any], passes: list[int]
) -> None:
    """As many passes as it has to be, and the same step as in two."""
    config = small("turbo-8x8", conditional="none", penalty="none")
    config = replace(config, **settings)
    real = torch.randn(8, 1, 8, 8)
    labels = None if config.conditional == "none" else torch.arange(8)
    found: list[list[Tensor]] = []
    for one_pass in (True, False):
        networks = build(config, CPU, config.data_spec.with_classes("0123456789"))
        sizes: list[int] = []
        networks.discriminator.register_forward_hook(
            lambda _m, inputs, _o, sizes=sizes: sizes.append(len(inputs[0]))
        )
        step = GanStep(networks, config, lambda *_: None)
        step.one_pass &= one_pass
        torch.manual_seed(0)
        step.run([real], [labels], first_batch=0, measure=False)
        assert sizes == (passes if one_pass else [8, 8, 8])
        found.append([p.grad for p in step.d_parameters if p.grad is not None])
    assert len(found[0]) == len(found[1]) > 0
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("reuse", [True, False])
def test_only_fakes_that_train_the_generator_carry_its_graph(reuse: bool) -> None:
    config = small("mlp", d_steps=3, reuse_fakes=reuse)
    networks = build(config, CPU)
    graphs = list(_graphs_of_generated(networks, config))
    assert graphs == [False, False, True] if reuse else [False, False, False, True]


def _graphs_of_generated(networks: Networks, config: RunConfig) -> Iterator[bool]:
    graphs: list[bool] = []
    networks.generator.register_forward_hook(
        lambda _m, _i, images: graphs.append(images.requires_grad)
    )
    batches = [torch.randn(8, 1, 4, 4) for _ in range(3)]
    GanStep(networks, config, lambda *_: None).run(batches, first_batch=0, measure=False)
    yield from graphs


def test_the_generators_fresh_batch_is_as_large_as_asked() -> None:
    config = small("dcgan-8x8")
    networks = build(config, CPU)
    sizes: list[int] = []
    networks.generator.register_forward_hook(lambda _m, z, _o: sizes.append(len(z[0])))
    batches = [torch.randn(8, 1, 8, 8), torch.randn(5, 1, 8, 8)]
    for batch in batches:
        GanStep(networks, config, lambda *_: None).run([batch], first_batch=0, measure=False)
    assert sizes == [8, 16, 5, 10]


def test_live_settings_take_effect_at_the_next_step() -> None:
    run = trainer(small("mlp", steps=10))
    run.advance()
    before = _weights(run.networks.discriminator)
    run.use(run.changed("lr_d", "0"))
    run.use(run.changed("d_steps", 2))
    run.advance()
    assert _equal(before, _weights(run.networks.discriminator))
    assert run.batches_seen == 3


def _noting(calls: list[str], name: str) -> Any:
    def penalty(discriminator: Any, images: Tensor) -> Tensor:
        calls.append(name)
        zero: Tensor = discriminator(images).sum() * 0
        return zero

    return penalty


def _weights(module: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in module.parameters()]


def _equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def _adam_steps(optimizer: torch.optim.Optimizer) -> set[int]:
    return {int(state["step"].item()) for state in optimizer.state.values()}


def _is_shift(image: Tensor, shown: Tensor) -> bool:
    """Say whether `shown` (H, W) is `image` shifted by up to four pixels, zeros coming in."""
    padded = functional.pad(image, (4, 4, 4, 4))
    side = image.shape[-1]
    return any(
        torch.equal(padded[y : y + side, x : x + side], shown) for y in range(9) for x in range(9)
    )
