"""What records, states and alerts tell a person: in which words, how loud, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ganterm.client.comparison import short_words
from ganterm.core.records import AlertRecord, ControlRecord, JudgedRecord, Record
from ganterm.doctor.active import remedy_in, severity
from ganterm.runs.live import REWIND, LiveChange
from ganterm.runs.state import State

Tone = Literal["text", "muted", "good", "warn", "bad"]
"""How loud something is said where there are colours; the words say it too."""

_TONES: Final[dict[str, Tone]] = {
    "note": "text",
    "over": "good",
    "warning": "warn",
    "failure": "bad",
}
_HALTS: Final = {"pause": "paused", "resume": "went on", "stop": "stopped on command"}


@dataclass(frozen=True)
class Notice:
    """What a record tells, but for its step and time; foreign text.

    Attributes:
        words: what happened.
        tone: how loud.
        helps: what can be done about it, in a sentence; empty where nothing needs doing.
        grave: whether even those must hear it who want to hear little.
    """

    words: str
    tone: Tone = "text"
    helps: str = ""
    grave: bool = False

    @property
    def in_full(self) -> str:
        """All of it on one line."""
        return f"{self.words} {self.helps}".rstrip()


def notice_of(record: Record, change: LiveChange | None = None) -> Notice | None:
    """Return what an alert, a command or a judgement tells; None for every other record.

    `change` is the live change that a command made, where it is known what was before.
    """
    match record:
        case AlertRecord():
            return _alert(record)
        case ControlRecord():
            return _control(record, change)
        case JudgedRecord():
            return Notice(f"judged: {short_words(record)}")
    return None


def _alert(record: AlertRecord) -> Notice:
    grade = severity(record)
    trouble = grade in {"warning", "failure"}
    helps = f"What helps: {record.remedy}." if record.remedy and trouble else record.remedy
    return Notice(f"{grade}: {record.message}", _TONES[grade], helps, grave=trouble)


def _control(record: ControlRecord, change: LiveChange | None) -> Notice:
    name, args, key = record.name or "a command", record.args, record.key
    value = args.get("value")
    if record.error:
        asked = f"{key} to {value}" if key else name
        return Notice(f"{asked} was refused: {record.error}", "bad", grave=True)
    if name == REWIND:
        return Notice(f"rewinds to step {args.get('to')}", "warn", grave=True)
    if not key:
        done = _HALTS.get(name) or " ".join([name, *map(str, args.values())])
        return Notice(done)
    words = f"{key}: {change.before} to {change.after}" if change else f"{key}: now {value}"
    if (found := remedy_in(record)) is None:
        return Notice(words)
    code, remedy = found
    return Notice(f"remedy{f' {remedy}' if remedy else ''} for {code}: {words}", "good", grave=True)


STATES: Final[dict[State, tuple[str, Tone]]] = {
    "running": ("●", "good"),
    "paused": ("‖", "warn"),
    "starting": ("◌", "good"),
    "queued": ("≡", "muted"),
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
    "queued": "is queued",
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
