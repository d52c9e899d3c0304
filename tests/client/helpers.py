"""A helper process for tests: `main` serves methods that do what their names say."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from ganterm.core.errors import ConfigError
from ganterm.worker.rpc import Call, Method, Steps, serve


def echo(call: Call) -> dict[str, Any]:
    return call.params


def tell(call: Call) -> Steps:
    call.progress("counting", 1, 2, "images")
    yield
    call.partial({"half": True})
    return {"whole": True}


def refuse(_call: Call) -> dict[str, Any]:
    raise ConfigError("That makes no sense; ask for something else.")


def fall_over(_call: Call) -> dict[str, Any]:
    raise LookupError("there is nothing here\nat all")


def talk(_call: Call) -> dict[str, Any]:
    """Print as libraries do, by every way to standard output."""
    sys.stdout.write('{"kind": "result", "id": 1}\n')
    sys.stdout.flush()
    os.write(1, b"half a line")
    return {"said": True}


def die(_call: Call) -> dict[str, Any]:
    sys.stderr.write("first\nlast words\n\n")
    sys.stderr.flush()
    os._exit(3)


def be_killed(_call: Call) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def wait(call: Call) -> Steps:
    """Go on until it is cancelled."""
    call.progress("waiting")
    while True:
        time.sleep(0.001)
        yield


def hog(call: Call) -> dict[str, Any]:
    """Go on until it is cancelled, without a step that lets others do something."""
    while True:
        time.sleep(0.001)
        call.check()


def flood(_call: Call) -> dict[str, Any]:
    return {"flood": "x" * (9 << 20)}


METHODS: dict[str, Method] = {
    "echo": echo,
    "tell": tell,
    "refuse": refuse,
    "fall_over": fall_over,
    "talk": talk,
    "die": die,
    "be_killed": be_killed,
    "wait": wait,
    "hog": hog,
    "flood": flood,
}


def main() -> None:
    """Serve; `idle` and `grace` may be given in seconds."""
    options = dict(option.split("=") for option in sys.argv[1:])
    idle = float(options["idle"]) if "idle" in options else None
    serve(METHODS, idle=idle, grace=float(options.get("grace", 0)))
