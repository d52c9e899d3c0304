"""The form of a new run, opened for a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import Screen

from ganterm.client.describe import Describer, Description
from ganterm.tui.app import GantermApp
from ganterm.tui.screens.setup import SetupScreen

AnyScreen = TypeVar("AnyScreen", bound=Screen[Any])

COUNTED = Description(1_636_737, 95_105)
TIMED = Description(1_636_737, 95_105, 54.2, "cpu")


class ScriptedDescriber(Describer):
    """Answers as the test tells it to: at once, or one answer a `describe` if `patient`."""

    def __init__(self, *answers: Description, patient: bool = False) -> None:
        super().__init__()
        self.answers = list(answers)
        self.free = len(answers) if not patient else 0
        self.asked: list[Mapping[str, Any]] = []
        self.asking = False
        self.closed = 0

    @property
    def waiting(self) -> bool:
        return self.asking

    def ask(self, config: Mapping[str, Any]) -> None:
        self.asked.append(config)
        self.asking = True

    def poll(self) -> Description | None:
        if not (self.asking and self.answers and self.free):
            return None
        self.free -= 1
        answer = self.answers.pop(0)
        self.asking = not answer.final
        return answer

    def cancel(self) -> None:
        self.asking = False

    def close(self) -> None:
        self.asking = False
        self.closed += 1


async def open_form(
    app: GantermApp,
    pilot: Pilot[None],
    *answers: Description,
    environment: Mapping[str, str] | None = None,
) -> SetupScreen:
    """Show the form; what it asks for is answered with `answers`."""
    describer = ScriptedDescriber(*answers, patient=True)
    screen = SetupScreen(environment=environment or {}, describer=lambda: describer)
    screen.estimates._clock = lambda: 0.0
    await app.push_screen(screen)
    await pilot.pause()
    return screen


def describe(screen: SetupScreen) -> ScriptedDescriber:
    """Let it be calm for long enough, and show the next answer."""
    describer: Any = screen.estimates._describer
    describer.free = 1
    screen.estimates._due = screen.estimates._due and 0.0
    screen.poll_estimates()
    return describer  # type: ignore[no-any-return]


def on_top(app: GantermApp, kind: type[AnyScreen]) -> AnyScreen:
    """Return the screen that is shown, which must be of a kind."""
    screen = app.screen
    assert isinstance(screen, kind)
    return screen


def texts(screen: SetupScreen) -> dict[str, str]:
    """Return what stands in each field."""
    return {name: row.editor.text for name, row in screen.form.rows.items()}
