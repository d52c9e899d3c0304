"""What the terminal can show: colours, characters and size, read from the environment."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TextIO, TypeVar

from ganterm.errors import ConfigError
from ganterm.render.text import safe_text


class ColourMode(Enum):
    """How many colours may be used; the values are those of `GANTERM_COLOR`."""

    TRUECOLOR = "truecolor"
    INDEXED_256 = "256"
    INDEXED_16 = "16"
    NONE = "none"


class Charset(Enum):
    """Which characters may be used; the values are those of `GANTERM_CHARSET`."""

    HALFBLOCK = "halfblock"
    ASCII = "ascii"


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where something is drawn: `columns` x `rows` character cells and what they can show."""

    colour: ColourMode
    charset: Charset
    columns: int
    rows: int


_Choice = TypeVar("_Choice", ColourMode, Charset)

_TRUECOLOR_TERMS = ("kitty", "ghostty", "alacritty", "wezterm", "foot", "contour", "direct")
_TRUECOLOR_PROGRAMS = {"iterm.app", "iterm2", "vscode", "wezterm", "ghostty", "mintty", "rio"}
_COLOURLESS_TERMS = {"", "dumb", "unknown", "vt52", "vt100", "vt102", "vt220"}
_OFF = {"0", "false", "no", "off"}


def detect(
    env: Mapping[str, str],
    *,
    isatty: bool,
    encoding: str | None,
    size: tuple[int, int],
    colour: ColourMode | None = None,
    charset: Charset | None = None,
) -> Canvas:
    """Choose colours and characters for an output of `size` (columns, rows).

    First of these that speaks decides the colours: `colour`; `GANTERM_COLOR`; `NO_COLOR`, if not
    empty; `FORCE_COLOR` (0 none, 1 at least 16, 2 at least 256, 3 truecolour) and `CLICOLOR_FORCE`;
    `CLICOLOR=0`; an output that is no terminal, or one whose `TERM` has no colours; `COLORTERM`,
    `TERM_PROGRAM`, `LC_TERMINAL` and `TERM`. Characters: `charset`; `GANTERM_CHARSET`; half blocks
    if `encoding` is UTF-8, ASCII otherwise. In the two variables of ganterm `auto` and the empty
    string mean no choice. Raises ConfigError if they hold a word that is none of theirs.
    """
    colour = colour or _chosen(env, "GANTERM_COLOR", ColourMode) or _colours(env, isatty=isatty)
    charset = charset or _chosen(env, "GANTERM_CHARSET", Charset)
    if charset is None:
        unicode = (encoding or "").lower().replace("-", "").replace("_", "").startswith("utf8")
        charset = Charset.HALFBLOCK if unicode else Charset.ASCII
    return Canvas(colour, charset, max(size[0], 1), max(size[1], 1))


def canvas_of(
    stream: TextIO, *, colour: ColourMode | None = None, charset: Charset | None = None
) -> Canvas:
    """Return the canvas of an open stream, from `os.environ`; see `detect`.

    `COLUMNS` and `LINES` override the size, and what is no terminal counts as 80 x 24.
    """
    size = shutil.get_terminal_size()
    return detect(
        os.environ,
        isatty=stream.isatty(),
        encoding=getattr(stream, "encoding", None),
        size=(size.columns, size.lines),
        colour=colour,
        charset=charset,
    )


def _chosen(env: Mapping[str, str], name: str, kind: type[_Choice]) -> _Choice | None:
    value = env.get(name, "").strip().lower()
    if value in {"", "auto"}:
        return None
    try:
        return kind(value)
    except ValueError:
        words = ", ".join(choice.value for choice in kind)
        raise ConfigError(
            f"{name} is {safe_text(value)!r}; set it to auto or one of {words}."
        ) from None


def _colours(env: Mapping[str, str], *, isatty: bool) -> ColourMode:
    if env.get("NO_COLOR"):
        return ColourMode.NONE
    forced = _forced(env)
    if forced is ColourMode.NONE:
        return forced
    if forced is None and (env.get("CLICOLOR") == "0" or not isatty):
        return ColourMode.NONE
    found = _colours_of_terminal(env)
    if forced is None:
        return found
    order = list(ColourMode)  # from most colours to fewest
    return min(found, forced, key=order.index)


def _forced(env: Mapping[str, str]) -> ColourMode | None:
    value = env.get("FORCE_COLOR")
    if value is not None:
        value = value.strip().lower()
        if value in _OFF:
            return ColourMode.NONE
        deep = {"2": ColourMode.INDEXED_256, "3": ColourMode.TRUECOLOR}
        return deep.get(value, ColourMode.INDEXED_16)
    if env.get("CLICOLOR_FORCE", "0").strip().lower() not in _OFF:
        return ColourMode.INDEXED_16
    return None


def _colours_of_terminal(env: Mapping[str, str]) -> ColourMode:
    term = env.get("TERM", "").lower()
    if term in _COLOURLESS_TERMS:
        return ColourMode.NONE
    # GNU screen passes COLORTERM on from the terminal outside it but drops 24-bit sequences.
    in_screen = "STY" in env and "TMUX" not in env
    programs = {env.get(name, "").lower() for name in ("TERM_PROGRAM", "LC_TERMINAL")}
    if not in_screen and (
        env.get("COLORTERM", "").lower() in {"truecolor", "24bit"}
        or any(word in term for word in _TRUECOLOR_TERMS)
        or programs & _TRUECOLOR_PROGRAMS
    ):
        return ColourMode.TRUECOLOR
    if in_screen or "256" in term:
        return ColourMode.INDEXED_256
    return ColourMode.INDEXED_16
