"""Processes that are killed or refused by the disk at any step, and checkpoints made by hand."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ganterm
from ganterm.core.errors import GantermError
from ganterm.core.records import Record
from ganterm.runs.checkpoints import tensor_digest
from ganterm.runs.journal import JournalWriter
from ganterm.runs.lock import WorkerLock
from tests.records import record as record_of

ROOT = Path(ganterm.__file__).parent.parent

BECOME_NOBODY = """
def become_nobody():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
"""
"""For the code of a child: give up root's power to write anywhere."""


class Child:
    """A Python process that runs `code` and is talked to in lines; killed when the test ends."""

    def __init__(self, code: str, *arguments: object, prefix: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")

    def hear(self) -> str:
        """Return the child's next line; an empty one once it has nothing more to say."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def kill(self) -> None:
        """End the process as `kill -9` does, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def rest(self) -> list[str]:
        """Return what else it says before it ends by itself or has been killed."""
        assert self.process.stdout is not None
        lines = self.process.stdout.read().splitlines()
        self.process.wait()
        return lines


class LockHolder:
    """A copy of this process that holds a lock until it is killed, at the latest when left."""

    def __init__(self, lock: Path) -> None:
        goes_on, self._stop = os.pipe()
        told, says = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self._stop)
                with WorkerLock(lock):
                    os.write(says, b"h")
                    os.read(goes_on, 1)
            finally:
                os._exit(1)
        os.close(says)
        os.close(goes_on)
        assert os.read(told, 1) == b"h", "it has the lock"
        os.close(told)
        self._ended = False

    def __enter__(self) -> "LockHolder":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        os.close(self._stop)

    @property
    def alive(self) -> bool:
        self._ended = self._ended or os.waitpid(self.pid, os.WNOHANG) != (0, 0)
        return not self._ended

    def kill(self) -> None:
        """End it as `kill -9` does, and wait until it is gone."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._ended = True


def safetensors_bytes(header: bytes, data: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + data


def checkpoint_bytes(step: int, tensors: dict[str, bytes], **metadata: str) -> bytes:
    """Return a sound checkpoint whose tensors are flat uint8."""
    words = {"step": str(step), **metadata}
    listed = [(name, "U8", [len(data)], data) for name, data in tensors.items()]
    words["digest"] = tensor_digest(listed, words)
    header: dict[str, object] = {"__metadata__": words}
    begin = 0
    for name, data in tensors.items():
        end = begin + len(data)
        header[name] = {"dtype": "U8", "shape": [len(data)], "data_offsets": [begin, end]}
        begin = end
    return safetensors_bytes(json.dumps(header).encode(), b"".join(tensors.values()))


def noise(seed: object, length: int) -> bytes:
    """Return `length` bytes that are a function of `seed`."""

    def blocks() -> Iterator[bytes]:
        for index in range(length // 32 + 1):
            yield hashlib.sha256(f"{seed}/{index}".encode()).digest()

    return b"".join(blocks())[:length]


def temps_in(directory: Path) -> list[str]:
    """Return the names of unfinished files in a directory."""
    return [path.name for path in directory.iterdir() if path.name.startswith(".tmp-")]


def write_steps(path: Path, steps: range) -> None:
    """Append one record for each step to a journal."""
    with JournalWriter(path) as writer:
        for step in steps:
            writer.write(record_of("metrics", step, d_loss=step / 7))


def steps_of(records: list[Record]) -> list[int]:
    return [record.step for record in records]


_NEEDS_ROOM = ("open", "mkdir", "write", "fsync")
_STEPS = (*_NEEDS_ROOM, "ftruncate", "rename", "replace", "link", "unlink", "rmdir")


class Unbuffered:
    """A file being written, each part by a call of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> "Unbuffered":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: bytes) -> int:
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        return len(data)

    def flush(self) -> None:
        pass


@dataclass
class Fault:
    """What happens at the call number `at` of those that change what is on the disk.

    A process is `killed` before it, or, where it writes, with `half` of it written; from it on the
    disk is `full`, or that one call fails (`EIO`).
    """

    how: str
    at: int
    seen: int = 0

    def strike(self, name: str, call: Callable[..., Any], *given: Any, **named: Any) -> Any:
        if name == "open" and not given[1] & os.O_CREAT:
            return call(*given, **named)
        number, self.seen = self.seen, self.seen + 1
        half = self.how == "half" and name == "write"
        if number == self.at and (half or self.how == "killed"):
            if half:
                call(given[0], given[1][: len(given[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self.at and self.how == "EIO":
            path = given[0] if isinstance(given[0], (str, Path)) else None
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        if number >= self.at and self.how == "full" and name in _NEEDS_ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return call(*given, **named)

    def prepare(self) -> None:
        """Have it strike in this process, which is a copy that ends soon."""
        for name in _STEPS:
            setattr(os, name, partial(self.strike, name, getattr(os, name)))
        real, real_open = os.fdopen, Path.open

        def fdopen(descriptor: int, mode: str = "r", *rest: Any) -> Any:
            return Unbuffered(descriptor) if mode[0] in "wax" else real(descriptor, mode, *rest)

        def path_open(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
            if mode[0] != "x":
                return real_open(path, mode, *rest, **named)
            return Unbuffered(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))

        vars(os)["fdopen"] = fdopen
        Path.open = path_open  # type: ignore[method-assign, assignment]


@dataclass(frozen=True)
class Struck:
    """What became of a copy of this process that did something.

    `seen` is how many durable steps it came to, -1 where it was killed; `told` is what it had
    acknowledged; `error` is the sentence with which it failed.
    """

    seen: int
    told: list[str]
    error: str = ""


def struck(act: Callable[[Callable[[str], object]], object], how: str, at: int) -> Struck:
    """Do something in a copy of this process, with a fault, and return what became of it."""
    heard, said = os.pipe()
    child = os.fork()
    if not child:
        code, write, fault = 1, os.write, Fault(how, at)
        try:
            fault.prepare()
            try:
                act(lambda word: write(said, f"{word}\n".encode()))
            except (GantermError, OSError) as trouble:
                named = isinstance(trouble, GantermError) or trouble.filename
                write(said, f"error {trouble if named else 'without a name'}\n".encode())
            write(said, f"seen {fault.seen}\n".encode())
            code = 0
        except BaseException:  # noqa: BLE001 - the copy has nobody to raise to
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(said)
    with os.fdopen(heard) as pipe:
        lines = pipe.read().splitlines()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), (how, at, lines)
    seen = int(lines.pop().split()[1]) if code == 0 else -1
    error = lines.pop().removeprefix("error ") if lines and lines[-1].startswith("error ") else ""
    return Struck(seen, lines, error)
