"""Entry point of the command `ganterm` and of `python -m ganterm`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; asking for the version alone loads nothing else."""
    if sys.argv[1:] == ["--version"]:
        from ganterm import __version__  # noqa: PLC0415

        sys.stdout.write(f"ganterm {__version__}\n")
        return
    from ganterm.cli.app import run  # noqa: PLC0415

    run()


if __name__ == "__main__":
    main()
