"""All there is to say of the setting at hand."""

from __future__ import annotations

from textual.content import Content

from ganterm.config.draft import Standing
from ganterm.render.text import safe_text
from ganterm.tui.widgets.field import Setting
from ganterm.tui.widgets.words_box import WordsBox


class FieldHelp(WordsBox):
    """Help, rule of thumb, what it must be and what the recipe says, as far as there is room."""

    def describe(self, setting: Setting, standing: Standing) -> None:
        """Speak of another setting, or of how this one stands now."""
        parts = [Content.styled(setting.name, "bold $accent"), Content(f"  {setting.help}")]
        if standing.trouble:
            parts.append(Content.styled(f"\n✗ {safe_text(standing.trouble)}", "$text-error"))
        if setting.guidance:
            parts.append(Content(f"\nRule of thumb: {setting.guidance}."))
        facts = [f"Must be {setting.expectation}." if setting.expectation else ""]
        if standing.differs:
            facts.insert(0, f"Recipe: {safe_text(standing.recipe_text)}.")
        if setting.live:
            facts.append("Can be changed while the run trains.")
        if said := " ".join(filter(None, facts)):
            parts.append(Content.styled(f"\n{said}", "$text-muted"))
        self.say(Content.assemble(*parts))
