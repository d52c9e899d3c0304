"""Combinations of settings that make no sense, each refused in one sentence with the way out."""

from __future__ import annotations

from collections.abc import Iterator

from ganterm.components import augmentations, datasets, losses, networks, penalties
from ganterm.components.optimizers import OPTIMIZERS
from ganterm.config.schedule import endpoints, schedules_in
from ganterm.config.schema import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.core.registry import short
from ganterm.core.settings import Problem


def problems(config: RunConfig) -> Iterator[Problem]:
    """Yield every combination in `config` that makes no sense; nothing for a legal one.

    Numbers with a schedule have to make sense where they begin and where they end.
    """
    for each in endpoints(config):
        yield from datasets.problems(each)
        yield from _length(each)
        yield from networks.problems(each)
        yield from _objective(each)
        yield from _step(each)
        yield from _processes(each)


def check(config: RunConfig) -> None:
    """Raise `ConfigError` with the first problem of `config`."""
    for problem in problems(config):
        raise ConfigError(f"{problem.field}: {problem.message}")


def _length(config: RunConfig) -> Iterator[Problem]:
    if config.steps and config.epochs:
        yield Problem("steps", "steps and epochs both say how long to train; set one of them to 0.")
    if not config.steps and not config.epochs:
        yield Problem("steps", "the run has no length; set steps or epochs above 0.")


def _processes(config: RunConfig) -> Iterator[Problem]:
    if config.processes == 1:
        if config.max_restarts:
            yield Problem(
                "max_restarts",
                "one process has nobody to start it again; set processes above 1, or max_restarts "
                "= 0.",
            )
        return
    if config.batch_size < config.processes:
        yield Problem(
            "processes",
            f"a batch of {config.batch_size} cannot be shared by {config.processes}; set "
            "batch_size to as many at least, or fewer processes.",
        )
    if config.micro_batch != 0:
        yield Problem(
            "micro_batch",
            "each of several processes takes its share of a batch at once; set micro_batch = 0, or "
            "processes = 1.",
        )
    if config.mode == "graphed":
        yield Problem(
            "mode", "graphs are captured by one process alone; set mode = eager, or processes = 1."
        )
    if config.device == "mps" or config.device.startswith("cuda:"):
        yield Problem(
            "device",
            f"{config.device} is one device, and several processes take one each; set device = "
            "auto, or processes = 1.",
        )


def _objective(config: RunConfig) -> Iterator[Problem]:
    yield from losses.problems(config)
    yield from penalties.problems(config)
    yield from augmentations.problems(config)


def _step(config: RunConfig) -> Iterator[Problem]:
    for name in ("init_part", "init_partial"):
        if getattr(config, name) and not config.init_from:
            yield Problem(name, f"there are no weights to begin with; set init_from, or no {name}.")
    scheduled = schedules_in(config)
    if config.lr_schedule != "constant" and {"lr_g", "lr_d"} <= scheduled.keys():
        yield Problem(
            "lr_schedule",
            "lr_g and lr_d have schedules of their own; set lr_schedule = constant, or a number "
            "for one of them.",
        )
    if "beta2" in scheduled and not OPTIMIZERS.facts(config.optimizer).has_betas:
        yield Problem(
            "beta2",
            f"it has a schedule, and optimizer {short(config.optimizer)} has no beta2 to follow "
            "it; set a number, or optimizer = adam.",
        )
    if config.augment_target and "augment_p" in scheduled:
        yield Problem(
            "augment_p",
            "it has a schedule, and augment_target adapts it; set a number, or augment_target = 0.",
        )
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
