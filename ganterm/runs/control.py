"""Commands to a worker: files dropped into `control/`, taken at a step boundary.

Anyone who may write the directory may steer the run. The worker lists what is pending, obeys,
writes a `control` record with the command's id to the journal, and only then removes the file; a
worker killed in between finds the file again and knows the id from the journal.
"""

import os
import re
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ganterm.core import jsontext
from ganterm.core.errors import ConfigError
from ganterm.runs.durable import write_atomically
from ganterm.runs.files import read_limited

COMMANDS: Final = ("pause", "resume", "stop", "checkpoint", "sample", "set", "judged")

_LIMIT = 1 << 16
_FILE = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z._-]{0,200}\.json")


@dataclass(frozen=True)
class Command:
    """One command as found in the directory.

    Attributes:
        id: its name in the order of posting; the file's name without the suffix.
        name: one of `COMMANDS`; empty where `error` says why it cannot be obeyed.
        args: its arguments, not yet held against a schema; for `set` a `key` (str) and a `value`
            (a number, a string, a truth value or null), for `judged` the `step` and the `fields`
            of a record that the worker is to write.
        error: why it cannot be obeyed, in a phrase; empty for a sound command.
        path: its file.
    """

    id: str
    name: str
    path: Path
    args: dict[str, Any] = field(default_factory=dict)
    error: str = ""


def post(control_dir: Path, name: str, **args: Any) -> str:
    """Drop a command and return its id; the worker takes commands in the order of their ids.

    Raises:
        ConfigError: the command or its arguments make no sense, or the directory takes none.
    """
    problem = _problem(name, args)
    if problem:
        raise ConfigError(f"{problem}; the commands are {', '.join(COMMANDS)}")
    try:
        line = jsontext.dump_line({"name": name, "args": args})
    except (TypeError, ValueError):
        raise ConfigError(f"the value of {name!r} must be a number, a word or true/false") from None
    identity = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(3)}"
    try:
        control_dir.mkdir(exist_ok=True)
        write_atomically(control_dir / f"{identity}.json", line, sync=False)
    except OSError as error:
        raise ConfigError(
            f"cannot leave a command in {control_dir}: {error.strerror}; only those who may write "
            "a run can steer it"
        ) from error
    return identity


def pending(control_dir: Path, limit: int = 256) -> list[Command]:
    """Return the commands that wait, oldest first, at most `limit` of them.

    A file that holds no sound command comes as a `Command` with an `error`, so that it can be
    answered and removed like any other; what is not a command's file at all is left alone.
    """
    try:
        with os.scandir(control_dir) as entries:
            names = [
                entry.name
                for entry in entries
                if _FILE.fullmatch(entry.name) and not entry.is_dir(follow_symlinks=False)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [_read(control_dir / name) for name in sorted(names)[:limit]]


def done(command: Command) -> None:
    """Remove a command that has been answered in the journal.

    Raises:
        OSError: it cannot be removed, and would be obeyed again; `filename` is set.
    """
    command.path.unlink(missing_ok=True)


def _read(path: Path) -> Command:
    identity = path.name.removesuffix(".json")
    try:
        value = jsontext.parse_object(read_limited(path, _LIMIT))
    except OSError as error:
        return Command(identity, "", path, error=f"it cannot be read: {error.strerror}")
    except ValueError:
        return Command(identity, "", path, error="it is not a JSON object")
    name: Any = value.get("name")
    args: Any = value.get("args", {})
    problem = _problem(name, args)
    if problem:
        return Command(identity, "", path, error=problem)
    return Command(identity, name, path, args)


def _problem(name: Any, args: Any) -> str:
    """Say in a phrase what keeps a command from making sense; empty if nothing does."""
    if name not in COMMANDS:
        return f"{str(name)[:40]!r} is not a command"
    if not isinstance(args, dict):
        return f"the arguments of {name!r} are not an object"
    if name == "set":
        if args.keys() != {"key", "value"} or not isinstance(args["key"], str):
            return "'set' needs a key and a value"
        if not isinstance(args["value"], (str, int, float, bool, type(None))):
            return "'set' needs a plain value"
    elif name == "judged":
        if args.keys() != {"step", "fields"}:
            return "'judged' needs a step and fields"
        if not jsontext.is_count(args["step"]) or not isinstance(args["fields"], dict):
            return "'judged' needs a number of steps and an object of fields"
    elif args:
        return f"{name!r} takes no arguments"
    return ""
