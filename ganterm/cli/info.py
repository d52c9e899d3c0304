"""`ganterm info`: what ganterm finds on this machine."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

import ganterm
from ganterm import __version__, recipes
from ganterm.cli import completion
from ganterm.cli.about import about, trust_code
from ganterm.cli.console import emit, emit_json
from ganterm.cli.narrate import Waiting, say
from ganterm.cli.options import AsJson, RunsDir
from ganterm.cli.settings import known_variables, unknown_variables
from ganterm.config import FIELDS
from ganterm.core.errors import missing_library
from ganterm.core.published import every, published
from ganterm.data.catalogue import data_dir
from ganterm.render.colour import characters_of, colours_of
from ganterm.runs.layout import default_runs_dir, find_runs

_LIBRARIES = (
    "torch",
    "torchvision",
    "numpy",
    "safetensors",
    "scikit-learn",
    "pillow",
    "textual",
    "rich",
    "typer",
    "msgspec",
)


def info(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Argument(
            help="Tell of this run instead, by name or path.",
            show_default=False,
            autocompletion=completion.runs,
        ),
    ] = None,
    *,
    layers: Annotated[
        bool,
        typer.Option(
            "--layers/--no-layers", help="Of a run, measure its layers too, which imports PyTorch."
        ),
    ] = True,
    devices: Annotated[
        bool,
        typer.Option(
            "--devices/--no-devices", help="Look for GPUs too, which imports PyTorch (seconds)."
        ),
    ] = True,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="Of a run that somebody else made of code: run this code from now on."
        ),
    ] = False,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> None:
    """Say what there is: versions, terminal, directories, variables and devices; or what a run is.

    Of a run: its settings, how it stands, scores, standing alerts, and the largest singular value
    of each layer, which spectral normalisation holds at 1.
    """
    if trust:
        trust_code(run, runs_dir)
    if run is not None:
        about(run, runs_dir, layers=layers, as_json=as_json)
        return
    found: dict[str, Any] = {
        "versions": _versions(),
        "terminal": _terminal(),
        "directories": _directories(runs_dir),
        "variables": _variables(context.find_root().command),
        "published": _published(),
    }
    if as_json:
        emit_json({**found, "devices": _devices() if devices else None})
        return
    for title, lines in (
        ("Versions", _pairs(found["versions"])),
        ("Terminal", _terminal_lines(found["terminal"])),
        ("Directories", _directory_lines(found["directories"])),
        ("Variables", _variable_lines(found["variables"])),
        ("Published by packages", _published_lines(found["published"])),
    ):
        _print(title, lines)
    if devices:
        # What has been said should be read while PyTorch is imported for the rest.
        sys.stdout.flush()
        _print("Devices", _device_lines(_devices()))


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {
        "ganterm": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def _terminal() -> dict[str, Any]:
    isatty = sys.stdout.isatty()
    colour, colour_reason = colours_of(os.environ, isatty=isatty)
    on_terminal = colours_of(os.environ, isatty=True)
    charset, charset_reason = characters_of(os.environ, encoding=sys.stdout.encoding)
    size = shutil.get_terminal_size()
    return {
        "isatty": isatty,
        "columns": size.columns,
        "rows": size.lines,
        "colour": colour.value,
        "colour_reason": colour_reason,
        "colour_on_terminal": on_terminal[0].value,
        "colour_on_terminal_reason": on_terminal[1],
        "charset": charset.value,
        "charset_reason": charset_reason,
    }


def _directories(runs_dir: Path | None) -> dict[str, dict[str, Any]]:
    runs = runs_dir or default_runs_dir()
    data = data_dir()
    return {
        "runs": {
            "path": str(runs.absolute()),
            "exists": runs.is_dir(),
            "count": len(find_runs(runs)),
        },
        "data": {"path": str(data.absolute()), "exists": data.is_dir()},
        "program": {"path": str(Path(ganterm.__file__).parent), "exists": True},
    }


def _published() -> list[dict[str, str]]:
    """Return what installed packages publish, and of what cannot be had why."""
    from ganterm.cli.export import FORMATS  # noqa: PLC0415

    registries = [spec.registry for spec in FIELDS.values() if spec.registry is not None]
    offers = {registry.kind: registry.published for registry in registries}
    offers |= {"recipe": recipes.published_recipes(), "exporter": published("exporter", FORMATS)}
    return [
        {
            "kind": kind,
            **asdict(each),
            "trouble": offers[kind].troubles.get(each.name, "") if kind in offers else "",
        }
        for kind, each in every()
    ]


def _published_lines(parts: Sequence[Mapping[str, str]]) -> Iterator[str]:
    if not parts:
        yield "nothing"
    for each in parts:
        yield f"{each['kind']:<14}{each['name']} of {each['package']}, {each['place']}"
        if each["trouble"]:
            yield f"{'':<14}{each['trouble']}"


def _variables(command: Any) -> dict[str, Any]:
    known = known_variables(command)
    in_effect = {name: os.environ[name] for name in sorted(known) if os.environ.get(name)}
    return {"in_effect": in_effect, "unknown": unknown_variables(os.environ, known)}


def _devices() -> list[dict[str, Any]] | None:
    """Return the devices PyTorch can train on, best first, as `device = auto` chooses.

    Without PyTorch, which is said, none are known.
    """
    try:
        return _found_by_torch()
    except ModuleNotFoundError as error:
        if (trouble := missing_library(error)) is None:
            raise
        say(str(trouble))
        return None


def _found_by_torch() -> list[dict[str, Any]]:
    with Waiting("Looking for devices"):
        import torch  # noqa: PLC0415

        from ganterm.engine.precision import bfloat16_gain  # noqa: PLC0415

        found: list[dict[str, Any]] = []
        if torch.cuda.is_available():
            for index in range(torch.cuda.device_count()):
                properties = torch.cuda.get_device_properties(index)
                found.append(
                    {
                        "device": f"cuda:{index}",
                        "name": properties.name,
                        "memory_bytes": properties.total_memory,
                    }
                )
        if torch.backends.mps.is_available():
            found.append({"device": "mps", "name": "Apple GPU", "memory_bytes": None})
        build = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
        without_gpu = not found
        cores = torch.get_num_threads()
        name = f"{platform.machine()}, {os.cpu_count()} cores, {cores} of them used by PyTorch"
        found.append({"device": "cpu", "name": name, "memory_bytes": None})
        for each in found:
            gain = bfloat16_gain(torch.device(each["device"]))
            each["bfloat16_gain"] = float(f"{gain:.2g}")
    if without_gpu:
        say(f"No GPU was found; this PyTorch is built {build}.")
    return found


def _print(title: str, lines: Iterator[str]) -> None:
    emit(title)
    for line in lines:
        emit("  " + line)


def _pairs(values: Mapping[str, object], width: int = 14) -> Iterator[str]:
    for name, value in values.items():
        yield f"{name:<{width}}{'not installed' if value is None else value}"


def _terminal_lines(terminal: Mapping[str, Any]) -> Iterator[str]:
    output = "a terminal" if terminal["isatty"] else "no terminal"
    colours = f"{terminal['colour']} ({terminal['colour_reason']})"
    if terminal["colour"] != terminal["colour_on_terminal"]:
        there = terminal["colour_on_terminal"], terminal["colour_on_terminal_reason"]
        colours += f"; on a terminal {there[0]} ({there[1]})"
    yield from _pairs(
        {
            "output": f"{output}, {terminal['columns']} x {terminal['rows']}",
            "colours": colours,
            "characters": f"{terminal['charset']} ({terminal['charset_reason']})",
        }
    )


def _directory_lines(directories: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, found in directories.items():
        words = "" if found["exists"] else "  (not there yet)"
        if found.get("count"):
            words = f"  ({found['count']} runs)"
        yield f"{name:<14}{found['path']}{words}"


def _variable_lines(variables: Mapping[str, Any]) -> Iterator[str]:
    for name, value in variables["in_effect"].items():
        yield f"{name}={value}"
    for name, near in variables["unknown"].items():
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        yield f"{name} is no variable of ganterm's and changes nothing{hint}"
    if not variables["in_effect"] and not variables["unknown"]:
        yield "none set"


def _device_lines(devices: list[dict[str, Any]] | None) -> Iterator[str]:
    if devices is None:
        yield "not known without PyTorch"
        return
    for found in devices:
        memory = found["memory_bytes"]
        words = f", {memory / (1 << 30):.0f} GiB" if memory else ""
        yield f"{found['device']:<14}{found['name']}{words}"
        gain = found["bfloat16_gain"]
        speed = f"{gain:.2g} times as quick as float32" if gain else "not there"
        yield f"{'':<14}bfloat16 is {speed}, in products of matrices"
