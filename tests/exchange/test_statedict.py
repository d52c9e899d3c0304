"""A generator's tensors are found in what others saved, or one sentence says why not."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ganterm.errors import DataError
from ganterm.exchange.statedict import read_state
from tests.hostile import evil_zip

STATE = {"0.weight": torch.arange(6.0).reshape(2, 3), "0.bias": torch.tensor([1.0, 2.0])}


def same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    return list(found) == list(wanted) and all(map(torch.equal, found.values(), wanted.values()))


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before torch 1.6"])
def test_what_torch_saved_is_read_in_its_order(tmp_path: Path, zipped: bool) -> None:
    """Both formats of torch.save, names in the order of the file."""
    path = tmp_path / "g.pth"
    state = {"z": STATE["0.bias"], "a": STATE["0.weight"]}
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    assert same(read_state(path).tensors, state)


def test_safetensors_come_in_the_order_of_layers(tmp_path: Path) -> None:
    """The format keeps no order, so names decide, with numbers as numbers."""
    path = tmp_path / "g.safetensors"
    save_file({f"{index}.weight": torch.full((1,), float(index)) for index in (10, 9, 2)}, path)
    assert list(read_state(path).tensors) == ["2.weight", "9.weight", "10.weight"]


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        (lambda s: {"state_dict": s}, "keeps under 'state_dict'"),
        (lambda s: {"epoch": 3, "discriminator": {"x": s}, "generator": s}, "under 'generator'"),
        (lambda s: {"model": {"state_dict": s}}, "keeps under 'model'"),
        (lambda s: {"optimizer": 1, "my_net": s}, "keeps under 'my_net'"),
        (lambda s: {f"module.{k}": v for k, v in s.items()}, "read without 'module.'"),
        (
            lambda s: {f"module._orig_mod.{k}": v for k, v in s.items()},
            "without 'module._orig_mod.'",
        ),
        (
            lambda s: {
                f"{net}.{k}": v for net in ("generator", "discriminator") for k, v in s.items()
            },
            "without 'generator.'",
        ),
        (lambda s: {"noise": torch.ones(3), "epoch": 2, "netG_state_dict": s}, "'netG_state_dict'"),
        (
            lambda s: {
                "gen_model": s,
                "crit_model": s,
                "opt": {"state": {0: s}, "param_groups": []},
            },
            "keeps under 'gen_model'",
        ),
        (lambda s: {**s, "epoch": 7}, "1 entries of the file are no tensors"),
    ],
)
def test_wrappers_and_prefixes_are_taken_off(
    tmp_path: Path, wrap: Callable[[Any], Any], words: str
) -> None:
    """What tutorials wrap around a state_dict is found, and said."""
    path = tmp_path / "g.pth"
    torch.save(wrap(STATE), path)
    foreign = read_state(path)
    assert same(foreign.tensors, STATE)
    assert words in " ".join(foreign.notes)


def test_of_several_networks_one_is_chosen(tmp_path: Path) -> None:
    """Where no key says which is the generator, the sentence names them and `part` chooses."""
    path = tmp_path / "g.pth"
    other = {"w": torch.zeros(3)}
    adam = {"state": {0: other}, "param_groups": []}
    torch.save({"A": STATE, "B": other, "adam": adam, "args": {"lr": 1}}, path)
    with pytest.raises(DataError, match=r"several networks.* --part: 'A', 'B'\.$"):
        read_state(path)
    foreign = read_state(path, part="A")
    assert same(foreign.tensors, STATE)
    assert "keeps under 'A'" in " ".join(foreign.notes)
    with pytest.raises(DataError, match=r"no weights under 'C'; it has 'A', 'B'\.$"):
        read_state(path, part="C")


GARBAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "list": (lambda p: torch.save([1, 2], p), "holds no state_dict"),
    "tensor": (lambda p: torch.save(torch.zeros(3), p), "holds no state_dict"),
    "numbers": (lambda p: torch.save({"epoch": 3}, p), "holds no state_dict"),
    "deep": (
        lambda p: torch.save({"model": {"model": {"model": {"model": {"model": STATE}}}}}, p),
        "holds no state_dict",
    ),
    "code": (lambda p: evil_zip(p, p.with_name("ran")), "could run code"),
    "NaN": (lambda p: torch.save({"w": torch.tensor([1.0, float("nan")])}, p), "NaN or infinity"),
}


@pytest.mark.parametrize(("write", "words"), GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_one_sentence(
    tmp_path: Path, write: Callable[[Path], object], words: str
) -> None:
    """Whatever it is, a `DataError` says what is wrong with it."""
    path = tmp_path / "g.pth"
    write(path)
    with pytest.raises(DataError, match=words):
        read_state(path)


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
def test_damage_anywhere_is_refused_or_harmless(tmp_path: Path, form: str) -> None:
    """Bytes changed at random give tensors or a `DataError`, never another exception."""
    path = tmp_path / "g"
    if form == "safetensors":
        save_file(STATE, path)
    else:
        torch.save(STATE, path, _use_new_zipfile_serialization=form == "zip")
    whole = path.read_bytes()
    chance = random.Random(5)
    refused = 0
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 20))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.choice((len(data), len(data), chance.randrange(len(data))))])
        try:
            read_state(path)
        except DataError:
            refused += 1
    assert refused > 20


def test_reading_leaves_the_file_alone(tmp_path: Path) -> None:
    """The file is only read, and a buffer of it is not needed any longer."""
    path = tmp_path / "g.pth"
    torch.save(STATE, path)
    before = path.read_bytes()
    tensors = read_state(path).tensors
    path.unlink()
    assert same(tensors, STATE)
    assert same(torch.load(io.BytesIO(before), weights_only=True), STATE)
