"""No process takes a module from where anybody may have put it: none that is planted runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from ganterm.cli.app import _PLACES
from ganterm.runs.layout import RunDir
from tests.quick import slow_unless

NAMES = """
    __future__ abc argparse array ast asyncio base64 bisect bz2 codecs collections colorsys
    concurrent contextlib copy csv ctypes dataclasses datetime decimal difflib email enum
    errno fractions functools gettext glob gzip hashlib heapq html http importlib inspect io
    json keyword linecache locale logging lzma math mimetypes multiprocessing numbers operator
    optparse os pathlib pickle pkgutil platform pprint queue random re readline runpy secrets
    select shlex shutil signal site sitecustomize socket sqlite3 statistics string struct
    subprocess tempfile termios textwrap threading timeit tomllib traceback types typing
    unittest urllib usercustomize uuid warnings weakref xml zipfile zlib PIL click dill fsspec
    ganterm jinja2 joblib markdown_it mpmath msgspec networkx numpy onnx onnxscript pandas
    platformdirs psutil pygments rich safetensors scipy sklearn sympy textual tomli tomli_w
    torch torchvision tqdm triton typer typing_extensions yaml
""".split()  # noqa: SIM905
"""Modules of Python, of what ganterm needs, and of what those look for."""

COMMANDS = {
    "--version": "--version",
    "runs": "runs",
    "train": "train --recipe dcgan-8x8 --steps 1 --name new",
    "app": "app --plain RUN",
    "attach": "attach RUN",
    "queue": "queue",
    "resume": "resume RUN --steps 7",
    "branch": "branch RUN --step 6 --steps 7",
    "ctl": "ctl RUN stop",
    "sample": "sample RUN -n 2",
    "interpolate": "interpolate RUN --steps 2",
    "explore": "explore RUN",
    "mix": "mix RUN",
    "project": "project RUN picture.png --search-steps 1",
    "show": "show RUN",
    "judge": "judge RUN -n 100",
    "compare": "compare RUN RUN",
    "export": "export RUN -o out.pt2",
    "import": "import out.pth --recipe dcgan-8x8",
    "rename": "rename RUN RUN2",
    "note": "note RUN words",
    "delete": "delete RUN2 --yes",
    "data": "data list",
    "recipes": "recipes",
    "config": "config show",
    "info": "info",
    "bench": "bench throughput --seconds 0.1 --recipe dcgan-8x8",
    "help": "help data",
}
SCRIPT = [str(Path(sys.executable).with_name("ganterm"))]
MODULE = [sys.executable, "-m", "ganterm"]
QUICK = {("module", "runs"), ("PYTHONPATH", "--version")}
ENTRIES = {"script": (SCRIPT, ""), "module": (MODULE, ""), "PYTHONPATH": (SCRIPT, ":lib")}
"""How ganterm is started, and with which PYTHONPATH: both of its entries are relative."""


@cache
def before_us(entry: str) -> frozenset[str]:
    """Return what Python itself imports before the first line of ganterm."""
    program, path = ENTRIES[entry]
    env = {**os.environ, "PYTHONPATH": path, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(
        [*program, "--version"], env=env, capture_output=True, text=True, check=True, cwd="/"
    )
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    return frozenset(names[: names.index("ganterm.core.importpath")])


def plant(directory: Path, marker: Path, names: Iterable[str]) -> None:
    """Have a module of each name, every other one a package, that tells when it is run."""
    for index, name in enumerate(names):
        code = f"open({str(marker)!r}, 'a').write({name!r} + chr(10))\nraise SystemExit({name!r})\n"
        place = directory / name / "__init__.py" if index % 2 else directory / f"{name}.py"
        place.parent.mkdir(exist_ok=True, parents=True)
        place.write_text(code)


def run_planted(entry: str, words: str, trained: RunDir, tmp_path: Path) -> None:
    program, path = ENTRIES[entry]
    run = tmp_path / "checkpoints" / "RUN"
    shutil.copytree(trained.path, run)
    shutil.copytree(trained.path, run.with_name("RUN2" if "delete" in words else "RUN3"))
    marker = tmp_path / "marker"
    names = [name for name in NAMES if name not in before_us(entry)]
    assert len(names) >= 50
    for directory in (tmp_path, tmp_path / "lib", run, run.parent):
        plant(directory, marker, names)
    Image.new("L", (8, 8), 99).save(tmp_path / "picture.png")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(temporary)}
    env["GANTERM_DATA_DIR"] = str(tmp_path / "data")
    done = subprocess.run(
        [*program, *words.split()],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not marker.exists(), (marker.read_text(), done.stderr)
    refused = words.split(maxsplit=1)[0] in {"mix", "import", "ctl"}
    assert done.returncode in ({1, 2, 3, 4} if refused else {0}), done.stderr
    assert "Traceback" not in done.stderr
    # What is kept there under a name that can be guessed may be somebody else's; with an optimiser
    # PyTorch makes a directory there in which it then neither writes nor reads.
    optimises = words.split(maxsplit=1)[0] in {"bench", "project"}
    kept = [each for each in temporary.rglob("*") if not optimises or each.is_file()]
    assert not kept


def test_every_command_is_tried() -> None:
    """A command that is new is to be added to the table."""
    assert {"--version", *_PLACES} == COMMANDS.keys()


@pytest.mark.parametrize(
    ("entry", "words"),
    slow_unless(
        lambda entry, words: (entry, words.split()[0]) in QUICK,
        [(entry, words) for entry in ENTRIES for words in COMMANDS.values()],
    ),
)
def test_nothing_planted_is_run(entry: str, words: str, trained: RunDir, tmp_path: Path) -> None:
    """Not from the current directory, the runs' or a relative PYTHONPATH, by us or our helpers."""
    run_planted(entry, words, trained, tmp_path)
