"""`ganterm import`: foreign weights become a run that the other commands open."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ganterm.cli import importing
from ganterm.core.errors import ExitCode
from ganterm.runs.layout import RunDir
from ganterm.worker.adopt import adopt
from tests.cli.invoke import Outcome, invoke
from tests.exchange.tutorials import PyTorchDcgan, PyTorchGanDcgan, lived


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the weights in this process, without the seconds of importing PyTorch in another."""

    def ask(_module: str, method: str, params: Mapping[str, Any], **_: Any) -> Any:
        assert method == "adopt"
        return json.loads(json.dumps(adopt(json.loads(json.dumps(params)))))

    monkeypatch.setattr(importing, "ask", ask)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Return a file as the PyTorch-GAN collection would save its DCGAN, on two GPUs."""
    path = tmp_path / "generator_2000.pth"
    state = lived(PyTorchGanDcgan()).state_dict()
    torch.save({"generator": {f"module.{name}": value for name, value in state.items()}}, path)
    return path


def imported(weights: Path, *arguments: object) -> Outcome:
    runs_dir = ("--runs-dir", weights.parent / "runs")
    return invoke("import", weights, "--recipe", "dcgan-upsample", *runs_dir, *arguments)


@pytest.mark.usefixtures("here")
def test_a_tutorials_weights_are_sampled_shown_and_listed(weights: Path) -> None:
    """The run draws the tutorial's own images; what was taken from the file is told."""
    outcome = imported(weights, "--norm-eps", "1e-5,0.8,0.8", "--name", "theirs")
    assert outcome.code == 0, outcome.said
    assert outcome.text == "theirs\n"
    for words in (
        "keeps under 'generator'",
        "read without 'module.'",
        "by the shapes in the file: image_size = 32.",
        "step 2,000, by the name of the file",
        "all 7 layers fit. Activations are the recipe's",
    ):
        assert words in outcome.said
    run = weights.parent / "runs" / "theirs"
    array = weights.parent / "a.npy"
    assert invoke("sample", run, "-n", 3, "--seed", 5, "-o", array).code == 0
    z = torch.randn(3, 100, generator=torch.Generator().manual_seed(5))
    wanted = lived(PyTorchGanDcgan())(z).add(1).mul(127.5).round().to(torch.uint8).numpy()
    assert np.abs(np.load(array).astype(int) - wanted).max() <= 1
    assert "25 images, 32x32" in invoke("show", run).said
    listed = json.loads(invoke("runs", "--json", "--runs-dir", run.parent).data)
    assert [(each["name"], each["state"], each["step"]) for each in listed] == [
        ("theirs", "finished", 2000)
    ]
    card = weights.parent / "card.md"
    assert invoke("export", run, "-o", card).code == 0
    assert "imported from the file `generator_2000.pth`" in card.read_text()
    again = weights.parent / "again.safetensors"
    assert invoke("export", run, "-o", again).code == 0
    assert imported(again, "--json").code == 0


@pytest.mark.usefixtures("here")
def test_training_on_is_refused_before_anything_is_fetched(weights: Path) -> None:
    """Resume and branch name the cause at once, though MNIST is not on the machine."""
    imported(weights, "--name", "theirs")
    run = RunDir(weights.parent / "runs" / "theirs")
    for arguments in (
        ("resume", run.path, "--steps", 9000),
        ("branch", run.path, "--step", 2000, "--steps", 9000),
    ):
        outcome = invoke(*arguments, env={"GANTERM_DATA_DIR": str(weights.parent / "none")})
        assert outcome.code == ExitCode.USAGE
        assert "a generator alone" in outcome.said
        assert "fetching" not in outcome.said


def test_json_tells_every_layer(weights: Path) -> None:
    """The run, its path and step, the changed settings, and how each layer fits."""
    answer = json.loads(imported(weights, "--json", "--step", 7).data)
    assert (answer["run"], answer["step"]) == ("dcgan-upsample-001", 7)
    assert answer["changed"] == {"image_size": 32}
    assert [row["theirs"] for row in answer["rows"]][:2] == ["l1.0", "conv_blocks.0"]
    assert RunDir(Path(answer["path"])).checkpoint_path(7).is_file()


@pytest.mark.usefixtures("here")
def test_what_does_not_fit_is_a_table_and_a_sentence(weights: Path) -> None:
    """The table names the layers on both sides; the sentence, which recipe it would be."""
    runs_dir = weights.parent / "runs"
    outcome = invoke("import", weights, "--recipe", "dcgan", "--runs-dir", runs_dir)
    assert outcome.code == ExitCode.DATA
    assert outcome.data == b""
    assert "conv_blocks.2" in outcome.said
    assert "nothing in the file is of this kind and size" in outcome.said
    assert "--recipe dcgan-upsample or sngan or wgan-gp." in outcome.said.splitlines()[-1]
    assert not runs_dir.exists()


@pytest.mark.usefixtures("here")
def test_two_channels_are_named_as_such(tmp_path: Path) -> None:
    """Grey with transparency is refused by that word, not by a table of layers alone."""
    path = tmp_path / "g.pth"
    torch.save(lived(PyTorchDcgan(ngf=8, nc=2)).state_dict(), path)
    outcome = invoke("import", path, "--recipe", "dcgan-64", "--runs-dir", tmp_path / "runs")
    assert outcome.code == ExitCode.DATA
    assert outcome.said.splitlines()[-1].endswith(
        "g.pth makes images of 2 channels, and generators here make 1 (grey), 3 (RGB) or 4 (RGBA); "
        "all its other layers fit."
    )
    assert "IN THE FILE" not in outcome.said


@pytest.mark.usefixtures("here")
def test_a_checkpoint_as_training_scripts_leave_it(tmp_path: Path) -> None:
    """Average beside raw weights, a loss of NumPy's, an epoch for a name: the run tells of each."""
    path = tmp_path / "model_epoch_24.pth.tar"
    theirs = lived(nn.utils.spectral_norm(PyTorchGanDcgan().l1[0])), lived(PyTorchGanDcgan())
    state = theirs[1].state_dict()
    normed = {f"l1.0.{name}": value for name, value in theirs[0].state_dict().items()}
    average = {**normed, **{name: value for name, value in state.items() if name[:2] != "l1"}}
    torch.save(
        {"g": state, "g_ema": average, "d": {"w": state["l1.0.weight"]}, "loss": np.float64(1)},
        path,
    )
    outcome = imported(path, "--json")
    assert outcome.code == 0, outcome.said
    assert json.loads(outcome.data)["step"] == 24
    for words in (
        "the average that the file keeps under 'g_ema'; --part g takes",
        "Spectral normalisation is folded into the weights of 1 layers",
        "step 24, by the name of the file, which says the epoch;",
    ):
        assert words in outcome.said


@pytest.mark.usefixtures("here")
def test_a_typed_setting_is_kept(weights: Path) -> None:
    """--set says what is not to be read off the shapes, and a variable does as well."""
    outcome = imported(weights, "--set", "image_size=28")
    assert outcome.code == ExitCode.DATA
    assert "leave out the --set" in outcome.said


@pytest.mark.usefixtures("here")
def test_hostile_and_wrong_input_is_refused(weights: Path) -> None:
    """Code in a pickle, a missing file, names and numbers that cannot be: a sentence each."""

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (weights.parent / "ran",)

    evil = weights.parent / "evil\x1b[2J.pth"
    evil.write_bytes(pickle.dumps(Evil()))
    for arguments, code, words in (
        ((evil, "--recipe", "dcgan"), ExitCode.DATA, "could run code"),
        ((weights.parent / "none.pth", "--recipe", "dcgan"), ExitCode.USAGE, "There is no file"),
        ((weights, "--recipe", "dcgn"), ExitCode.USAGE, "did you mean dcgan"),
        ((weights, "--recipe", "dcgan", "--name", "../up"), ExitCode.USAGE, "cannot name a run"),
        ((weights, "--recipe", "dcgan", "--norm-eps", "nan"), ExitCode.USAGE, "--norm-eps takes"),
        ((weights, "--recipe", "dcgan", "--norm-eps", "1,,2"), ExitCode.USAGE, "--norm-eps takes"),
        ((weights, "--recipe", "dcgan", "--set", "z_dim"), ExitCode.USAGE, "KEY=VALUE"),
    ):
        outcome = invoke("import", *arguments, "--runs-dir", weights.parent / "runs")
        assert outcome.code == code, outcome.said
        assert words in outcome.said
        assert "Traceback" not in outcome.said
    assert not (weights.parent / "ran").exists()
    assert not (weights.parent / "runs").exists()


def test_a_process_that_dies_of_a_file_is_told(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the importing process gives no answer, its last words come back."""
    monkeypatch.setattr(importing, "ADOPT", "ganterm.no_such_module")
    outcome = imported(weights)
    assert outcome.code == ExitCode.DATA
    assert f"{weights} could not be imported: " in outcome.said
    assert "no_such_module" in outcome.said
