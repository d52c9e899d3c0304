"""`ganterm ctl RUN remedy`: what the doctor would do about a run's troubles, and doing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from ganterm.cli.console import emit, emit_json
from ganterm.cli.narrate import say
from ganterm.render.text import safe_text
from ganterm.runs.launch import start_worker

if TYPE_CHECKING:
    from pathlib import Path

    from ganterm.doctor.active import ActiveAlert
    from ganterm.doctor.applicable import ApplicableRemedy
    from ganterm.runs.layout import RunDir

Setter = Callable[[dict[str, Any]], None]
"""Has a run that trains change one setting, given as the arguments of `set`."""


def list_remedies(name: str, troubles: list[ActiveAlert], *, as_json: bool) -> None:
    """Print the troubles that stand in the run called `name`, and the remedies for each."""
    if as_json:
        fields = ("code", "step", "message", "remedies")
        emit_json([{key: to_builtins(getattr(t, key)) for key in fields} for t in troubles])
        return
    if not troubles:
        say(f"The doctor finds nothing wrong with {name}.")
    for trouble in troubles:
        emit(f"{trouble.code}, step {trouble.step:,}: {safe_text(trouble.message)}")
        for remedy in trouble.remedies:
            how = "live" if remedy.live else "as another run"
            emit(f"  {remedy.id:16}{remedy.label}, {how}")


def apply(
    found: RunDir,
    offer: ApplicableRemedy,
    *,
    alive: bool,
    runs_dir: Path,
    set_live: Setter,
    as_json: bool,
) -> None:
    """Change the run itself where it trains and can be changed, or begin another with the remedy.

    Raises what beginning a run raises, and `ConfigError` when a change is refused.
    """
    if offer.live:
        for key, value in offer.remedy.settings.items():
            set_live({"key": key, "value": value})
        return

    made = offer.begin(found, runs_dir)
    process = start_worker(made)
    if as_json:
        emit_json({"run": made.name, "path": str(made.path), "pid": process.pid})
    else:
        emit(made.name)
    going_on = f" {found.name} goes on as it is." if alive else ""
    say(f"{made.name} trains with the remedy ({offer.remedy.label}).{going_on}")
