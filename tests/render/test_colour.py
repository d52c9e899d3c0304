"""What the terminal can show is read from the environment, and the user's word wins."""

import io

import pytest

from ganterm.core.errors import ConfigError
from ganterm.render.colour import Canvas, Charset, ColourMode, canvas_of, detect

TRUE, C256, C16, NONE = ColourMode
XTERM = {"TERM": "xterm-256color"}


def colours(env: dict[str, str], *, isatty: bool = True) -> ColourMode:
    return detect(env, isatty=isatty, encoding="utf-8", size=(80, 24)).colour


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"TERM": "xterm"}, C16),
        (XTERM, C256),
        (XTERM | {"COLORTERM": "truecolor"}, TRUE),
        (XTERM | {"COLORTERM": "24bit"}, TRUE),
        (XTERM | {"COLORTERM": "yes"}, C256),
        ({"TERM": "xterm-kitty"}, TRUE),
        ({"TERM": "xterm-direct"}, TRUE),
        (XTERM | {"LC_TERMINAL": "iTerm2"}, TRUE),
        ({"TERM": "screen", "STY": "1.pts", "COLORTERM": "truecolor"}, C256),
        ({"TERM": "screen-256color", "TMUX": "socket,1,0", "COLORTERM": "truecolor"}, TRUE),
        ({"TERM": "linux"}, C16),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, NONE),
        ({"TERM": "vt100"}, NONE),
        ({}, NONE),
    ],
)
def test_terminals(env: dict[str, str], expected: ColourMode) -> None:
    """Terminals are told by COLORTERM, by the program's name and by TERM."""
    assert colours(env) is expected


@pytest.mark.parametrize(
    ("env", "isatty", "expected"),
    [
        (XTERM, False, NONE),
        (XTERM | {"NO_COLOR": "1"}, True, NONE),
        (XTERM | {"NO_COLOR": ""}, True, C256),
        (XTERM | {"NO_COLOR": "1", "FORCE_COLOR": "3"}, True, NONE),
        (XTERM | {"FORCE_COLOR": "1"}, False, C256),
        ({"FORCE_COLOR": ""}, False, C16),
        (XTERM | {"FORCE_COLOR": "3"}, False, TRUE),
        ({"FORCE_COLOR": "2"}, False, C256),
        (XTERM | {"FORCE_COLOR": "0"}, True, NONE),
        (XTERM | {"CLICOLOR_FORCE": "1"}, False, C256),
        (XTERM | {"CLICOLOR_FORCE": "0"}, False, NONE),
        (XTERM | {"CLICOLOR": "0"}, True, NONE),
        (XTERM | {"CLICOLOR": "0", "FORCE_COLOR": "1"}, True, C256),
        (XTERM | {"GANTERM_COLOR": "truecolor", "NO_COLOR": "1"}, False, TRUE),
        (XTERM | {"GANTERM_COLOR": "16"}, True, C16),
        (XTERM | {"GANTERM_COLOR": "None"}, True, NONE),
        (XTERM | {"GANTERM_COLOR": "auto"}, True, C256),
    ],
)
def test_wishes(env: dict[str, str], isatty: bool, expected: ColourMode) -> None:
    """GANTERM_COLOR wins over NO_COLOR, that over FORCE_COLOR, that over what the output is."""
    assert colours(env, isatty=isatty) is expected


@pytest.mark.parametrize(
    ("encoding", "env", "expected"),
    [
        ("utf-8", {}, Charset.HALFBLOCK),
        ("UTF8", {}, Charset.HALFBLOCK),
        ("utf_8_sig", {}, Charset.HALFBLOCK),
        ("latin-1", {}, Charset.ASCII),
        ("ANSI_X3.4-1968", {}, Charset.ASCII),
        (None, {}, Charset.ASCII),
        ("ascii", {"GANTERM_CHARSET": "halfblock"}, Charset.HALFBLOCK),
        ("utf-8", {"GANTERM_CHARSET": "ASCII"}, Charset.ASCII),
    ],
)
def test_charsets(encoding: str | None, env: dict[str, str], expected: Charset) -> None:
    """Half blocks need UTF-8, unless GANTERM_CHARSET says otherwise."""
    assert detect(env, isatty=True, encoding=encoding, size=(1, 1)).charset is expected


def test_arguments_win_over_the_environment() -> None:
    """What was typed on the command line beats every variable, even a wrong one."""
    canvas = detect(
        {"GANTERM_COLOR": "mauve", "GANTERM_CHARSET": "ascii"},
        isatty=False,
        encoding=None,
        size=(0, 50),
        colour=C256,
        charset=Charset.HALFBLOCK,
    )
    assert canvas == Canvas(C256, Charset.HALFBLOCK, 1, 50)


@pytest.mark.parametrize("name", ["GANTERM_COLOR", "GANTERM_CHARSET"])
def test_unknown_words_are_refused(name: str) -> None:
    """A variable of ganterm that says nothing it knows is named, with the words there are."""
    with pytest.raises(ConfigError, match=rf"^{name} is .*x1b.*; set it to auto or one of .*\.$"):
        detect({name: "\x1b[31m"}, isatty=True, encoding="utf-8", size=(80, 24))


def test_canvas_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that is no terminal has no colours, the size of COLUMNS and LINES, its encoding."""
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "GANTERM_COLOR", "GANTERM_CHARSET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "57")
    monkeypatch.setenv("LINES", "11")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert canvas_of(stream) == Canvas(NONE, Charset.HALFBLOCK, 57, 11)
    assert canvas_of(stream, colour=TRUE).colour is TRUE
