"""Remedies that a run cannot take itself: another run is made that begins with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ganterm.config.branch import FIXED, branch, checkpoint_steps
from ganterm.config.newrun import new_run
from ganterm.config.recorded import recorded_config
from ganterm.config.rules import check
from ganterm.runs.layout import RunDir


def begin_with(
    source: RunDir, settings: Mapping[str, Any], since: int, runs_dir: Path, *, command: str = ""
) -> RunDir:
    """Make a run that begins with `settings`; its worker can be started.

    It is a branch of `source` from its newest checkpoint before step `since`, where the trouble
    began, or from its oldest; where other networks are asked for, it is a new run from step 0.
    `command` is the command line that its run.toml says made it.

    Raises:
        ConfigError: there is no checkpoint to go on from, or the settings make no sense.
        TrainingError: the checkpoint is damaged, or the run cannot be written.
    """
    if FIXED.isdisjoint(settings):
        steps = checkpoint_steps(source)
        before = [step for step in steps if step <= since]
        step = max(before) if before else min(steps, default=0)
        return branch(source, step, runs_dir, changes=settings, command=command)
    config = msgspec.structs.replace(recorded_config(source), **settings)
    check(config)
    return new_run(config, runs_dir, name=None, command=command)
