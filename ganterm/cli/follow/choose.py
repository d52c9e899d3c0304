"""Which way of following fits where the command runs."""

from __future__ import annotations

import sys

from ganterm.cli.follow.reporter import RunReporter
from ganterm.core.errors import ConfigError
from ganterm.render.colour import moves_cursor
from ganterm.runs.layout import RunDir


def choose_reporter(run: RunDir, *, as_json: bool, quiet: bool = False) -> RunReporter:
    """Return JSON lines where asked for, moving pictures on a terminal, plain lines elsewhere.

    `quiet` takes few plain lines anywhere. Raises `ConfigError` where both are asked for.
    """
    if as_json and quiet:
        raise ConfigError("--json prints every record and --quiet hardly any; give one of them.")
    if as_json:
        from ganterm.cli.follow.jsonlines import JsonReporter  # noqa: PLC0415

        return JsonReporter()
    if moves_cursor(sys.stderr) and not quiet:
        from ganterm.cli.follow.terminal import TerminalReporter  # noqa: PLC0415

        return TerminalReporter(run)
    from ganterm.cli.follow.plain import PlainReporter  # noqa: PLC0415

    return PlainReporter(run, quiet=quiet)
