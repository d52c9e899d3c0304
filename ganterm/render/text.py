"""Foreign strings made safe for a terminal: what they say is shown, what they command is not."""

import re

# C0 and C1 controls with DEL; bidi marks, embeddings and isolates, which reorder what follows;
# invisible characters that hide in a name; line separators; surrogates, which cannot be encoded.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def safe_text(text: str, *, newline: bool = False) -> str:
    r"""Return `text` with every character that could steer a terminal written out as an escape.

    ESC becomes the four characters ``\x1b``, a right-to-left override ``\u202e``; a byte of a file
    name that is no UTF-8 (a lone surrogate from `os.fsdecode`) becomes that byte, ``\xff``. A tab
    becomes one space. Line feeds stay only if `newline` is true, so that by default the result is
    one line. Printable text in any language is left as it is.
    """
    return _UNSAFE.sub(lambda match: _written_out(match[0], newline=newline), text)


def _written_out(character: str, *, newline: bool) -> str:
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
