"""Judges checkpoints beside a training: `python -m ganterm.worker.judge`.

Reads requests on standard input, lines of JSON with the `checkpoint`, the number of `images` and
the `run`, a path; answers each with its `step` and the `fields` of a `judged` record, or with an
`error`. It runs at a low priority, on one thread, and ends with its input.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganterm.errors import GantermError
from ganterm.runs.layout import RunDir

NICENESS = 10
"""At the lowest of all, 19, a training on every core lets a judgement wait for minutes."""


def main() -> None:
    """Answer requests until there are none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    import torch  # noqa: PLC0415 - at its own priority

    torch.set_num_threads(1)
    for line in sys.stdin:
        request = json.loads(line)
        sys.stdout.write(json.dumps(answer(request)) + "\n")
        sys.stdout.flush()


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Judge one checkpoint; what goes wrong comes back as a sentence."""
    from ganterm.judging.checkpoints import judge_checkpoint, save_pictures  # noqa: PLC0415

    step = request["step"]
    try:
        verdict = judge_checkpoint(Path(request["checkpoint"]), count=request["images"])
        pictures = save_pictures(RunDir(Path(request["run"])), step, verdict)
    except (GantermError, OSError) as error:
        return {"step": step, "error": str(error)}
    return {"step": step, "fields": {**verdict.fields, **pictures}}


if __name__ == "__main__":
    main()
