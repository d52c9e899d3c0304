"""The states of a run as every part of the app shows them: a sign, a tone, and words."""

from __future__ import annotations

from typing import Final, Literal

from ganterm.runs.state import State

Tone = Literal["text", "muted", "good", "warn", "bad"]

STATES: Final[dict[State, tuple[str, Tone]]] = {
    "running": ("●", "good"),
    "paused": ("‖", "warn"),
    "starting": ("◌", "good"),
    "new": ("○", "muted"),
    "finished": ("✓", "text"),
    "stopped": ("■", "muted"),
    "failed": ("✗", "bad"),
    "crashed": ("†", "bad"),
    "unknown": ("?", "warn"),
}
"""The sign and the tone of each state; the word stands beside the sign."""

_PHRASES: Final[dict[State, str]] = {
    "running": "is training",
    "paused": "is paused",
    "starting": "is starting",
    "new": "is new",
    "finished": "has finished",
    "stopped": "was stopped",
    "failed": "has failed",
    "crashed": "has crashed",
    "unknown": "cannot be judged from here",
}


def sentence(name: str, state: State, message: str) -> str:
    """Return a sentence on the state of a run; foreign text if the message is."""
    message = message.rstrip(".")
    return f"{name} {_PHRASES[state]}{f': {message}' if message else ''}."
