"""The loop around the GAN step: counts, cadences, live settings and what was measured."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec
import torch

from ganterm.components.losses import LOSSES
from ganterm.components.networks.from_config import growth_of
from ganterm.components.networks.growth import grow
from ganterm.components.optimizers import OPTIMIZERS
from ganterm.config import FIELDS, Cadence, RunConfig, check, parse_value
from ganterm.config.cadence import log_spaced
from ganterm.config.runfile import to_mapping
from ganterm.config.schedule import remaining, schedules_in
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError, TrainingError
from ganterm.core.quantities import OVERFITTING
from ganterm.core.registry import short
from ganterm.engine.adaptive import EVERY, Adaptive
from ganterm.engine.batches import Batches
from ganterm.engine.build import Ema, build
from ganterm.engine.events import (
    Boundary,
    CheckpointDue,
    EpochEnded,
    Event,
    FellBack,
    Finished,
    JudgementDue,
    Metrics,
    SampleDue,
)
from ganterm.engine.modes import Mode, Step, step_in
from ganterm.engine.optimizers import set_rate
from ganterm.engine.parallel import Alone, Group
from ganterm.engine.precision import resolve_precision
from ganterm.engine.seeding import seed_default_generators
from ganterm.engine.statistics import MEASURED, Statistics
from ganterm.engine.step import GanStep

FETCH_SECONDS = 0.5
"""Shortest time between two fetches of statistics from the device."""
LOOKS = 32
"""Looks at the networks over the length of a run, besides what the steps measure."""


class DivergenceError(TrainingError):
    """Something became NaN or infinite; `step` and `term` say when and what.

    `measured` is what was fetched with the bad news and is yet to be told.
    """

    def __init__(self, step: int, term: str, measured: Sequence[Metrics | EpochEnded] = ()) -> None:
        super().__init__(f"Training diverged: {term} was not finite at step {step}.")
        self.step = step
        self.term = term
        self.measured = measured


class Trainer:
    """Trains a GAN on `images`, uint8 (N, C, H, W); `run` yields what happens.

    `held_out` are images, with labels, that it does not train on: D's overfitting is measured by
    them where the loss needs that.

    A conditional run needs their `labels`, int64 (N,), and the classes in `data`, the spec of what
    its networks are made for.

    Where the configuration's precision is `auto`, `config` here has what it stands for.

    Steps are run in the configuration's mode; `auto` stands for eager until `modes.choose_mode` has
    found something quicker and `run_in` is told so, and `micro_batch` auto for whole batches until
    `take_at_once` is told what fits. Raises `ConfigError` where this machine does
    not have the mode.

    The weights after a step are a function of the configuration, the images and the live settings
    alone, so stopping anywhere and going on from the exported state changes nothing.

    Networks that grow stand where `images_seen` puts them, beyond the `grown` images for which the
    weights stand that they began with.

    In a `group` of processes each trains on its share of every batch, and all have the weights that
    one process has. The first one `run`s, and the others follow it as `ganterm.engine.follow` says.

    Whoever sets `look` is called now and then, and what it returns is told with the metrics of that
    step; it leaves the networks as they are.
    """

    def __init__(
        self,
        config: RunConfig,
        images: torch.Tensor,
        device: torch.device,
        *,
        labels: torch.Tensor | None = None,
        data: DataSpec | None = None,
        held_out: tuple[torch.Tensor, torch.Tensor | None] | None = None,
        group: Group | None = None,
    ) -> None:
        self.group = group
        self._shares = Alone() if group is None else group.shares
        if group is not None:
            group.shares.local_batch_norm = config.local_batch_norm
        self.config = self._now = config = resolve_precision(config, device)
        self.device = device
        self.batches = Batches(
            images,
            batch_size=config.batch_size,
            drop_last=config.drop_last,
            seed=config.seed,
            device=device,
            labels=None if config.conditional == "none" else labels,
            flip=config.flip,
        )
        self.networks = build(config, device, data)
        # Elsewhere the sign of D's output tells of overfitting.
        self._held_out: Batches | None = None
        if held_out is not None and not LOSSES.resolve(config.loss).has_zero:
            self._held_out = Batches(
                held_out[0],
                batch_size=min(config.batch_size, len(held_out[0])),
                drop_last=True,
                seed=config.seed,
                device=device,
                labels=None if config.conditional == "none" else held_out[1],
            )
        self.adaptive = Adaptive(config, device, watches=self._held_out is not None)
        self.ema = Ema(self.networks.generator, config.ema_kimg) if config.ema_kimg else None
        self.statistics = Statistics(device, MEASURED)
        self.growth = growth_of(config, config.data_spec)
        self.step = 0
        self.batches_seen = 0
        self.images_seen = 0
        self.grown = 0
        self.grow()
        self.look: Callable[[], dict[str, float]] = dict
        self._pending: list[Metrics | EpochEnded] = []
        self._fallbacks: list[str] = []
        self.run_in("eager" if config.mode == "auto" else config.mode)
        self._clock = (time.perf_counter(), 0)
        self._rate = 0.0

    def run_in(self, mode: Mode) -> None:
        """Run the steps to come in `mode`; raises `ConfigError` where this machine lacks it."""
        self.gan_step = GanStep(
            self.networks, self.config, self._record, self.adaptive, self._shares
        )
        self._step_in_mode: Step = step_in(mode, self.gan_step, fell_back=self._fallbacks.append)
        self.mode: Mode = mode

    def take_at_once(self, images: int) -> None:
        """Take so many images of a batch through the networks at once; 0 takes all."""
        self.config = self._now = msgspec.structs.replace(self.config, micro_batch=images)
        self.gan_step.micro_batch = images

    @property
    def steps_total(self) -> int:
        """Generator steps of the whole run, at the present number of discriminator steps."""
        if self.config.steps:
            return self.config.steps
        return self.step - (-self._batches_left() // self.config.d_steps)

    @property
    def epoch(self) -> float:
        """Passes over the data so far, with fraction."""
        return self.batches_seen / self.batches.per_epoch

    @property
    def epochs_ended(self) -> int:
        """Whole passes over the data so far."""
        return self.batches_seen // self.batches.per_epoch

    def run(self) -> Iterator[Event]:
        """Train to the end, yielding what happens; steer at a `Boundary`.

        Raises `DivergenceError` when a statistic is not finite.
        """
        self.restart_clock()
        if self.step == 0:
            if Cadence.parse(self.config.sample_every).count:
                yield SampleDue(0)
            if Cadence.parse(self.config.checkpoint_every).count:
                yield CheckpointDue(0)
        while self.step < self.steps_total:
            yield Boundary(self.step)
            if self.group is not None:
                self.group.lead(to_mapping(self.config))
            epochs_before = self.epochs_ended
            self.advance()
            if self.group is not None:
                self.group.listens = True
            while self._fallbacks:
                yield FellBack(self.step, self.mode, self._fallbacks.pop(0))
                self.mode = "eager"
            epochs = self.epochs_ended
            if epochs > epochs_before and self.statistics.close(self.statistics.epoch):
                self._pending.append(EpochEnded(self.step, epochs, {}))
            if self.step >= self.steps_total:
                # Ahead of the last checkpoint: who resumes from it has nothing left to tell.
                self._close_window()
            if time.perf_counter() - self._clock[0] >= FETCH_SECONDS:
                yield from self.flush()
            due = [
                kind
                for kind, cadence in self._cadences()
                if cadence.due(self.step, epochs_before=epochs_before, epochs=epochs)
                or (kind is SampleDue and cadence.count and log_spaced(self.step))
            ]
            if due:
                yield from self.flush()
            for kind in due:
                yield kind(self.step)
        yield from self.flush()
        yield Finished(self.step)

    def _cadences(self) -> list[tuple[type[SampleDue | CheckpointDue | JudgementDue], Cadence]]:
        return [
            (SampleDue, Cadence.parse(self.config.sample_every)),
            (CheckpointDue, Cadence.parse(self.config.checkpoint_every)),
            (JudgementDue, Cadence.parse(self.config.judge_every)),
        ]

    def advance(self) -> None:
        """Train one step: `d_steps` batches for the discriminator, then the generator.

        One that fails is not counted; what it did until then stays in the weights.
        """
        self._set_numbers()
        seed_default_generators(self.config.seed, "noise of a step", self.step)
        count = self.config.d_steps
        if not self.config.steps:
            count = min(count, self._batches_left())
        indices = range(self.batches_seen, self.batches_seen + count)
        self.step += 1
        ends_window = self.step % self.config.log_every == 0
        try:
            real_batches = [self._shrunk(self.batches[index]) for index in indices]
            labels = [self.batches.labels(index) for index in indices]
            with self._shares:
                self._step_in_mode.run(
                    real_batches, labels=labels, first_batch=self.batches_seen, measure=ends_window
                )
        except Exception:
            self.step -= 1  # Half a step is none: whoever goes on from here takes it again.
            raise
        self.batches_seen += count
        images = sum(self.batches.size(index) for index in indices)
        self.images_seen += images
        if self.ema:
            self.ema.update(self.networks.generator, images=images, images_seen=self.images_seen)
        self.grow()
        if self.adaptive.watches and self.step % EVERY == 0:
            self._adapt()
        if ends_window:
            self._close_window()

    def _adapt(self) -> None:
        """Measure D's overfitting, and adjust the probability of augmentation if it is to be."""
        mean = None
        if self._held_out is not None:
            index = self.step // EVERY
            seed_default_generators(self.config.seed, "noise of held-out images", self.step)
            images = self._shrunk(self._held_out[index])
            mean = self.gan_step.mean_logit(images, self._held_out.labels(index))
        self._record((OVERFITTING,), self.adaptive.adjust(mean)[None])

    def grow(self) -> None:
        """Bring the networks to the stage that the images seen so far ask for, if they grow."""
        if self.growth is None:
            return
        stage = self.growth.stage(self.grown + self.images_seen)
        averaged = [self.ema.model] if self.ema else []
        for network in (self.networks.generator, self.networks.discriminator, *averaged):
            grow(network, stage)

    def _shrunk(self, batch: torch.Tensor) -> torch.Tensor:
        if self.growth is None:
            return batch
        return self.growth.shrunk(batch, self.grown + self.images_seen)

    def forget(self) -> None:
        """Leave it to others to tell what was measured."""
        self.statistics = Statistics(self.device, MEASURED)
        self._pending.clear()

    def flush(self) -> list[Metrics | EpochEnded]:
        """Fetch what was measured since the last fetch; raises `DivergenceError`."""
        measured = self.statistics.fetch()
        # After the transfer, which waits until the device has done the steps that are counted.
        rate = self._measured_rate()
        pending, self._pending = self._pending, []
        events = [
            dataclasses.replace(event, values=values | event.values, images_per_s=rate)
            if isinstance(event, Metrics)
            else dataclasses.replace(event, values=values)
            for event, values in zip(pending, measured, strict=True)
        ]
        if broken := self.statistics.first_broken():
            raise DivergenceError(*broken, events)
        return events

    def changed(self, key: str, value: object) -> RunConfig:
        """Return the present configuration with a live setting changed, for `use`.

        Raises `ConfigError` when it is not live, out of bounds or does not go with the others.
        """
        if key not in FIELDS or not FIELDS[key].live:
            live = ", ".join(name for name, spec in FIELDS.items() if spec.live)
            raise ConfigError(f"{key} cannot be changed while training; what can: {live}.")
        config = msgspec.structs.replace(self.config, **{key: parse_value(key, value)})
        check(config)
        if key == "beta2" and not OPTIMIZERS.facts(config.optimizer).has_betas:
            raise ConfigError(f"beta2: optimizer {short(config.optimizer)} has none to change.")
        if key == "threads" and not config.threads:
            raise ConfigError("threads: 0 chooses when a run begins; say how many while it trains.")
        if bool(config.ema_kimg) != bool(self.config.ema_kimg):
            raise ConfigError(
                "ema_kimg: averaging begins or ends with a run; branch with another ema_kimg."
            )
        return config

    def besides(self, key: str, value: object) -> dict[str, object]:
        """Return what has to be set after a live setting that is about to be changed.

        A probability that somebody sets is adapted no more; one that is adapted no more stays.
        """
        if not self.config.augment_target:
            return {}
        if key == "augment_p":
            return {"augment_target": 0.0}
        with contextlib.suppress(ConfigError):
            if key == "augment_target" and not parse_value(key, value):
                return {"augment_p": round(self.adaptive.p.item(), 4)}
        return {}

    def use(self, config: RunConfig) -> None:
        """Train on under `config`, which differs from the present one in live settings only."""
        if config.threads != self.config.threads:
            torch.set_num_threads(config.threads)
        self.config = config
        self._step_in_mode.use(config)

    def _measured_rate(self) -> float:
        since, images = self._clock
        if self.images_seen > images:
            self._rate = (self.images_seen - images) / (time.perf_counter() - since)
            self.restart_clock()
        return self._rate

    def restart_clock(self) -> None:
        """Leave the time since the last fetch out of the rate, after a pause."""
        self._clock = (time.perf_counter(), self.images_seen)

    def _record(self, names: tuple[str, ...], values: torch.Tensor) -> None:
        self.statistics.add(names, values, self.step)

    def _close_window(self) -> None:
        if self.statistics.close(self.statistics.window):
            # At ends of windows, so that who resumes in between has missed none.
            every = self.config.log_every * -(-self.steps_total // (LOOKS * self.config.log_every))
            due = self.step % every == 0 or self.step >= self.steps_total
            measured = self.look() if due else {}
            numbers = {name: getattr(self._now, name) for name in schedules_in(self.config)}
            self._pending.append(Metrics(self.step, self.epoch, 0.0, {**measured, **numbers}))

    def _batches_left(self) -> int:
        return max(self.config.epochs * self.batches.per_epoch - self.batches_seen, 0)

    def _set_numbers(self) -> None:
        """Train the step to come by the numbers that its schedules have for it."""
        scheduled = schedules_in(self.config)
        total = self.steps_total
        self._now = self.config
        if scheduled:
            place = self.step, self.images_seen, total
            numbers = {name: each.at(*place) for name, each in scheduled.items()}
            self._now = msgspec.structs.replace(self.config, **numbers)
            # The optimisers have this one, and a step asks only whether it has a schedule.
            self._step_in_mode.use(msgspec.structs.replace(self._now, beta2=self.config.beta2))
        if self.ema:
            self.ema.half_life = self._now.ema_kimg * 1000
            self.ema.ramps = not (self.config.init_from or "ema_kimg" in scheduled)
        has_betas = OPTIMIZERS.facts(self.config.optimizer).has_betas
        falling = remaining(self.config.lr_schedule, self.step / max(total, 1))
        for name, optimizer in (
            ("lr_g", self.networks.optimizer_g),
            ("lr_d", self.networks.optimizer_d),
        ):
            rate = getattr(self._now, name) * (1.0 if name in scheduled else falling)
            for group in optimizer.param_groups:
                set_rate(group, rate * group["factor"], self._now.beta2 if has_betas else None)
