"""What the shell is told at a Tab: names that are there, choices of settings, steps of a run.

Typer asks these functions when it completes a word; what is broken or missing offers nothing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, MutableMapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ganterm.config import Field
    from ganterm.runs.layout import RunDir

VARIABLE = "_GANTERM_COMPLETE"
"""What a shell sets when it asks; Typer's scripts call it so."""
_UNSAFE = re.compile(r"[^\w@%+=:,./~-]")
"""What bash wants a backslash before."""
_DEVICES = ("auto", "cpu", "cuda", "mps")


def complete(
    environment: MutableMapping[str, str], commands: Callable[[], object]
) -> tuple[int, str]:
    """Return the exit code and the output for the shell that asks in `environment`.

    `commands` runs the command line, which finds the question in the environment itself.
    Whatever goes wrong, the output is either what the shell's script expects, or empty.
    """
    asked = environment[VARIABLE]
    if asked == "complete_bash":
        _join_words(environment)
        word = environment.get("COMP_WORDS", "").rpartition("\n")[2]
    else:
        word = re.split(r"\s", environment.get("_TYPER_COMPLETE_ARGS", ""))[-1]
    output, code = io.StringIO(), 1
    with redirect_stdout(output), redirect_stderr(io.StringIO()):
        try:
            commands()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except Exception:  # noqa: BLE001 - a traceback in the prompt helps nobody
            code = 1
    text = output.getvalue() if code == 0 else ""
    return code, _of_the_word(asked, word, text)


def _join_words(environment: MutableMapping[str, str]) -> None:
    """Put together again what bash takes apart at `=` and `:`, up to the cursor."""
    try:
        at = int(environment["COMP_CWORD"])
    except (KeyError, ValueError):
        return
    words: list[str] = []
    glue = False
    for word in environment.get("COMP_WORDS", "").split("\n")[: at + 1]:
        apart = bool(word) and not word.strip("=:")
        if words and len(words) > 1 and (glue or apart):
            words[-1] += word
        else:
            words.append(word)
        glue = apart
    environment["COMP_WORDS"] = "\n".join(words)
    environment["COMP_CWORD"] = str(len(words) - 1)


def _of_the_word(asked: str, word: str, text: str) -> str:
    """Return completions as the shell wants them where the word has an `=` in it.

    Typer completes the value alone after `--option=`, and the whole word after `key=`.
    """
    option, equals, _ = word.partition("=")
    option = option + equals if equals and option.startswith("-") else ""
    if asked == "complete_bash":
        begun = len(word[: max(word.rfind("="), word.rfind(":")) + 1]) - len(option)
        rest = (line[begun:] for line in text.splitlines() if line)
        return "".join(_UNSAFE.sub(r"\\\g<0>", line) + "\n" for line in rest)
    if option and asked == "complete_fish":
        return "".join(f"{option}{line}\n" for line in text.splitlines())
    if asked == "complete_zsh" and text.startswith("_arguments"):
        # In single quotes, where Typer leaves apostrophes out.
        text = text.replace("''", r"'\''")
        return f"compset -P '*='; {text}" if option else text
    return text


def runs(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the runs, without those that stand on the line already."""
    from ganterm.runs.layout import find_runs  # noqa: PLC0415

    named = context.params.get("runs") or ()
    found = [run.name for run in find_runs(_runs_dir(context)) if run.name not in named]
    return [name for name in found if name.startswith(incomplete)]


def steps(context: typer.Context) -> list[str]:
    """Return the steps of the checkpoints that the run on the line has, or the newest run."""
    from ganterm.runs.checkpoints import list_checkpoints  # noqa: PLC0415
    from ganterm.runs.layout import step_of  # noqa: PLC0415

    return [str(step_of(path)) for path in list_checkpoints(_run(context).checkpoints)]


def recipes() -> list[tuple[str, str]]:
    """Return the recipes with their titles."""
    from ganterm.recipes import survey  # noqa: PLC0415

    return [(recipe.name, recipe.title) for recipe in survey().recipes]


def datasets() -> list[str]:
    """Return the datasets that have names; a folder is one too, which the shell completes."""
    from ganterm.components.datasets import DATASETS  # noqa: PLC0415

    return list(DATASETS.offered)


def loggers() -> list[str]:
    """Return the tools that a run can be logged to while it trains."""
    from ganterm.exchange.exporters import EXPORTERS  # noqa: PLC0415

    return [name for name in EXPORTERS.names if EXPORTERS.resolve(name).log]


def devices() -> list[str]:
    """Return what may stand for a device."""
    return [*_DEVICES]


def themes() -> list[str]:
    """Return the colours of the app."""
    from ganterm.tui.themes import BY_NAME  # noqa: PLC0415

    return [*BY_NAME]


def modes() -> list[str]:
    """Return the modes in which steps are run."""
    from ganterm.config import FIELDS  # noqa: PLC0415

    return [*map(str, FIELDS["mode"].choices)]


def values_of(field: Field) -> Callable[..., Any] | None:
    """Return who completes the values of a setting; None where there is nothing to offer."""
    if field.choices:
        return lambda: [*map(str, field.choices)]
    return {"recipe": recipes, "dataset": datasets, "device": devices}.get(field.name)


def settings(incomplete: str) -> list[str]:
    """Return settings as `key=`, and with its values the one that is meant."""
    from ganterm.config import FIELDS  # noqa: PLC0415

    return _pairs(incomplete, [*FIELDS], lambda name: FIELDS[name].default)


def changes(context: typer.Context, incomplete: str) -> list[str]:
    """Return what may follow `ctl RUN set` and `ctl RUN remedy`."""
    from ganterm.config import FIELDS  # noqa: PLC0415

    command = context.params.get("command")
    if command == "remedy":
        return _remedies(_run(context))
    if command != "set":
        return []
    live = [name for name, spec in FIELDS.items() if spec.live]
    return _pairs(incomplete, live, lambda name: _current(_run(context), name))


def _pairs(incomplete: str, names: list[str], usual: Callable[[str], object]) -> list[str]:
    from ganterm.config import FIELDS  # noqa: PLC0415

    key, equals, _ = incomplete.partition("=")
    plain = key.replace("-", "_")
    meant = [name for name in names if (name == plain if equals else name.startswith(plain))]
    if len(meant) != 1:
        return [f"{name}=" for name in meant]
    (name,) = meant
    spec = FIELDS[name]
    offered: list[object] = [*spec.choices] or ["true", "false"] * (spec.kind == "boolean")
    offer = values_of(spec)
    if not offered and offer is not None:
        offered = [each[0] if isinstance(each, tuple) else each for each in offer()]
    # The value it has: no space is put after a key that stands alone, and it can be edited.
    offered = offered or ["" if (value := usual(name)) is None else value]
    written = key if equals else name
    return [f"{written}={value}" for value in offered]


def _current(run: RunDir, name: str) -> object:
    """Return the value a setting has in a run: that of the journal, as changed."""
    from ganterm.config.recorded import recorded_config  # noqa: PLC0415
    from ganterm.core.records import ControlRecord, OpeningRecord  # noqa: PLC0415
    from ganterm.runs.journal import records_of  # noqa: PLC0415
    from ganterm.runs.live import live_settings  # noqa: PLC0415

    changed = live_settings(records_of(run.journal, OpeningRecord, ControlRecord)).config
    return changed.get(name, getattr(recorded_config(run), name))


def _remedies(run: RunDir) -> list[str]:
    from ganterm.core.records import AlertRecord, ControlRecord, OpeningRecord  # noqa: PLC0415
    from ganterm.doctor.active import active_alerts  # noqa: PLC0415
    from ganterm.doctor.applicable import applicable_remedies  # noqa: PLC0415
    from ganterm.runs.journal import records_of  # noqa: PLC0415

    kinds = (OpeningRecord, ControlRecord, AlertRecord)
    troubles = active_alerts(records_of(run.journal, *kinds))
    return [each.id for each in applicable_remedies(troubles, alive=True)]


def _run(context: typer.Context) -> RunDir:
    from ganterm.runs.layout import resolve_run  # noqa: PLC0415

    # After an option without its value, the words are not given out to the arguments.
    first = context.args[0] if context.args else None
    named = context.params.get("run") or context.params.get("target") or first
    return resolve_run(named, _runs_dir(context))


def _runs_dir(context: typer.Context) -> Path:
    from ganterm.core.files import expanded  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir  # noqa: PLC0415

    chosen = context.params.get("runs_dir")
    return expanded(chosen) if chosen else default_runs_dir()
