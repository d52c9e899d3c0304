"""What there is to choose from for a setting, with a word on each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ganterm.components.datasets import DATASETS, DatasetFacts
from ganterm.components.networks import DISCRIMINATORS, GENERATORS, NetworkFacts
from ganterm.config import FIELDS, RunConfig
from ganterm.config.recipefile import Preset
from ganterm.core.registry import Facts, Registry
from ganterm.data.catalogue import is_available

_DEVICES = {
    "auto": "CUDA where there is one, else MPS, else the CPU.",
    "cpu": "This machine's processor.",
    "cuda": "The first NVIDIA GPU; cuda:1 is the second.",
    "mps": "The GPU of a Mac.",
}

OWN = "path/to/file.py:NAME"
"""What is chosen to name a component in a file."""


@dataclass(frozen=True)
class Option:
    """One thing to choose: its value, a word beside it, a sentence below it."""

    value: str
    aside: str = ""
    about: str = ""


def options_for(setting: str, config: RunConfig, presets: Iterable[Preset]) -> list[Option]:
    """Return what can be chosen for `setting` under `config`; nothing where there is no list."""
    if setting == "recipe":
        return [_recipe(preset) for preset in presets]
    if setting == "dataset":
        # Those of the kind that the run has come first.
        kind = config.data_spec.kind
        named = {name: DATASETS.facts(name) for name in DATASETS.names}
        ranked = sorted(named, key=lambda name: named[name].spec.kind != kind)
        known = [_dataset(name, named[name], config) for name in ranked]
        return [*known, *_others(DATASETS)]
    if setting == "device":
        return [Option(name, about=about) for name, about in _DEVICES.items()]
    registry = FIELDS[setting].registry
    if registry is None:
        return [Option(str(choice)) for choice in FIELDS[setting].choices]
    places = {each.place for each in registry.published.parts.values()}
    names = dict.fromkeys([*map(str, FIELDS[setting].choices), getattr(config, setting)])
    known = [
        _component(name, registry.facts(name), config) if registry.knows(name) else Option(name)
        for name in names
        if registry.kept(name) not in places
    ]
    return [*known, *_others(registry)]


def _others(registry: Registry[Any, Any]) -> list[Option]:
    """Return what installed packages publish, and last that one of one's own may be named."""
    found = registry.published.parts.values()
    published = [Option(each.name, each.package, registry.facts(each.place).help) for each in found]
    return [
        *published,
        Option(OWN, about=f"A {registry.kind} of your own: path and name are asked."),
    ]


def _recipe(preset: Preset) -> Option:
    config = preset.config
    aside = f"{config.dataset} {config.data_spec.size_words}"
    return Option(preset.recipe.name, aside, preset.recipe.purpose or preset.recipe.title)


def _dataset(name: str, facts: DatasetFacts, config: RunConfig) -> Option:
    here = [split for split in facts.splits if is_available(name, split)]
    where = "built in" if facts.embedded else "here" if here else "not here yet"
    if here and len(here) < len(facts.splits):
        where = f"{here[0]} here"
    if facts.spec.is_points:
        where = "made" if _takes_points(config) else f"with the recipe {facts.recipe}"
    if facts.help:
        return Option(name, where, facts.help)
    train, test = facts.count("train"), facts.count("test")
    count = f"{train:,} images" + (f" + {test:,} test" if test else "")
    spec = facts.spec
    classes = f"{len(spec.classes)} classes" if spec.classes else "no labels"
    about = f"{facts.title}: {count}, {spec.size_words}, {classes}."
    return Option(name, where, about)


def _takes_points(config: RunConfig) -> bool:
    generator = GENERATORS.facts(config.generator)
    return generator.takes_points and DISCRIMINATORS.facts(config.discriminator).takes_points


def _component(name: str, facts: Facts, config: RunConfig) -> Option:
    about = facts.help + "".join(f" {key}: {words}" for key, words in facts.options.items())
    if not isinstance(facts, NetworkFacts):
        return Option(name, about=about)
    data = config.data_spec
    fits = data.is_points or data.size in facts.image_sizes
    return Option(name, "" if fits else f"image_size {facts.image_sizes.words}", about)
