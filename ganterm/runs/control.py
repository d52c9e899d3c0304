"""Commands to a worker: files dropped into `control/`, taken at a step boundary.

Anyone who may write the directory may steer the run. The worker lists what is pending, obeys,
writes a `control` record with the command's id to the journal, and only then removes the file; a
worker killed in between finds the file again and knows the id from the journal.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from ganterm.core import jsontext
from ganterm.core.directory import Directory, FileUnusable, make_directory, names_in
from ganterm.core.errors import ConfigError
from ganterm.core.files import read_limited, write_atomically
from ganterm.core.records import MAX_STEP

_LIMIT = 1 << 16
_FILE = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z._-]{0,200}\.json")


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """What a command asks for; most have no arguments."""


class SetOrder(Order, frozen=True, forbid_unknown_fields=True):
    """Change a live setting; key and value are not yet held against the schema."""

    key: str
    value: str | int | float | bool | None


class JudgedOrder(Order, frozen=True, forbid_unknown_fields=True):
    """Write the `judged` record of a step, whose fields are not yet held against its schema."""

    step: Annotated[int, Meta(ge=0, lt=MAX_STEP)]
    fields: dict[str, Any]


_ORDERS: Final[dict[str, tuple[type[Order], str]]] = {
    **dict.fromkeys(
        ("pause", "resume", "stop", "checkpoint", "sample"), (Order, "takes no arguments")
    ),
    "set": (SetOrder, "needs a key and a value: a number, a word or true/false"),
    "judged": (JudgedOrder, "needs a step and fields: a number of steps and an object"),
}
"""By a command's name: what its arguments are, and the phrase for those that are not."""


@dataclass(frozen=True)
class Command:
    """One command as found in the directory.

    Attributes:
        id: its name in the order of posting; the file's name without the suffix.
        path: its file.
        name: which it is; empty where it is none.
        order: what it asks for; None where `error` says why it cannot be obeyed.
        error: a phrase; empty for a sound command.
    """

    id: str
    path: Path
    name: str = ""
    order: Order | None = None
    error: str = ""

    @property
    def args(self) -> dict[str, Any]:
        """The arguments as the journal has them."""
        return {} if self.order is None else msgspec.structs.asdict(self.order)


def post(control_dir: Path, name: str, **args: Any) -> str:
    """Drop a command and return its id; the worker takes commands in the order of their ids.

    Raises:
        ConfigError: the command or its arguments make no sense, or the directory takes none.
    """
    try:
        _order(name, args)
    except ValueError as error:
        raise ConfigError(f"{error}; the commands are {', '.join(_ORDERS)}") from None
    try:
        line = jsontext.dump_line({"name": name, "args": args})
    except (TypeError, ValueError):
        raise ConfigError(f"the value of {name!r} must be a number, a word or true/false") from None
    identity = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(3)}"
    try:
        make_directory(control_dir)
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
        paths = (control_dir / name for name in names_in(control_dir) if _FILE.fullmatch(name))
    except FileUnusable:
        return []
    files = (path for path in paths if path.is_symlink() or not path.is_dir())
    return [_read(path) for path in islice(files, limit)]


def done(command: Command) -> None:
    """Remove a command that has been answered in the journal.

    Raises:
        OSError: it cannot be removed, and would be obeyed again; `filename` is set.
    """
    with contextlib.suppress(FileNotFoundError), Directory(command.path.parent) as directory:
        directory.remove(command.path.name)


def _read(path: Path) -> Command:
    identity = path.name.removesuffix(".json")
    try:
        value = jsontext.parse_object(read_limited(path, _LIMIT))
    except OSError as error:
        return Command(identity, path, error=f"it cannot be read: {error.strerror}")
    except ValueError:
        return Command(identity, path, error="it is not a JSON object")
    name = value.get("name")
    try:
        return Command(identity, path, str(name), _order(name, value.get("args", {})))
    except ValueError as error:
        return Command(identity, path, error=str(error))


def _order(name: Any, args: Any) -> Order:
    """Return what a command asks for; raises `ValueError`, a phrase, if it makes no sense."""
    if not isinstance(name, str) or name not in _ORDERS:
        raise ValueError(f"{str(name)[:40]!r} is not a command")
    kind, otherwise = _ORDERS[name]
    if not jsontext.is_plain(args):
        raise ValueError(f"{name!r} has a number out of range, or is nested too deeply")
    try:
        return msgspec.convert(args, kind)
    except msgspec.ValidationError:
        raise ValueError(f"{name!r} {otherwise}") from None
