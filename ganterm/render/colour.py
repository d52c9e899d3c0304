"""What the terminal can show: colours, characters and size, read from the environment."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TextIO, TypeVar

from ganterm.core.errors import ConfigError
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
    colour = colour or colours_of(env, isatty=isatty)[0]
    charset = charset or characters_of(env, encoding=encoding)[0]
    return Canvas(colour, charset, max(size[0], 1), max(size[1], 1))


def colours_of(env: Mapping[str, str], *, isatty: bool) -> tuple[ColourMode, str]:
    """Choose the colours as `detect` does; return them and, in a few words, what decided."""
    chosen = _chosen(env, "GANTERM_COLOR", ColourMode)
    if chosen is not None:
        return chosen, f"GANTERM_COLOR={chosen.value}"
    if env.get("NO_COLOR"):
        return ColourMode.NONE, "NO_COLOR is set"
    forced = _forced(env)
    if forced is None:
        if env.get("CLICOLOR") == "0":
            return ColourMode.NONE, "CLICOLOR=0"
        return _colours_of_terminal(env) if isatty else (ColourMode.NONE, "no terminal")
    if forced[0] is ColourMode.NONE:
        return forced
    order = list(ColourMode)  # from most colours to fewest
    return min(_colours_of_terminal(env), forced, key=lambda found: order.index(found[0]))


def over_ssh(env: Mapping[str, str]) -> bool:
    """Tell whether the terminal stands on another machine, so that every byte crosses a network."""
    return any(env.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))


def characters_of(env: Mapping[str, str], *, encoding: str | None) -> tuple[Charset, str]:
    """Choose the characters as `detect` does; return them and, in a few words, what decided."""
    chosen = _chosen(env, "GANTERM_CHARSET", Charset)
    if chosen is not None:
        return chosen, f"GANTERM_CHARSET={chosen.value}"
    unicode = (encoding or "").lower().replace("-", "").replace("_", "").startswith("utf8")
    charset = Charset.HALFBLOCK if unicode else Charset.ASCII
    return charset, f"the locale's encoding is {encoding or 'unknown'}"


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


def moves_cursor(stream: TextIO) -> bool:
    """Tell whether `stream` is a terminal that draws over what it shows; `TERM` says so."""
    return stream.isatty() and os.environ.get("TERM", "").lower() not in {"", "dumb", "unknown"}


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


def _forced(env: Mapping[str, str]) -> tuple[ColourMode, str] | None:
    value = env.get("FORCE_COLOR")
    if value is not None:
        value = value.strip().lower()
        deep = {"2": ColourMode.INDEXED_256, "3": ColourMode.TRUECOLOR}
        mode = ColourMode.NONE if value in _OFF else deep.get(value, ColourMode.INDEXED_16)
        return mode, "FORCE_COLOR" + f"={value}" * bool(value)
    if env.get("CLICOLOR_FORCE", "0").strip().lower() not in _OFF:
        return ColourMode.INDEXED_16, "CLICOLOR_FORCE is set"
    return None


def _colours_of_terminal(env: Mapping[str, str]) -> tuple[ColourMode, str]:
    term = env.get("TERM", "").lower()
    said = f"TERM={term}" if term else "TERM is not set"
    if term in _COLOURLESS_TERMS:
        return ColourMode.NONE, said
    # GNU screen passes COLORTERM on from the terminal outside it but drops 24-bit sequences.
    if "STY" in env and "TMUX" not in env:
        return ColourMode.INDEXED_256, "inside GNU screen"
    if env.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return ColourMode.TRUECOLOR, f"COLORTERM={env['COLORTERM']}"
    if any(word in term for word in _TRUECOLOR_TERMS):
        return ColourMode.TRUECOLOR, said
    for name in ("TERM_PROGRAM", "LC_TERMINAL"):
        if env.get(name, "").lower() in _TRUECOLOR_PROGRAMS:
            return ColourMode.TRUECOLOR, f"{name}={env[name]}"
    return (ColourMode.INDEXED_256 if "256" in term else ColourMode.INDEXED_16), said
