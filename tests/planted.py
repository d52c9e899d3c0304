"""What may lie in a runs directory that others can write: one bad run between two good ones."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from ganterm.runs.layout import RunDir

SECONDS: Final = 20.0
"""For anything that reads one bad run; most take a hundredth, but machines are busy."""

FILES: Final = (
    "run.toml",
    "journal.jsonl",
    "status.json",
    "worker.lock",
    "worker.log",
    "history.cache",
    "note.txt",
    "bookmarks.json",
    "samples/real.png",
    "samples/step-00000006.png",
    "checkpoints/step-00000006.safetensors",
    "control/00001.json",
    ".tmp-1-planted",
    "samples/.tmp-1-planted",
    "checkpoints/.tmp-1-planted",
    "control/.tmp-1-planted",
)
"""The files of a run, by where they lie in it."""
DIRECTORIES: Final = ("samples", "checkpoints", "control")

Plant = Callable[[Path, Path], None]
"""Puts something at a place, the first; the second is where it may lead, out of the run."""


def _link(place: Path, outside: Path) -> None:
    place.symlink_to(outside.absolute())


def _relative_link(place: Path, outside: Path) -> None:
    place.symlink_to(os.path.relpath(outside, place.parent))


def _dangling(place: Path, outside: Path) -> None:
    place.symlink_to(outside.with_name(f"missing-{outside.name}"))


def _loop(place: Path, _outside: Path) -> None:
    place.symlink_to(place.name)


def _to_device(place: Path, _outside: Path) -> None:
    place.symlink_to("/dev/zero")


def _pipe(place: Path, _outside: Path) -> None:
    os.mkfifo(place)


def _socket(place: Path, _outside: Path) -> None:
    here = Path.cwd()
    os.chdir(place.parent)  # A socket's path may have a hundred bytes.
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(place.name)
    finally:
        os.chdir(here)


def _directory(place: Path, _outside: Path) -> None:
    place.mkdir()
    (place / "inside").write_bytes(b"x")


def _sparse(place: Path, _outside: Path) -> None:
    with place.open("wb") as file:
        file.truncate(1 << 38)


def _bytes(content: bytes) -> Plant:
    def plant(place: Path, _outside: Path) -> None:
        place.write_bytes(content)

    return plant


KINDS: Final[dict[str, Plant]] = {
    "link": _link,
    "relative link": _relative_link,
    "dangling link": _dangling,
    "loop of links": _loop,
    "link to /dev/zero": _to_device,
    "named pipe": _pipe,
    "socket": _socket,
    "directory": _directory,
    "256 GiB of nothing": _sparse,
}
"""What a file may be that is none."""
CONTENTS: Final[dict[str, bytes]] = {
    "nothing": b"",
    "a null byte": b"\0",
    "no UTF-8": b"\xff\xfe\x80[run]\n",
    "deep JSON": b"[" * 60_000,
    "deep objects": b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    "deep TOML": b"a." * 500_000 + b"a = 1\n",
    "a long integer": b'{"v":1,"state":"running","step":' + b"9" * 400 + b"}\n",
    "a longer integer": b"x = " + b"9" * 100_000 + b"\n",
    "no numbers": b'{"v":1,"a":NaN,"b":Infinity,"c":-Infinity,"d":1e999}\n',
    "escapes": b"\x1b]0;x\x07\x1b[2J\xe2\x80\xae\r\n" * 20,
}
"""What a file may hold."""

HUGE: Final = 10**400
_EVIL_NUMBERS: Final[tuple[Any, ...]] = (
    HUGE,
    -HUGE,
    2**63,
    10**300,
    1.7e308,
    -1.7e308,
    5e-324,
    -1,
    0,
    True,
    None,
    "1",
    [],
    {},
)


def evil_lines() -> Iterator[bytes]:
    """Yield lines that a journal may hold: each number of each kind of record made evil."""
    whole: dict[str, dict[str, Any]] = {
        "start": {"config": {"lr_g": 1.0, "steps": 6}, "steps": 6, "epochs": 1, "threads": 1},
        "metrics": {"d_loss": 1.0, "g_loss": 1.0, "images_per_s": 1.0, "epoch": 1.0},
        "epoch": {"epoch": 1, "d_loss": 1.0},
        "sample": {"path": "samples/step-00000006.png"},
        "checkpoint": {"path": "checkpoints/x", "digest": "", "bytes": 1, "seconds": 1.0},
        "judged": {"fid": 1.0, "n": 10, "judge": "j", "histogram": [1.0], "k": {"a": 1}},
        "alert": {"code": "x", "message": "m", "evidence": {"a": 1.0}, "remedies": []},
        "control": {"id": "1", "name": "set", "args": {"key": "lr_g", "value": 1.0}},
        "resume": {"controls": 0, "pending": [], "torn_bytes": 0, "steps": 6, "config": {"a": 1}},
        "end": {"reason": "finished", "message": "", "exit_code": 0},
        "later": {"what": 1},
    }
    for kind, fields in whole.items():
        sound = {"v": 1, "kind": kind, "step": 6, "time": 1.7e9, **fields}
        for name in sound:
            for value in _EVIL_NUMBERS:
                yield json.dumps({**sound, name: value}).encode()
    for inner in ("config", "args", "evidence", "extra", "components", "classes", "versions"):
        for value in _EVIL_NUMBERS:
            fields = {"steps": value, "lr_g": value, "z_dim": value, "value": value, "key": "lr_g"}
            line = {"v": 1, "kind": "control", "step": 6, "time": 1.7e9, "id": "x", "name": "set"}
            yield json.dumps({**line, inner: fields}).encode()
            yield json.dumps({**line, "kind": "resume", inner: fields}).encode()
            yield json.dumps({**line, "kind": "alert", "code": "x", inner: fields}).encode()
    yield from (
        b'{"v":1,"kind":"metrics","step":6,"time":1,"a":1e999}',
        b'{"v":1,"kind":"metrics","step":6,"time":1,"a":NaN}',
        b'{"v":1,"kind":"metrics","step":6,"time":1,"a":1,"a":2}',
        b'{"v":1,"kind":"metrics","step":6,"time":1,"\\ud800":1}',
        b'{"v":1,"kind":"sample","step":6,"time":1,"path":"../../outside/kept.png"}',
        b'{"v":1,"kind":"sample","step":6,"time":1,"path":"/dev/zero"}',
        b'{"v":1,"kind":"sample","step":6,"time":1,"path":"control/00001.json"}',
        b'{"v":1,"kind":"checkpoint","step":6,"time":1,"path":"a\\u0000b"}',
        b"[" * 30_000,
        b'{"a":' * 9_000,
        b"\xff\xfe",
        b"",
        b"null",
    )


@dataclass(frozen=True)
class Case:
    """One thing that is planted: where in a run, what, and how it is called."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where or 'the run'}: {self.what}"


def cases() -> list[Case]:
    """Return everything that can be planted in a run."""
    found = [Case(where, what) for where in FILES for what in (*KINDS, *CONTENTS)]
    links = [kind for kind in KINDS if "link" in kind]
    found += [
        Case(where, what) for where in DIRECTORIES for what in (*links, "named pipe", "nothing")
    ]
    found += [Case("journal.jsonl", f"evil lines {number}") for number in range(8)]
    return [*found, Case("", "link"), Case("", "dangling link"), Case("", "named pipe")]


class Planted:
    """A runs directory with bad runs between two good ones, and what lies outside of it.

    Attributes:
        runs_dir: with the runs `before`, those that `add` makes, and `later`.
        outside: what links lead to: all that a run has, and what a careless worker would remove.
    """

    def __init__(self, place: Path, model: RunDir) -> None:
        self.runs_dir = place / "runs"
        self.outside = place / "outside"
        self._model = model
        self.runs_dir.mkdir(parents=True)
        for name in ("before", "later"):
            shutil.copytree(model.path, self.runs_dir / name, ignore=_HEAVY)
        shutil.copytree(model.path, self.outside)
        for name in FILES:
            target = self.outside / name
            if not target.exists():
                target.write_bytes(b'{"name": "stop", "args": {}}')
        os.utime(self.outside / "control/.tmp-1-planted", (1, 1))
        (self.outside / "checkpoints/step-00000009.safetensors").write_bytes(b"not one")
        self._kept = self.seen_outside()

    def add(self, *cases: Case, name: str = "bad", light: bool = False) -> RunDir:
        """Make a run with what the cases say in it, without its checkpoints where it is `light`."""
        run = RunDir(self.runs_dir / name)
        if cases[0].where:
            shutil.copytree(self._model.path, run.path, ignore=_HEAVY if light else None)
        for case in cases:
            place, outside = run.path / case.where, self.outside / case.where
            if case.what.startswith("evil lines"):
                with place.open("ab") as journal:
                    journal.writelines(b"%s\n" % line for line in _part(case))
                continue
            if place.is_dir():
                shutil.rmtree(place)
            place.unlink(missing_ok=True)
            plant = KINDS.get(case.what) or _bytes(CONTENTS[case.what])
            plant(place, outside)
        return run

    def seen_outside(self) -> dict[str, tuple[object, ...]]:
        """Return all that can be seen of what lies outside, times and inodes included."""
        found: dict[str, tuple[object, ...]] = {}
        for path in (self.outside, *sorted(self.outside.rglob("*"))):
            stat = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            seen = (stat.st_ino, stat.st_mode, stat.st_nlink, stat.st_mtime_ns, content)
            found[str(path.relative_to(self.outside))] = seen
        return found

    def hold(self) -> None:
        """Fail where anything outside is not as it was."""
        now = self.seen_outside()
        changed = {name for name in self._kept | now if self._kept.get(name) != now.get(name)}
        assert not changed, f"changed outside: {sorted(changed)}"


_HEAVY: Final = shutil.ignore_patterns("*.safetensors")


def _part(case: Case) -> list[bytes]:
    """Return an eighth of the evil lines, so that some are not hidden by the others."""
    return list(evil_lines())[int(case.what.rpartition(" ")[2]) :: 8]


@contextlib.contextmanager
def within(seconds: float = SECONDS) -> Iterator[None]:
    """Fail where the work of a block takes longer, even where it waits for a pipe."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"it took more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
