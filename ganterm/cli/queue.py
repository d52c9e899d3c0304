"""`ganterm queue`: the runs that wait for a device of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from ganterm.cli.console import emit_json, emit_lines, table
from ganterm.cli.narrate import say
from ganterm.cli.options import AsJson, RunName, RunNames, RunsDir
from ganterm.client import queueing
from ganterm.runs.layout import default_runs_dir, resolve_run
from ganterm.runs.queue import AUTO, MOST_AT_ONCE, Queue
from ganterm.runs.status import HOST

app = typer.Typer(name="queue", help="List, drop and move queued runs, and say how many at once.")


@app.callback(invoke_without_command=True)
def list_queue(
    context: typer.Context, *, runs_dir: RunsDir = None, as_json: AsJson = False
) -> None:
    """List the runs that are queued, by their places, those at work first.

    `ganterm train --queue` queues a run, and so do resume and branch. A run that fails does not
    hold up the others; one whose worker is killed goes on. Nothing has to be started: after a
    reboot the next command of ganterm goes on with the queue.
    """
    if context.invoked_subcommand is not None:
        return
    where = runs_dir or default_runs_dir()
    found = queueing.listing(where)
    queue, stopped = Queue(where), queueing.hindrance(where) if found else ""
    if as_json:
        emit_json(
            {
                "host": HOST,
                "supervisor": queueing.supervisor_alive(where),
                "at_once": queue.limits,
                "waits_because": stopped,
                "runs": [queueing.as_dict(run) for run in found],
            }
        )
        return
    if not found:
        say(f"No run is queued in {where}; `ganterm train --queue` queues one.")
    else:
        rows = [
            (
                run.place or "now",
                run.name,
                run.state,
                f"{run.step}/{run.steps}" if run.steps else run.step,
                queueing.device_words(run),
            )
            for run in found
        ]
        emit_lines(table(["PLACE", "NAME", "STATE", "STEP", "DEVICE"], rows))
    for device, most in queue.limits.items():
        say(f"{'every other device' if device == AUTO else device}: {most} at once.")
    if stopped:
        say(stopped)


@app.command()
def drop(runs: RunNames, *, runs_dir: RunsDir = None) -> None:
    """Take runs out of the queue; they stay as they are, begun or not."""
    where = runs_dir or default_runs_dir()
    for run in [resolve_run(each, where) for each in runs]:
        queueing.drop(run)
        say(f"{run.name} is out of the queue; `ganterm resume {run.word}` trains it.")


@app.command()
def move(
    run: RunName,
    place: Annotated[str, typer.Argument(help="Its place from now on: 1, 2, ..., first or last.")],
    *,
    runs_dir: RunsDir = None,
) -> None:
    """Give a queued run another place; 1, or first, comes next."""
    found = resolve_run(run, runs_dir or default_runs_dir())
    queueing.move(found, queueing.parse_place(place))
    say(f"{found.name} has another place; `ganterm queue` shows it.")


@app.command()
def limit(
    at_once: Annotated[
        int, typer.Argument(min=0, max=MOST_AT_ONCE, help="Runs; 0 begins none there.")
    ],
    *,
    device: Annotated[
        str,
        typer.Option(help="cpu, mps or cuda:N; auto is every device that nothing is said of."),
    ] = AUTO,
    runs_dir: RunsDir = None,
) -> None:
    """Say how many runs train at once on a device; this is remembered beside the runs.

    Without it that is one. Runs that were started by themselves count as well.
    """
    where = runs_dir or default_runs_dir()
    Queue(where).set_limit(device, at_once)
    queueing.wake(where)
    say(f"{'Every other device' if device == AUTO else device}: {at_once} at once.")
