"""Foreign strings made safe for a terminal: what they say is shown, what they command is not."""

import io
import re
import sys
import traceback
import unicodedata
from types import TracebackType

# C0 and C1 controls with DEL; bidi marks, embeddings and isolates, which reorder what follows;
# invisible characters that hide in a name; line separators; surrogates, which cannot be encoded.
# Joiners are seen in what they do to emoji and to Arabic and Indic letters, and to no others.
_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\xad"
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![\u0600-\u08ff\u0900-\u0dff])\u200c"
    "|(?<![\u0600-\u08ff\u0900-\u0dff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"
)
_FOREIGN = re.compile(_UNSAFE)
# Colours and cursor movements, with which commands draw, stay; so do the ends of lines.
_UNDRAWN = re.compile(rf"(\x1b\[(?:\?25[hl]|[0-9;:]*[A-HJKm])|[\t\n\r])|{_UNSAFE}")


def safe_text(text: str, *, newline: bool = False) -> str:
    r"""Return `text` with every character that could steer a terminal written out as an escape.

    ESC becomes the four characters ``\x1b``, a right-to-left override ``\u202e``; a byte of a file
    name that is no UTF-8 (a lone surrogate from `os.fsdecode`) becomes that byte, ``\xff``. A tab
    becomes one space. Line feeds stay only if `newline` is true, so that by default the result is
    one line. Printable text in any language is left as it is.
    """
    return _FOREIGN.sub(lambda match: _written_out(match[0], newline=newline), text)


def without_foreign(text: str) -> str:
    """Return one line without what `safe_text` would write out, all of which fills no cell."""
    return text if text.isprintable() else _FOREIGN.sub("", text)


def cell_width(text: str) -> int:
    """Return how many cells of a terminal `text`, which holds no controls, takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def padded(text: str, width: int) -> str:
    """Return `text` with blanks up to `width` cells."""
    return text + " " * (width - cell_width(text))


def shortened(text: str, width: int, ellipsis: str) -> str:
    """Return `text` if it takes at most `width` cells, or its beginning and an ellipsis."""
    # A cell more than fits is enough to know that the rest does not.
    begin, cells = 0, 0
    room = width - len(ellipsis)
    for index, char in enumerate(text):
        cells += _cells(char)
        if cells <= room:
            begin = index + 1
        if cells > width:
            return text[:begin] + ellipsis if room >= 0 else ""
    return text


def _cells(char: str) -> int:
    if char == "\xad":  # a soft hyphen, which terminals show
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


class SafeStream(io.TextIOWrapper):
    """Text for a terminal, of which nothing but what commands draw with can steer it.

    Foreign strings are to come through `safe_text` before; this is for those of libraries and
    tracebacks, and for whoever forgot.
    """

    def write(self, text: str, /) -> int:
        """Write text, with what could steer a terminal written out as `safe_text` does."""
        super().write(_UNDRAWN.sub(lambda match: match[1] or _written_out(match[0]), text))
        return len(text)


def show_traceback(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Tell of an error that nobody caught, in the place of `sys.excepthook`."""
    words = "".join(traceback.format_exception(kind, error, trace))
    sys.stderr.write(safe_text(words, newline=True))


def _written_out(character: str, *, newline: bool = False) -> str:
    code = ord(character)
    if character == "\n":
        return "\n" if newline else "\\n"
    if character == "\t":
        return " "
    if 0xDC80 <= code <= 0xDCFF:  # the "surrogateescape" error handler keeps a byte here
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
