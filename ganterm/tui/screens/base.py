"""What every screen of the app has: its scope in the table of actions, and the app, typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import events
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from ganterm.tui.actions import Action, Scope

if TYPE_CHECKING:
    from ganterm.tui.app import GantermApp

Result = TypeVar("Result")


class AppScreen(Screen[None]):
    """A screen of its own; its bindings are those of `SCOPE` in the table."""

    SCOPE: ClassVar[Scope]
    # Widgets paint themselves when the focus comes or goes. Textual would paint the whole screen.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    @property
    def ganterm(self) -> GantermApp:
        """The app."""
        return cast("GantermApp", self.app)

    @property
    def is_seen(self) -> bool:
        """Whether the app shows this screen, be it under a dialog."""
        return self.app.current_mode == self.SCOPE

    def applies(self, action: str) -> bool:
        """Tell whether an action is worth offering as things stand; its keys work all the same.

        Unlike what `check_action` refuses, what does not apply says why when it is tried.
        """
        return True

    def called(self, action: Action) -> str:
        """Return what an action is called as things stand."""
        return action.label

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Offer what the keys do where the focus is."""
        self.refresh_bindings()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Offer what the keys do where the focus is."""
        self.refresh_bindings()


class Dialog(ModalScreen[Result]):
    """A question or a text over a screen."""

    SCOPE: ClassVar[Scope]
    AUTO_FOCUS = "*"

    @property
    def ganterm(self) -> GantermApp:
        """The app."""
        return cast("GantermApp", self.app)
