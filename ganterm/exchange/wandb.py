"""Weights & Biases: a run of ours as one of theirs, wherever its library is told to send it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ganterm.core.errors import DataError
from ganterm.core.files import expanded
from ganterm.core.records import EndRecord, Record
from ganterm.exchange.exporters import Beginning, Exporter, settings_of

_PROJECT: Final = "ganterm"


class WandbRun:
    """A run of wandb's, in which steps are a quantity of their own: it may be judged later on.

    What is sent from here tells nothing of the machine that trains, so that is left out.
    """

    def __init__(self, beginning: Beginning) -> None:
        import wandb  # noqa: PLC0415 - an extra

        run, live = beginning.run, beginning.live
        entity, _, project = (beginning.place if live else "").rpartition("/")
        folder = run.path if live else expanded(beginning.place)
        folder.mkdir(parents=True, exist_ok=True)
        told = f"{run.name} {beginning.born} {beginning.times}"
        self._image = wandb.Image
        settings = wandb.Settings(
            silent=live,
            console="off",
            disable_git=True,
            disable_code=True,
            x_disable_meta=True,
            x_disable_stats=True,
        )
        try:
            self._run: Any = wandb.init(
                entity=entity or None,
                project=project or os.environ.get("WANDB_PROJECT") or _PROJECT,
                id=hashlib.sha256(told.encode()).hexdigest()[:16] if live else None,
                name=run.name,
                group=run.name if beginning.times else None,
                dir=str(folder),
                config=settings_of(beginning.opening.config),
                resume="allow" if live else None,
                reinit="create_new",
                settings=settings,
            )
        except wandb.Error as error:
            raise DataError(
                f"Weights & Biases does not take the run ({error}); `wandb login`, or set "
                "WANDB_MODE=offline."
            ) from None
        self._run.define_metric("step")
        self._run.define_metric("*", step_metric="step")

    def scalars(self, at: int, record: Record, values: Mapping[str, float]) -> None:
        """Send what was measured."""
        self._run.log({**values, "step": record.step, "_timestamp": record.time}, step=at)

    def picture(self, at: int, record: Record, tag: str, path: Path) -> None:
        """Send a picture."""
        values = {tag: self._image(str(path)), "step": record.step, "_timestamp": record.time}
        self._run.log(values, step=at)

    def take_back(self, record: Record) -> None:
        """Do nothing: what was sent stays."""

    def close(self, end: EndRecord | None) -> None:
        """Wait until all is sent, or written where it is offline."""
        self._run.finish(exit_code=0 if end is None else end.exit_code)


WANDB: Final = Exporter(
    title="Weights & Biases",
    help="the same as a run of Weights & Biases, in WANDB_PROJECT or `ganterm`; WANDB_MODE=offline "
    "writes it below DIR",
    place=".",
    log=WandbRun,
    keeps=lambda run, _place: run.path / "wandb",
    library="wandb",
    said="Wrote {run} for Weights & Biases.",
)
