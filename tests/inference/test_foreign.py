"""Weights that others made are read as data: nothing is run, and garbage is one sentence."""

from __future__ import annotations

import argparse
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import ganterm
from ganterm.core.errors import DataError
from ganterm.inference import foreign
from ganterm.inference.foreign import check_tensors, in_natural_order, load_foreign
from tests.hostile import EVIL, bomb, script

STATE = {"0.weight": torch.arange(6.0).reshape(2, 3), "0.bias": torch.tensor([1.0, 2.0])}


@pytest.mark.parametrize("write", EVIL)
def test_code_in_a_pickle_is_never_run(tmp_path: Path, write: Callable[[Path, Path], None]) -> None:
    """A pickle that would run something is refused, and has not run."""
    path, marker = tmp_path / "g.pth", tmp_path / "ran"
    write(path, marker)
    with pytest.raises(DataError, match="could run code"):
        load_foreign(path)
    assert not marker.exists()


@pytest.mark.parametrize("renamed", [False, True], ids=["NumPy 2", "NumPy 1"])
def test_what_numpy_leaves_in_a_checkpoint_is_passed_over(tmp_path: Path, renamed: bool) -> None:
    """Scalars and states of random numbers become nothing, and nothing of NumPy's is called."""
    path = tmp_path / "g.pth"
    extras = {
        "loss": np.float32(0.5),
        "step": np.int64(5000),
        "legacy": np.random.get_state(),
        "rng": np.random.default_rng(3),
        "state": np.random.default_rng(3).bit_generator.state,
    }
    torch.save({"g": STATE, **extras}, path, _use_new_zipfile_serialization=not renamed)
    if renamed:
        data = path.read_bytes()
        assert b"numpy._core.multiarray\n" in data or b"numpy.core.multiarray\n" in data
        path.write_bytes(data.replace(b"numpy._core.multi", b"numpy.core.multi"))
    found = load_foreign(path)
    assert torch.equal(found["g"]["0.weight"], STATE["0.weight"])
    assert type(found["loss"]).__module__ == "ganterm.inference.foreign"
    assert vars(found["rng"]) == {}
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)  # The list of what is passed over is this module's own.


@pytest.mark.parametrize("zipped", [True, False])
def test_what_else_a_checkpoint_holds_is_refused_by_name(tmp_path: Path, zipped: bool) -> None:
    """The options of a training script are an object of a class, which is not built."""
    path = tmp_path / "g.pth"
    content = {"g": STATE, "step": np.int64(1), "args": argparse.Namespace(lr=1)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    named = r" \(argparse\.Namespace\)" if zipped else ""
    with pytest.raises(DataError, match=f"holds more than tensors{named}, which could run code"):
        load_foreign(path)


def test_no_other_module_opens_pickles() -> None:
    """What is looked at here is looked at for all: nothing else calls `torch.load`."""
    root = Path(ganterm.__file__).parent
    callers = {path.name for path in root.rglob("*.py") if "torch.load(" in path.read_text("utf-8")}
    assert callers == {"foreign.py"}


def test_a_whole_module_is_refused_with_what_to_ask_for(tmp_path: Path) -> None:
    """torch.save(model) needs its class: the sentence names state_dict()."""
    torch.save(nn.Sequential(nn.Linear(2, 2)), tmp_path / "g.pth")
    with pytest.raises(DataError, match=r"model\.state_dict\(\)"):
        load_foreign(tmp_path / "g.pth")


def truncated(path: Path) -> None:
    torch.save(STATE, path)
    path.write_bytes(path.read_bytes()[:-100])


def truncated_safetensors(path: Path) -> None:
    save_file(STATE, path)
    path.write_bytes(path.read_bytes()[:-4])


GARBAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda p: p.write_bytes(b""), "no file of weights"),
    "text": (lambda p: p.write_text("layers: 3"), "no file of weights"),
    "picture": (lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50)), "no file of weights"),
    "directory": (lambda p: p.mkdir(), "cannot be read"),
    "pipe": (os.mkfifo, "cannot be read"),
    "zip without weights": (
        lambda p: zipfile.ZipFile(p, "w").writestr("a.txt", "hello"),
        "is damaged|without weights",
    ),
    "half a zip": (lambda p: p.write_bytes(b"PK\x03\x04" + bytes(100)), "is damaged"),
    "bomb": (bomb, "packed as torch.save never does"),
    "program": (script, "is a program"),
    "cut off": (truncated, "is damaged"),
    "cut off safetensors": (truncated_safetensors, "is damaged"),
    "pickle of nothing": (lambda p: p.write_bytes(b"\x80\x02."), "is damaged|could run code"),
}


@pytest.mark.parametrize(("write", "words"), GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_one_sentence(
    tmp_path: Path, write: Callable[[Path], object], words: str
) -> None:
    """Whatever it is, a `DataError` says what is wrong with it."""
    path = tmp_path / "g.pth"
    write(path)
    with pytest.raises(DataError, match=words):
        load_foreign(path)


TENSORS: dict[str, tuple[Callable[[], torch.Tensor], str]] = {
    "NaN": (lambda: torch.tensor([1.0, float("nan")]), "NaN or infinity"),
    "infinity": (lambda: torch.tensor([float("inf")]), "NaN or infinity"),
    "claims a terabyte": (
        lambda: torch.zeros(1).expand(10**6, 10**6),
        "claims more than the file has",
    ),
    "sparse": (lambda: torch.eye(3).to_sparse(), "no plain tensor"),
    "meta": (lambda: torch.empty(3, device="meta"), "no plain tensor"),
    "complex": (lambda: torch.zeros(3, dtype=torch.cfloat), "no plain tensor"),
}


@pytest.mark.parametrize(("make", "words"), TENSORS.values(), ids=TENSORS)
def test_tensors_that_cannot_be_weights_are_refused(
    tmp_path: Path, make: Callable[[], torch.Tensor], words: str
) -> None:
    """What torch reads without a word is looked at before anything is computed with it."""
    path = tmp_path / "g.pth"
    torch.save({"w": make()}, path)
    found = load_foreign(path)
    with pytest.raises(DataError, match=words):
        check_tensors(path, found)


def test_sizes_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files and numbers of tensors above the limits are refused."""
    path = tmp_path / "g.pth"
    torch.save(STATE, path)
    check_tensors(path, load_foreign(path))
    monkeypatch.setattr(foreign, "MAX_TENSORS", 1)
    with pytest.raises(DataError, match="holds 2 tensors"):
        check_tensors(path, load_foreign(path))
    monkeypatch.setattr(foreign, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="no network here has"):
        load_foreign(path)


def test_names_in_natural_order() -> None:
    """Numbers count as numbers, and digits of other scripts or endless ones do no harm."""
    names = ["b.10.w", "b.9.w", "a", "1²2", "b.²", "b." + "9" * 5000]
    ordered = list(in_natural_order(dict.fromkeys(names, 0)))
    assert [name for name in ordered if name.isascii() and len(name) < 9] == [
        "a",
        "b.9.w",
        "b.10.w",
    ]
