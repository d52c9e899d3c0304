"""Runs that train in a second or two, workers for them, and what to compare of them."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import ganterm
from ganterm.config import resolve
from ganterm.config.runfile import render_run_toml
from ganterm.core.codec import encode
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalTail
from ganterm.runs.layout import RunDir, create_run
from tests.records import Line, in_force, lines

ROOT = Path(ganterm.__file__).parent.parent
PATIENCE = 120.0
"""Seconds after which something that should have happened counts as not happening."""

SHORT: dict[str, object] = {
    "dataset": "digits",
    "split": "train",
    "steps": 32,
    "epochs": 0,
    "batch_size": 64,
    "log_every": 6,
    "sample_every": "16",
    "sample_grid": 2,
    "checkpoint_every": "7",
    "keep_checkpoints": 2,
    "ema_kimg": 0.5,
}
"""Settings that make a run short, with checkpoints in the middle of windows and epochs."""

RECIPES: dict[str, dict[str, object]] = {
    "mlp": {"width": 0.25},
    "mlp-small": {"width": 0.25},
    "dcgan": {"width": 0.125},
    "dcgan-resize": {"width": 0.125},
    "dcgan-64": {"width": 0.0625},
    "dcgan-8x8": {},
    "dcgan-classes": {"width": 0.125},
    # by name: two runs that are compared are not to depend on what either of them measured
    "turbo": {"width": 0.25, "precision": "bfloat16"},
    "turbo-8x8": {"width": 0.25},
    "best": {"width": 0.25, "precision": "bfloat16"},
    "dcgan-upsample": {"width": 0.125},
    "wgan-gp": {"width": 0.125, "steps": 16},
    "sngan": {"width": 0.0625},
    "stylegan": {"width": 0.125, "grow_kimg": 0.4, "fade_kimg": 0.3},
    "stylegan-8x8": {"width": 0.25, "grow_kimg": 0.7, "fade_kimg": 0.7},
    "pictures-32": {"width": 0.0625, "precision": "float32"},
    "pictures-64": {"width": 0.0625, "precision": "float32"},
    "r3gan-32": {"width": 0.0625, "precision": "float32", "image_size": 8},
    "r3gan-64": {"width": 0.0625, "precision": "float32", "image_size": 8},
    "r3gan-cifar10": {"width": 0.0625, "precision": "float32", "image_size": 8},
    "biggan-32": {"width": 0.0625, "precision": "float32", "image_size": 8},
}
"""What makes each recipe short besides."""


def make_run(runs_dir: Path, recipe: str = "dcgan-8x8", **settings: object) -> RunDir:
    """Make a run of `recipe` that trains in a second or two, unless `settings` say otherwise."""
    typed = {**SHORT, **RECIPES[recipe], "recipe": recipe, **settings}
    if typed["epochs"]:
        typed["steps"] = 0
    config = resolve(typed).config
    run = create_run(runs_dir, None, recipe)
    run.config_file.write_text(render_run_toml(config, {"command": "pytest"}))
    return run


class Worker:
    """A worker that a `Zygote` started."""

    def __init__(self, zygote: "Zygote", run: RunDir, pid: int, tail: JournalTail) -> None:
        self.run = run
        self.pid = pid
        self._zygote = zygote
        self._tail = tail
        self._code: int | None = None
        self._unread: deque[Line] = deque()

    @property
    def gone(self) -> bool:
        """Whether it has ended, waited for or not."""
        if self._code is not None:
            return True
        state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z"

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Return its exit code, once it has ended; that of a signal is negative."""
        if self._code is None:
            self._code = self._zygote.ask({"wait": self.pid})
        return self._code

    def kill(self) -> int:
        """End it as `kill -9` does, unless it has ended, and return its exit code."""
        if not self.gone:
            self.send(signal.SIGKILL)
        return self.wait()

    def until(self, what: Callable[[Line], bool]) -> Line | None:
        """Wait for the next record that fits; None if the worker ended before.

        The next after the one found last: several may have come at once.
        """
        found: Line | None = self.until_true(lambda: next(filter(what, self._news()), None))
        return found

    def until_step(self, step: int) -> Line | None:
        """Wait until its journal speaks of `step` or a later one."""
        return self.until(lambda record: bool(record["step"] >= step))

    def until_true(self, what: Callable[[], Any]) -> Any:
        """Wait until `what` returns something true, and return that; None if the worker ended."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            over = self.gone
            if found := what():
                return found
            if over:
                return None
            time.sleep(0.001)
        raise AssertionError(f"waited {PATIENCE:.0f} s in vain; {self.log()}")

    def log(self) -> str:
        """Return what it and the workers before it printed."""
        return self.run.log.read_text()

    def _news(self) -> Iterator[Line]:
        self._unread += map(encode, self._tail.poll())
        while self._unread:
            yield self._unread.popleft()


class Started:
    """A worker of the zygote, as those who started one have it; it says nothing through a pipe."""

    why = ""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.pid, self.kill, self.wait = worker.pid, worker.kill, worker.wait

    def poll(self) -> int | None:
        return self._worker.wait() if self._worker.gone else None

    def last_words(self) -> list[str]:
        return []


class Zygote:
    """Starts workers without the seconds of importing PyTorch; a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.worker.zygote"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **{f"{kind}_NUM_THREADS": "1" for kind in ("OMP", "OPENBLAS")}},
        )
        self._started: list[Worker] = []

    def start(
        self, run: RunDir, *arguments: str, uid: int = 0, env: Mapping[str, str] | None = None
    ) -> Worker:
        """Start a worker of `run`; `uid` is the user it is to be, 0 leaves it as it is."""
        asked = {"run": str(run.path), "arguments": arguments, "uid": uid, "env": env or {}}
        tail = JournalTail(run.journal)
        tail.poll()  # What earlier workers wrote is none of this one's.
        worker = Worker(self, run, self.ask({"start": asked}), tail)
        self._started.append(worker)
        return worker

    def start_script(self, script: Path, place: Path, **env: str) -> Worker:
        """Run a script of somebody's own, which logs to `place`."""
        asked = {"run": str(place), "arguments": [], "uid": 0, "env": env, "script": str(script)}
        run = RunDir(place)
        worker = Worker(self, run, self.ask({"start": asked}), JournalTail(run.journal))
        self._started.append(worker)
        return worker

    def train(self, run: RunDir, *arguments: str, env: Mapping[str, str] | None = None) -> RunDir:
        """Train `run` to its end."""
        worker = self.start(run, *arguments, env=env)
        assert worker.wait() == 0, worker.log()
        return run

    def ask(self, question: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(question)}\n")
        self._process.stdin.flush()
        return int(json.loads(self._process.stdout.readline()))

    def kill_all(self) -> None:
        """End the workers that a test left behind."""
        for worker in self._started:
            worker.kill()
        self._started.clear()

    def __enter__(self) -> "Zygote":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def kill_around(worker: Worker, step: int, chance: random.Random) -> int:
    """Kill a worker a random moment after its journal spoke of `step`; return its exit code."""
    worker.until_step(step)
    until = time.perf_counter() + chance.uniform(0, 0.02)
    while time.perf_counter() < until:
        pass
    return worker.kill()


def last_step(run: RunDir) -> int:
    """Return the step of the newest whole checkpoint; 0 without one."""
    path, _ = checkpoints.newest_valid(run.checkpoints)
    return 0 if path is None else checkpoints.read_header(path).step


def final_state(run: RunDir) -> dict[str, object]:
    """Return everything the newest checkpoint holds, to be compared bit by bit."""
    path, damaged = checkpoints.newest_valid(run.checkpoints)
    assert path is not None
    assert damaged == []
    header = checkpoints.read_header(path)
    state: dict[str, object] = {name: header.metadata[name] for name in ("config", "counters")}
    for name, info in header.tensors.items():
        state[name] = (info.dtype, info.shape, checkpoints.read_bytes(path, name))
    return state


def told(run: RunDir) -> list[Line]:
    """Return the losses and epochs in force, without what depends on the clock."""
    return [
        {key: value for key, value in record.items() if key not in {"time", "images_per_s"}}
        for record in in_force(run.journal)
        if record["kind"] in {"metrics", "epoch"}
    ]


def damage(path: Path) -> None:
    """Flip one bit in the middle of a file's last half."""
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4] ^= 1
    path.write_bytes(data)


def kinds(run: RunDir, kind: str) -> list[Line]:
    """Return every record of one kind, in force or not."""
    return [record for record in lines(run.journal) if record["kind"] == kind]


def differences(left: RunDir, right: RunDir) -> list[str]:
    """Say in which tensors, counters or records two finished runs differ."""
    one, other = final_state(left), final_state(right)
    found = [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]
    return sorted(found) + ["journal"] * (told(left) != told(right))
