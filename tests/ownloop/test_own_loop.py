"""The example script as it stands: watched, steered, killed, gone on with, asked everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.client.charts import kinds_of
from ganterm.client.feed import FeedReader
from ganterm.runs.layout import RunDir
from tests.cli.invoke import invoke
from tests.worker.workers import Zygote

SCRIPT = Path(__file__).parent.parent / "examples" / "own_loop.py"

ASKED = {
    "runs": (0, "own_loop.py"),
    "info own-loop": (0, "save_every"),
    "attach own-loop --json": (0, '"kind":"end"'),
    "compare own-loop own-loop": (0, ""),
    "show own-loop": (0, ""),
    "sample own-loop -n 4": (0, ""),
    "interpolate own-loop --steps 3": (0, ""),
    "explore own-loop -o RUN/own.png": (0, ""),
    "judge own-loop -n 100 --json": (0, '"fid"'),
    "export own-loop -o RUN/own.safetensors": (0, "own.safetensors"),
    "export own-loop -o RUN/own.md": (0, "own.md"),
    "export own-loop -o RUN/own.csv": (0, "own.csv"),
    "export own-loop -o RUN/own.gif": (0, "own.gif"),
    "export own-loop --format python": (2, "start own_loop.py again with resume=True"),
    "resume own-loop": (2, "start own_loop.py again with resume=True"),
    "branch own-loop --step 1": (2, "loop of its own"),
    "train --config RUN/run.toml": (2, "loop of its own"),
    "ctl own-loop set lr=1": (4, "is not training"),
}
"""What is asked of such a run when it has ended: the exit code, and words of the answer."""


def test_a_loop_is_watched_steered_killed_and_goes_on(
    zygote: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judges: Path
) -> None:
    """The app's feed follows it, `ctl` changes what it reads, and it goes on from its checkpoint.

    Every command then works on it, or says why not.
    """
    run, where = RunDir(tmp_path / "own-loop"), ("--runs-dir", tmp_path)
    reader = FeedReader(run)

    def ctl(*words: str) -> str:
        done = invoke("ctl", "own-loop", *words, *where)
        assert done.code == 0, done.said
        return done.text

    def seen(name: str) -> bool:
        reader.refresh()
        return bool(reader.feed.drawn) and name in reader.feed.series

    worker = zygote.start_script(SCRIPT, tmp_path, GANTERM_RUNS_DIR=str(tmp_path))
    assert worker.until_true(lambda: seen("spread/fake")), worker.log()
    feed = reader.feed
    assert feed.view.state == "running"
    assert {"d_loss", "g_loss", "images_per_s"} <= feed.series.keys()
    assert feed.steps == 20_000
    assert [kind.name for kind in kinds_of(feed)] == ["losses", "speed", "spread"]
    assert "lr 0.001: done at step" in ctl("set", "lr=1e-3")
    ctl("pause"), ctl("checkpoint"), ctl("resume")
    assert worker.kill() != 0
    assert FeedReader(run).feed.view.state == "crashed"
    reader.refresh()
    saved = reader.feed.saved[-1].step

    worker = zygote.start_script(SCRIPT, tmp_path, GANTERM_RUNS_DIR=str(tmp_path))
    assert worker.until_true(lambda: seen("d_loss") and reader.feed.last_step > saved), worker.log()
    assert reader.feed.config["lr"] == 1e-3, "what was changed live holds after a resume"
    assert [mark.text for mark in reader.feed.marks if mark.kind == "resume"] == ["resumed"]
    ctl("set", "steps=1")
    assert worker.wait() == 0, worker.log()
    reader.refresh()
    assert reader.feed.view.state == "finished"
    assert reader.feed.saved[-1].step == reader.feed.step
    assert list(reader.feed.alerts) == []

    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    for words, (code, answer) in ASKED.items():
        done = invoke(*words.replace("RUN", str(run.path)).split(), *where)
        assert (done.code, answer in done.text + done.said) == (code, True), (words, done)
