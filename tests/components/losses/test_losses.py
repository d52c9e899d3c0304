"""Each loss is its paper's formula, written out in float64 here, with its gradient."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, sigmoid
from torch.autograd import gradcheck

from ganterm.components import losses
from ganterm.components.losses import Loss

LOSSES: dict[str, Loss] = {name: losses.LOSSES.resolve(name) for name in losses.LOSSES.names}

Formula = Callable[[Tensor, Tensor, float, float], Tensor]


def _cross_entropy(real: Tensor, fake: Tensor, real_label: float, fake_label: float) -> Tensor:
    d_real, d_fake = sigmoid(real), sigmoid(fake)
    on_real = -(real_label * d_real.log() + (1 - real_label) * (1 - d_real).log())
    on_fake = -(fake_label * d_fake.log() + (1 - fake_label) * (1 - d_fake).log())
    return (on_real + on_fake).mean()


DISCRIMINATOR: dict[str, Formula] = {
    "minimax": _cross_entropy,
    "non-saturating": _cross_entropy,
    "least-squares": lambda real, fake, b, a: ((real - b) ** 2 + (fake - a) ** 2).mean() / 2,
    "hinge": lambda real, fake, _b, _a: (
        -torch.minimum(real - 1, torch.zeros_like(real)).mean()
        - torch.minimum(-fake - 1, torch.zeros_like(fake)).mean()
    ),
    "wasserstein": lambda real, fake, _b, _a: fake.mean() - real.mean(),
    "relativistic": lambda real, fake, _b, _a: -sigmoid(real - fake).log().mean(),
}

GENERATOR: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "minimax": lambda fake, _: (1 - sigmoid(fake)).log().mean(),
    "non-saturating": lambda fake, _: -sigmoid(fake).log().mean(),
    "least-squares": lambda fake, _: ((fake - 1) ** 2).mean() / 2,
    "hinge": lambda fake, _: -fake.mean(),
    "wasserstein": lambda fake, _: -fake.mean(),
    "relativistic": lambda fake, real: -sigmoid(fake - real).log().mean(),
}

LABELS = [(1.0, 0.0), (0.9, 0.0), (0.9, 0.1)]


def _logits() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    real, fake = 3 * torch.randn(2, 16, dtype=torch.float64, generator=generator)
    return real.clone().requires_grad_(), fake.clone().requires_grad_()


def test_every_loss_has_its_formula_here() -> None:
    assert list(LOSSES) == list(DISCRIMINATOR) == list(GENERATOR)


@pytest.mark.parametrize(("real_label", "fake_label"), LABELS)
@pytest.mark.parametrize("name", LOSSES)
def test_discriminators_loss_and_gradient(name: str, real_label: float, fake_label: float) -> None:
    real, fake = _logits()
    total = sum(LOSSES[name].d_terms(real, fake, real_label, fake_label), start=torch.zeros(()))
    wanted = DISCRIMINATOR[name](real, fake, real_label, fake_label)
    torch.testing.assert_close(total, wanted)
    torch.testing.assert_close(
        torch.autograd.grad(total, (real, fake)), torch.autograd.grad(wanted, (real, fake))
    )


@pytest.mark.parametrize("name", LOSSES)
def test_generators_loss_and_gradient(name: str) -> None:
    real, fake = _logits()
    loss, wanted = LOSSES[name].g_loss(fake, real), GENERATOR[name](fake, real)
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(torch.autograd.grad(loss, fake), torch.autograd.grad(wanted, fake))


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_the_numerical_ones(name: str) -> None:
    real, fake = _logits()
    loss = LOSSES[name]
    assert gradcheck(lambda r, f: loss.d_terms(r, f, 0.9, 0.1), (real, fake))
    assert gradcheck(lambda r, f: loss.g_loss(f, r), (real, fake))


@pytest.mark.parametrize("name", [name for name in LOSSES if not LOSSES[name].pairs_real])
def test_each_term_can_be_had_alone(name: str) -> None:
    real, fake = _logits()
    loss = LOSSES[name]
    together = loss.d_terms(real, fake, 0.9, 0.1)
    torch.testing.assert_close(loss.real_term(real, 0.9), together[0])
    torch.testing.assert_close(loss.fake_term(fake, 0.1), together[1])
    torch.testing.assert_close(loss.g_loss(fake), loss.g_loss(fake, real))


@pytest.mark.parametrize("name", LOSSES)
def test_labels_matter_exactly_where_the_loss_says_so(name: str) -> None:
    real, fake = _logits()
    hard, smooth = (LOSSES[name].d_terms(real, fake, *labels) for labels in ((1, 0), (0.9, 0.1)))
    assert (hard[0] != smooth[0]).item() is (LOSSES[name].labels != "none")
    assert (hard[1] != smooth[1]).item() is (LOSSES[name].labels != "none")


@pytest.mark.parametrize("name", LOSSES)
def test_labels_may_be_tensors(name: str) -> None:
    real, fake = _logits()
    labels = torch.tensor(0.9, dtype=torch.float64), torch.tensor(0.1, dtype=torch.float64)
    torch.testing.assert_close(
        LOSSES[name].d_terms(real, fake, *labels), LOSSES[name].d_terms(real, fake, 0.9, 0.1)
    )


@pytest.mark.parametrize("name", LOSSES)
def test_extreme_logits_keep_finite_losses_and_gradients(name: str) -> None:
    loss = LOSSES[name]
    real = torch.tensor([1e4, -1e4, 1e4, -1e4], requires_grad=True)
    fake = torch.tensor([1e4, 1e4, -1e4, -1e4], requires_grad=True)
    d_loss = sum(loss.d_terms(real, fake, 0.9, 0.1), start=torch.zeros(()))
    g_loss = loss.g_loss(fake, real)
    gradients = torch.autograd.grad(d_loss + g_loss, (real, fake))
    assert torch.stack([d_loss, g_loss, *(g.sum() for g in gradients)]).isfinite().all()


def test_a_sure_and_right_discriminator_still_learns() -> None:
    # sigmoid(25) is 1 in float32: its logarithm would have no gradient left
    real = torch.tensor([25.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(LOSSES["non-saturating"].real_term(real), real)
    assert gradient.item() == pytest.approx(-1.388794e-11, rel=1e-5)


def test_a_sure_discriminator_starves_minimax_but_not_the_non_saturating_generator() -> None:
    fake = torch.tensor([-20.0], requires_grad=True)
    (starved,) = torch.autograd.grad(LOSSES["minimax"].g_loss(fake), fake)
    (fed,) = torch.autograd.grad(LOSSES["non-saturating"].g_loss(fake), fake)
    assert starved.item() == pytest.approx(0, abs=1e-8)
    assert fed.item() == pytest.approx(-1)


@pytest.mark.parametrize("name", LOSSES)
def test_reduced_precision_logits_are_raised_first(name: str) -> None:
    real, fake = (logits.detach().bfloat16() for logits in _logits())
    loss = LOSSES[name]
    got = torch.stack([*loss.d_terms(real, fake), loss.g_loss(fake, real)])
    wanted = [*loss.d_terms(real.float(), fake.float()), loss.g_loss(fake.float(), real.float())]
    assert got.dtype == torch.float32
    assert got.equal(torch.stack(wanted))
    assert loss.discriminator_score(real).dtype == torch.float32


@pytest.mark.parametrize("name", LOSSES)
def test_no_loss_reads_a_value_back_to_the_host(name: str) -> None:
    logits = torch.empty(4, device="meta")  # holds no values, so reading one raises
    loss = LOSSES[name]
    assert all(term.is_meta for term in loss.d_terms(logits, logits))
    assert loss.g_loss(logits, logits).is_meta
    assert loss.discriminator_score(logits).is_meta


@pytest.mark.parametrize("name", LOSSES)
def test_the_score_lies_at_the_threshold_where_real_and_fake_weigh_the_same(name: str) -> None:
    loss = LOSSES[name]
    undecided = 0.5 if name == "least-squares" else 0.0
    scores = loss.discriminator_score(torch.tensor([undecided - 1, undecided, undecided + 1]))
    assert scores[0] < loss.threshold < scores[2]
    assert scores[1].item() == loss.threshold
    logits = torch.full((4,), undecided, dtype=torch.float64, requires_grad=True)
    # at that output, the terms pull with the same strength in opposite directions
    real_term, fake_term = loss.d_terms(logits, logits)
    (pull,) = torch.autograd.grad(real_term + fake_term, logits)
    torch.testing.assert_close(pull, torch.zeros_like(pull))


def test_relativistic_needs_pairs() -> None:
    loss = LOSSES["relativistic"]
    three, one = torch.zeros(3), torch.zeros(1)
    with pytest.raises(ValueError, match="batches of one size"):
        loss.d_terms(three, one)
    with pytest.raises(ValueError, match="no term for real or generated images alone"):
        loss.g_loss(three)
    with pytest.raises(ValueError, match="no term for real or generated images alone"):
        loss.real_term(three)
    with pytest.raises(ValueError, match="no term for real or generated images alone"):
        loss.fake_term(three)


@pytest.mark.parametrize("name", [name for name in LOSSES if LOSSES[name].d_chance is not None])
def test_facts_tell_the_losses_of_a_discriminator_that_cannot_tell(name: str) -> None:
    loss = LOSSES[name]
    undecided = torch.full((4,), 0.5 if name == "least-squares" else 0.0, dtype=torch.float64)
    d_loss = sum(loss.d_terms(undecided, undecided), start=torch.zeros(())) / 2
    assert d_loss.item() == pytest.approx(loss.d_chance)
    assert loss.g_loss(undecided, undecided).item() == pytest.approx(loss.g_chance)
