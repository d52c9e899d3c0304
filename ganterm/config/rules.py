"""Combinations of settings that make no sense, each refused in one sentence with the way out."""

from __future__ import annotations

from collections.abc import Iterator

from ganterm import architectures
from ganterm.components import datasets, losses, penalties
from ganterm.components.augmentations import AUGMENTATIONS
from ganterm.config.fields import FIELDS
from ganterm.config.schema import RunConfig
from ganterm.core.registry import short
from ganterm.core.settings import Problem
from ganterm.errors import ConfigError


def problems(config: RunConfig) -> Iterator[Problem]:
    """Yield every combination in `config` that makes no sense; nothing for a legal one."""
    yield from _points(config)
    yield from datasets.problems(config)
    yield from _schedule(config)
    yield from _networks(config)
    yield from _style(config)
    yield from _objective(config)
    yield from _step(config)


def check(config: RunConfig) -> None:
    """Raise `ConfigError` with the first problem of `config`."""
    for problem in problems(config):
        raise ConfigError(f"{problem.field}: {problem.message}")


def _points(config: RunConfig) -> Iterator[Problem]:
    """Yield what points, which are no images, cannot have."""
    if not config.data_spec.is_points:
        return
    name = short(config.dataset)
    for field, table in (
        ("generator", architectures.GENERATORS),
        ("discriminator", architectures.DISCRIMINATORS),
    ):
        if not table[getattr(config, field)].takes_points:
            fitting = " or ".join(each for each, facts in table.items() if facts.takes_points)
            yield Problem(
                field,
                f"{name} has points, not images, and {getattr(config, field)} needs "
                f"images; set {field} = {fitting}.",
            )


def _schedule(config: RunConfig) -> Iterator[Problem]:
    if config.steps and config.epochs:
        yield Problem("steps", "steps and epochs both say how long to train; set one of them to 0.")
    if not config.steps and not config.epochs:
        yield Problem("steps", "the run has no length; set steps or epochs above 0.")


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
    g_normalised = _has_batch_norm(config.g_norm, architectures.GENERATORS[config.generator])
    d_normalised = _has_batch_norm(
        config.d_norm, architectures.DISCRIMINATORS[config.discriminator]
    )
    if config.batch_size == 1 and (g_normalised or d_normalised):
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
    if config.spectral_norm and d_normalised:
        yield Problem(
            "spectral_norm",
            "bounds the discriminator's slope and batch normalisation undoes it; "
            "set d_norm = none.",
        )


def _style(config: RunConfig) -> Iterator[Problem]:
    """Yield what only style-based networks have, or what those cannot have together."""
    if config.generator != "stylegan":
        for field in ("modulation", "skip_outputs", "style_mixing"):
            default = FIELDS[field].default
            if getattr(config, field) != default:
                yield Problem(
                    field,
                    f"is for generator stylegan, and {config.generator} has no styles; leave it at "
                    f"{_word(default)}, or set generator = stylegan.",
                )
    if config.modulation == "demodulate" and config.g_norm != "auto":
        yield Problem(
            "g_norm",
            "modulation demodulate takes the place of normalisation; set g_norm = auto, or "
            "modulation = adain.",
        )
    if config.fade_kimg and not config.grows:
        yield Problem(
            "fade_kimg", "nothing grows that could fade in; set grow_kimg, or fade_kimg = 0."
        )
    if not config.grows:
        return
    for field in ("generator", "discriminator"):
        if getattr(config, field) != "stylegan":
            yield Problem(
                "grow_kimg",
                f"{field} {getattr(config, field)} cannot grow; set grow_kimg = 0, or {field} = "
                "stylegan.",
            )
    if config.skip_outputs:
        yield Problem(
            "skip_outputs",
            "sums all resolutions from the first step on and needs no growing; set grow_kimg and "
            "fade_kimg to 0, or skip_outputs = false.",
        )


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _has_batch_norm(norm: str, facts: architectures.ArchitectureFacts) -> bool:
    return facts.batch_norm if norm == "auto" else norm == "batch"


def _objective(config: RunConfig) -> Iterator[Problem]:
    yield from losses.problems(config)
    yield from penalties.problems(config)
    yield from AUGMENTATIONS.problems(config.augment, config)


def _step(config: RunConfig) -> Iterator[Problem]:
    if config.mode == "graphed" and config.device in {"cpu", "mps"}:
        yield Problem(
            "mode",
            f"graphed needs a CUDA device, and device is {config.device}; set mode = eager, or "
            "device = cuda.",
        )
    if config.reuse_fakes and config.g_batch != 1:
        yield Problem(
            "g_batch",
            "the generator trains on the discriminator's fakes; set reuse_fakes = false, or "
            "g_batch = 1.",
        )
