"""The user's code that a run is built of: copied, run as it was, and only for who trusts it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from ganterm.client import rpc
from ganterm.config import resolve
from ganterm.config.branch import branch
from ganterm.config.runfile import new_run, read_run_toml, to_mapping
from ganterm.core.errors import ConfigError
from ganterm.core.parts import use_copies
from ganterm.inference.load import load_generator
from ganterm.runs.checkpoints import read_header
from ganterm.runs.layout import RunDir
from ganterm.runs.parts import PARTS_OF, asked_of, manifest_of
from ganterm.worker.describe import describe
from ganterm.worker.job import prepare
from ganterm.worker.rpc import Call
from tests.cli.invoke import invoke
from tests.records import lines
from tests.worker.workers import Zygote

NETS = """
from torch import nn

from blocks import inner
from layers import last


class Generator(nn.Module):
    def __init__(self, z_dim, img_shape, fail_at=0):
        super().__init__()
        self.fail_at, self.calls = fail_at, 0
        self.body = inner.hidden(z_dim)
        self.last = last(img_shape)

    def forward(self, z):
        self.calls += self.training
        if self.fail_at and self.calls > self.fail_at:
            return self.broken(z)
        return self.last(self.body(z))

    def broken(self, z):
        raise ValueError("it is over")
"""
LAYERS = """
from torch import nn


def last(shape):
    channels, height, width = shape
    flat = nn.Linear(16, channels * height * width)
    return nn.Sequential(flat, nn.Tanh(), nn.Unflatten(1, shape))
"""
INNER = """
from torch import nn

from . import sizes


def hidden(inputs):
    return nn.Sequential(nn.Linear(inputs, sizes.HIDDEN), nn.ReLU())
"""
FILES = {
    "nets.py": NETS,
    "layers.py": LAYERS,
    "blocks/__init__.py": "",
    "blocks/inner.py": INNER,
    "blocks/sizes.py": "HIDDEN = 16\n",
    "unused.py": "1 / 0\n",
}
FEW = {"recipe": "dcgan-8x8", "steps": 4, "epochs": 0, "batch_size": 16, "checkpoint_every": "2"}


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    home = tmp_path / "code"
    for name, text in FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return home


def begun(code: Path, name: str, settings: str = "", **more: Any) -> RunDir:
    generator = f"{code}/nets.py:Generator{settings}"
    config = resolve({**FEW, "generator": generator, **more}).config
    return new_run(config, Path("checkpoints").absolute(), name=name, command="")


def test_a_run_goes_on_exactly_with_its_copy(code: Path, zygote: Zygote) -> None:
    """Whatever became of the original; what is changed is said, and a branch has it too."""
    straight, other = begun(code, "straight", steps=6), begun(code, "other")
    manifest = manifest_of(other)
    assert manifest is not None
    copied = {file.path for part in manifest.parts for file in part.files}
    assert copied == FILES.keys() - {"unused.py"}
    zygote.train(straight)
    zygote.train(other)
    (code / "blocks/sizes.py").write_text("HIDDEN = 8\n")
    (code / "nets.py").unlink()
    zygote.train(other, "--steps", "6")
    ends = [read_header(run.checkpoint_path(6)).metadata["digest"] for run in (straight, other)]
    assert ends[0] == ends[1]
    said = [record["message"] for record in lines(other.journal) if record["kind"] == "alert"]
    assert any(f"{code}/blocks/sizes.py changed since the run began" in each for each in said)
    assert not any("nets.py changed" in each for each in said), "what is gone is no news"
    use_copies({})
    assert load_generator(other.checkpoint_path(6)).generator(torch.zeros(2, 64)).shape[0] == 2
    looks: list[RunDir | None] = []
    place = other.path.parent
    third = branch(other, 4, place, name="third", before=lambda _: looks.append(asked_of()))
    assert looks == [other]
    assert manifest_of(third) == manifest
    own = code / "optim.py"
    own.write_text(
        "from torch.optim import SGD\n\n\ndef sgd(params, lr):\n    return SGD(params, lr)\n"
    )
    changes = {"optimizer": f"{own}:sgd", "steps": 5}
    fourth = branch(other, 4, place, name="fourth", changes=changes)
    own.unlink()
    zygote.train(fourth)
    assert lines(fourth.journal)[-1]["step"] == 5, "with what it alone is made of, too"


def test_what_a_branch_takes_is_looked_up_in_the_copy(
    code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(code, "other")
    monkeypatch.setattr("ganterm.worker.describe._seconds_per_step", lambda *_: 0.0)
    (code / "nets.py").unlink()
    asked = to_mapping(read_run_toml(run.config_file))
    call = Call(rpc.Call(1, "describe", {**asked, PARTS_OF: str(run.path)}), lambda _: None)
    assert describe(call)["generator_parameters"] > 0
    with pytest.raises(ConfigError, match="cannot be read"):
        describe(Call(rpc.Call(2, "describe", asked), lambda _: None))


def test_code_of_somebody_else_is_run_once_it_is_trusted(
    code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(code, "sent")
    prepare(run)
    monkeypatch.setenv("XDG_STATE_HOME", str(code / "state"))
    ran = []
    monkeypatch.setattr("ganterm.core.parts._run", lambda *a, **k: ran.append(a))
    with pytest.raises(ConfigError, match=r"somebody else's code \(nets.py\), which is not run"):
        prepare(run)
    assert not ran
    monkeypatch.undo()
    monkeypatch.chdir(code.parent)
    monkeypatch.setenv("XDG_STATE_HOME", str(code / "state"))
    trusted = invoke("info", "sent", "--trust", "--no-layers")
    assert trusted.code == 0, trusted.said
    assert "nets.py" in trusted.said
    prepare(run)
    kept = shutil.copytree(run.path, run.path.with_name("copied"))
    prepare(RunDir(kept))


def _linked(run: RunDir, copy: Path) -> None:
    moved = copy.rename(run.path.parent / "elsewhere.py")
    copy.symlink_to(moved)


def _edited(run: RunDir, copy: Path) -> None:
    copy.write_text("raise SystemExit\n")


def _reaching(run: RunDir, copy: Path) -> None:
    manifest = run.parts / "parts.json"
    manifest.write_text(manifest.read_text().replace('"layers.py"', '"../layers.py"'))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_linked, r"cannot be read \(Is a symbolic link\)"),
        (_edited, "is not the code any more that harmed was made of"),
        (_reaching, "names code outside of its run"),
        (lambda run, copy: copy.unlink(), "No such file"),
        (lambda run, copy: (run.parts / "parts.json").write_text("{"), "does not say what code"),
    ],
)
def test_nothing_else_is_run_in_its_place(code: Path, harm: Any, words: str) -> None:
    run = begun(code, "harmed")
    (copy,) = run.parts.glob("*-layers.py")
    harm(run, copy)
    with pytest.raises(ConfigError, match=words):
        prepare(run)
    use_copies({})


def test_code_that_fails_late_is_named_and_what_was_trained_is_kept(
    code: Path, zygote: Zygote
) -> None:
    run = begun(code, "late", ":fail_at=2")
    assert zygote.start(run).wait() == 1
    end = lines(run.journal)[-1]
    line = 1 + NETS.splitlines().index('        raise ValueError("it is over")')
    assert f"{code}/nets.py, line {line}: ValueError: it is over; mend it" in end["message"]
    assert (end["reason"], end["exit_code"]) == ("failed", 1)
    assert 'raise ValueError("it is over")' in run.log.read_text()
    saved = [record["step"] for record in lines(run.journal) if record["kind"] == "checkpoint"]
    assert saved
    assert run.checkpoint_path(saved[-1]).exists()
    assert json.loads(run.status.read_text())["state"] == "failed"
