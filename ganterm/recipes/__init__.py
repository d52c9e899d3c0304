"""Named presets: one small TOML file each, holding only what differs from the schema's defaults.

The `[about]` table says what a recipe is for and where it comes from; every other key is a setting
of `RunConfig`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from pathlib import Path

from ganterm.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Recipe:
    """A preset: what it is called and for, and the settings it changes."""

    name: str
    title: str
    purpose: str
    source: str
    values: dict[str, object]


def names() -> list[str]:
    """Return the names of the recipes that come with ganterm, sorted."""
    files = resources.files(__name__).iterdir()
    return sorted(entry.name[:-5] for entry in files if entry.name.endswith(".toml"))


def load(name: str) -> Recipe:
    """Return the recipe called `name`, or the one in the TOML file at the path `name`.

    Raises `ConfigError` naming the near names, or the fault in the file.
    """
    if name in names():
        text = (resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
        return _parse(name, text)
    path = Path(name)
    if path.suffix == ".toml":
        return _parse(path.stem, read_text(path, "recipe"))
    near = get_close_matches(name, names(), n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`ganterm recipes` lists them all."
    raise ConfigError(f"There is no recipe {name!r}; {hint}")


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
    try:
        document: dict[str, object] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # an absurdly long integer is a plain ValueError
        raise ConfigError(f"{origin} is not valid TOML: {error}.") from None
    return document


def _parse(name: str, text: str) -> Recipe:
    values = parse_toml(text, f"Recipe {name}")
    about = values.pop("about", {})
    if not isinstance(about, dict):
        raise ConfigError(f"Recipe {name}: about must be a table with title, purpose and source.")
    if "recipe" in values:
        raise ConfigError(f"Recipe {name} names another recipe, which no recipe may; remove that.")
    title, purpose, source = (str(about.get(key, "")) for key in ("title", "purpose", "source"))
    return Recipe(name, title or name, purpose, source, values)
