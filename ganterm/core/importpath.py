"""Where modules are imported from: never the current directory, which may be anybody's.

Python puts it first for `-m` and `-c`, and wherever PYTHONPATH has an entry that is not absolute.
"""

import os
import site
import sys

_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - before anything is imported


def safe_path() -> list[str]:
    """Return `sys.path` without what the current directory or a relative PYTHONPATH put there.

    The directory that ganterm itself lies in comes last where it would be left out.
    """
    absolute, relative = _variable()
    try:
        here = os.getcwd()  # noqa: PTH109
    except OSError:  # It is gone.
        here = ""
    # `site` has made absolute what was not.
    strange = {os.path.normpath(os.path.join(here, entry)) for entry in relative}  # noqa: PTH118
    strange -= {*absolute, *site.getsitepackages()}
    first, *others = sys.path or [""]
    if first != here or first in absolute:
        others.insert(0, first)
    found = [entry for entry in others if os.path.isabs(entry) and entry not in strange]  # noqa: PTH117
    return found if _OURS in found else [*found, _OURS]


def safe_environment() -> dict[str, str]:
    """Return the variables of this process for another Python that is to import as `safe_path`."""
    absolute, _ = _variable()
    found = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if absolute:
        found["PYTHONPATH"] = os.pathsep.join(absolute)
    return found | {"PYTHONSAFEPATH": "1"}  # since Python 3.11


def _variable() -> tuple[list[str], list[str]]:
    """Return the entries of PYTHONPATH that are absolute, and those that are not."""
    told = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    entries = told.split(os.pathsep) if told else []
    absolute = [entry for entry in entries if os.path.isabs(entry)]  # noqa: PTH117
    return absolute, [entry for entry in entries if entry not in absolute]
