"""What is done for faces, and beside a training: `python -m ganterm.worker.tasks`.

- `fetch` with a `dataset`: downloads it.
- `judge` with a `run`, a path, and perhaps `step` or `every`, `count` and `judge`: judges its
  checkpoints into its journal.
- `ready` with the `config` of a run: has its judge trained, and what it sees in real images looked
  at, as `score` takes it then.
- `score` with a `run`, a `step`, its `checkpoint` and the `count` of images: tells the fields of a
  `judged` record, at a low priority and on one thread.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from ganterm.config.runfile import from_mapping
from ganterm.evaluation import IMAGES, Known, Scoring
from ganterm.runs.layout import RunDir
from ganterm.worker.rpc import Call, serve

NICENESS: Final = 10
"""At the lowest of all, 19, a training on every core lets a judgement wait for minutes."""


def main() -> None:
    """Do what is asked for."""
    serve({"fetch": fetch, "judge": judge, "ready": ready, "score": score})


def fetch(call: Call) -> dict[str, Any]:
    """Download a dataset, unless it is here."""
    from ganterm.data.fetch import fetch_dataset  # noqa: PLC0415 - imports PyTorch

    fetch_dataset(call.params["dataset"], progress=call.progress)
    return {}


def judge(call: Call) -> dict[str, Any]:
    """Judge a run's newest checkpoint, that of a step or every one."""
    from ganterm.client.checkpoints import choose_checkpoint, choose_every  # noqa: PLC0415
    from ganterm.client.overview import cores_beside  # noqa: PLC0415

    options = call.params
    if options.get("every"):
        choices = choose_every(options["run"])
    else:
        choices = [choose_checkpoint(options["run"], step=options.get("step"))]
    call.progress("Loading PyTorch")
    import torch  # noqa: PLC0415

    from ganterm.evaluation.checkpoints import judge_checkpoint, keep_verdict  # noqa: PLC0415

    threads, sentence = cores_beside(Path(options["run"]).parent)
    if threads:
        torch.set_num_threads(threads)
        call.progress(sentence.rstrip("."))
    known: Known = {}
    for choice in choices:
        for note in choice.notes:
            call.progress(note.rstrip("."))
        verdict = judge_checkpoint(
            choice.path,
            Scoring(count=options.get("count", IMAGES)),
            judge=options.get("judge"),
            known=known,
            progress=call.progress,
        )
        keep_verdict(choice.path, choice.step, verdict)
    return {}


_KNOWN: Final[Known] = {}
"""The judge of the run that this process judges for, so that it is read once."""


def ready(call: Call) -> dict[str, Any]:
    """Train the judge of a run that is about to begin, or find what it was trained to."""
    from ganterm.evaluation.checkpoints import judge_and_reference  # noqa: PLC0415
    from ganterm.evaluation.report import source_of  # noqa: PLC0415

    config = from_mapping(call.params["config"])
    judge_and_reference(
        None,
        source_of(config),
        count=config.judge_images,
        split=config.split,
        holdout=config.holdout,
        known=_KNOWN,
        progress=call.progress,
    )
    return {}


def score(call: Call) -> dict[str, Any]:
    """Judge one checkpoint beside a training, which writes the record."""
    if os.nice(0) < NICENESS:
        os.nice(NICENESS)
    import torch  # noqa: PLC0415 - at its own priority

    from ganterm.evaluation.checkpoints import judge_checkpoint, save_pictures  # noqa: PLC0415

    torch.set_num_threads(1)
    step, checkpoint = call.params["step"], Path(call.params["checkpoint"])
    scoring = Scoring(count=call.params["count"])
    verdict = judge_checkpoint(checkpoint, scoring, known=_KNOWN, progress=call.progress)
    return {**verdict.fields, **save_pictures(RunDir(Path(call.params["run"])), step, verdict)}


if __name__ == "__main__":
    main()
