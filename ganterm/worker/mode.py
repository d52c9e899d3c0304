"""The mode that a run's steps are run in, settled before its first record."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast, get_args

from ganterm.engine.choice import choose
from ganterm.engine.events import FellBack
from ganterm.engine.loop import Trainer
from ganterm.engine.modes import Mode, unavailable_reason


def settle_mode(trainer: Trainer, taken: str, say: Callable[[str], None]) -> list[str]:
    """Have `trainer` run in its mode, which `auto` finds out, and return what to tell the user.

    `taken` is what `auto` took when the run began; it holds unless this machine lacks it. `say` is
    told what is being measured.
    """
    notes = []
    if trainer.config.mode == "auto":
        if _is_mode(taken) and not unavailable_reason(cast("Mode", taken), trainer.device):
            trainer.run_in(cast("Mode", taken))
        else:
            choice = choose(trainer, say)
            notes.append(choice.reason)
            trainer.run_in(choice.mode)
    return notes


def fallback_message(event: FellBack) -> str:
    """Return the sentence that tells why steps run in eager from now on."""
    return f"The steps run in eager from here on, for {event.mode} did not work: {event.why}."


def _is_mode(name: str) -> bool:
    return name in get_args(Mode)
