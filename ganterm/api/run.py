"""A run as Python has it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from ganterm.api.telling import cores, look_ahead, telling
from ganterm.core.errors import ConfigError, DataError, ExitCode, TrainingError, WorkerError
from ganterm.runs.layout import RunDir
from ganterm.runs.state import RunView

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from ganterm.client.checkpoints import CheckpointChoice
    from ganterm.config.fields import Value
    from ganterm.inference.load import Trained
    from ganterm.runs.launch import WorkerProcess

_OVER: Final = {"finished", "stopped", "failed", "crashed", "new"}
_LOOK_SECONDS: Final = 0.1
_RAISED: Final = {
    ExitCode.TRAINING: TrainingError,
    ExitCode.USAGE: ConfigError,
    ExitCode.DATA: DataError,
    ExitCode.WORKER: WorkerError,
}


class Run:
    """A run: a directory that a worker fills, and that anybody may read.

    Two of them are equal where they are the same directory.

    Attributes:
        path: that directory.
        patience: seconds that a command waits for the worker's answer.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Take the run in the directory `path`; `open_run` finds one by its name."""
        self.path = Path(path).absolute()
        self._run = RunDir(self.path)
        self._process: WorkerProcess | None = None
        self.patience = 30.0

    def __repr__(self) -> str:
        view = self._view
        return f"<ganterm.Run {self.name}: {view.state}, step {view.step:,}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def name(self) -> str:
        """Its name."""
        return self._run.name

    @property
    def state(self) -> str:
        """new, starting, running, paused, finished, stopped, failed, crashed or unknown."""
        return self._view.state

    @property
    def step(self) -> int:
        """Steps done, as far as it has said."""
        return self._view.step

    @property
    def message(self) -> str:
        """A sentence about its state; may be empty."""
        return self._view.message

    @property
    def config(self) -> dict[str, Any]:
        """The settings that it began with, by name."""
        from ganterm.config.ownloop import LOOP  # noqa: PLC0415
        from ganterm.config.recorded import recorded_config  # noqa: PLC0415
        from ganterm.config.runfile import to_mapping  # noqa: PLC0415

        found = self._in_force()
        return found if LOOP in found else to_mapping(recorded_config(self._run))

    def _in_force(self) -> dict[str, Any]:
        from ganterm.core.records import ControlRecord, OpeningRecord  # noqa: PLC0415
        from ganterm.runs.journal import records_of  # noqa: PLC0415
        from ganterm.runs.live import live_settings  # noqa: PLC0415

        kinds = (OpeningRecord, ControlRecord)
        return live_settings(records_of(self._run.journal, *kinds)).config

    @property
    def _view(self) -> RunView:
        from ganterm.client.overview import observed  # noqa: PLC0415

        return observed(self._run)

    # While it trains

    def wait(self, *, progress: bool = True) -> Run:
        """Wait until it has ended, with a progress bar and previews on standard error.

        In a terminal Ctrl-C asks what is to become of it, and a second one stops it.

        Raises:
            GantermError: it failed.
            KeyboardInterrupt: it was stopped by Ctrl-C.
        """
        if progress and threading.current_thread() is threading.main_thread():
            from ganterm.cli.follow import follow  # noqa: PLC0415

            process = self._process
            start = None if process is None else lambda: process
            if process is not None or self._view.state not in _OVER:
                code = follow(self._run, start, as_json=False, quiet=False)
                if code == ExitCode.SIGINT:
                    raise KeyboardInterrupt
                if code == ExitCode.OK and self._view.state not in _OVER:
                    return self  # It was left to itself.
        else:
            while (view := self._view).state not in _OVER and self._runs(view):
                time.sleep(_LOOK_SECONDS)
        self._process = None
        self._raise_its_failure()
        return self

    def _runs(self, view: RunView) -> bool:
        return view.alive is not False if self._process is None else self._process.poll() is None

    def _raise_its_failure(self) -> None:
        from ganterm.runs.cache import read_history  # noqa: PLC0415

        view = self._view
        if view.state == "crashed":
            way = self._run.restart or "`resume()` goes on"
            raise WorkerError(f"The worker of {self.name} died at step {view.step:,}; {way}.")
        if view.state == "failed":
            end = read_history(self._run).end
            code = ExitCode.TRAINING if end is None else end.exit_code
            raise _RAISED.get(ExitCode(code), TrainingError)(view.message or f"{self.name} failed.")

    def stop(self, *, wait: bool = True) -> None:
        """Stop it with a checkpoint at its next step; `resume` takes it up again."""
        self._command("stop")
        if wait:
            self.wait(progress=False)

    def pause(self) -> None:
        """Let it wait at its next step until `resume`."""
        self._command("pause")
        self._until_told(paused=True)

    def checkpoint(self) -> None:
        """Have it write a checkpoint at its next step."""
        self._command("checkpoint")

    def set(self, **settings: object) -> None:
        """Change settings while it trains, such as `lr_g=1e-4`, at its next step.

        Raises:
            ConfigError: one of them cannot be changed so; none is then.
            WorkerError: it is not training, or does not answer in time.
        """
        from ganterm.client.pending import live_value  # noqa: PLC0415
        from ganterm.config.draft import to_text  # noqa: PLC0415

        which = "`ganterm config reference`"
        config = self._in_force()
        found = [
            live_value(key, to_text(cast("Value", value)), config, which=which)
            for key, value in settings.items()
        ]
        self._command("set", *({"key": key, "value": value} for key, value in found))

    def resume(self, **given: object) -> Run:
        """Let it go on where it is paused, or start it again where it has ended.

        `given` may hold its new length in `steps` or `epochs`, and another `device`, `mode` or
        `dataset`, as for `ganterm resume`.
        """
        from ganterm.client.launching import go_on  # noqa: PLC0415
        from ganterm.runs.launch import start_worker  # noqa: PLC0415

        if self._view.alive:
            if given:
                raise ConfigError(
                    f"{self.name} trains; stop it before it is given {', '.join(given)}."
                )
            self._command("resume")
            self._until_told(paused=False)
            return self
        texts = {key: str(value) for key, value in given.items()}
        arguments = go_on(
            self._run, texts, lambda config: look_ahead(config, self.path, None, told=False)
        )
        self._process = start_worker(self._run, arguments)
        return self

    def _until_told(self, *, paused: bool) -> None:
        """Wait until its status says what its journal said a moment before."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            view = self._view
            if view.alive is False or (view.state == "paused") == paused:
                return
            time.sleep(_LOOK_SECONDS)

    def _command(self, name: str, *arguments: Mapping[str, Any]) -> None:
        from ganterm.client.pending import answers, require_training  # noqa: PLC0415
        from ganterm.core.records import ControlRecord  # noqa: PLC0415
        from ganterm.runs.journal import JournalTail  # noqa: PLC0415

        require_training(self._run)
        tail = JournalTail(self._run.journal)
        for _ in tail.records(ControlRecord):
            pass
        asked = arguments or ({},)
        done = list(answers(self._run, tail, name, asked, wait=self.patience))
        if len(done) < len(asked):
            raise WorkerError(
                f"{self.name} has not answered within {self.patience:g} s; it will at its "
                "next step boundary."
            )

    def watch(self) -> None:
        """Show its newest samples and its losses until it ends, live; Ctrl-C leaves it to itself.

        In a notebook they are a picture in the cell, in a terminal what `ganterm attach` shows.
        """
        from ganterm.api.notebook import displays, watch  # noqa: PLC0415

        if displays():
            watch(self._run)
            return
        from ganterm.cli.follow import follow  # noqa: PLC0415

        follow(self._run, as_json=False, quiet=False)

    # What it has made

    def metrics(self) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
        """Return all that it measured, as columns of one length: `step`, `time` and quantities.

        A table for whoever wants one: `pandas.DataFrame(run.metrics())`. What was not measured at
        a step is NaN, and what a resume took back is not there.
        """
        from ganterm.runs.table import metrics_table  # noqa: PLC0415

        return metrics_table(self._run)

    def sample(
        self,
        n: int = 16,
        *,
        seed: int = 0,
        classes: Sequence[str | int] = (),
        truncation: float = 1.0,
        step: int | None = None,
    ) -> NDArray[np.uint8]:
        """Return `n` images (N, C, H, W), uint8: those that `ganterm sample` draws.

        Of each of the `classes` by name or number, one class after the other, where there are any;
        without, a generator of classes takes them in turn. Of a generator of points the array is
        float32 (N, D).

        Raises:
            ConfigError: there is no such class or step.
            DataError: there is no checkpoint yet.
        """
        import torch  # noqa: PLC0415

        from ganterm.inference.load import labels_of  # noqa: PLC0415
        from ganterm.inference.sample import generate, labels_in_turn, latents  # noqa: PLC0415
        from ganterm.inference.space import truncated  # noqa: PLC0415

        trained = self._trained(step)
        points = latents(n, trained.generator.z_dim, seed=seed)
        labels = labels_in_turn(n, trained.generator.classes)
        if chosen := labels_of(trained, [str(each) for each in classes]):
            labels = torch.tensor(chosen).repeat_interleave(n)
            points = points.repeat(len(chosen), *[1] * (points.dim() - 1))
        points = truncated(trained.generator, points, truncation, labels)
        images: NDArray[np.uint8] = generate(trained.generator, points, labels).numpy()
        return images

    def generator(self, *, step: int | None = None, ema: bool | None = None) -> torch.nn.Module:
        """Return its generator in evaluation mode, on the CPU: (N, z_dim) to (N, C, H, W).

        Values are in [-1, 1]. With averaged weights where there are any, or as `ema` says.
        """
        return self._trained(step, ema).generator

    def judge(
        self,
        *,
        n: int = 10_000,
        step: int | None = None,
        against: str | None = None,
        judge: str | None = None,
        seed: int = 0,
        progress: bool = True,
    ) -> dict[str, Any]:
        """Return its scores beside real images, which its journal keeps as after `ganterm judge`.

        `floor` holds what other real images reach; the options are those of the command.
        """
        from ganterm.client.overview import cores_beside  # noqa: PLC0415
        from ganterm.evaluation import Scoring  # noqa: PLC0415
        from ganterm.evaluation.checkpoints import judge_checkpoint, keep_verdict  # noqa: PLC0415

        choice = self._choice(step)
        scoring = Scoring(count=n, seed=seed)
        threads, _ = cores_beside(self.path.parent)
        with cores(threads), telling(progress) as tell:
            verdict = judge_checkpoint(
                choice.path, scoring, judge=judge, against=against, progress=tell
            )
        fields: dict[str, Any] = keep_verdict(choice.path, choice.step, verdict)
        return {"step": choice.step, **fields}

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002 - the option's name
        **options: Any,
    ) -> Path:
        """Write what `ganterm export` writes to `path`, which is returned; its ending says what.

        `format` says it where it does not; `options` are those of the command by name, such as
        `step`, `ema`, `fps` or `captions`.

        Raises:
            GantermError: there is no such format or option, nothing to write of it, or no place.
        """
        from ganterm.cli.export import export  # noqa: PLC0415

        known = signature(export).parameters.keys() - {"target", "output", "form", "runs_dir"}
        if strange := sorted(options.keys() - known):
            raise ConfigError(
                f"export has no option {strange[0]!r}; it has {', '.join(sorted(known))}."
            )
        export(str(self.path), output=Path(path), form=format, **options)
        return Path(path)

    def _choice(self, step: int | None) -> CheckpointChoice:
        from ganterm.client.checkpoints import choose_checkpoint  # noqa: PLC0415

        return choose_checkpoint(str(self.path), step=step)

    def _trained(self, step: int | None, ema: bool | None = None) -> Trained:
        from ganterm.inference.load import load_generator  # noqa: PLC0415

        return load_generator(self._choice(step).path, ema=ema)
