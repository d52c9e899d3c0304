"""The import contract: what is quick stays quick, because heavy libraries are not loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ganterm.core.records import MetricsRecord
from ganterm.render.raster import Raster
from ganterm.render.sheet import save_sheet
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import create_run

_PROBE = """
import json, sys
sys.argv = ["ganterm", *json.loads(sys.argv[1])]
from ganterm.__main__ import main
try:
    main()
except SystemExit as end:
    code = end.code or 0
else:
    code = 0
sys.stdout.flush()
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print("\\n" + json.dumps({"code": code, "loaded": loaded}))
"""

_APP_PROBE = """
import asyncio, json, sys
from pathlib import Path
from ganterm.tui.app import GantermApp
from ganterm.tui.base import AppOptions

async def visit():
    app = GantermApp(AppOptions(Path(sys.argv[1]), background=False))
    async with app.run_test() as pilot:
        app.read_now()
        for keys in json.loads(sys.argv[2]):
            await pilot.press(*keys)
            await pilot.pause()

asyncio.run(visit())
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded_by(arguments: list[str], cwd: Path) -> set[str]:
    """Run ganterm in a process of its own and return the top-level modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, json.dumps(arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["code"] == 0, done.stderr
    return set(report["loaded"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--help"],
        ["export", "--help"],
        ["import", "--help"],
        ["train", "--dry-run"],
        ["data", "list"],
        ["show", "sheet.png"],
    ],
    ids=" ".join,
)
def test_commands_that_do_not_train_never_import_torch(
    tmp_path: Path, arguments: list[str]
) -> None:
    """Neither torch nor textual is loaded for help, listings and pictures."""
    save_sheet([Raster(2, 2, 1, bytes(4))] * 4, 2, tmp_path / "sheet.png")
    assert loaded_by(arguments, tmp_path).isdisjoint({"torch", "torchvision", "textual", "sklearn"})


def test_the_version_loads_no_library_at_all(tmp_path: Path) -> None:
    """`--version` answers from the standard library."""
    assert loaded_by(["--version"], tmp_path).isdisjoint({"typer", "rich", "msgspec"})


def test_following_a_run_never_imports_textual_or_torch(tmp_path: Path) -> None:
    """`train --json` leaves torch to the worker and has no use for textual."""
    arguments = ["train", "--json", "--epochs", "1", "--batch-size", "512", "--sample-every", "0"]
    assert loaded_by(arguments, tmp_path).isdisjoint({"torch", "textual"})


def test_the_app_never_imports_torch(tmp_path: Path) -> None:
    """Neither opening the app nor any of its screens loads torch, numpy or the command line."""
    run = create_run(tmp_path, "seen", "dcgan-8x8")
    with JournalWriter(run.journal) as journal:
        journal.write(MetricsRecord(step=1, values={"d_loss": 1.0, "g_loss": 2.0}))
    visits = [["question_mark"], ["escape"], ["n"], ["escape"], ["space"], ["E"], ["escape"]]
    visits += [["escape"], ["enter"], ["escape"]]
    done = subprocess.run(
        [sys.executable, "-c", _APP_PROBE, tmp_path, json.dumps(visits)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "textual" in loaded
    assert loaded.isdisjoint({"torch", "torchvision", "numpy", "sklearn", "safetensors", "typer"})
