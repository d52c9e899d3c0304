"""Finding one's way in a form: from setting to setting, and searching."""

from __future__ import annotations

from textual import on
from textual.widgets import Input

from ganterm.tui.base import AppScreen
from ganterm.tui.widgets.form import Form


class FormScreen(AppScreen):
    """A screen with a `Form` and, with the id `find`, an `Input` to search it."""

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    @property
    def narrowed(self) -> bool:
        """Whether a search is under way, or not all settings are shown."""
        find = self.query_one("#find", Input)
        return find.has_focus or bool(find.value) or self.form.only_changes

    def widen(self) -> None:
        """Show all settings again."""
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
        """Begin to type what to look for."""
        find = self.query_one("#find")
        # At once: what is typed next must not go elsewhere.
        find.display = True
        self.set_focus(find)

    def toggle_changes(self) -> None:
        """Show only what differs from the recipe, or everything again."""
        self.form.only_changes = not self.form.only_changes
