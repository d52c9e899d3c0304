"""What the records of a journal tell a person: in which words, how loud, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from ganterm.comparison import short_words
from ganterm.doctor.standing import REMEDY_MARK, severity
from ganterm.runs.live import LiveChange
from ganterm.runs.records import Record

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
class Told:
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


def told(record: Record, change: LiveChange | None = None) -> Told | None:
    """Return what an alert, a command or a judgement tells; None for every other record.

    `change` is the live change that a command made, where it is known what was before.
    """
    match record["kind"]:
        case "alert":
            return _alert(record)
        case "control":
            return _control(record, change)
        case "judged":
            return Told(f"judged: {short_words(record)}")
    return None


def _alert(record: Record) -> Told:
    grade = severity(record)
    trouble = grade in {"warning", "failure"}
    remedy = str(record.get("remedy") or "")
    helps = f"What helps: {remedy}." if remedy and trouble else remedy
    return Told(f"{grade}: {record.get('message', '')}", _TONES[grade], helps, grave=trouble)


def _control(record: Record, change: LiveChange | None) -> Told:
    args: Any = record.get("args")
    args = args if isinstance(args, dict) else {}
    name = str(record.get("name") or "a command")
    key, value = args.get("key"), args.get("value")
    if error := record.get("error"):
        asked = f"{key} to {value}" if name == "set" and key else name
        return Told(f"{asked} was refused: {error}", "bad", grave=True)
    if name != "set" or not key:
        done = _HALTS.get(name) or " ".join([name, *map(str, args.values())])
        return Told(done)
    words = f"{key}: {change.before} to {change.after}" if change else f"{key}: now {value}"
    identity = str(record.get("id") or "")
    if not identity.startswith(REMEDY_MARK):
        return Told(words)
    # The id is the mark, the trouble's code, the step and the key.
    code = identity.removeprefix(REMEDY_MARK).removesuffix(f"-{key}").rpartition("-")[0]
    return Told(f"remedy for {code}: {words}", "good", grave=True)
