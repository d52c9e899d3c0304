"""The import contract: what is quick stays quick, because heavy libraries are not loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ganterm.core.records import MetricsRecord
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import create_run

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


def test_the_version_loads_no_library_at_all() -> None:
    """`--version` answers from the standard library."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ganterm", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "ganterm.core.errors" in loaded
    assert loaded.isdisjoint({"typer", "rich", "msgspec"})


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
