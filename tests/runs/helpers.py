"""Child processes that can be talked to and killed, and checkpoints made by hand."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import ganterm
from ganterm.core.records import Record
from ganterm.runs.checkpoints import tensor_digest
from ganterm.runs.journal import JournalWriter
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
