"""The configuration that a run goes on under, whatever became of its `run.toml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from ganterm.config.fields import code_of, named_parts, packaged
from ganterm.config.ownloop import LOOP, OwnNetworks
from ganterm.config.runfile import from_mapping, read_run_toml
from ganterm.config.schema import RunConfig
from ganterm.core.directory import is_run
from ganterm.core.errors import ConfigError
from ganterm.core.files import is_ours
from ganterm.core.parts import use_copies
from ganterm.core.published import is_published
from ganterm.core.records import OpeningRecord, StartRecord
from ganterm.runs.checkpoints import CheckpointHeader
from ganterm.runs.journal import records_of
from ganterm.runs.layout import RunDir
from ganterm.runs.parts import (
    Manifest,
    UntrustedError,
    file_digest,
    is_trusted,
    manifest_of,
    name_digest,
    read_parts,
    trust,
)


def recorded_config(run: RunDir) -> RunConfig:
    """Return the configuration that `run` goes on under.

    Once a worker has begun it that is what the journal says, with the place where its images were
    last; before, its `run.toml`. Raises `ConfigError` where that makes no sense.
    """
    openings = openings_of(run)
    if not openings:
        return read_run_toml(run.config_file)
    latest = config_of(openings[-1], run)
    return msgspec.structs.replace(config_of(openings[0], run), dataset=latest.dataset)


def last_config(run: RunDir) -> RunConfig:
    """Return the configuration under which `run` was trained last, or is to begin.

    Raises `ConfigError` where that makes no sense.
    """
    openings = openings_of(run)
    return config_of(openings[-1], run) if openings else read_run_toml(run.config_file)


def openings_of(run: RunDir) -> list[OpeningRecord]:
    """Return the `start` and `resume` records of `run`, in order."""
    return list(records_of(run.journal, OpeningRecord))


def where_images_are(path: Path, config: RunConfig) -> tuple[str, str]:
    """Return where the images of the checkpoint at `path` were last, and their checksum.

    `config` is the checkpoint's own. One that lies in no run has no checksum, an empty text.
    """
    home = path.absolute().parent.parent
    openings = openings_of(RunDir(home)) if is_run(home) else []
    if not openings:
        return config.dataset, ""
    if LOOP in openings[-1].config:
        return config.dataset, ""
    latest = config_of(openings[-1], RunDir(home))
    refuse_foreign_code(latest, RunDir(home).journal)
    return latest.dataset, openings[0].data_crc32


def refuse_foreign_code(config: RunConfig, *told_by: Path) -> None:
    """Raise `ConfigError` where code that `config` names is not the user's own word.

    `told_by` are the files of a run that it was read from. Those of another user may name none, and
    none may name a file of the run itself. What the run has copies of is run from there. Raises
    `UntrustedError` where somebody else made these, or named a file that it has no copy of, or what
    is installed but not published as a part, and the user does not say to trust it.
    """
    homes = {path: _home_of(path) for path in told_by}
    for code in code_of(config):
        for path, home in homes.items():
            if home is not None and code.resolve().is_relative_to(home.resolve()):
                raise ConfigError(
                    f"{path} names code in its own run, {code}, which is not run; if you trust it, "
                    "move the file elsewhere and name it yourself."
                )
            if not is_ours(path):
                raise ConfigError(
                    f"{path} belongs to another user and names code in {code}, which is not run; "
                    "look at both, and copy the run to yourself if you trust them."
                )
    place = next((each for each in homes.values() if each is not None), told_by[0])
    manifest = refuse_untrusted(config, place, files=True)
    if manifest is not None:
        use_copies(read_parts(RunDir(place), manifest))
    elif code_of(config):
        use_copies({})


def refuse_untrusted_run(run: RunDir) -> None:
    """Raise `UntrustedError` where a run is made of code that the user does not say to trust.

    Whoever has another process run it finds out here, at once, where it can still be asked for:
    what its `run.toml` says counts. Raises `ConfigError` where its copies are damaged.
    """
    try:
        config = read_run_toml(run.config_file)
    except ConfigError:  # Such as that of somebody's own loop.
        _refuse_strange(run.path, manifest_of(run))
    else:
        refuse_untrusted(config, run.path)


def refuse_untrusted(config: RunConfig, told_by: Path, *, files: bool = False) -> Manifest | None:
    """Return the copies of a run that `config` names code of, if it has any.

    `told_by` is what `config` was read from: the directory of a run, or a file that lies anywhere.
    `files` says whether one outside of a run may name no files of code either, as nobody typed it.
    Raises `UntrustedError` where the user does not say to trust them, or what else it names of
    files and of installed packages; `ConfigError` where packages are gone.
    """
    home = _home_of(told_by)
    manifest = None
    if home is not None:
        _refuse_missing_packages(config, RunDir(home))
        manifest = manifest_of(RunDir(home)) if code_of(config) else None
    names = [name for name in packaged(config) if not _is_known(name)]
    uncopied = _uncopied(config, manifest) if files or home is not None else {}
    _refuse_strange(told_by if home is None else home, manifest, names, uncopied)
    return manifest


def trust_typed(config: RunConfig, before: RunConfig) -> None:
    """Remember that the user trusts the code that `config` names, and that `before` does not.

    For what a run names anew is the user's own word. Raises `ConfigError` where there is no place
    for it.
    """
    held = set(named_parts(before))
    own = [name for name in packaged(config) if name not in held]
    trust(*map(name_digest, own))
    files = dict.fromkeys(code_of(before))
    trust(*(digest for path, digest in _uncopied(config, None).items() if path not in files))


def _uncopied(config: RunConfig, manifest: Manifest | None) -> dict[Path, str]:
    """Return the files `config` names that no copy stands for and nobody trusts; with digests."""
    held = () if manifest is None else manifest.originals
    found = {}
    for path in code_of(config):
        # What is not there is not run.
        if path.absolute() not in held and path.exists():
            digest = file_digest(path)
            if not is_trusted(digest):
                found[path] = digest
    return found


def _refuse_strange(
    place: Path,
    manifest: Manifest | None,
    names: Sequence[str] = (),
    uncopied: Mapping[Path, str] = MappingProxyType({}),
) -> None:
    strange = None if manifest is None or is_trusted(manifest.digest) else manifest
    if strange is not None or names or uncopied:
        raise UntrustedError(place.name, place, strange, names, uncopied)


def _home_of(path: Path) -> Path | None:
    """Return the directory of the run that a path is, or lies in; None where it lies in none."""
    path = path.absolute()
    return next((each for each in (path, *path.parents) if is_run(each)), None)


def _is_known(name: str) -> bool:
    """Tell whether the user chose this part of an installed package, or installed it as one."""
    return is_published(":".join(name.split(":")[:2])) or is_trusted(name_digest(name))


def _refuse_missing_packages(config: RunConfig, run: RunDir) -> None:
    names = packaged(config)
    were = (openings_of(run) or [OpeningRecord(step=0)])[-1].packages or {} if names else {}
    for name in names:
        if name in were and find_spec(name.partition(":")[0].partition(".")[0]) is None:
            raise ConfigError(
                f"{run.name} is made of {name} of {were[name]}, which is not installed any more; "
                "install it again."
            )


def refuse_imported(run: RunDir) -> None:
    """Raise `ConfigError` where `run` is made of imported weights, which cannot be trained on."""
    for record in records_of(run.journal, StartRecord):
        if file := record.imported:
            raise ConfigError(
                f"{run.name} was imported from {file}, a generator alone, and training on takes "
                "the discriminator that it had; begin with a fresh one by `ganterm train --config "
                f"{run.config_file} --init-from {run.word} --steps N`."
            )


def config_of(record: OpeningRecord, run: RunDir) -> RunConfig:
    """Return the configuration in a `start` or `resume` record; raises `ConfigError`."""
    if not record.config:
        raise ConfigError(
            f"{run.journal} does not say how {run.name} is configured; start anew with "
            f"`ganterm train --config {run.config_file}`."
        )
    return from_mapping(record.config)


def config_in(path: Path, header: CheckpointHeader) -> RunConfig:
    """Return the configuration in force when the checkpoint at `path` was written.

    Raises `ConfigError` where `header`, which is its own, does not have one, and as
    `refuse_foreign_code`.
    """
    config = from_mapping(_settings_in(path, header))
    refuse_foreign_code(config, path)
    return config


def drawn_config(path: Path, header: CheckpointHeader) -> RunConfig:
    """Return the configuration by which images of the checkpoint at `path` are drawn and judged.

    That is its own; of somebody's own loop what its generator makes, with an empty dataset where
    its script names none. Raises as `config_in`, and `ConfigError` where nothing can draw them.
    """
    networks = own_networks(path, header)
    if networks is None:
        return config_in(path, header)
    return networks.config(_settings_in(path, header))


def own_networks(path: Path, header: CheckpointHeader) -> OwnNetworks | None:
    """Return what draws images of somebody's own loop, whose code is trusted; None of ours.

    Raises `ConfigError` where it is not, or `header` makes no sense.
    """
    if LOOP not in _settings_in(path, header):
        return None
    try:
        found = header.told("networks") if "networks" in header.metadata else {}
        networks = msgspec.convert(found, OwnNetworks)
    except (ValueError, msgspec.ValidationError):
        raise ConfigError(f"{path} does not say how its generator is built.") from None
    if networks.code:
        run = RunDir(path.absolute().parent.parent)
        manifest = manifest_of(run) if is_run(run.path) else None
        if manifest is None or Path(networks.code) not in manifest.originals:
            raise ConfigError(
                f"{path} is drawn with by code that its run keeps in parts/, and that is not "
                "there; copy the whole run."
            )
        if not is_ours(path):
            raise ConfigError(
                f"{path} belongs to another user and is drawn with by code of theirs, which is not "
                "run; look at it, and copy the run to yourself if you trust it."
            )
        _refuse_strange(run.path, manifest)
        use_copies(read_parts(run, manifest))
    return networks


def _settings_in(path: Path, header: CheckpointHeader) -> dict[str, Any]:
    try:
        values = header.told("config")
    except (KeyError, ValueError):
        values = None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} does not say how its run was configured.")
    return values


def classes_in(path: Path, header: CheckpointHeader) -> tuple[str, ...]:
    """Return the names of the classes that the checkpoint at `path` is conditioned on, in order.

    Those of a run that is not conditional are (). Raises `ConfigError` where `header`, which is
    its own, has something else in their place.
    """
    try:
        names = header.told("classes") if "classes" in header.metadata else []
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{path} does not say which classes its run was trained on.")
    return tuple(names)
