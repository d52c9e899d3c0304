"""`ganterm ctl RUN remedy` lists what the doctor offers, and applies it live or as another run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ganterm.core.errors import ConfigError, TrainingError
from ganterm.runs.journal import JournalTail
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from tests.cli.invoke import ganterm, invoke
from tests.records import lines

COLLAPSE: dict[str, Any] = {
    "code": "mode-collapse",
    "message": "Modes \x1b[31mcollapse.",
    "remedy": "",
    "evidence": {"steps": 3},
    "remedies": [],
    "cleared": False,
}


@pytest.fixture
def ailing(trained: RunDir, tmp_path: Path) -> RunDir:
    """Give a finished run with an alert of the doctor at step 6, and a plain one."""
    run = RunDir(tmp_path / "runs" / "ailing")
    shutil.copytree(trained.path, run.path)
    note(run, COLLAPSE)
    note(run, {"code": "data", "message": "A note.", "remedy": ""})
    return run


def note(run: RunDir, fields: dict[str, Any]) -> None:
    record = {"v": 1, "kind": "alert", "step": 6, "time": 1.0, **fields}
    with run.journal.open("a") as journal:
        journal.write(json.dumps(record) + "\n")


def test_troubles_are_listed_with_their_remedies(ailing: RunDir) -> None:
    listed = invoke("ctl", ailing.path, "remedy")
    assert listed.code == 0
    assert "mode-collapse, step 6: Modes" in listed.text
    assert "\x1b" not in listed.text
    tried = r" \(cured \d of \d of ring-collapse in trials\)"
    assert re.search(rf"halve lr_g \(lr_g 0\.0005\){tried}, live", listed.text)
    r1 = r"branch with penalty r1 and beta1 0\.5 \(cured .*\d of \d of dcgan-8x8 in trials\)"
    assert re.search(rf"{r1}, as another run", listed.text)
    (trouble,) = json.loads(invoke("ctl", ailing.path, "remedy", "--json").text)
    assert trouble["code"] == "mode-collapse"
    assert trouble["remedies"][0]["settings"] == {"lr_g": 0.0005}


def test_a_trouble_that_is_over_is_not_listed(ailing: RunDir) -> None:
    note(ailing, {**COLLAPSE, "cleared": True})
    listed = invoke("ctl", ailing.path, "remedy")
    assert (listed.code, listed.text) == (0, "")
    assert "nothing wrong with ailing" in listed.said
    refused = invoke("ctl", ailing.path, "remedy", "r1")
    assert refused.code == ConfigError.exit_code
    assert "knows of nothing to be done" in refused.said


def test_an_unknown_remedy_is_refused_with_those_there_are(ailing: RunDir) -> None:
    refused = invoke("ctl", ailing.path, "remedy", "rest")
    assert refused.code == ConfigError.exit_code
    assert "no remedy 'rest' for ailing; there are slower-g, more-d-steps, r1" in refused.said


@pytest.mark.parametrize("remedy", ["r1", "minibatch"])
def test_what_the_other_run_takes_is_looked_at_first(
    ailing: RunDir, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch and a new run alike are refused before they have a directory."""
    full = SimpleNamespace(free=0)
    monkeypatch.setattr("ganterm.client.preflight.shutil.disk_usage", lambda _place: full)
    refused = invoke("ctl", "ailing", "remedy", remedy, "--runs-dir", ailing.path.parent)
    assert refused.code == TrainingError.exit_code
    assert "of disk left" in refused.said
    assert [each.name for each in ailing.path.parent.iterdir()] == ["ailing"]


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    ("remedy", "parent", "key", "value"),
    [("r1", "ailing@2", "penalty", "r1"), ("minibatch", None, "minibatch_discrimination", True)],
)
def test_what_the_run_cannot_take_begins_another(
    ailing: RunDir, remedy: str, parent: str | None, key: str, value: object
) -> None:
    """A branch from before the trouble began; from step 0 where it needs another network."""
    where = ["--runs-dir", str(ailing.path.parent)]
    done = ganterm("ctl", "ailing", "remedy", remedy, *where, cwd=ailing.path.parent)
    assert done.code == 0, done.said
    run = RunDir(ailing.path.parent / done.text.strip())
    assert ganterm("attach", run.name, *where, cwd=run.path).code == 0
    start = lines(run.journal)[0]
    assert start.get("parent") == parent
    assert start["config"][key] == value
    assert observe(run).state == "finished"


@pytest.mark.slow
def test_a_run_that_trains_takes_it_live(tmp_path: Path) -> None:
    """What the doctor finds in a run that collapses is applied at its next step boundary."""
    rates = ["--recipe", "dcgan-8x8", "--lr-g", "0.1", "--device", "cpu"]
    settings = [*rates, "--epochs", "0", "--steps", "1000000"]
    name = ganterm("train", *settings, "--detach", cwd=tmp_path).text.strip()
    run = RunDir(tmp_path / "checkpoints" / name)
    tail = JournalTail(run.journal)
    while not any(record.kind == "alert" for record in tail.poll()):
        assert observe(run).alive is not False
    done = ganterm("ctl", name, "remedy", "slower-g", "--wait", "120", cwd=tmp_path)
    assert done.text.startswith("set lr_g 0.05: done at step "), done.said
    assert ganterm("ctl", name, "stop", "--wait", "120", cwd=tmp_path).code == 0
