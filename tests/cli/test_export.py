"""`ganterm export`: what the ending of a file asks for, and what makes no sense."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch

from ganterm.core.errors import ExitCode
from ganterm.core.records import MetricsRecord
from ganterm.exchange.weights import load_exported
from ganterm.inference.load import load_generator
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir
from tests.cli.invoke import invoke


def test_the_ending_says_what_is_written(trained: RunDir, tmp_path: Path) -> None:
    """Weights with JSON, a program, films and a card with its picture; all that is said is true."""
    for name, words in (
        ("g.safetensors", "g.json: the generator of tiny at step 6, averaged weights."),
        ("g.pt2", "the generator of tiny at step 6"),
        ("f.gif", "5 frames, steps 0 to 6."),
        ("f.apng", "5 frames"),
        ("f.WEBP", "5 frames"),
        ("c.md", "c-samples.png."),
        ("s.py", "tiny as a script of plain PyTorch."),
        ("m.csv", "what tiny measured."),
    ):
        outcome = invoke("export", trained.path, "-o", tmp_path / name)
        assert outcome.code == 0, outcome.said
        assert words in outcome.said
        assert outcome.data == b""
    names = sorted(path.name for path in tmp_path.iterdir())
    films, weights = ("f.WEBP", "f.apng", "f.gif"), ("g.json", "g.pt2", "g.safetensors")
    assert names == sorted(["c-samples.png", "c.md", "m.csv", "s.py", *films, *weights])
    compile((tmp_path / "s.py").read_text(), "s.py", "exec")
    head, *rows = csv.reader((tmp_path / "m.csv").read_text().splitlines())
    assert head[0] == "step"
    assert {"d_loss", "g_loss", "images_per_s"} <= {*head}
    assert [row[0] for row in rows] == ["2", "4", "6"]
    measured = [
        record for record in read_journal(trained.journal) if isinstance(record, MetricsRecord)
    ]
    at = head.index("d_loss")
    assert [float(row[at]) for row in rows] == [each.values["d_loss"] for each in measured]
    assert "![Samples of the generator at step 6](c-samples.png)" in (tmp_path / "c.md").read_text()


def test_weights_and_step_are_those_asked_for(trained: RunDir, tmp_path: Path) -> None:
    """--step and --no-ema reach the file, and the JSON says which they are."""
    path = tmp_path / "g.safetensors"
    asked = ("--step", 4, "--no-ema", "-o", path)
    assert "plain weights" in invoke("export", trained.path, *asked).said
    about = json.loads((tmp_path / "g.json").read_text())
    assert (about["step"], about["averaged"], about["run"]) == (4, False, "tiny")
    source = load_generator(trained.checkpoint_path(4), ema=False)
    z = torch.randn(3, source.config.z_dim)
    torch.testing.assert_close(load_exported(tmp_path / "g.json")(z), source.generator(z))


def test_without_a_file_the_run_gives_the_name(
    trained: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --format alone the file lies here, called after the run or checkpoint."""
    monkeypatch.chdir(tmp_path)
    assert invoke("export", trained.path, "--format", "safetensors").code == 0
    assert invoke("export", trained.path, "--format", "card").code == 0
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(trained.checkpoint_path(2).read_bytes())
    assert invoke("export", alone, "--format", "card").code == 0
    found = {path.name for path in tmp_path.iterdir()} - {"alone.safetensors"}
    assert found == {
        "tiny-6.safetensors",
        "tiny-6.json",
        "tiny.md",
        "tiny-samples.png",
        "alone.md",
        "alone-samples.png",
    }


def test_what_makes_no_sense_is_refused(trained: RunDir, tmp_path: Path) -> None:
    """Unknown endings, options of another product, rates that cannot be: exit code 2, no file."""
    for arguments, words in (
        ((), "Name a file with -o that ends in .safetensors, .onnx, .pt2"),
        (("-o", tmp_path / "a.png"), "does not say what to write"),
        (("-o", tmp_path / "a.onnx", "--fps", 3), "onnx is no film, so leave --fps out"),
        (("-o", tmp_path / "a.gif", "--step", 3), "whole training, so leave --step out"),
        (("-o", tmp_path / "a.csv", "--step", 3), "whole training, so leave --step out"),
        (("--format", "excel"), "no format 'excel'; there are safetensors, onnx"),
        (("-o", tmp_path / "a.md", "--no-ema"), "leave --ema out"),
        (("-o", tmp_path / "a.gif", "--fps", 99), "99 frames a second cannot be shown"),
        (("-o", tmp_path / "no" / "a.md"), "No such file or directory"),
    ):
        outcome = invoke("export", trained.path, *arguments)
        assert outcome.code == ExitCode.USAGE, outcome.said
        assert words in outcome.said
    assert list(tmp_path.iterdir()) == []
