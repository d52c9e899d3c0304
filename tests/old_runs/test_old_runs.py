"""Runs that ganterm 0.1.0 left behind: they are listed, resumed, sampled and judged as they were.

Each archive is a run directory. Those that name `expected.json` and `expected.png` were killed at
step 3 of 6; these two are the losses and the sample of the steps that followed then. What is
compared is read from the files alone, so that these tests know nothing of the code that wrote them.
"""

import json
import platform
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganterm.runs.layout import RunDir
from tests.cli.invoke import invoke
from tests.worker.workers import Zygote

HERE = Path(__file__).parent
ALL = sorted(path.name.partition(".")[0] for path in HERE.glob("*.tar.xz"))
WHOLE = {"branch": 1006, "collapse": 1000, "compact": 6, "steered": 1354}
"""The last steps of those that ended by themselves or on command."""
KILLED = [name for name in ALL if name not in WHOLE]


def unpack(name: str, into: Path) -> RunDir:
    with tarfile.open(HERE / f"{name}.tar.xz") as archive:
        archive.extractall(into, filter="data")
    for missing in ("control", "worker.log"):
        path = into / name / missing
        path.mkdir() if missing == "control" else path.touch()
    status = into / name / "status.json"  # as if it had trained on this machine
    status.write_text(json.dumps(json.loads(status.read_text()) | {"host": platform.node()}))
    return RunDir(into / name)


def records(run: RunDir) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.journal.read_text().splitlines()]


def ganterm(*arguments: str | Path) -> str:
    done = invoke(*arguments)
    assert done.code == 0, done.said
    return done.text


def assert_alike(drawn: Path, expected: Path) -> None:
    with Image.open(drawn) as one, Image.open(expected) as other:
        assert one.mode == other.mode
        assert np.abs(np.asarray(one, float) - np.asarray(other, float)).mean() < 1


@pytest.mark.parametrize("name", KILLED)
def test_a_killed_run_goes_on_as_it_did(zygote: Zygote, tmp_path: Path, name: str) -> None:
    """The losses and the sample after the checkpoint are those of the code that wrote it."""
    run = unpack(name, tmp_path)
    expected = json.loads((run.path / "expected.json").read_text())
    zygote.train(run)
    resumed = records(run)
    (resume,) = (record for record in resumed if record["kind"] == "resume")
    assert (resume["step"], resume["mode"]) == (3, "eager")
    assert resumed[-1]["reason"] == "finished"
    found = {
        record["step"]: record
        for record in resumed
        if record["kind"] == "metrics" and record["step"] > 3
    }
    assert [record["step"] for record in expected] == list(found)
    # Versions of PyTorch draw the masks of dropout, which only this critic has, differently.
    others_masks = name == "dcgan" and resumed[0]["versions"]["torch"] != torch.__version__
    near = 2e-2 if others_masks else 2e-3
    for record in expected:
        for key, value in record.items():
            assert found[record["step"]][key] == pytest.approx(value, rel=1e-2, abs=near), key
    assert_alike(run.path / "samples/step-00000006.png", run.path / "expected.png")


def test_all_are_listed_as_they_stand(tmp_path: Path) -> None:
    """State, step, recipe and where a branch came from."""
    for name in ALL:
        unpack(name, tmp_path)
    listed = {
        run["name"]: run for run in json.loads(ganterm("runs", "--json", "--runs-dir", tmp_path))
    }
    assert sorted(listed) == ALL
    for name in KILLED:
        assert (listed[name]["state"], listed[name]["step"]) == ("crashed", 3)
    for name, step in WHOLE.items():
        assert listed[name]["step"] == step
    assert listed["collapse"]["state"] == listed["compact"]["state"] == "finished"
    assert listed["steered"]["state"] == "stopped"


def test_changes_made_live_and_a_resume_that_took_steps_back_are_in_force(
    zygote: Zygote, tmp_path: Path
) -> None:
    """`steered` was changed at step 939, resumed from 1,000 of 1,519, and stopped at 1,354."""
    run = unpack("steered", tmp_path)
    unpack("collapse", tmp_path)
    text = ganterm("compare", "steered", "collapse", "--json", "--runs-dir", tmp_path)
    steered, collapse = json.loads(text)["runs"]
    assert (steered["settings"]["lr_g"], steered["settings"]["lr_d"]) == (0.0005, 0.0007)
    assert (steered["step"], len(steered["curves"]["d_loss"])) == (1354, 13)
    assert steered["curves"]["d_loss"][-1] == pytest.approx(0.651055787)
    assert (collapse["step"], len(collapse["curves"]["d_loss"])) == (1000, 100)

    zygote.train(run, "--steps", "1356")
    *_, resume = (record for record in records(run) if record["kind"] == "resume")
    assert (resume["step"], resume["config"]["lr_g"], resume["config"]["lr_d"]) == (
        1354,
        0.0005,
        0.0007,
    )
    assert records(run)[-1]["reason"] == "finished"


def test_a_checkpoint_draws_what_it_drew(tmp_path: Path) -> None:
    """Four images of a class, with the averaged weights."""
    run = unpack("compact", tmp_path)
    drawn = tmp_path / "drawn.png"
    asked = ("-n", "4", "--seed", "3", "--class", "0", "--output", drawn)
    ganterm("sample", "compact", *asked, "--runs-dir", tmp_path)
    assert_alike(drawn, run.path / "expected.png")


def test_a_run_that_was_judged_is_judged_as_it_was(
    tmp_path: Path, judges: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another CPU trains another judge, and both find one class and a far distance."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    run = unpack("compact", tmp_path)
    before = next(record for record in records(run) if record["kind"] == "judged")
    now = json.loads(ganterm("judge", "compact", "--json", "--runs-dir", tmp_path))
    assert now["n"] == before["n"]
    assert now["modes"] == before["modes"] == 1
    assert now["fid"] == pytest.approx(before["fid"], rel=0.5)
    assert now["floor"]["fid"] < 5
