"""The user's code that a run was built of: copies in `parts/`, and whose code this user trusts.

`parts/parts.json` says which file each copy is of, and its SHA-256. Nothing is run from there: the
bytes are read as all of a run is, through no link, checked, and run under the names they had.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec
import platformdirs

from ganterm.core.directory import make_directory
from ganterm.core.errors import ConfigError
from ganterm.core.files import read_limited, write_atomically
from ganterm.core.parts import Copy, copy_of, home_of
from ganterm.runs.layout import RunDir

_NAME: Final = "parts.json"
PARTS_OF: Final = "parts_of"
"""What a question about a configuration names the run by whose code counts."""
_LARGEST: Final = 1 << 20
"""Bytes of one file of code."""
_MOST: Final = 200
"""Files that one part is made of."""
STATE_VARIABLE: Final = "XDG_STATE_HOME"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    """Below the part's home, with slashes."""
    copy: str
    """Name in `parts/`."""
    sha256: str


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    original: str
    """As configurations name it."""
    home: str
    """The folder that its imports begin in."""
    path: str
    files: tuple[_File, ...]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is in `parts/`."""

    v: int
    parts: tuple[_Part, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of all the code, and of what it stands for."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    @property
    def originals(self) -> frozenset[Path]:
        """The files as configurations name them."""
        return frozenset(Path(part.original) for part in self.parts)


_ASKED_OF: Final[ContextVar[RunDir | None]] = ContextVar(
    "run whose code is looked at", default=None
)


@contextlib.contextmanager
def code_from(run: RunDir) -> Iterator[None]:
    """Have what is found out of configurations in a `with` block be that of this run's code."""
    token = _ASKED_OF.set(run)
    try:
        yield
    finally:
        _ASKED_OF.reset(token)


def asked_of() -> RunDir | None:
    """Return the run whose code counts, where one was named by `code_from`."""
    return _ASKED_OF.get()


def copy_parts(files: Iterable[Path], run: RunDir) -> None:
    """Copy files of the user's, and what they import from beside them, into a run that is made.

    Nothing is run: imports are found by reading. What cannot be read is left out, and told by
    whoever runs it; what the run has a copy of already stays as it is. The user is remembered to
    trust what is copied.

    Raises:
        ConfigError: there is no place to remember it.
        OSError: it cannot be written; `filename` is set.
    """
    manifest = manifest_of(run)
    held = () if manifest is None else manifest.parts
    copied = {Path(part.original) for part in held}
    parts = []
    for original in dict.fromkeys(each for each in files if each not in copied):
        try:
            main = original.resolve(strict=True)
            home = home_of(main)
            found = dict(_imported(main, home))
        except OSError:
            trust(file_digest(original))
            continue
        parts.append(_copied(original, main, home, found, run))
        # An export names the file itself, and so does a checkpoint that was taken out of its run.
        trust(_digest_of_file(original, found))
    if parts:
        _remember([*held, *parts], run)


def keep_code(main: Path, sources: Mapping[Path, bytes], run: RunDir) -> None:
    """Keep the text of the file `main`, and of those beside it that it imports, in a run.

    They take the place of what it has kept before. Raises as `copy_parts`.
    """
    _remember([_copied(main, main, main.parent, sources, run)], run)


def _copied(
    original: Path, main: Path, home: Path, sources: Mapping[Path, bytes], run: RunDir
) -> _Part:
    copies = []
    for path, text in sources.items():
        sha256 = hashlib.sha256(text).hexdigest()
        name = f"{sha256[:16]}-{path.name}"[:100]
        if not (run.parts / name).exists():
            make_directory(run.parts)
            write_atomically(run.parts / name, text)
        copies.append(_File(path.relative_to(home).as_posix(), name, sha256))
    return _Part(str(original), str(home), main.relative_to(home).as_posix(), tuple(copies))


def _remember(parts: Sequence[_Part], run: RunDir) -> None:
    manifest = Manifest(1, tuple(parts))
    write_atomically(run.parts / _NAME, msgspec.json.encode(manifest))
    trust(manifest.digest)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file of code with all that it imports, as it would be run.

    That is the copy that a run holds, where it is used. Raises `OSError`.
    """
    copy = copy_of(path)
    main, home = (
        (path.resolve(), home_of(path.resolve())) if copy is None else (copy.main, copy.home)
    )
    sources = dict(_imported(main, home)) if copy is None else copy.sources
    files = {file.relative_to(home).as_posix(): text for file, text in sources.items()}
    told = [(name, hashlib.sha256(files[name]).hexdigest()) for name in sorted(files)]
    return hashlib.sha256(repr((main.relative_to(home).as_posix(), told)).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return what is remembered of a file of code that no run has a copy of.

    Of one that is too large to be copied, or imports such a one, that is where it is, and no more.
    """
    sources: dict[Path, bytes] = {}
    with contextlib.suppress(OSError):
        main = path.resolve(strict=True)
        sources = dict(_imported(main, home_of(main)))
    return _digest_of_file(path, sources)


def _digest_of_file(path: Path, sources: Mapping[Path, bytes]) -> str:
    texts = sorted((str(file), text) for file, text in sources.items())
    return hashlib.sha256(repr((str(path.absolute()), texts)).encode()).hexdigest()


def take_over(source: RunDir, run: RunDir) -> None:
    """Copy the parts of `source` into a run that is made; nothing where it has none.

    Raises as `read_parts`, and OSError where they cannot be written.
    """
    manifest = manifest_of(source)
    if manifest is None:
        return
    make_directory(run.parts)
    for each in {file for part in manifest.parts for file in part.files}:
        write_atomically(run.parts / each.copy, _read(source, each))
    write_atomically(run.parts / _NAME, msgspec.json.encode(manifest))


def manifest_of(run: RunDir) -> Manifest | None:
    """Return what `parts/` of a run holds; None where it has no code.

    Raises `ConfigError` where it is damaged, or reaches beyond the run.
    """
    path = run.parts / _NAME
    try:
        found = msgspec.json.decode(read_limited(path, _LARGEST), type=Manifest)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"{path} does not say what code {run.name} is made of ({error}); put it back."
        ) from None
    for part in found.parts:
        inside = [PurePosixPath(file.path) for file in part.files] + [PurePosixPath(part.path)]
        named = all(Path(file.copy).name == file.copy for file in part.files)
        if not named or any(each.is_absolute() or ".." in each.parts for each in inside):
            raise ConfigError(f"{path} names code outside of its run, which is not run.")
    return found


def read_parts(run: RunDir, manifest: Manifest) -> dict[Path, Copy]:
    """Return the code of a run by the files that configurations name.

    Raises `ConfigError` where a copy is missing, or no longer what it was.
    """
    return {
        Path(part.original): Copy(
            Path(part.home),
            Path(part.home, part.path),
            {Path(part.home, file.path): _read(run, file) for file in part.files},
        )
        for part in manifest.parts
    }


def changed_originals(manifest: Manifest) -> list[str]:
    """Return the names of the user's files that are no longer what was copied, if they exist."""
    changed = []
    for part in manifest.parts:
        for file in part.files:
            path = Path(part.home, file.path)
            try:
                same = hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
            except OSError:
                same = True
            if not same and str(path) not in changed:
                changed.append(str(path))
    return changed


class UntrustedError(ConfigError):
    """A run is made of code that this user has not said to trust, and that is not run.

    Attributes:
        run: what it is called.
        code: a line for each file and its SHA-256, or for what it names of an installed package.
        place: where the files are; None where there are none.
    """

    def __init__(
        self,
        run: str,
        home: Path,
        manifest: Manifest | None,
        names: Sequence[str],
        uncopied: Mapping[Path, str],
    ) -> None:
        files = () if manifest is None else [file for part in manifest.parts for file in part.files]
        self.run = run
        self.code = [f"{file.copy}  SHA-256 {file.sha256}" for file in dict.fromkeys(files)]
        self.code += [f"{name}, of what is installed" for name in names]
        self.code += [f"{path}, as it is there now" for path in uncopied]
        self.place = None if manifest is None else RunDir(home).parts
        self._digests = [] if manifest is None else [manifest.digest]
        self._digests += [*map(name_digest, names), *uncopied.values()]
        originals = [*uncopied] if manifest is None else [*manifest.originals, *uncopied]
        look = "" if self.place is None else f"look at {self.place}, and "
        super().__init__(
            f"{run} is made of somebody else's code "
            f"({', '.join((*sorted(each.name for each in originals), *names))}), which is "
            f"not run: {look}if you trust it say --trust, as in `ganterm info "
            f"{shlex.quote(str(home))} --trust`."
        )

    def trust(self) -> None:
        """Remember that this user trusts it; raises as the function."""
        trust(*self._digests)


def name_digest(name: str) -> str:
    """Return what is remembered of code of an installed package, named `module:NAME`."""
    return hashlib.sha256(f"installed {name}".encode()).hexdigest()


def trust(*digests: str) -> None:
    """Remember that this user trusts code with these digests, whatever run it is in.

    Raises `ConfigError` where there is no place for it.
    """
    path = _trusted()
    missing = [digest for digest in digests if not is_trusted(digest)]
    if not missing:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.writelines(f"{digest}\n" for digest in missing)
    except OSError as error:
        raise ConfigError(
            f"{path}, which remembers whose code you run, cannot be written ({error.strerror}); "
            f"set {STATE_VARIABLE} to a folder of yours."
        ) from None


def is_trusted(digest: str) -> bool:
    """Tell whether this user made a run of this code, or said to trust it."""
    try:
        return digest in _trusted().read_text("ascii", "replace").split()
    except OSError:
        return False


def _trusted() -> Path:
    return platformdirs.user_state_path("ganterm", appauthor=False) / "trusted-parts"


def _read(run: RunDir, file: _File) -> bytes:
    path = run.parts / file.copy
    try:
        text = read_limited(path, _LARGEST)
    except OSError as error:
        raise ConfigError(
            f"{path}, code that {run.name} is made of, cannot be read ({error.strerror}); put it "
            "back."
        ) from None
    if hashlib.sha256(text).hexdigest() != file.sha256:
        raise ConfigError(
            f"{path} is not the code any more that {run.name} was made of; put it back."
        )
    return text


def _imported(main: Path, home: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield a file and all below `home` that it imports, in turn, with what is in them."""
    waiting, seen = [main], set[Path]()
    while waiting and len(seen) < _MOST:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        text = read_limited(path, _LARGEST, follow=True)
        yield path, text
        package = path.parent
        while package != home and package.is_relative_to(home):
            waiting.append(package / "__init__.py")
            package = package.parent
        for module in imported_by(text, path, home):
            if "site-packages" in home.parts and module[:1] != main.relative_to(home).parts[:1]:
                continue  # another package
            place = home.joinpath(*module)
            there = (place.with_suffix(".py"), place / "__init__.py")
            waiting += [each for each in there if each.is_file()]


def imported_by(text: bytes, path: Path, home: Path) -> Iterator[tuple[str, ...]]:
    """Yield the names of all modules that the text of the file at `path` below `home` may import.

    Some may be no modules, but what is imported from one.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    package = path.parent.relative_to(home).parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                parts = tuple(name.name.split("."))
                yield from (parts[: count + 1] for count in range(len(parts)))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            yield from (base[: count + 1] for count in range(len(base)))
            yield from ((*base, name.name) for name in node.names if name.name != "*")
