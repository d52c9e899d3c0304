"""A recipe on somebody's pictures, by the commands that a person types one after the other."""

from __future__ import annotations

import itertools
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganterm.evaluation import embedder
from ganterm.exchange.weights import load_exported
from ganterm.inference.sample import labels_in_turn, latents, to_uint8
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from ganterm.runs.status import read_status
from tests.cli.invoke import Outcome, invoke
from tests.data.files import write_pictures
from tests.engine.common import IMAGE_RECIPES, on_pictures
from tests.quick import slow_unless
from tests.records import lines

QUICK = {("stylegan-8x8", 3, "classes"), ("turbo-8x8", 1, "plain")}


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    ("recipe", "channels", "arranged"),
    slow_unless(
        lambda *pair: pair in QUICK, itertools.product(IMAGE_RECIPES, (1, 3), ("plain", "classes"))
    ),
)
def test_pictures_from_training_to_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str, channels: int, arranged: str
) -> None:
    """Trained, killed, resumed, sampled, judged, explored and exported, in its own colours."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    classes = 3 if arranged == "classes" else 0
    folder = write_pictures(tmp_path / "pictures", count=100, classes=classes)
    small = on_pictures(recipe, folder, channels, classes=bool(classes))
    options = [f"--{key.replace('_', '-')}={value}" for key, value in small.items() if value]
    runs = f"--runs-dir={tmp_path / 'runs'}"
    run = RunDir(tmp_path / "runs" / "mine")
    length = ("--epochs=0", "--steps=1000000")
    done("train", f"--recipe={recipe}", *length, *options, runs, "--name=mine", "--detach")
    # A command is answered before it is obeyed, and one after the other.
    for command in ("checkpoint", "pause"):
        done("ctl", "mine", command, "--wait=240", runs)
    kill(run)
    saved = [each["step"] for each in lines(run.journal) if each["kind"] == "checkpoint"]
    length_now = saved[-1] + 3
    done("resume", "mine", f"--steps={length_now}", runs)
    resume, *_, end = (r for r in lines(run.journal) if r["kind"] in {"resume", "end"})
    assert (resume["step"], end["reason"], end["step"]) == (saved[-1], "finished", length_now)

    side = small["image_size"]
    out = tmp_path / "out"
    array = out.with_suffix(".npy")
    done("sample", "mine", "-n4", "--seed=5", f"--output={array}", runs)
    images = np.load(array)
    assert (images.shape, images.dtype) == ((4, channels, side, side), np.uint8)
    for command, few in (("sample", "-n4"), ("explore", "--top=2")):
        done(command, "mine", few, f"--output={out.with_suffix('.png')}", runs)
        with Image.open(out.with_suffix(".png")) as picture:
            assert picture.mode == ("RGB" if channels == 3 else "L")
    monkeypatch.setattr(embedder, "STEPS", 20)
    scores = json.loads(done("judge", "mine", "-n100", "--json", runs).text)
    assert scores["fid"] >= 0
    assert scores["floor_deviation"] > 0
    assert 0 < scores["n"] < 100
    assert (scores["judge_name"], scores["inception_score"]) == (
        "self-supervised on 50 images of pictures",
        None,
    )
    done("export", "mine", f"--output={out.with_suffix('.safetensors')}", runs)
    exported = load_exported(out.with_suffix(".json"))
    with torch.no_grad():
        z = latents(4, exported.z_dim, seed=5)
        again = to_uint8(exported(z, labels_in_turn(4, exported.classes)))
    # Rounded to bytes, the last bits of a float may tell.
    assert int((again.int() - torch.from_numpy(images).int()).abs().max()) <= 1


def done(*arguments: object) -> Outcome:
    outcome = invoke(*arguments)
    assert outcome.code == 0, outcome.said
    return outcome


def kill(run: RunDir) -> None:
    """End the run's worker as `kill -9` does, and wait until it has let go."""
    status = read_status(run.status)
    assert status is not None
    os.kill(status.pid, signal.SIGKILL)
    while observe(run).alive:
        os.sched_yield()
    assert observe(run).state == "crashed"
