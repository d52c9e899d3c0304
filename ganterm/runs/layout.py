"""Where the parts of a run lie, how runs are named, and how one is found again."""

import contextlib
import difflib
import errno
import os
import re
import secrets
import shlex
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ganterm.core.directory import is_run, make_directory, names_in, sync_directory
from ganterm.core.errors import ConfigError
from ganterm.core.files import (
    TEMP_PREFIX,
    expanded,
    in_the_making,
    read_run_text,
    remove_abandoned,
    remove_stale_temps,
    storage_trouble,
)
from ganterm.core.records import MAX_STEP

RUNS_DIR_VARIABLE: Final = "GANTERM_RUNS_DIR"
_MOST_CHARACTERS, _MOST_BYTES = 100, 200
"""Of a name, which is a file's; the second is for scripts of several bytes a letter."""
_MAKING = f"{TEMP_PREFIX}making-"
_SCRIPT = re.compile(r'^loop = "([^"\\]+)"$', re.MULTILINE)
_LOGS = re.compile(r'^logs = "', re.MULTILINE)
_STEP = re.compile(r"step-([0-9]{8,15})\.[a-z]+")


@dataclass(frozen=True)
class RunDir:
    """The directory of one run; every path of the run comes from here."""

    path: Path

    @property
    def name(self) -> str:
        """The run's name: the last part of its path."""
        return self.path.name or self.path.resolve().name

    @property
    def word(self) -> str:
        """The name as one word of a shell's command line."""
        return shlex.quote(self.name)

    @property
    def restart(self) -> str:
        """What makes a run of somebody's own loop go on, in words; empty for one of ours.

        Of one that is only to be looked at, that it is so.
        """
        try:
            text = read_run_text(self.config_file)
        except ConfigError:
            return ""
        found = _SCRIPT.search(text)
        if found and _LOGS.search(text):
            return "it was imported to be looked at"
        return f"start {found[1]} again with resume=True" if found else ""

    @property
    def config_file(self) -> Path:
        """The whole configuration, and what made it."""
        return self.path / "run.toml"

    @property
    def journal(self) -> Path:
        """The append-only record of what happened."""
        return self.path / "journal.jsonl"

    @property
    def status(self) -> Path:
        """Where the run stands."""
        return self.path / "status.json"

    @property
    def ticket(self) -> Path:
        """That it is queued, while it is."""
        return self.path / "queued.json"

    @property
    def samples(self) -> Path:
        """The directory of the fixed-latent grids."""
        return self.path / "samples"

    @property
    def real_samples(self) -> Path:
        """The grid of real images that generated ones are compared with."""
        return self.samples / "real.png"

    @property
    def checkpoints(self) -> Path:
        """The directory of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def control(self) -> Path:
        """The directory that commands are dropped into."""
        return self.path / "control"

    @property
    def parts(self) -> Path:
        """The directory of the user's code that it was built of."""
        return self.path / "parts"

    @property
    def lock(self) -> Path:
        """The file whose lock the worker holds for life."""
        return self.path / "worker.lock"

    @property
    def log(self) -> Path:
        """What the worker printed."""
        return self.path / "worker.log"

    @property
    def first_weights(self) -> Path:
        """The weights it began with, where these were somebody's."""
        return self.path / "init.safetensors"

    def sample_path(self, step: int) -> Path:
        """Return where the grid of `step` (>= 0) lies: samples/step-00001000.png."""
        return self.samples / f"{_step_stem(step)}.png"

    def checkpoint_path(self, step: int) -> Path:
        """Return where the checkpoint of `step` (>= 0) lies."""
        return self.checkpoints / f"{_step_stem(step)}.safetensors"

    def judged_path(self, step: int, which: str) -> Path:
        """Return where a judge's picture of `step` lies: samples/judged-00001000-best.png."""
        return self.samples / f"judged-{_step_stem(step).removeprefix('step-')}-{which}.png"

    def relative(self, path: Path) -> str:
        """Return how records name a file of the run: samples/step-00001000.png."""
        return str(path.relative_to(self.path))


def step_of(path: Path) -> int | None:
    """Return the step that a sample's or checkpoint's file name says; None if it says none."""
    match = _STEP.fullmatch(path.name)
    return int(match[1]) if match else None


def sample_grids(run: RunDir) -> list[tuple[int, Path]]:
    """Return the sample grids of a run with their steps, in that order.

    Raises:
        FileUnusable: their directory cannot be listed.
    """
    paths = (run.samples / name for name in names_in(run.samples) if name.endswith(".png"))
    return sorted((step, path) for path in paths if (step := step_of(path)) is not None)


def default_runs_dir() -> Path:
    """Return where runs go unless a command says otherwise: GANTERM_RUNS_DIR or ./checkpoints."""
    chosen = os.environ.get(RUNS_DIR_VARIABLE, "")
    return expanded(chosen) if chosen else Path("checkpoints")


def runs_in(runs_dir: Path) -> list[RunDir]:
    """Return the runs in `runs_dir`, in any order; none if it is missing.

    Raises:
        ConfigError: the directory cannot be listed.
    """
    try:
        paths = [path for path in runs_dir.iterdir() if not path.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigError(
            f"cannot list {runs_dir}: {error.strerror}; choose another place with --runs-dir"
        ) from error
    return [run for run in map(RunDir, paths) if is_run(run.path)]


def find_runs(runs_dir: Path) -> list[RunDir]:
    """Return the runs in `runs_dir`, the one that was last active first; raises as `runs_in`."""
    runs = runs_in(runs_dir)
    return sorted(runs, key=lambda run: (last_active(run), run.name), reverse=True)


def resolve_run(name_or_path: str | Path | None, runs_dir: Path) -> RunDir:
    """Return the run that the user means: a name in `runs_dir`, or a path; None means the newest.

    Raises:
        ConfigError: there is no such run; the message says which names come near.
    """
    if name_or_path is None:
        runs = find_runs(runs_dir)
        if not runs:
            raise ConfigError(f"there are no runs in {runs_dir}; start one with 'ganterm train'")
        return runs[0]
    text = str(name_or_path)
    if text and "\0" not in text:
        # Others may have named it as they like, such as `my run (copy)`.
        is_name = text == Path(text).name and not text.startswith(".")
        for name in dict.fromkeys((text, unicodedata.normalize("NFC", text))):
            if is_name and is_run(runs_dir / name):
                return RunDir(runs_dir / name)
        if is_run(Path(text)):
            return RunDir(Path(text))
    names = [run.name for run in find_runs(runs_dir)]
    plain = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(text.casefold(), plain, n=3, cutoff=0.5)
    near = [plain[name] for name in close]
    newest = f"the newest are {', '.join(names[:3])}" if names else "there are none yet"
    hint = f"did you mean {' or '.join(near)}?" if near else newest
    raise ConfigError(f"there is no run {text!r} in {runs_dir}; {hint}")


def check_name(name: str) -> str:
    """Return `name`, composed (NFC), if a run may have it.

    That is up to 100 letters and digits of any script, '.', '_' and '-', a letter or digit first.

    Raises:
        ConfigError: it could leave the runs' directory, hide, or confuse a terminal or a shell.
    """
    composed = unicodedata.normalize("NFC", name)
    kinds = [unicodedata.category(letter)[0] for letter in composed]
    sound = all(kind in "LMN" or c in "._-" for kind, c in zip(kinds, composed, strict=True))
    short = (
        len(composed) <= _MOST_CHARACTERS
        and len(composed.encode("utf-8", "replace")) <= _MOST_BYTES
    )
    if not (composed and sound and short and kinds[0] in "LN"):
        raise ConfigError(
            f"{name[:100]!r} cannot name a run; use up to 100 letters and digits of any script, "
            "'.', '_' and '-', a letter or digit first"
        )
    return composed


def check_place(runs_dir: Path, name: str | None = None) -> None:
    """Raise `ConfigError` unless a run called `name`, or numbered, can be made in `runs_dir`."""
    if name is not None:
        _refuse_a_taken_name(RunDir(runs_dir / check_name(name)))
    place = runs_dir.absolute()
    while not place.exists() and not place.is_symlink():
        place = place.parent
    if not place.is_dir():
        why = "is no directory"
    elif not os.access(place, os.W_OK | os.X_OK):
        why = "may not be written"
    else:
        return
    raise ConfigError(
        f"cannot make a run in {runs_dir}: {place} {why}; choose another place with --runs-dir"
    )


def create_run(
    runs_dir: Path,
    name: str | None,
    recipe: str,
    fill: Callable[[RunDir, str], object] = lambda _run, _name: None,
) -> RunDir:
    """Make the directory of a new run and return it; no two callers ever get the same one.

    It is made under another name and renamed when all of it is there, so that whatever interrupts
    this, the name is free; what a killed one has left goes with the next run that is made.

    Args:
        runs_dir: made if it is missing.
        name: the run's name; None numbers the runs of a recipe: dcgan-001, -002, ...
        recipe: name of the recipe, for numbered names.
        fill: writes the files that the run begins with, into the directory as it is made; it is
            told the name that the run will have.

    Raises:
        ConfigError: the name is not one or is taken, or the directory cannot be made.
        TrainingError: what it begins with cannot be written.
    """
    if name is not None:
        name = check_name(name)
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        remove_abandoned(runs_dir.glob(f"{_MAKING}*"))
        while True:
            run = RunDir(runs_dir / (name if name is not None else _next_number(runs_dir, recipe)))
            if name is not None:
                _refuse_a_taken_name(run)
            if _made(run, fill):
                return run
    except OSError as error:
        raise ConfigError(
            f"cannot make a run in {runs_dir}: {error.strerror}; choose another place with "
            "--runs-dir"
        ) from error


def make_ready(run: RunDir) -> None:
    """Give a run whose lock this process holds its directories, without what a killed writer left.

    Raises:
        OSError: one cannot be made, is a link, or cannot be listed; `filename` is set.
    """
    for directory in (run.samples, run.checkpoints, run.control):
        make_directory(directory)
    for directory in (run.path, run.samples, run.checkpoints):
        remove_stale_temps(directory)
    # Others write there too, and what they are writing now is not stale.
    remove_stale_temps(run.control, older_than=60.0)


def _made(run: RunDir, fill: Callable[[RunDir, str], object]) -> bool:
    """Make a run whole and give it its name; return False where that was taken meanwhile."""
    making = RunDir(run.path.parent / f"{_MAKING}{secrets.token_hex(8)}")
    making.path.mkdir()
    try:
        with in_the_making(making.path):
            for part in (making.samples, making.checkpoints, making.control):
                part.mkdir()
            try:
                fill(making, run.name)
            except OSError as error:
                if error.filename is not None:
                    error.filename = str(error.filename).replace(str(making.path), str(run.path))
                raise storage_trouble(error, run.path) from error
            sync_directory(making.path)
            try:
                making.path.rename(run.path)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
                return False
            sync_directory(run.path.parent)
            return True
    finally:
        # Of one that has its name there is nothing here.
        shutil.rmtree(making.path, ignore_errors=True)


def _refuse_a_taken_name(run: RunDir) -> None:
    if run.path.exists() or run.path.is_symlink():
        raise ConfigError(
            f"{run.path} is taken; choose another --name, or go on with it: "
            f"'ganterm resume {run.name}'"
        )


def _next_number(runs_dir: Path, recipe: str) -> str:
    """Return the name after the greatest, so that no run gets the name of one deleted earlier."""
    stem = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", recipe)).strip("._-")[:80] or "run"
    while len(stem.encode()) > _MOST_BYTES:
        stem = stem[:-1]
    numbered = re.compile(re.escape(stem) + r"-([0-9]{3,9})")
    found = (numbered.fullmatch(path.name) for path in runs_dir.iterdir())
    number = max((int(match[1]) for match in found if match), default=0) + 1
    return f"{stem}-{number:03d}"


def _step_stem(step: int) -> str:
    if not 0 <= step < MAX_STEP:
        raise ValueError(f"a step is in [0, {MAX_STEP}), not {step}")
    return f"step-{step:08d}"


def last_active(run: RunDir) -> int:
    """Return when the run was last written, in nanoseconds; 0 if that cannot be told."""
    latest = 0
    for path in (run.journal, run.status, run.config_file):
        with contextlib.suppress(OSError):
            latest = max(latest, path.lstat().st_mtime_ns)
    return latest
