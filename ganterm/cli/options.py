"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from ganterm.cli import completion
from ganterm.cli.narrate import say
from ganterm.render.colour import Charset, ColourMode
from ganterm.runs.parts import UntrustedError


def _go_on(context: typer.Context, where: Path | None) -> Path | None:
    """Have the queue of the runs go on, should its supervisor have died."""
    from ganterm.runs.layout import default_runs_dir  # noqa: PLC0415
    from ganterm.runs.queue import Queue  # noqa: PLC0415

    runs_dir = where or default_runs_dir()
    if not context.resilient_parsing and Queue(runs_dir).exists:
        from ganterm.client.queueing import wake  # noqa: PLC0415 - few have a queue

        wake(runs_dir)
    return where


RunsDir = Annotated[
    Path | None,
    typer.Option(
        "--runs-dir",
        envvar="GANTERM_RUNS_DIR",
        callback=_go_on,
        help="Where runs live.",
        show_default="./checkpoints",
    ),
]
RunName = Annotated[
    str, typer.Argument(help="Name or path of a run.", autocompletion=completion.runs)
]
RunNames = Annotated[
    list[str],
    typer.Argument(
        help="Names or paths of runs.", metavar="RUN...", autocompletion=completion.runs
    ),
]
RunOrNewest = Annotated[
    str | None,
    typer.Argument(
        help="Name or path of a run; by default the newest.", autocompletion=completion.runs
    ),
]
StepOfRun = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="The checkpoint of this step.",
        show_default="the newest that is whole",
        autocompletion=completion.steps,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
LogTo = Annotated[
    list[str] | None,
    typer.Option(
        "--log-to",
        metavar="TOOL[:WHERE]",
        help="Log for tensorboard[:DIR] or wandb[:PROJECT] as well, from a process beside the "
        "training; may be given several times.",
        autocompletion=completion.loggers,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Say only how it begins and ends, what is wrong and what was done about it.",
    ),
]
Queued = Annotated[
    bool,
    typer.Option(
        "--queue", help="Return at once; it is trained when a device is free (`ganterm queue`)."
    ),
]
Moved = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="PATH",
        help="Where the images that the run was trained on are now.",
        show_default="where they were",
    ),
]
Color = Annotated[
    ColourMode | None,
    typer.Option(
        "--color",
        help="Colours of the terminal. GANTERM_COLOR says it for every command.",
        show_default="as detected",
    ),
]
Characters = Annotated[
    Charset | None,
    typer.Option(
        "--charset",
        help="Characters to draw with. GANTERM_CHARSET says it for every command.",
        show_default="as detected",
    ),
]


def with_trust(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that runs the code of a run `--trust`; on a terminal it asks without it.

    Until the code is trusted none of it has run, so that the command begins anew then.
    """

    @wraps(command)
    def wrapper(*, trust: bool, **arguments: Any) -> None:
        while True:
            try:
                return command(**arguments)
            except UntrustedError as error:
                if not (trust or _is_trusted_now(error)):
                    raise
                error.trust()

    option = Parameter(
        "trust",
        Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[
            bool,
            typer.Option(
                "--trust",
                allow_from_autoenv=False,
                help="Run the code that the run is made of, though somebody else made it, from now "
                "on.",
            ),
        ],
    )
    return signed(wrapper, [*own_parameters(command), option])


def _is_trusted_now(error: UntrustedError) -> bool:
    """Ask on the terminal whether to run somebody else's code; without one it is not."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    say(f"{error.run} is made of somebody else's code, which can do all that you can:")
    for line in error.code:
        say(f"  {line}")
    if error.place is not None:
        say(f"Look at it in {error.place}.")
    return typer.confirm("Run it, now and from now on?", err=True)


def own_parameters(command: Callable[..., None], *taken: str) -> list[Parameter]:
    """Return the parameters of a command but for those that are `taken` together."""
    every = signature(command, eval_str=True).parameters.values()
    return [each for each in every if each.name not in taken]


def signed(wrapper: Callable[..., None], parameters: Sequence[Parameter]) -> Callable[..., None]:
    """Return `wrapper` with the parameters that Typer makes options of."""
    wrapper.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {each.name: each.annotation for each in parameters}
    return wrapper
