"""The charts of a run: which quantities are drawn together, and what they are compared with."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ganterm.client.feed import RunFeed
from ganterm.client.scores import newest_curve, singular_values
from ganterm.components.datasets import DATASETS
from ganterm.components.losses import LOSSES, LossFacts
from ganterm.components.scores import MAIN, SCORES
from ganterm.config import FIELDS
from ganterm.config.ownloop import LOOP, in_schema
from ganterm.config.schedule import Schedule, remaining
from ganterm.core.blocks import Bin
from ganterm.core.quantities import QUANTITIES, SINGULAR, drawn_in
from ganterm.core.records import WITHOUT_K
from ganterm.render.chart import Reference, Source, Trace
from ganterm.runs.live import LiveChange

_SLICES = 8


class SettingSource:
    """The value of a number among the settings, from the run's first step to its last one.

    `value_at` says what a value in force, which may be a schedule, stands for at a step.
    """

    def __init__(
        self,
        start: float,
        changes: Iterable[LiveChange],
        last: int,
        value_at: Callable[[float, float], float] = lambda value, _step: value,
        *,
        first: int = 0,
    ) -> None:
        """Begin with `start` at step `first`, which a branch has from its parent.

        Of `changes`, all of this one setting, only numbers and schedules count.
        """
        points = [(first, start)]
        points += [
            (change.step, number)
            for change in changes
            if (number := _number(change.after)) is not None
        ]
        self._steps = [step for step, _ in points]
        self._values = [value for _, value in points]
        self._last = max(last, self._steps[-1])
        self._value_at = value_at

    @property
    def extent(self) -> tuple[int, int]:
        """The first and the last step."""
        return self._steps[0], self._last

    def __len__(self) -> int:
        """Return the number of steps: the setting has a value at each."""
        return self._last + 1 - self._steps[0]

    def at(self, step: float) -> float:
        """Return the value in force at a step; a change counts from its own step on."""
        return self._value_at(self._values[max(bisect_right(self._steps, step) - 1, 0)], step)

    def window(self, start: float, stop: float, columns: int) -> Sequence[Bin | None]:
        """Return `columns` bins that divide the steps from `start` to `stop`, both included."""
        width = (stop - start) / columns
        return [
            self._bin(start + column * width, start + (column + 1) * width)
            for column in range(columns)
        ]

    def _bin(self, begin: float, end: float) -> Bin | None:
        begin, end = max(begin, float(self._steps[0])), min(end, float(self._last))
        if begin > end:
            return None
        if self._steps[-1] <= begin:
            values = [self.at(begin), self.at(end)]
        else:
            width = (end - begin) / _SLICES
            values = [self.at(begin + index * width) for index in range(_SLICES + 1)]
        return Bin(min(values), max(values), values[-1], values[-1], max(math.ceil(end - begin), 1))


LOG_2: Final = math.log(2)


@dataclass(frozen=True)
class ChartKind:
    """One of the charts that can be switched between.

    Attributes:
        name: short, for the tabs. title: what it shows, in a few words.
        quantities: labels of the journal's quantities, by their names there.
        references: what to compare with, under the settings in force.
        settings: labels of settings that are drawn over the steps, by their names.
        scores: labels of scores by the newest judge, by their names in the journal.
        layers: whether it draws the singular values of the layers that are normalised.
    """

    name: str
    title: str
    quantities: Mapping[str, str]
    references: Callable[[dict[str, Any]], Sequence[Reference]] = lambda _config: ()
    settings: tuple[tuple[str, str], ...] = ()
    scores: Mapping[str, str] = field(default_factory=dict)
    layers: bool = False

    def known(self, feed: RunFeed | None) -> bool:
        """Tell whether a run has anything to draw here."""
        if feed is None:
            return False
        return (
            any(name in feed.series for name in self.quantities)
            or any(key in feed.start_config for key, _ in self.settings)
            or any(newest_curve(feed.judged, name) for name in self.scores)
            or (self.layers and bool(singular_values(feed)))
        )

    def traces(self, feed: RunFeed) -> list[Trace]:
        """Return what is drawn of a run, the foremost first."""
        # What D descends on is more than its loss, which papers of WGAN-GP plot without it.
        penalised = feed.config.get("penalty", "none") != "none"
        sources: list[tuple[str, Source]] = [
            (
                f"{label} without penalty" if name == "d_loss" and penalised else label,
                feed.series[name],
            )
            for name, label in self.quantities.items()
            if name in feed.series
        ]
        for key, label in self.settings:
            source = _setting(feed, key)
            if source is not None:
                sources.append((label, source))
        for name, label in self.scores.items():
            if found := newest_curve(feed.judged, name):
                newest, series = found
                sources.append((f"{label}, {newest.n:,} images", series))
        if self.layers:
            sources += singular_values(feed).items()
        return [Trace(label, source, style) for style, (label, source) in enumerate(sources)]

    def compared_with(self, feed: RunFeed) -> list[Reference]:
        """Return what to compare with: constants, and a score that real images have."""
        found = list(self.references(feed.config))
        if len(self.scores) == 1:
            for name in self.scores:
                way = newest_curve(feed.judged, name)
                floor = way[0].floor_of(name) if way else None
                found += [Reference(floor, "real")] if floor is not None else []
        return found


def _of_losses(config: dict[str, Any]) -> Sequence[Reference]:
    """Return both losses where the discriminator cannot tell real from generated images."""
    facts = _loss(config)
    terms = 2 if config.get("d_reduction") == "sum" else 1
    d_chance = None if facts.d_chance is None else terms * facts.d_chance
    return _levels(d_chance, facts.g_chance)


def _of_terms(config: dict[str, Any]) -> Sequence[Reference]:
    return _levels(_loss(config).d_chance)


def _of_outputs(config: dict[str, Any]) -> Sequence[Reference]:
    facts = _loss(config)
    if facts.output == "label":
        labels = [config.get("real_label", 1.0), config.get("fake_label", 0.0)]
        return _levels(sum(_number(label) or 0.0 for label in labels) / 2)
    return _levels(facts.threshold)


def _of_modes(config: dict[str, Any]) -> Sequence[Reference]:
    modes = len(DATASETS.facts(str(config.get("dataset", ""))).centres)
    return [Reference(modes, f"all {modes}")] if modes else []


def _of_overfitting(config: dict[str, Any]) -> Sequence[Reference]:
    target = config.get("augment_target")
    return [Reference(target, "augment_target")] if target else []


def _loss(config: dict[str, Any]) -> LossFacts:
    return LOSSES.facts(in_schema(config).loss if LOOP in config else _named_loss(config))


def _named_loss(config: dict[str, Any]) -> str:
    return str(config.get("loss", FIELDS["loss"].default))


def _levels(*values: float | None) -> list[Reference]:
    """Return a line for each of the values that there are, the lowest first; at least that of 0."""
    known = sorted({value for value in values if value is not None}) or [0.0]
    return [Reference(value, _level_words(value)) for value in known]


def _level_words(value: float) -> str:
    logs = {1: "log 2", 2: "2 log 2", 0.5: "log 2 / 2", -1: "-log 2"}
    return logs.get(round(value / LOG_2, 6), f"{value:g}")


def _even(config: dict[str, Any], group: str) -> Sequence[Reference]:
    found = [each for each in QUANTITIES.values() if each.group == group]
    return list({Reference(e.even, e.even_words): None for e in found if e.even is not None})


def _kind(
    name: str,
    title: str,
    references: Callable[[dict[str, Any]], Sequence[Reference]] | None = None,
    settings: tuple[tuple[str, str], ...] = (),
) -> ChartKind:
    """Return the chart of all quantities and scores whose group is called `name`."""
    scores = {key: SCORES.facts(key) for key in (*SCORES.names, *WITHOUT_K.values())}
    return ChartKind(
        name,
        title,
        drawn_in(name),
        references or partial(_even, group=name),
        settings,
        {key: facts.short or facts.title for key, facts in scores.items() if facts.group == name},
    )


KINDS: Final = (
    _kind("losses", "Losses", _of_losses),
    _kind("modes", "Modes of the data that are reached", _of_modes),
    _kind("outputs", "Discriminator's output", _of_outputs),
    _kind("accuracy", "Discriminator's accuracy"),
    _kind("diversity", "Diversity of generated batches"),
    _kind("patches", "Distance of patches from those of real images"),
    _kind("distance", f"{SCORES.facts(MAIN).title} by the judge, {SCORES.facts(MAIN).direction}"),
    _kind("precision", "Precision and recall by the judge"),
    _kind("error", "Discriminator's error", _of_terms),
    _kind("overfitting", "Overfitting and augmentation", _of_overfitting),
    _kind("penalty", "Penalty and critic"),
    _kind("gradients", "Gradient norms"),
    _kind("rates", "Learning rates", settings=(("lr_d", "lr_d"), ("lr_g", "lr_g"))),
    ChartKind(
        "spectral",
        "Largest singular values of D's layers",
        {},
        lambda _config: [Reference(1.0, "norm 1")],
        layers=True,
    ),
    _kind("speed", "Speed"),
)


def kinds_of(feed: RunFeed | None) -> list[ChartKind]:
    """Return the charts that a run has something for; the losses always.

    What a loop of somebody's own has named is drawn by itself, or with others of its `GROUP/`.
    """
    groups: dict[str, dict[str, str]] = {}
    for name in feed.series if feed else ():
        if name not in QUANTITIES and not name.startswith(SINGULAR):
            group, _, label = name.rpartition("/")
            groups.setdefault(group or label, {})[name] = label
    taken = {kind.name for kind in KINDS}
    own = [
        ChartKind(f"{group}/" if group in taken else group, group, labels)
        for group, labels in groups.items()
    ]
    return [kind for kind in KINDS if kind is KINDS[0] or kind.known(feed)] + own


def _setting(feed: RunFeed, key: str) -> SettingSource | None:
    start = _number(feed.start_config.get(key))
    if start is None:
        return None
    changes = [change for change in feed.changes if change.key == key]
    return SettingSource(start, changes, feed.step, _value_at(feed), first=feed.first_step)


def _number(value: object) -> float | None:
    """Return a number among the settings of a journal, or its schedule; None for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        return Schedule(str(value))
    except ValueError:
        return None


def _value_at(feed: RunFeed) -> Callable[[float, float], float]:
    """Return what a learning rate or its schedule stands for at a step, as the settings have it."""
    shape = str(feed.config.get("lr_schedule"))
    images = _number(feed.config.get("batch_size")) or 0.0
    images *= _number(feed.config.get("d_steps")) or 1.0

    def value_at(value: float, step: float) -> float:
        if isinstance(value, Schedule):
            return value.at(step, step * images, feed.steps)
        return value * remaining(shape, step / max(feed.steps, 1))

    return value_at
