"""Following a run from its journal: on a terminal, in plain lines, or as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ganterm.cli.follow.follower import Follower, Process, RunReporter
from ganterm.cli.follow.reporters import JsonReporter, PlainReporter
from ganterm.core.errors import ConfigError, ExitCode
from ganterm.render.colour import moves_cursor
from ganterm.runs.layout import RunDir


def follow(
    run: RunDir,
    start: Callable[[], Process] | None = None,
    *,
    as_json: bool,
    quiet: bool,
    replay: bool = False,
) -> ExitCode:
    """Follow `run`, whose worker `start` starts; return the exit code that tells how it ended.

    `replay` tells of every record of the past as well. Raises as `choose_reporter` and
    `Follower.follow` do.
    """
    reporter = choose_reporter(run, as_json=as_json, quiet=quiet)
    return Follower(run, reporter, start, replay=replay).follow()


def choose_reporter(run: RunDir, *, as_json: bool, quiet: bool = False) -> RunReporter:
    """Return JSON lines where asked for, moving pictures on a terminal, plain lines elsewhere.

    `quiet` takes few plain lines anywhere. Raises `ConfigError` where both are asked for.
    """
    if as_json and quiet:
        raise ConfigError("--json prints every record and --quiet hardly any; give one of them.")
    if as_json:
        return JsonReporter()
    if moves_cursor(sys.stderr) and not quiet:
        from ganterm.cli.follow.terminal import TerminalReporter  # noqa: PLC0415

        return TerminalReporter(run)
    return PlainReporter(run, quiet=quiet)
