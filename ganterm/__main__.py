"""Entry point of the command `ganterm` and of `python -m ganterm`."""

# First of all, for whatever is imported below could lie in the current directory; not even
# `__future__` is loaded yet, so nothing here may need it.
import sys

from ganterm.core import importpath

sys.path[:] = importpath.safe_path()

import contextlib
import gc
import io
import os
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

from ganterm.core.errors import ExitCode
from ganterm.render.text import SafeStream, show_traceback

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_NUMBERS: Final = {"stdin": 0, "stdout": 1, "stderr": 2}


class _Output(io.FileIO):
    """A descriptor whose first failure is remembered, and which swallows all that comes then."""

    def __init__(self, number: int, *, failing: bool) -> None:
        super().__init__(number, "w", closefd=False)
        self.trouble: OSError | None = None
        self._failing = failing

    def write(self, data: "ReadableBuffer", /) -> int:
        if self.trouble is None:
            try:
                return super().write(data)
            except OSError as error:
                self.trouble = error
                if self._failing:
                    raise
        return memoryview(data).nbytes


class DataStream:
    """Standard output, and what became of it."""

    def __init__(self, raw: _Output) -> None:
        self._raw = raw

    def finish(self) -> OSError | None:
        """Send on what is still held back; return what kept any of it from being written."""
        with contextlib.suppress(OSError):  # The stream remembers it.
            sys.stdout.flush()
        return self._raw.trouble


def main() -> NoReturn:
    """Run the command line and exit; a reader that goes away, as `head` does, is no failure."""
    output = settle()
    code: str | int | None = ExitCode.OK
    cut_off = False
    try:
        _run()
    except SystemExit as end:
        code = end.code
        # Libraries make exit code 1 of a broken pipe.
        cut_off = isinstance(end.__context__, BrokenPipeError)
    except OSError as error:
        cut_off = True
        if error is not output.finish():
            raise
    trouble = output.finish()
    if trouble is not None and (cut_off or not code):
        code = ExitCode.OK
        if not isinstance(trouble, BrokenPipeError):
            code = ExitCode.USAGE
            sys.stderr.write(f"ganterm: standard output cannot be written: {trouble.strerror}\n")
    sys.exit(code)


def settle() -> DataStream:
    """Make the three streams of `sys` usable, and return standard output.

    Characters that a stream cannot encode, or that would steer a terminal, are written out as
    escapes. The first failure to write standard output is raised as its `OSError`; standard error
    never fails.
    """
    for name, number in _NUMBERS.items():
        if getattr(sys, name) is None:
            # Standard output is opened for reading: data for it is missed, and must not be lost.
            opened = os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    data = _Output(1, failing=True)
    sys.stdout = _text(sys.stdout, data)
    sys.stderr = _text(sys.stderr, _Output(2, failing=False), line_buffering=True)
    sys.excepthook = show_traceback
    return DataStream(data)


def _text(before: TextIO | None, raw: _Output, *, line_buffering: bool = False) -> SafeStream:
    if isinstance(before, io.TextIOWrapper):
        line_buffering = line_buffering or before.line_buffering or before.write_through
    return SafeStream(
        io.BufferedWriter(raw),
        encoding="utf-8" if before is None else before.encoding,
        errors="backslashreplace",
        line_buffering=line_buffering,
    )


def _run() -> None:
    """Run it; the version alone, or the app alone, loads nothing else."""
    if sys.argv[1:] == ["--version"]:
        from ganterm import __version__  # noqa: PLC0415

        sys.stdout.write(f"ganterm {__version__}\n")
        return
    if sys.platform == "win32":
        # Locks, signals and terminals are those of POSIX throughout.
        sys.stderr.write(
            "ganterm: Windows itself is not supported; install WSL (`wsl --install`) and use "
            "ganterm inside it.\n"
        )
        sys.exit(2)
    if "_GANTERM_COMPLETE" in os.environ:
        from ganterm.cli.completion import complete  # noqa: PLC0415

        code, text = complete(os.environ, _commands)
        # Bytes: names are those of files, whatever the locale can spell.
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.exit(code)
    if not sys.argv[1:]:
        from ganterm.tui.open import main as open_the_app  # noqa: PLC0415

        sys.exit(open_the_app())
    # What is imported stays: looking for garbage among it is a tenth of a quick command's time.
    gc.set_threshold(50_000)
    from ganterm.cli.app import run  # noqa: PLC0415

    run()


def _commands() -> None:
    from ganterm.cli.app import app  # noqa: PLC0415

    app(prog_name="ganterm")


if __name__ == "__main__":
    main()
