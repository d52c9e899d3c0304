"""Makes a run of foreign weights: `python -m ganterm.worker.adopt`.

Foreign bytes are read here, in a process of its own, so that nothing in them can bring down whoever
asked for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from ganterm import __version__
from ganterm.client.rpc import RemoteError
from ganterm.components.networks.base import Generator
from ganterm.components.networks.from_config import (
    discriminator_from,
    generator_from,
    growth_of,
)
from ganterm.config import RunConfig
from ganterm.config.runfile import from_mapping, render_run_toml, stem_of
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError, DataError, GantermError
from ganterm.core.files import open_regular, write_atomically
from ganterm.core.records import EndRecord, SampleRecord, StartRecord
from ganterm.data.catalogue import conditioned_spec
from ganterm.exchange.fitting import (
    FittedConfig,
    channels_too_many,
    fit,
    recipes_that_fit,
    with_epsilon,
)
from ganterm.exchange.matching import match
from ganterm.exchange.statedict import read_state
from ganterm.inference.load import stage_in
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.status import Status, write_status
from ganterm.worker.checkpoint import Meta, checkpoint_record, load_tensors, save_checkpoint
from ganterm.worker.opening import circumstances
from ganterm.worker.rpc import serve
from ganterm.worker.samples import fixed_of, fixed_pictures, write_grid

Request = Mapping[str, Any]
Answer = dict[str, Any]


_SECONDS, _BYTES_PER_SECOND = 5.0, 20e6
_MEMORY = 512 << 20
"""Beside four times what the file has: weights in two number formats, folded and not."""

GRACE: Final = 30.0
"""Seconds to end what is being written when whoever asked has gone."""


def main() -> None:
    """Make the run that is asked for."""
    serve(
        {
            "adopt": lambda call: adopt(call.params, call.check, bounded),
            "initial": lambda call: initial(call.params, bounded),
        },
        grace=GRACE,
    )


def adopt(
    request: Request,
    check: Callable[[], object] = lambda: None,
    limits: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> Answer:
    """Make the run, and tell how the weights fit; `check` raises where nobody waits any more.

    The request has `file`, `config` and `fixed` (names of settings not to change), `runs_dir`,
    `part`, `name`, `step` (each may be null), `eps` (none, one, or one for each normalisation) and
    `command`.

    Raises:
        RemoteError: it says why in one sentence, and nothing was made. Its data has `rows`, how
            each layer fits, and `notes`, a sentence each: what was found before that.
    """
    made: Answer = {"rows": [], "notes": []}
    try:
        path = Path(request["file"])
        with limits(path):
            foreign = read_state(path, part=request["part"])
        made["notes"] = list(foreign.notes)
        config = from_mapping(request["config"])
        data = conditioned_spec(config)
        found = fit(foreign.tensors, config, classes=data.classes, fixed=request["fixed"])
        made |= {
            "rows": [row._asdict() for row in found.match.rows],
            "changed": found.changed,
        }
        if found.match.misfits:
            strange = channels_too_many(foreign.tensors, config, data.classes)
            if strange is not None:
                channels, rest = strange
                made["rows"] = [row._asdict() for row in rest.rows]
                raise DataError(
                    f"{path.name} makes images of {channels} channels, and generators here make 1 "
                    "(grey), 3 (RGB) or 4 (RGBA); all its other layers fit."
                )
            raise DataError(_refusal(path, found, foreign.tensors))
        data = found.config.data_spec.with_classes(data.classes)
        generator = _generator(found, data, request["eps"])
        check()
        run = _make_run(found.config, generator, data, request)
    except GantermError as error:
        raise RemoteError(str(error), error.exit_code, made) from error
    made |= {"run": run.name, "path": str(run.path), "step": request["step"] or 0}
    return made


def initial(
    request: Request,
    limits: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> Answer:
    """Write the weights that a run begins with to a file of its own; return their digest.

    The request has `config`, which says whose they are, and `target`, where they go: those of the
    generator, and of the average and the discriminator where the source has these.

    Raises:
        ConfigError: weights do not fit the networks, one sentence says which.
        DataError: the source cannot be read.
    """
    config = from_mapping(request["config"])
    data, path = conditioned_spec(config), Path(config.init_from)
    networks = {
        "generator": generator_from(config, data),
        "discriminator": discriminator_from(config, data),
    }
    grown = 0
    try:
        header = checkpoints.read_header(path)
    except checkpoints.CheckpointDamaged:
        with limits(path):
            foreign = read_state(path, part=config.init_part or None).tensors
        found = match(foreign, networks["generator"], partial=config.init_partial)
        if found.misfits and not config.init_partial:
            row = found.misfits[0]
            raise ConfigError(
                f"{path.name} does not fit the generator: {row.ours} of {row.shape} ({row.words}), "
                f"and {len(found.misfits) - 1} more; set init_partial = true to leave them fresh, "
                "or take a recipe and settings that `ganterm import` finds for it."
            ) from None
        taken = {f"generator.{name}": value for name, value in found.state.items()}
    else:
        checkpoints.verify(path)
        taken = _fitting(load_tensors(path), networks, config)
        wanted = {f"{part}.{name}" for part in networks for name in networks[part].state_dict()}
        if (growth := growth_of(config, config.data_spec)) and wanted <= taken.keys():
            # Where these weights are of lower resolutions, so are those that go on from them.
            grown = growth.reached(stage_in(path, header) or growth.stage(growth.images))
    if not any(name.startswith("generator.") for name in taken):
        raise ConfigError(f"init_from: nothing in {path} fits this generator.")
    counters = {"step": 0, "batches": 0, "images": grown}
    meta = Meta(config=config, counters=counters, controls=0, classes=data.classes)
    save_checkpoint(Path(request["target"]), meta, taken)
    digest = hashlib.sha256()
    with os.fdopen(open_regular(path), "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return {"digest": digest.hexdigest()}


def _fitting(
    tensors: Mapping[str, torch.Tensor], networks: Mapping[str, nn.Module], config: RunConfig
) -> dict[str, torch.Tensor]:
    """Return what fits of a checkpoint; raise `ConfigError` where something does not, but must.

    A network that it lacks altogether need not.
    """
    taken: dict[str, torch.Tensor] = {}
    misfits: list[str] = []
    for part in ("generator", "ema", "discriminator"):
        theirs = config.init_part.rstrip(".") or part if part == "generator" else part
        network = networks["discriminator" if part == "discriminator" else "generator"]
        wanted = {name: _size(value) for name, value in network.state_dict().items()}
        given = {
            name.removeprefix(f"{theirs}."): value
            for name, value in tensors.items()
            if name.startswith(f"{theirs}.")
        }
        if not given and part == "generator":
            raise ConfigError(f"init_part: {config.init_from} has no weights under {theirs!r}.")
        for name in {**wanted, **given} if given else ():
            there = _size(given[name]) if name in given else "absent"
            here = wanted.get(name, "absent")
            if there == here:
                # Both the generator and its average may begin with the same.
                taken[f"{part}.{name}"] = given[name].clone()
            else:
                misfits.append(f"{theirs}.{name} is {there} there and {here} here")
    if misfits and not config.init_partial:
        more = f", and {len(misfits) - 1} more do not fit" if len(misfits) > 1 else ""
        raise ConfigError(
            f"init_from: {misfits[0]}{more}; take the settings of those networks, or set "
            "init_partial = true to leave fresh what does not fit."
        )
    return taken


def _size(value: torch.Tensor) -> str:
    return "x".join(map(str, value.shape)) or "one number"


@contextlib.contextmanager
def bounded(path: Path) -> Iterator[None]:
    """Let reading weights take as much memory and time as those of a file of its size can.

    Whatever it may be made of, the process then has `MemoryError`, or ends with SIGXCPU: one that
    does nothing else.
    """
    size = path.stat().st_size if path.exists() else 0
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime + _SECONDS + size / _BYTES_PER_SECOND
    limits = {resource.RLIMIT_CPU: int(seconds)}
    with contextlib.suppress(OSError, ValueError):  # Linux alone tells.
        held = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        limits[resource.RLIMIT_DATA] = held + _MEMORY + 4 * size
    before = {kind: resource.getrlimit(kind) for kind in limits}
    for kind, most in limits.items():
        soft, hard = before[kind]
        resource.setrlimit(kind, (min((most, soft, hard), key=_unlimited_last), hard))
    try:
        yield
    finally:
        for kind, limit in before.items():
            resource.setrlimit(kind, limit)


def _unlimited_last(limit: int) -> float:
    return math.inf if limit == resource.RLIM_INFINITY else limit


def _refusal(path: Path, found: FittedConfig, tensors: Mapping[str, torch.Tensor]) -> str:
    if all("-" not in {row.ours, row.theirs} for row in found.match.rows):
        advice = "its layers are of the right sizes, and what they lack is said above"
    elif found.config.recipe in (others := recipes_that_fit(tensors)):
        advice = "leave out the --set that keeps it from fitting"
    elif others:
        advice = f"it is that of --recipe {' or '.join(others)}"
    else:
        advice = "no recipe's is made of such layers"
    return (
        f"{path.name} does not make the generator of {found.config.recipe} whole, because "
        f"{len(found.match.misfits)} of {len(found.match.rows)} layers do not fit; {advice}."
    )


def _generator(found: FittedConfig, data: DataSpec, eps: Sequence[float]) -> Generator:
    generator = generator_from(found.config, data)
    if eps:
        with_epsilon(found.match.state, generator, eps)
    generator.load_state_dict(found.match.state)
    return generator.eval().requires_grad_(False)


def _make_run(config: RunConfig, generator: Generator, data: DataSpec, request: Request) -> RunDir:
    """Write a run that ended at its first step; all of it or nothing."""
    step = request["step"] or 0
    shown = fixed_of(config, data)
    preview = fixed_pictures(generator, shown.preview())
    tensors = {f"generator.{name}": value for name, value in generator.state_dict().items()}
    growth = growth_of(config, config.data_spec)
    # Foreign weights are those of a whole network, which is what this number makes of one.
    counters = {"step": step, "batches": 0, "images": growth.images if growth else 0}
    meta = Meta(config=config, counters=counters, controls=0, classes=data.classes)
    about = {
        "ganterm": __version__,
        "command": " ".join(request["command"]),
        "imported": _name(request),
    }
    besides = {"classes": list(data.classes)} if data.classes else {}

    def fill(run: RunDir, name: str) -> None:
        digest = save_checkpoint(run.checkpoint_path(step), meta, {**tensors, "preview": preview})
        write_grid(run.sample_path(step), generator, shown)
        write_atomically(run.config_file, render_run_toml(config, about).encode())
        _tell(run, config, step, request, run=name, digest=digest, **besides)

    return create_run(Path(request["runs_dir"]), request["name"], stem_of(config), fill)


def _tell(
    place: RunDir,
    config: RunConfig,
    step: int,
    request: Request,
    *,
    digest: str,
    **besides: Any,
) -> None:
    """Write the journal and the status of a run that was imported and has ended."""
    message = f"Imported from {_name(request)}."
    with JournalWriter(place.journal) as journal:
        journal.write(
            StartRecord(
                step=step,
                # Weights that do not say how far they were trained are of a run without a length.
                steps=step,
                controls=0,
                mode=config.mode,
                command=request["command"],
                imported=_name(request),
                **circumstances(config, torch.device("cpu")),
                **besides,
            )
        )
        journal.write(SampleRecord(step=step, path=place.relative(place.sample_path(step))))
        saved = checkpoint_record(place, step, digest)
        journal.write(saved)
        journal.write(EndRecord(step=step, reason="finished", message=message))
        journal.sync()
    write_status(
        place.status,
        Status(
            state="finished",
            step=step,
            steps=step,
            pid=0,
            device="cpu",
            last_checkpoint=saved.path,
            started=time.time(),
            message=message,
        ),
    )


def _name(request: Request) -> str:
    return Path(request["file"]).name


if __name__ == "__main__":
    main()
