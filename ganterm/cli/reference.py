"""The reference page: every setting, exit code and variable, as Markdown made from the schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ganterm.components.scores import SCORES
from ganterm.config import FIELDS, Field
from ganterm.core.errors import ExitCode
from ganterm.core.quantities import QUANTITIES

EXIT_CODES = {
    ExitCode.OK: "Fine.",
    ExitCode.TRAINING: "Training failed or diverged, or the run could not be written.",
    ExitCode.USAGE: "A wrong option, setting, name or file, or an output that cannot be written.",
    ExitCode.DATA: "A dataset or file is missing, damaged or could not be downloaded.",
    ExitCode.WORKER: "The worker process died, or another one holds the run.",
    ExitCode.SIGHUP: "The terminal went away (SIGHUP).",
    ExitCode.SIGINT: "Interrupted (SIGINT, Ctrl-C).",
    ExitCode.SIGTERM: "Terminated (SIGTERM).",
}
"""What each exit code of a command means."""

_INTRODUCTION = """\
Each setting stands under its name in a TOML file (`--config FILE`) and in the recipes. On the
command line it is an option of the same name with dashes, such as `--batch-size 64`, or
`--set batch_size=64`; in the environment it is `GANTERM_` and the name in capitals, such as
`GANTERM_BATCH_SIZE`. Defaults give way to the recipe, the recipe to the file, the file to the
environment, and everything to what was typed. `ganterm config show` prints the result."""

_FIGURES = """\
What a run writes of itself as it trains, and what a judge says of it, by the journal's names."""

_LIVE = "*Can be changed while training: `ganterm ctl RUN set KEY=VALUE`.*"


def reference(variables: Mapping[str, str]) -> str:
    """Return the page; `variables` is what `known_variables` gives."""
    return "\n".join(_lines(variables)) + "\n"


def _lines(variables: Mapping[str, str]) -> Iterator[str]:
    yield from ("# Settings", "", _INTRODUCTION)
    groups = dict.fromkeys(spec.group for spec in FIELDS.values())
    for group in groups:
        fields = [spec for spec in FIELDS.values() if spec.group == group]
        yield from ("", f"## {group}", "")
        yield from _table(("Setting", "Default", "Values", "What it does"), map(_row, fields))
    yield from ("", "# Figures", "", _FIGURES, "")
    told = {name: SCORES.facts(name).help for name in SCORES.names}
    told = {each.name: each.help for each in QUANTITIES.values()} | told
    yield from _table(("Figure", "What it says"), told.items())
    yield from ("", "# Exit codes", "")
    codes = ((str(code.value), EXIT_CODES[code]) for code in ExitCode)
    yield from _table(("Code", "Meaning"), codes)
    yield from ("", "# Environment variables", "")
    settings = {spec.variable for spec in FIELDS.values()}
    rows = ((f"`{name}`", text) for name, text in variables.items() if name not in settings)
    yield from _table(("Variable", "What it does"), rows)
    yield from ("", "Besides, every setting has a variable: " + _listed(sorted(settings)) + ".")


def _row(spec: Field) -> Sequence[str]:
    about = [spec.help]
    if spec.guidance:
        about.append(f"Rule of thumb: {spec.guidance}.")
    if spec.live:
        about.append(_LIVE)
    default = "unset" if spec.default is None else str(spec.default)
    if isinstance(spec.default, bool):
        default = default.lower()
    values = "text" if spec.kind == "text" else spec.expectation
    return f"`{spec.name}`", f"`{default}`", values, " ".join(about)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(headings) + " |"
    yield "|" + "|".join(" --- " for _ in headings) + "|"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
