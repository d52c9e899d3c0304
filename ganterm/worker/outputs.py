"""What a training run leaves in its directory on its way: sample grids and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ganterm.components.networks.base import Generator
from ganterm.config import RunConfig
from ganterm.core.records import SampleRecord
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.worker.checkpoint import Meta, checkpoint_record, save_checkpoint
from ganterm.worker.samples import Fixed, fixed_pictures, write_grid
from ganterm.worker.trouble import Extras

State = tuple[dict[str, torch.Tensor], dict[str, Any]]
"""Tensors and counters, as `ganterm.engine.state.export_state` returns them."""


class Outputs:
    """Writes grids and checkpoints of the step at hand, and tells of them in the journal.

    The weights are what a run is for: nothing that is drawn beside them keeps them from being
    written.

    Attributes:
        sampled_step: step at which a grid was last asked for. saved_step: of the newest
            checkpoint; -1 for none.
    """

    def __init__(
        self,
        run: RunDir,
        journal: JournalWriter,
        *,
        lock: WorkerLock,
        extras: Extras,
        shown: Generator,
        fixed: Fixed,
        classes: Sequence[str],
        export: Callable[[], State],
    ) -> None:
        """Draw what `shown` makes of `fixed`, and save what `export` returns.

        `classes` are those that the run is conditioned on, by name.
        """
        self.sampled_step = self.saved_step = -1
        self._run = run
        self._journal = journal
        self._lock = lock
        self._extras = extras
        self._shown = shown
        self._fixed = fixed
        self._classes = tuple(classes)
        self._export = export

    def sample(self, step: int) -> None:
        """Draw the sample grid of the step at hand, if that is possible.

        Raises:
            OSError: the run is not the one this worker holds, or its journal cannot be written.
        """
        self._lock.require_intact()
        self.sampled_step = step
        with self._extras.attempt("sample", "The sample grid", step):
            path = self._run.sample_path(step)
            write_grid(path, self._shown, self._fixed)
            self._journal.write(SampleRecord(step=step, path=self._run.relative(path)))

    def save(
        self, step: int, config: RunConfig, *, controls: int, spared: Collection[Path]
    ) -> Path:
        """Write a checkpoint, and remove old ones but those in `spared`; return its path.

        It is of the step at hand, reached under `config`; `controls` is how many live changes the
        state has seen. At a step that has its checkpoint nothing is written.

        Raises:
            OSError: it cannot be written, or the run is not the one this worker holds.
        """
        path = self._run.checkpoint_path(step)
        if step == self.saved_step:
            return path
        self._lock.require_intact()
        began = time.perf_counter()
        # What the checkpoint has seen must not be missing from the journal after a power cut.
        self._journal.sync()
        tensors, counters = self._export()
        meta = Meta(config=config, counters=counters, controls=controls, classes=self._classes)
        digest = self._save_with_preview(step, path, meta, tensors)
        seconds = round(time.perf_counter() - began, 4)
        self._journal.write(checkpoint_record(self._run, step, digest, seconds))
        self.saved_step = step
        with self._extras.attempt("prune", "Removing old checkpoints", step):
            keep = config.keep_checkpoints
            checkpoints.prune(self._run.checkpoints, keep, newest=path, spared=spared)
        return path

    def _save_with_preview(
        self, step: int, path: Path, meta: Meta, tensors: Mapping[str, torch.Tensor]
    ) -> str:
        """Write a checkpoint with a few pictures in it, or without where they fail; see `save`."""
        failure: Exception | None = None
        try:
            preview = fixed_pictures(self._shown, self._fixed.preview())
            digest = save_checkpoint(path, meta, {**tensors, "preview": preview})
        except Exception as error:  # noqa: BLE001 - the weights come first, whatever it is
            digest, failure = save_checkpoint(path, meta, tensors), error
        with self._extras.attempt("preview", "A checkpoint's preview", step):
            if failure:
                raise failure
        return digest
