"""How the processes of a training stay in step: the first one decides, and the others follow it."""

from __future__ import annotations

import msgspec
import torch

from ganterm.config.runfile import from_mapping
from ganterm.engine.loop import Trainer
from ganterm.engine.parallel import LEAVE, WAIT
from ganterm.engine.state import export_state, restore_state


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
