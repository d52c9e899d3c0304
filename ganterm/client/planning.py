"""A run that is to become: what its form knows beside the settings."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from ganterm.client.describe import take_in
from ganterm.client.launching import begin
from ganterm.client.preflight import inspect
from ganterm.client.queueing import enqueue
from ganterm.components.augmentations import advice
from ganterm.components.datasets import DATASETS
from ganterm.config import FIELDS, RunConfig
from ganterm.config.draft import Draft, FieldState, command_line
from ganterm.core.errors import ConfigError, DataError, GantermError
from ganterm.core.registry import is_reference
from ganterm.data.catalogue import conditioned_spec, has_classes, image_count, missing_splits
from ganterm.data.look import Seen, choice_words, glance, recipe_for, settings_for
from ganterm.data.progress import ProgressCallback, silent
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir, check_name, default_runs_dir


def draft_of(environment: Mapping[str, str]) -> tuple[Draft, ConfigError | None]:
    """Return a draft that begins with the user's variables, and what is wrong with their recipe."""
    try:
        return Draft(environment=environment), None
    except ConfigError as error:
        variable = FIELDS["recipe"].variable
        rest = {name: text for name, text in environment.items() if name != variable}
        return Draft(environment=rest), error


def look_at(config: RunConfig, progress: ProgressCallback = silent) -> tuple[Seen | None, str]:
    """Look at the pictures of `config`; None where there are none to choose settings by.

    With it comes why a dataset of the user's own cannot be had; nothing where it can. What
    `progress` raises ends it.
    """
    seen = None
    try:
        take_in(config, progress)
    except GantermError as error:
        return None, str(error)
    with contextlib.suppress(ConfigError, DataError):
        seen = glance(config, progress)
        has_classes(config)  # which is known from now on
    return seen, ""


class Plan:
    """A draft that is to become a run in `runs_dir`.

    Folders of pictures are looked at at once; a `patient` plan leaves that to whoever has a thread
    for it, as long as it is `unseen`.
    """

    def __init__(self, draft: Draft, runs_dir: Path, *, patient: bool = False) -> None:
        self.draft = draft
        self.runs_dir = runs_dir
        self.name = ""
        self._recipe_text = self._first_recipe = draft.recipe_name
        self._recipe_trouble = ""
        self._does_without = False
        default = FIELDS["recipe"].default
        self._recipe_chosen = draft.recipe_name != default or FIELDS["recipe"].variable in (
            draft.environment
        )
        self._given: set[str] = set()
        self._by_data: dict[str, str] = {}
        self._seen: Seen | None = None
        self._own_trouble = ""
        self.looking = ""
        """How far the look at pictures is."""
        self._patient = patient
        self._looked_at = ("", "")
        if "dataset" in draft.typed:
            self._suit()

    @property
    def troubles(self) -> list[str]:
        """The rows in which something is wrong, in the form's order."""
        return [name for name, standing in self.standings.items() if standing.trouble]

    def set(self, name: str, text: str) -> None:
        """Type `text` into a row; a recipe that cannot be had is trouble, and changes nothing."""
        if name == "name":
            self.name = text.strip()
        elif name == "recipe":
            self._recipe_chosen = True
            self._choose(text)
        else:
            self._by_data.pop(name, None)
            self._given.add(name)
            self.draft.set(name, text)
        if name in {"dataset", "recipe", "image_size"}:
            self._suit()

    def reset(self, name: str) -> None:
        """Give a row the value it has without anything typed."""
        if name in {"name", "recipe"}:
            self.set(name, self.draft.recipe_name if name == "recipe" else "")
            return
        self._by_data.pop(name, None)
        self._given.discard(name)
        self.draft.reset(name)
        if name == "dataset":
            self._suit()

    def reset_all(self) -> None:
        """Return to the recipe as it is."""
        self._given.clear()
        self.draft.reset_all()
        self._suit()

    @property
    def standings(self) -> dict[str, FieldState]:
        """How every row of the form stands, the recipe and the name of the run too."""
        draft = self.draft
        found = {
            "recipe": FieldState(self._recipe_text, False, draft.recipe_name, self._recipe_trouble),
            "name": FieldState(self.name, bool(self.name), "", self._name_trouble()),
            **draft.standings,
        }
        for name, trouble in self._data_trouble().items():
            if not found[name].trouble:
                found[name] = dataclasses.replace(found[name], trouble=trouble)
        return found

    @property
    def images(self) -> int | None:
        """How many images there are to train on; None where that is not known."""
        try:
            config = self.draft.config
            return image_count(config.dataset, config.split, config.holdout)
        except ConfigError:
            return None

    @property
    def found(self) -> str:
        """What the pictures are, and what is trained on them, in a sentence; of others nothing."""
        if self.unseen:
            return f"The pictures are being looked at ... {self.looking}".rstrip()
        if self._seen is None:
            return ""
        chosen = {**self._by_data, **({} if self._recipe_chosen else {"recipe": ""})}
        config = self.draft.config
        told = choice_words(self._seen, config, chosen) or [f"{self._seen.words}."]
        few = "" if "augment" in self._given else advice(config, self._seen.count)
        if self._seen.left_out:
            told.append(f"Files left out: {self._seen.left_out:,}, as `ganterm data show` tells.")
        return " ".join([*told, few]).rstrip()

    @property
    def missing(self) -> str:
        """The dataset that has to be downloaded or imported first; empty if it is here."""
        config = self.draft.config
        return config.dataset if missing_splits(config.dataset, config.split) else ""

    @property
    def command(self) -> str:
        """The command that does the same."""
        elsewhere = self.runs_dir.absolute() != default_runs_dir().absolute()
        draft = self.draft
        # What the pictures would choose otherwise has to be said.
        also = settings_for(self._seen, draft.config, draft.recipe.values) if self._seen else ()
        return command_line(
            draft, also, name=self.name, runs_dir=str(self.runs_dir) if elsewhere else ""
        )

    def start(self, *, queue: bool = False) -> RunDir:
        """Make the run and start its worker, which takes a moment, or `queue` it.

        Raises `GantermError` when that does not work.
        """
        if (unseen := self.unseen) is not None:
            self.saw(unseen, *look_at(unseen))
        name = self.name or None
        look = partial(inspect, runs_dir=self.runs_dir, name=name)
        run = begin(self.draft.config, self.runs_dir, look, name=name, command=self.command)
        if queue:
            enqueue(run, self.draft.config.device)
        else:
            start_worker(run)
        return run

    @property
    def unseen(self) -> RunConfig | None:
        """The configuration whose folder is still to be looked at, with `look_at`; None if none."""
        config = self.draft.config
        waits = self._patient and (config.dataset, config.split) != self._looked_at
        own = is_reference(config.dataset)
        return config if waits and (own or DATASETS.facts(config.dataset).path) else None

    def saw(self, config: RunConfig, seen: Seen | None, trouble: str = "") -> None:
        """Take into account what `look_at` found in the folder of `config`, until it is another."""
        self._looked_at, self._seen = (config.dataset, config.split), seen
        self._own_trouble, self.looking = trouble, ""
        self._suit()

    def _suit(self) -> None:
        """Choose by the pictures what nobody typed, and take back what others chose."""
        draft, before = self.draft, self._by_data
        self._by_data = {}
        for name, text in before.items():
            if draft.typed.get(name) == text:
                draft.reset(name)
        config = draft.config
        if (config.dataset, config.split) != self._looked_at:
            self._looked_at = ("", "")
            unseen = self.unseen is not None
            self._seen, self._own_trouble = (None, "") if unseen else look_at(config)
        if not self._recipe_chosen:
            size = draft.config.image_size if "image_size" in draft.typed else None
            self._choose(recipe_for(self._seen, size) if self._seen else self._first_recipe)
        if self._seen:
            given = self._given | {
                *draft.typed,
                *(draft.recipe.values if self._recipe_chosen else ()),
            }
            chosen = settings_for(self._seen, draft.config, given)
            self._by_data = {name: str(value) for name, value in chosen.items()}
            for name, text in self._by_data.items():
                draft.set(name, text)
        self._do_without_classes()

    def _do_without_classes(self) -> None:
        """Take classes back that the recipe alone asks for, where the images have none."""
        draft = self.draft
        if self.unseen:
            return
        with contextlib.suppress(ConfigError, DataError):
            if has_classes(draft.config) and self._does_without:
                self._does_without = False
                draft.reset("conditional")
            elif not has_classes(draft.config) and "conditional" not in draft.typed:
                self._does_without = draft.config.conditional != "none"
                draft.set("conditional", "none")

    def _choose(self, recipe: str) -> None:
        self._recipe_text, self._recipe_trouble = recipe, ""
        try:
            self.draft.choose(recipe.strip())
        except ConfigError as error:
            self._recipe_trouble = str(error)

    def _name_trouble(self) -> str:
        if not self.name:
            return ""
        try:
            check_name(self.name)
        except ConfigError as error:
            return str(error)
        taken = (self.runs_dir / self.name).exists()
        return f"there is a run {self.name} already; choose another name." if taken else ""

    def _data_trouble(self) -> dict[str, str]:
        config = self.draft.config
        try:
            image_count(config.dataset, config.split)
        except ConfigError as error:
            known = DATASETS.accepts(config.dataset)
            return {"split" if known else "dataset": str(error)}
        if self.unseen:
            return {}
        if self._own_trouble:
            return {"dataset": self._own_trouble}
        try:
            conditioned_spec(config)
        except DataError as error:
            return {"dataset": str(error)}
        except ConfigError as error:
            return {"conditional": str(error)}
        return {}
