"""Combinations of settings that make no sense, each refused in one sentence with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ganterm import architectures
from ganterm.config.cadence import Cadence
from ganterm.config.schema import RunConfig
from ganterm.errors import ConfigError


@dataclass(frozen=True)
class Problem:
    """A setting that does not go with the others."""

    field: str
    message: str
    """One sentence: what does not fit and what to change."""


LOSSES_WITH_LABELS = frozenset({"minimax", "non-saturating", "least-squares"})


def problems(config: RunConfig) -> Iterator[Problem]:
    """Yield every combination in `config` that makes no sense; nothing for a legal one."""
    yield from _schedule(config)
    yield from _networks(config)
    yield from _objective(config)
    yield from _step(config)


def check(config: RunConfig) -> None:
    """Raise `ConfigError` with the first problem of `config`."""
    for problem in problems(config):
        raise ConfigError(f"{problem.field}: {problem.message}")


def _schedule(config: RunConfig) -> Iterator[Problem]:
    if config.steps and config.epochs:
        yield Problem("steps", "steps and epochs both say how long to train; set one of them to 0.")
    if not config.steps and not config.epochs:
        yield Problem("steps", "the run has no length; set steps or epochs above 0.")
    if Cadence.parse(config.sample_every).unit == "steps" and config.sample_grid < 1:
        yield Problem("sample_grid", "must be at least 1; use sample_every = 0 for no samples.")


def _networks(config: RunConfig) -> Iterator[Problem]:
    for field, table in (
        ("generator", architectures.GENERATORS),
        ("discriminator", architectures.DISCRIMINATORS),
    ):
        facts = table[getattr(config, field)]
        if not facts.supports_image_size(config.image_size):
            yield Problem(
                "image_size",
                f"{field} {getattr(config, field)} {facts.size_words}, not {config.image_size}; "
                f"change image_size or choose another {field}.",
            )
    batch_norm = architectures.DISCRIMINATORS[config.discriminator].batch_norm
    if config.batch_size == 1 and (config.g_norm != "none" or config.d_norm != "none"):
        yield Problem(
            "batch_size",
            "batch normalisation needs at least 2 images a batch; raise batch_size, or set "
            "g_norm and d_norm to none.",
        )
    if config.batch_size == 1 and config.minibatch_discrimination:
        yield Problem(
            "minibatch_discrimination",
            "compares the images of a batch, and batch_size is 1; raise batch_size.",
        )
    if config.spectral_norm and (
        config.d_norm == "batch" or (config.d_norm == "auto" and batch_norm)
    ):
        yield Problem(
            "spectral_norm",
            "bounds the discriminator's slope and batch normalisation undoes it; "
            "set d_norm = none.",
        )


def _objective(config: RunConfig) -> Iterator[Problem]:
    if config.loss == "wasserstein" and config.penalty == "none" and not config.spectral_norm:
        yield Problem(
            "loss",
            "wasserstein needs a critic of bounded slope; set penalty = wgan-gp or "
            "spectral_norm = true.",
        )
    if config.loss not in LOSSES_WITH_LABELS:
        for field, neutral in (("real_label", 1.0), ("fake_label", 0.0)):
            if getattr(config, field) != neutral:
                yield Problem(
                    field,
                    f"loss {config.loss} has no labels to smooth; leave {field} at {neutral:g} "
                    "or choose the non-saturating loss.",
                )
    if config.loss in {"minimax", "non-saturating"} and not (
        0 <= config.fake_label < config.real_label <= 1
    ):
        yield Problem(
            "real_label",
            f"loss {config.loss} takes labels as probabilities with fake_label below real_label; "
            "use for example 0.9 and 0.1.",
        )
    if config.penalty == "none" and config.penalty_weight is not None:
        yield Problem("penalty_weight", "has no penalty to weigh; set penalty, or leave it unset.")
    if config.penalty == "none" and config.penalty_every != 1:
        yield Problem("penalty_every", "has no penalty to space out; set penalty, or leave it 1.")
    if config.loss == "relativistic" and config.d_update == "separate":
        yield Problem(
            "d_update",
            "loss relativistic compares real and fake in one step; set d_update = joint.",
        )


def _step(config: RunConfig) -> Iterator[Problem]:
    if config.reuse_fakes and config.g_batch != 1:
        yield Problem(
            "g_batch", "the generator trains on the discriminator's fakes; set reuse_fakes = false."
        )
    if config.loss == "relativistic" and config.g_batch != 1:
        yield Problem(
            "g_batch", "loss relativistic pairs each fake with one real image; set g_batch = 1."
        )
    if config.d_update == "separate" and config.penalty == "wgan-gp":
        yield Problem(
            "penalty",
            "wgan-gp lies between real and fake images and needs them in one step; "
            "set d_update = joint.",
        )
