"""Setting up a new run: recipe, dataset, every setting, and what it will take."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from functools import partial

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input
from textual.worker import get_current_worker

from ganterm.client.choices import OWN, options_for
from ganterm.client.describe import Describer, Estimates
from ganterm.client.planning import Plan, draft_of, look_at
from ganterm.config import FIELDS, RunConfig, parse_value
from ganterm.config.recipefile import presets, recipe_path, save_recipe
from ganterm.core.errors import ConfigError
from ganterm.core.registry import is_reference
from ganterm.data.look import Seen
from ganterm.render.text import safe_text
from ganterm.tui.base import AppScreen
from ganterm.tui.messages import RunStarted
from ganterm.tui.screens.dialogs import CommandScreen, ConfirmScreen, PickerScreen, PromptScreen
from ganterm.tui.widgets.editor import Choosing, Edited
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.form import Form, Setting
from ganterm.tui.widgets.form_notes import Cost, FieldHelp, RecipeList, WordsBox
from ganterm.tui.widgets.launcher import Launcher
from ganterm.tui.widgets.toned import Header, LinePart

_LOOK_SECONDS = 0.1
_TELL_SECONDS = 0.3
_OWN_SECONDS = 0.6
_SAVE_TITLE = "Save as a recipe: a name for your own folder, or the path of a file"
_HINTS = {
    "dataset": "The path of a folder of images is a dataset too: type it into the field.",
    "recipe": "The path of a recipe file is a recipe too: type it into the field.",
}


NAME = Setting(
    "name",
    "text",
    "What the run is called.",
    "left empty, the runs of a recipe are numbered",
    "letters, digits, '.', '_' and '-'",
    placeholder="numbered",
)


class _ElsewhereError(Exception):
    """Other pictures are to be looked at by now."""


class SetupScreen(AppScreen):
    """The form of a new run."""

    SCOPE = "setup"
    CSS_PATH = "setup.tcss"
    AUTO_FOCUS = ".editor"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-medium"), (104, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-tall")]  # noqa: RUF012

    form = getters.query_one(Form)
    launcher = getters.query_one(Launcher)

    def __init__(
        self,
        *,
        environment: Mapping[str, str] = os.environ,
        describer: Callable[[], Describer] = Describer,
    ) -> None:
        super().__init__()
        self._environment = environment
        self.estimates = Estimates(describer())
        self.presets = presets()
        self._looking_at: RunConfig | None = None

    def compose(self) -> ComposeResult:
        draft, self._trouble_at_first = draft_of(self._environment)
        self.plan = Plan(draft, self.app.options.runs_dir, patient=True)
        yield Header([LinePart("New run", "title", 9)])
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield RecipeList(self.presets, self.plan.draft.recipe_name)
                yield FieldHelp(id="help-beside")
                yield Cost(id="cost-beside")
            with Vertical(id="main"):
                yield Input(placeholder="words that a setting must hold", id="find")
                yield Form(rows_of(self.plan))
        yield FieldHelp(id="help-below")
        yield Cost(id="cost-below", classes="one-line")
        yield WordsBox(id="command-line")
        yield Launcher()
        yield ActionFooter("setup")

    def on_mount(self) -> None:
        self._timer = self.set_interval(_LOOK_SECONDS, self.poll_estimates, pause=True)
        self._settle()
        if self._trouble_at_first is not None:
            self.app.say_error(self._trouble_at_first)
        for sentence in self.presets.skipped:
            self.notify(safe_text(sentence), severity="warning", timeout=8, markup=False)

    def on_screen_suspend(self) -> None:
        if self.app.current_mode != "setup":
            self.estimates.rest()
            self._timer.pause()

    def on_screen_resume(self) -> None:
        self.presets = presets()
        self._settle()

    def on_unmount(self) -> None:
        self.estimates.rest()

    # How everything stands

    def _settle(self, typing: str = "") -> None:
        """Show the consequences of a change; `typing` is the setting that is being typed."""
        plan, standings = self.plan, self.plan.standings
        self.form.show(standings, typing=typing)
        self.query_one(RecipeList).show(self.presets, plan.draft.recipe_name)
        self.estimates.want(plan.draft.config if not plan.draft.troubles else None)
        self._timer.resume()
        self.query_one(Header).show(*title_parts(plan, starting=self.launcher.starting))
        self.query_one("#command-line", WordsBox).say(Content(f"$ {safe_text(plan.command)}"))
        self._describe()
        self._count_cost()
        self.refresh_bindings()
        if (unseen := self.plan.unseen) != self._looking_at:
            self._looking_at = unseen
            self._look(unseen)

    @work(thread=True, exclusive=True, group="look")
    def _look(self, config: RunConfig | None) -> None:
        """Look at a folder of pictures; of None, at nothing any more."""
        worker, told = get_current_worker(), time.monotonic()

        def check() -> None:
            if worker.is_cancelled:
                raise _ElsewhereError

        def tell(what: str, done: int, total: int | None, unit: str) -> None:
            nonlocal told
            check()
            if (now := time.monotonic()) - told > _TELL_SECONDS:
                told = now
                words = f"{done:,} of {total:,}" if total else f"{done:,}"
                self.app.call_from_thread(self._looked, f"{words} {unit}")

        with contextlib.suppress(_ElsewhereError):
            if config is not None:
                # What is still being typed need not be run.
                time.sleep(_OWN_SECONDS if is_reference(config.dataset) else _LOOK_SECONDS)
                check()
                found = look_at(config, tell)
                check()  # the answer may be too late as well
                self.app.call_from_thread(self._saw, config, *found)

    def _looked(self, words: str) -> None:
        self.plan.looking = words
        self._describe()

    def _saw(self, config: RunConfig, seen: Seen | None, trouble: str) -> None:
        if config == self.plan.unseen:
            self.plan.saw(config, seen, trouble)
            self._settle()

    @on(Form.Moved)
    def _describe(self) -> None:
        row = self.form.current
        if row is not None:
            name = row.setting.name
            standing = self.plan.standings[name]
            found = self.plan.found if name == "dataset" else ""
            for view in self.query(FieldHelp):
                view.describe(row.setting, standing, found)

    def _count_cost(self) -> None:
        draft = self.plan.draft
        config = None if draft.troubles else draft.config
        for view in self.query(Cost):
            view.describe(config, self.estimates.current, self.plan.images)

    def poll_estimates(self) -> None:
        """Show what has become known of what the run takes."""
        if self.estimates.poll():
            self._count_cost()
        if not self.estimates.pending:
            self._timer.pause()

    # What is typed and chosen

    @on(Edited)
    def _edit(self, event: Edited) -> None:
        self.plan.set(event.setting, event.text)
        self._settle(typing=event.setting)

    @on(Choosing)
    def _choose(self, event: Choosing) -> None:
        draft, name = self.plan.draft, event.setting
        options = options_for(name, draft.config, self.presets.found)
        if not options:
            return
        current = self.plan.standings[name].text
        hints = [_HINTS.get(name, "")]
        if (registry := FIELDS[name].registry) is not None:
            hints += registry.published.troubles.values()
        ask = PickerScreen(FIELDS[name].help, options, current, " ".join(hints).strip())
        self.app.ask(ask, partial(self._chosen, name))

    def _chosen(self, name: str, value: str) -> None:
        if value == OWN:
            title = f"{name}: path of a file, and the name in it"
            prompt = PromptScreen(title, check=partial(parse_value, name))
            self.app.ask(prompt, partial(self._chosen, name))
        else:
            self.plan.set(name, value)
            self._settle()

    @on(RecipeList.Chosen)
    def _chosen_in_list(self, event: RecipeList.Chosen) -> None:
        self._chosen("recipe", event.recipe)

    # What is looked for

    @property
    def narrowed(self) -> bool:
        """Whether a search is under way, or not all settings are shown."""
        find = self.query_one("#find", Input)
        return find.has_focus or bool(find.value) or self.form.only_changes

    def widen(self) -> None:
        find = self.query_one("#find", Input)
        find.value = ""
        find.styles.clear_rule("display")
        self.form.search("")
        self.form.only_changes = False
        self.form.go_to((self.form.current or self.form.shown[0]).setting.name)

    @on(Input.Changed, "#find")
    def _find(self, event: Input.Changed) -> None:
        self.form.search(event.value)

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        if self.form.shown:
            self.set_focus(self.form.shown[0].editor)

    def find(self) -> None:
        find = self.query_one("#find")
        # At once: what is typed next must not go elsewhere.
        find.display = True
        self.set_focus(find)

    def toggle_changes(self) -> None:
        self.form.only_changes = not self.form.only_changes

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted:
            return True
        plan = self.plan
        if action in {"start", "queue"}:
            return None if self.launcher.starting else True
        if action == "fetch":
            return True if plan.missing or self.launcher.fetching else None
        if action == "next_trouble":
            return True if plan.troubles else None
        if action == "reset_all":
            return True if plan.draft.typed else None
        if action in {"above", "below", "group_above", "group_below"}:
            return self.form.current is not None or self.query_one("#find").has_focus
        return True

    def leave(self) -> None:
        """Leave the search, or the screen."""
        if self.launcher.bar.failed:
            self.launcher.bar.forget()
        elif self.narrowed:
            self.widen()
        else:
            self.app.show_runs()

    def reset(self) -> None:
        if row := self.form.current:
            self.plan.reset(row.setting.name)
            self._settle()

    def reset_all(self) -> None:
        self.plan.reset_all()
        self._settle()

    def next_trouble(self) -> None:
        names, row = list(self.form.rows), self.form.current
        at = names.index(row.setting.name) if row else -1
        wrong = [
            name for name in (*names[at + 1 :], *names[: at + 1]) if name in self.plan.troubles
        ]
        if wrong:
            self.form.go_to(wrong[0])

    def show_command(self) -> None:
        self.app.copy_to_clipboard(self.plan.command)
        self.app.push_screen(CommandScreen(self.plan.command))

    def save(self) -> None:
        if not self._refused():
            self.app.ask(PromptScreen(_SAVE_TITLE, check=recipe_path), self._save)

    def _save(self, text: str, *, replace: bool = False) -> None:
        path, draft = recipe_path(text), self.plan.draft
        if path.exists() and not replace:
            question = ConfirmScreen(f"{path} exists. Replace it?", yes="Replace", no="Keep")
            self.app.ask(question, lambda _yes: self._save(text, replace=True))
            return
        try:
            # What a recipe is for speaks of the dataset that it was made for.
            purpose = "" if "dataset" in draft.typed else draft.recipe.purpose
            save_recipe(draft.config, path, title=path.stem, purpose=purpose, replace=replace)
        except ConfigError as error:
            self.app.say_error(error)
            return
        self.notify(f"Saved {safe_text(str(path))}.", markup=False)

    def fetch(self) -> None:
        self.launcher.fetch(self.plan.missing)

    def start(self, queue: bool) -> None:
        if not self._refused():
            self.launcher.start(self.plan, queue=queue)

    @on(Launcher.Changed)
    def _change(self) -> None:
        self._settle()

    @on(Launcher.Launched)
    def _launched(self, event: Launcher.Launched) -> None:
        self.plan.name = ""
        self._settle()
        self.app.poller.hurry()
        if event.queued:
            self.app.say(f"{event.run.name} is queued; the form is as it was, for the next.")
        else:
            self.post_message(RunStarted(event.run))

    def _refused(self) -> bool:
        """Go to the first thing that is wrong; False if nothing is."""
        troubles = self.plan.troubles
        if not troubles:
            return False
        self.form.go_to(troubles[0])
        self.notify(
            f"{troubles[0]}: {safe_text(self.plan.standings[troubles[0]].trouble)}",
            severity="warning",
            markup=False,
        )
        return True


def rows_of(plan: Plan) -> dict[str, list[tuple[Setting, str]]]:
    """Return the form's rows by group, each with its text: the schema's, and the run's name."""
    groups: dict[str, list[tuple[Setting, str]]] = {}
    standings = plan.standings
    for name, spec in FIELDS.items():
        group = groups.setdefault(spec.group, [])
        group.append((Setting.of(spec), standings[name].text))
        if name == "recipe":
            group.append((NAME, plan.name))
    return groups


def title_parts(plan: Plan, *, starting: bool) -> list[LinePart]:
    """Return what the screen's first line says: how it stands, from what, to what."""
    config, troubles, differing = plan.draft.config, plan.troubles, len(plan.draft.differing)
    many = f"{len(troubles)} problems" if len(troubles) > 1 else "1 problem"
    state = LinePart(f"✗ {many}", "bad", 8) if troubles else LinePart("✓ ready", "good", 8)
    length = f"{config.epochs:,} epochs" if config.epochs else f"{config.steps:,} steps"
    return [
        LinePart("New run", "title", 9),
        LinePart("starting …", "warn", 8) if starting else state,
        LinePart(plan.draft.recipe.name, "text", 6),
        LinePart(f"● {differing} changed" if differing else "", "warn", 5),
        LinePart(f"{plan.missing} is not here yet" if plan.missing else "", "warn", 7),
        LinePart(f"{config.dataset} {config.data_spec.size_words}, {length}", "muted", 2),
    ]
