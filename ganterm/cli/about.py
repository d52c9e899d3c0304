"""What `ganterm info RUN` says: what a run is, how it stands, its scores, alerts and layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ganterm.cli.console import emit, emit_json, emit_lines, table
from ganterm.cli.narrate import Waiting, say
from ganterm.client.comparison import latest_by_judge
from ganterm.client.overview import Overview, as_dict, overview
from ganterm.client.wording import sentence
from ganterm.components.scores import SCORES, scored
from ganterm.config.ownloop import LOOP
from ganterm.config.recorded import refuse_untrusted_run
from ganterm.config.runfile import INIT_DIGEST, INIT_FROM, read_made
from ganterm.core.codec import encode
from ganterm.core.errors import ConfigError, GantermError, missing_library
from ganterm.core.quantities import layers_in
from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.runs.cache import read_history
from ganterm.runs.history import RunHistory
from ganterm.runs.layout import default_runs_dir, resolve_run
from ganterm.runs.parts import UntrustedError

if TYPE_CHECKING:
    from ganterm.core.records import JudgedRecord

Layers = dict[str, dict[str, float]]
"""The largest singular value of each layer, by network and by name."""

_SETTINGS: Final = (
    *("recipe", "dataset", "image_size", "channels", "conditional", "generator", "discriminator"),
    *("loss", "penalty", "spectral_norm", "batch_size", "seed"),
)
"""The settings that say what a run is."""
_NORMALISED: Final = 0.05
"""A layer that is spectrally normalised has a largest singular value this near to 1."""


def trust_code(name: str | None, runs_dir: Path | None) -> None:
    """Remember that the user trusts the code that a run is made of; raises ConfigError."""
    run = resolve_run(name, runs_dir or default_runs_dir())
    try:
        refuse_untrusted_run(run)
    except UntrustedError as error:
        error.trust()
        say(f"The code of {error.run} is trusted from now on, in any run: {'; '.join(error.code)}.")
    else:
        say(f"{run.name} is made of no code that is not trusted already.")


def about(name: str, runs_dir: Path | None, *, layers: bool, as_json: bool) -> None:
    """Print what a run is and how it stands; its layers need PyTorch and a checkpoint.

    Raises ConfigError where there is no such run.
    """
    run = resolve_run(name, runs_dir or default_runs_dir())
    found = overview(run)
    history = read_history(run)
    judged = list(latest_by_judge(history.judged).values())
    settings: dict[str, Any] = {
        key: value
        for key, value in history.config.items()
        if key in _SETTINGS or LOOP in history.config
    }
    made: dict[str, str] = {}
    try:
        if run.config_file.exists():
            made = read_made(run.config_file)
    except ConfigError as error:  # All else is in the journal.
        say(str(error))
    origin = _origin(made, history)
    if as_json:
        emit_json(
            {
                "run": as_dict(found),
                "settings": settings,
                "parent": history.parent or None,
                "init_from": made.get(INIT_FROM),
                "init_digest": made.get(INIT_DIGEST),
                "made_by": origin,
                "checkpoints": [record.step for record in history.saved],
                "judged": [encode(record) for record in judged],
                "alerts": [encode(record) for record in history.standing],
                "layers": _layers(run.path, history) if layers else None,
            }
        )
        return
    emit_lines(_standing(found, history.parent, settings))
    if source := made.get(INIT_FROM):
        digest = safe_text(made.get(INIT_DIGEST, ""))
        emit(f"It began with the weights of {safe_text(source)} (SHA-256 {digest}).")
    emit_lines(f"{key.replace('_', ' '):<16}{text}" for key, text in origin.items())
    for record in judged:
        emit("")
        emit_lines(_scores(record))
    emit("")
    if not history.standing:
        emit("No alert stands.")
    for alert in history.standing:
        emit(f"Since step {alert.step}: {alert.message}")
    if layers and (values := _layers(run.path, history)):
        emit("")
        emit_lines(_layer_lines(values, normalised=bool(settings.get("spectral_norm"))))


def _origin(made: Mapping[str, str], history: RunHistory) -> dict[str, str]:
    """Return what made a run, by name: its command, its libraries, its machine, the user's code."""
    opening = history.opening
    found = {"command": made.get("command", "")}
    if opening is not None:
        found |= {
            "versions": ", ".join(f"{name} {text}" for name, text in opening.versions.items()),
            "packages": ", ".join(f"{n} of {w}" for n, w in (opening.packages or {}).items()),
            "machine": ", ".join(opening.machine.values()),
            "commit": opening.code.get("commit", ""),
        }
        if found["commit"] and opening.code.get("dirty") == "yes":
            found["commit"] += ", with changes"
    return {name: text for name, text in found.items() if text}


def _standing(found: Overview, parent: str, settings: Mapping[str, Any]) -> Iterator[str]:
    yield sentence(found.name, found.state, found.message)
    of = f" of {found.steps:,}" if found.steps else ""
    pace = ""
    if found.images_per_s and found.alive:
        where = f" on {safe_text(found.device)}" if found.device else ""
        pace = f", {found.images_per_s:,.0f} images/s{where}"
    yield f"Step {found.step:,}{of}{pace}; {words.size(found.size_bytes)} in {found.path}"
    if parent:
        yield f"It goes on from {parent}."
    if found.note:
        yield f"Note: {found.note}"
    yield ""
    for key, value in settings.items():
        yield f"{key:<16}{value}"


def _scores(record: JudgedRecord) -> Iterator[str]:
    yield safe_text(
        f"Judged at step {record.step:,} on {record.n:,} images by {record.judge_name or 'a judge'}"
        f" ({record.judge[:12]}):"
    )
    if record.caution:
        yield safe_text(record.caution)
    rows = [
        [safe_text(SCORES.facts(name).title), _figure(record.score(name)), _figure(floor)]
        for name in scored([record])
        for floor in (record.floor_of(name),)
    ]
    yield from table(["SCORE", "GENERATED", "REAL"], rows)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _layers(path: Path, history: RunHistory) -> Layers | None:
    """Return the largest singular values of the newest checkpoint.

    Without one, as is said, those of D that the run measured last, if it did.
    """
    from ganterm.client.checkpoints import choose_checkpoint  # noqa: PLC0415

    try:
        choice = choose_checkpoint(str(path))
        with Waiting("Reading the layers"):
            from ganterm.inference.load import largest_values  # noqa: PLC0415

            return largest_values(choice.path)
    except ModuleNotFoundError as error:
        if (trouble := missing_library(error)) is None:
            raise
        say(str(trouble))
    except GantermError as error:
        say(f"Its layers are not known: {error}")
    measured = layers_in({name: history.latest(name) for name in history.series})
    known = {name: value for name, value in measured.items() if value is not None}
    return {"discriminator": known} if known else None


def _layer_lines(layers: Layers, *, normalised: bool) -> Iterator[str]:
    yield "Largest singular value of each layer:"
    rows = []
    for network, values in layers.items():
        for name, value in values.items():
            held = normalised and network == "discriminator"
            tells = "" if not held else "as normalised"
            if held and abs(value - 1) > _NORMALISED:
                tells = "not 1, as spectral normalisation has it"
            rows.append([network, safe_text(name), f"{value:.4f}", tells])
    yield from table(["NETWORK", "LAYER", "VALUE", ""], rows)
