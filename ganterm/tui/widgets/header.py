"""The first line of every screen: what it shows and how that stands."""

from ganterm.tui.widgets.part_line import Part, PartLine, Tone

__all__ = ["Header", "Part", "Tone"]


class Header(PartLine, can_focus=False):
    """One line of parts; those that are kept least dearly leave a narrow screen."""

    DEFAULT_CSS = """
    Header {
        dock: top;
        background: $panel;
    }
    """
