"""The app's style sheet, of which only what is new is parsed."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class LazyStylesheet(Stylesheet):
    """A style sheet that parses every source once for the same variables.

    Textual parses all of them anew, twice, whenever a screen is shown for the first time; for a key
    that opens one that would be most of the time.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._given = dict(variables or {})

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set the variables, and forget what was parsed with others."""
        if variables != self._given:
            self._given = dict(variables)
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what was not parsed with the present variables; raises as `parse` does."""
        self.parse()
