"""How the processes of a training stay in step: the first one decides, and the others follow it."""

from __future__ import annotations

import copy

import msgspec
import torch
from torch import nn

from ganterm.components.networks.plain import PlainDiscriminator, PlainGenerator
from ganterm.config.runfile import from_mapping
from ganterm.core.errors import ConfigError
from ganterm.engine.loop import Trainer
from ganterm.engine.parallel import LEAVE, WAIT, Group
from ganterm.engine.seeding import fixed_latents, seed_default_generators
from ganterm.engine.state import export_state, restore_state

_TRIED = 4
"""Images for each process with which networks of the user's own are tried."""
_ALIKE = 1e-3


def cannot_share(trainer: Trainer) -> str:
    """Return what of the networks makes of a share of a batch what it would not of all of it.

    Of those of the user's own alone, which are tried; empty where there is none. All processes of
    the trainer's group have to ask together.
    """
    group, config = trainer.group, trainer.config
    if group is None or config.local_batch_norm:
        return ""
    networks = trainer.networks
    count = min(_TRIED * group.size, trainer.batches.largest)
    labels = trainer.batches.labels(0)
    labels = None if labels is None else labels[:count]
    latents = fixed_latents(config.seed, count, config.z_dim).to(trainer.device)
    tried: list[tuple[str, nn.Module, torch.Tensor]] = [
        ("generator", networks.generator, latents),
        ("discriminator", networks.discriminator, trainer.batches[0][:count]),
    ]
    for name, network, given in tried:
        if not isinstance(network, (PlainGenerator, PlainDiscriminator)):
            continue
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            if not _shares_alike(group, network, given, labels, config.seed):
                return name
    return ""


def _shares_alike(
    group: Group, network: nn.Module, given: torch.Tensor, labels: torch.Tensor | None, seed: int
) -> bool:
    seed_default_generators(seed, "noise of a trial")
    whole = copy.deepcopy(network).train()(given, labels)
    seed_default_generators(seed, "noise of a trial")
    mine = group.shares.take(len(given))
    try:
        with group.shares:
            ours = None if labels is None else labels[mine]
            part = copy.deepcopy(network).train()(given[mine], ours)
    except ConfigError:  # It draws random numbers that cannot be shared; all processes see that.
        return False
    return torch.allclose(group.shares.whole(part)[0], whole, rtol=_ALIKE, atol=_ALIKE)


def follow(trainer: Trainer) -> None:
    """Train along with the first process until the end, or until that one leaves.

    The first tells before each step under which settings it is taken.
    """
    group = trainer.group
    if group is None:
        raise ValueError("nobody leads a process that trains by itself")
    while trainer.step < trainer.steps_total:
        message = group.hear()
        if message == LEAVE:
            return
        if message == WAIT:
            continue
        if message:
            trainer.use(from_mapping(msgspec.json.decode(message)))
        trainer.advance()
        trainer.forget()


def dismiss(trainer: Trainer) -> None:
    """Have the others leave their training here, before its end.

    In the midst of a step they would not hear of it, and nothing is told.
    """
    group = trainer.group
    if group is not None and group.listens and trainer.step < trainer.steps_total:
        group.tell(LEAVE)


def share_state(trainer: Trainer) -> None:
    """Bring all processes of the trainer's group to the state of the first one's."""
    group = trainer.group
    if group is None:
        return
    if group.rank == 0:
        tensors, counters = export_state(trainer)
        shapes = {name: (str(each.dtype), list(each.shape)) for name, each in tensors.items()}
        group.tell(msgspec.json.encode((counters, shapes)))
    else:
        counters, shapes = msgspec.json.decode(group.hear())
        tensors = {
            name: torch.empty(shape, dtype=getattr(torch, dtype.removeprefix("torch.")))
            for name, (dtype, shape) in shapes.items()
        }
    for tensor in tensors.values():
        group.spread(tensor)
    if group.rank:
        restore_state(trainer, tensors, counters)
