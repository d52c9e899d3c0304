"""A worker that has imported what training takes before it knows its run.

It says through the pipe of last words which devices there are, once it is ready, and reads one line
of JSON: the arguments of a worker, its log, and variables to set. Then it is that worker. Where
nothing comes any more, whoever kept it has gone; that of a queue sees to it that the queue goes on.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch

from ganterm.client.queueing import wake
from ganterm.core.files import open_to_append
from ganterm.worker import session  # noqa: F401 (imports what a worker imports)
from ganterm.worker.__main__ import main as work


def main() -> None:
    """Wait for a run; `--queue=RUNS_DIR` names the queue that keeps it."""
    *others, last_words = sys.argv[1:]
    # The first of its kind imports more.
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    os.write(int(last_words.partition("=")[2]), f"{' '.join(devices())}\n".encode())
    # Not buffered: what is left of the input is nobody's.
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        for queue in others:
            wake(Path(queue.partition("=")[2]))
        return
    order = json.loads(line)
    os.environ.update(order["environment"])
    log = open_to_append(Path(order["log"]))
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, descriptor)
    sys.argv = ["ganterm.worker", *order["arguments"], last_words]
    try:
        work()
    except SystemExit as end:
        # Taking PyTorch apart would keep the device for a second or more.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)


def devices() -> list[str]:
    """Return the devices that training can be put on, the one that `auto` takes first."""
    if torch.cuda.is_available():
        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return ["mps"] if torch.backends.mps.is_available() else ["cpu"]


if __name__ == "__main__":
    main()
