"""A training by Lightning as a run: a `Logger` for what a module logs, a `Callback` for the rest.

    logger = GantermLogger("mine")
    trainer = Trainer(logger=logger, callbacks=[GantermCallback(images=lambda m: m(m.fixed_z))])

They take `pip install 'ganterm[lightning]'`.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lightning.fabric.loggers.logger import rank_zero_experiment
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from ganterm.core.errors import ConfigError
from ganterm.core.files import expanded
from ganterm.ownloop import init
from ganterm.ownloop.run import Run
from ganterm.runs.layout import default_runs_dir


class GantermLogger(Logger):
    """Writes what a module logs to a run, which begins with the first training.

    The hyperparameters that a module saves become the run's settings; what the app changes of them
    is in `logger.experiment.config`, as `ganterm.init` says.

    Attributes:
        before: steps that the run had done before this training.
    """

    def __init__(self, name: str, config: Any = None, **options: Any) -> None:
        """Take the arguments of `ganterm.init`."""
        super().__init__()
        self.before = 0
        self._name, self._options = name, options
        self._config = _plain({} if config is None else config)
        self._run: Run | None = None

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The run, None before it begins; what does nothing in processes of other ranks."""
        return self._run

    @rank_zero_only
    def log_graph(self, *_: Any, **__: Any) -> None:
        """Begin the run: Lightning has told all settings by now."""
        if self._run is None:
            self._run = init(self._name, self._config, **self._options)

    @property
    def name(self) -> str:
        """The run's name."""
        return self._name

    @property
    def version(self) -> str:
        """Where in the run's directory Lightning's own checkpoints go."""
        return "lightning"

    @property
    def save_dir(self) -> str:
        """Where runs lie."""
        where = self._options.get("runs_dir")
        return str(default_runs_dir() if where is None else expanded(where))

    @rank_zero_only
    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        """Take settings, until the run begins."""
        if self._run is None:
            self._config |= _plain(params)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log what was measured; of batches Lightning tells the number, from 0."""
        self.experiment.log(metrics, step=None if step is None else self.before + step + 1)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the run: with the error that ended the training, if one did."""
        if self._run is not None:
            error = sys.exc_info()[1] if status != "success" else None
            self._run.__exit__(None if error is None else type(error), error, None)


class GantermCallback(Callback):
    """Shows pictures of a module, answers commands, and saves checkpoints where asked to.

    It takes a trainer with a `GantermLogger`. What the app asks for is done after a batch: pause
    waits there, stop ends the training. A run that is gone on with (`resume=True`) gives networks
    and optimisers their state back, unless Lightning has done so by `ckpt_path`.
    """

    def __init__(
        self, images: Callable[[Any], Any] | None = None, *, checkpoint_every: int = 0
    ) -> None:
        """Take what draws images of the module, as `Run.log` has them.

        `checkpoint_every` batches the run saves a checkpoint of its own, beside Lightning's; 0
        leaves that to the command `checkpoint` and the end.
        """
        self._images, self._every = images, checkpoint_every
        self._parts: dict[str, Any] = {}

    @rank_zero_only
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin the run, or go on with it."""
        networks = {name: each for name, each in pl_module.named_children() if [*each.parameters()]}
        optimizers = {f"optimizer_{n}": each for n, each in enumerate(trainer.optimizers)}
        self._parts = {**networks, **optimizers}
        if not trainer.global_step:
            logger = _logger_of(trainer)
            logger.before = logger.experiment.restore(**self._parts)

    @rank_zero_only
    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Show, save and obey."""
        logger = _logger_of(trainer)
        run = logger.experiment
        # As Lightning counts for loggers.
        step = logger.before + trainer.fit_loop.epoch_loop._batches_that_stepped + 1
        draw = self._images and partial(_drawn, self._images, pl_module)
        run.log({}, step=step, images=draw)
        if self._every and step % self._every == 0:
            run.checkpoint(**self._parts)
        if run.should_stop:
            trainer.should_stop = True


def _drawn(images: Callable[[Any], Any], module: LightningModule) -> Any:
    was = module.training
    module.eval()
    try:
        return images(module)
    finally:
        module.train(was)


def _logger_of(trainer: Trainer) -> GantermLogger:
    for logger in trainer.loggers:
        if isinstance(logger, GantermLogger):
            return logger
    raise ConfigError("GantermCallback takes a GantermLogger: Trainer(logger=GantermLogger(...)).")


def _plain(params: Any) -> dict[str, Any]:
    return dict(vars(params) if isinstance(params, Namespace) else params)
