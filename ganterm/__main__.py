"""Entry point of the command `ganterm` and of `python -m ganterm`."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from ganterm.cli import streams
from ganterm.core.errors import ExitCode


def main() -> NoReturn:
    """Run the command line and exit; a reader that goes away, as `head` does, is no failure."""
    output = streams.settle()
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
    from ganterm.cli.app import run  # noqa: PLC0415

    run()


def _commands() -> None:
    from ganterm.cli.app import app  # noqa: PLC0415

    app(prog_name="ganterm")


if __name__ == "__main__":
    main()
