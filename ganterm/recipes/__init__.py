"""Named presets: one small TOML file each, holding only what differs from the schema's defaults.

The `[about]` table says what a recipe is for and where it comes from; every other key is a setting
of `RunConfig`, after `version`, which says what those mean. Beside the recipes that come with
ganterm stand the user's own, in a folder.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import sys
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import resources
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from ganterm.core.errors import ConfigError
from ganterm.core.importpath import safe_path
from ganterm.core.published import Offer, Published, published

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


VERSION = 2
"""Of what the settings in a file mean; ganterm 0.1.0 wrote none, which is 1."""
RECIPES_DIR_VARIABLE = "GANTERM_RECIPES_DIR"
_MOST_DOTS = 200
MAX_OWN = 500
"""Files of the user's folder that are read; whoever has more has pointed at something else."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What a recipe in the user's folder may be called, so that its name is safe wherever it goes."""


@dataclass(frozen=True)
class Departure:
    """Where a recipe leaves what its source prints."""

    source: str
    """What the source does."""
    ganterm: str
    """What is done here."""
    effect: str
    """What that changes, with its figure."""


@dataclass(frozen=True)
class Recipe:
    """A preset: what it is called and for, and the settings it changes."""

    name: str
    title: str
    purpose: str
    source: str
    values: dict[str, object]
    version: int = VERSION
    departures: tuple[Departure, ...] = ()
    package: str = ""
    """The installed package that publishes it, and its version."""


@dataclass(frozen=True)
class Survey:
    """The recipes that can be had by name."""

    recipes: list[Recipe]
    """Those that come with ganterm first, then the user's own, then those that packages publish;
    each sorted by name."""
    skipped: list[str]
    """One sentence for each other that is no recipe, saying why."""


def built_in() -> list[str]:
    """Return the names of the recipes that come with ganterm, sorted."""
    files = resources.files(__name__).iterdir()
    return sorted(entry.name[:-5] for entry in files if entry.name.endswith(".toml"))


def recipes_dir() -> Path:
    """Return where the user's own recipes live: GANTERM_RECIPES_DIR, or the user's config home.

    Whoever has no home has no recipes either.
    """
    chosen = os.environ.get(RECIPES_DIR_VARIABLE)
    if chosen:
        return Path(os.path.expanduser(chosen))  # noqa: PTH111 - pathlib's raises without a home
    import platformdirs  # noqa: PLC0415 - `--version` and its like do without

    with contextlib.suppress(RuntimeError):
        found = platformdirs.user_config_path("ganterm", appauthor=False) / "recipes"
        if found.is_absolute():
            return found
    return Path(os.devnull)


def survey() -> Survey:
    """Read every recipe there is; a file that is none is skipped with a word, never an error."""
    found = Survey([load(name) for name in built_in()], [])
    taken = {recipe.name for recipe in found.recipes}
    try:
        paths = sorted(recipes_dir().glob("*.toml"))
    except (OSError, ValueError):
        paths = []
    for path in paths[:MAX_OWN]:
        if path.stem in taken:
            why = f"ganterm's own recipe {path.stem} has that name; give the file another."
            found.skipped.append(f"{path} is skipped: {why}")
            continue
        try:
            found.recipes.append(_own(path))
        except ConfigError as error:
            found.skipped.append(f"{path} is skipped: {error}")
    if len(paths) > MAX_OWN:
        found.skipped.append(f"{recipes_dir()} holds more than {MAX_OWN} recipes; those are shown.")
    offer = published_recipes()
    found.skipped.extend(offer.troubles.values())
    taken |= {recipe.name for recipe in found.recipes}
    for part in offer.parts.values():
        try:
            if part.name in taken:
                raise ConfigError(f"a recipe of yours in {recipes_dir()} has that name.")
            found.recipes.append(_of_package(part))
        except ConfigError as error:
            words = f"The recipe {part.name} of {part.package} is skipped: {error}"
            found.skipped.append(words)
    return found


def published_recipes() -> Offer:
    """Return what installed packages publish as recipes."""
    return published("recipe", tuple(built_in()))


def names() -> list[str]:
    """Return the names of all recipes: ganterm's, the user's own, those of packages."""
    return [recipe.name for recipe in survey().recipes]


def load(name: str) -> Recipe:
    """Return the recipe called `name`, or the one in the TOML file at the path `name`.

    A recipe that comes with ganterm goes before one of the user's own with the same name, and that
    before one of a package. Raises `ConfigError` naming the near names, or the fault in the file.
    """
    if name in built_in():
        text = (resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
        return _parse(name, text)
    path = Path(name)
    if path.suffix.lower() == ".toml":
        return _parse(path.stem, read_text(path, "recipe"))
    if NAME.fullmatch(name) and (own := recipes_dir() / f"{name}.toml").exists():
        return _own(own)
    offer = published_recipes()
    if name in offer.parts:
        return _of_package(offer.parts[name])
    if name in offer.troubles:
        raise ConfigError(offer.troubles[name])
    near = get_close_matches(name.lower(), names(), n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`ganterm recipes` lists them all."
    raise ConfigError(f"There is no recipe {name!r}; {hint}")


def _own(path: Path) -> Recipe:
    """Return a recipe of the user's folder, by a name that every command takes as one."""
    if not NAME.fullmatch(path.stem):
        raise ConfigError(
            f"{path.stem[:100]!r} cannot name a recipe; use up to 100 letters, digits, '.', '_' "
            "and '-', a letter or digit first."
        )
    if not path.is_file():  # a pipe would be waited for, and a folder is no file
        raise ConfigError("it is not a file.")
    return _parse(path.stem, read_text(path, "recipe"))


def _of_package(part: Published) -> Recipe:
    """Return a recipe that a package publishes, as a TOML file in it or a text in a module.

    Both are read; nothing of the package is run.
    """
    module, _, name = part.place.partition(":")
    what = f"recipe {part.name} of {part.package}"
    home = _folder_of(module)
    if home is None:
        raise ConfigError(f"The {what} lies in {module}, which is not installed; install it again.")
    if name.endswith(".toml"):
        text = read_text(home / name, what)
    else:
        source = home / "__init__.py" if home.is_dir() else home.with_suffix(".py")
        text = _constant(read_text(source, what), name)
        if not text:
            raise ConfigError(f'The {what} is no text {name} = "..." in {source}.')
    return replace(_parse(part.name, text), package=part.package)


def _folder_of(module: str) -> Path | None:
    """Return where a module of an installed package lies, or would, without importing any."""
    first, *rest = module.split(".")
    # Of one that is installed to be edited, finders of its own may know more.
    found = PathFinder.find_spec(first, safe_path()) or find_spec(first)
    if found is None:
        return None
    places = found.submodule_search_locations or [str(Path(found.origin or "").with_suffix(""))]
    return Path(next(iter(places)), *rest)


def _constant(source: str, name: str) -> str:
    """Return the text that is assigned to a name of a module; empty where there is none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and any(isinstance(each, ast.Name) and each.id == name for each in node.targets)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            return node.value.value
    return ""


def read_text(path: Path, what: str) -> str:
    """Return the text of a TOML file of at most 1 MiB; raises `ConfigError` naming `path`."""
    try:
        if path.stat().st_size > 1 << 20:
            raise ConfigError(f"The {what} {path} is over 1 MiB, which no {what} is.")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The {what} {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The {what} {path} is not a text file; it should be TOML.") from None
    except ValueError:  # a path with a null byte
        raise ConfigError(f"The {what} {str(path)!r} has a name that no file can have.") from None


def parse_toml(text: str, origin: str) -> dict[str, object]:
    """Parse TOML; raises `ConfigError` with the parser's line and column."""
    # A key of many parts takes the parser time and memory by the square of their number.
    if max(line.count(".") for line in text.split("\n")) > _MOST_DOTS:
        raise ConfigError(
            f"{origin} has a line with more than {_MOST_DOTS} dots, as no setting has."
        )
    try:
        document: dict[str, object] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # an absurdly long integer is a plain ValueError
        raise ConfigError(f"{origin} is not valid TOML: {error}.") from None
    return document


def take_version(document: dict[str, object], origin: str) -> int:
    """Take `version` out of a file's settings; raises `ConfigError` for one not known here."""
    version = document.pop("version", 1)
    if version not in range(1, VERSION + 1) or isinstance(version, bool):
        raise ConfigError(
            f"{origin} is of version {version!r}, and this ganterm knows those up to {VERSION}; "
            "use the ganterm that wrote it, or a later one."
        )
    return int(str(version))


def _parse(name: str, text: str) -> Recipe:
    values = parse_toml(text, f"Recipe {name}")
    version = take_version(values, f"Recipe {name}")
    about = values.pop("about", {})
    if not isinstance(about, dict):
        raise ConfigError(f"Recipe {name}: about must be a table with title, purpose and source.")
    if "recipe" in values:
        raise ConfigError(f"Recipe {name} names another recipe, which no recipe may; remove that.")
    title, purpose, source = (str(about.get(key, "")) for key in ("title", "purpose", "source"))
    return Recipe(
        name, title or name, purpose, source, values, version, _departures(about.get("departures"))
    )


def _departures(found: object) -> tuple[Departure, ...]:
    """Return those of a recipe's `[[about.departures]]` that say what they should."""
    keys = ("source", "ganterm", "effect")
    tables = found if isinstance(found, list) else []
    return tuple(
        Departure(*(str(table.get(key, "")) for key in keys))
        for table in tables
        if isinstance(table, dict)
    )
