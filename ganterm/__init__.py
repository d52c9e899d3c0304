"""ganterm: train, watch, steer, judge and explore GANs of small images in the terminal.

In Python: `ganterm.train("dcgan", steps=2000)` trains and returns a `Run`, `ganterm.open_run` opens
one; `start`, `list_runs`, `evaluate` and `show` are the rest (`ganterm.api`). `ganterm.init` is
anyone's own loop as a run (`ganterm.ownloop`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganterm.api import Run, evaluate, list_runs, open_run, show, start, train
    from ganterm.core.errors import GantermError
    from ganterm.ownloop import init

__version__ = "0.1.0"

__all__ = [
    "GantermError",
    "Run",
    "evaluate",
    "init",
    "list_runs",
    "open_run",
    "show",
    "start",
    "train",
]


def __getattr__(name: str) -> Any:
    """Return what is public; it is imported when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    elsewhere = {"GantermError": "ganterm.core.errors", "init": "ganterm.ownloop"}
    module = elsewhere.get(name, "ganterm.api")
    value = globals()[name] = getattr(import_module(module), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
