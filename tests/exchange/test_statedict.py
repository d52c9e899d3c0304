"""A generator's tensors are found in what others saved, or one sentence says why not."""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ganterm.core.errors import DataError
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
        (lambda s: {**s, "epoch": 7}, "no tensors: 'epoch'."),
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


def test_a_part_is_a_key_or_what_names_begin_with(tmp_path: Path) -> None:
    """Flat files take a prefix, wrapped ones a path of keys; what is not there is refused."""
    path = tmp_path / "g.pth"
    flat = {f"{net}.{name}": value for net in ("GE", "G", "A") for name, value in STATE.items()}
    torch.save({"GAN": {**flat, "GE.0.bias": torch.zeros(2)}, "version": 1}, path)
    averaged = read_state(path)
    assert averaged.tensors["0.bias"].tolist() == [0, 0]
    assert "Left aside, because they are not the generator's: 'G', 'A'" in averaged.notes[-2]
    assert "are the average that the file keeps under 'GE'; --part G takes" in averaged.notes[-1]
    for part in ("G", "G.", "GAN.G", "A"):
        assert same(read_state(path, part=part).tensors, STATE)
    with pytest.raises(DataError, match=r"no weights under 'x'; it has 'GAN'\.$"):
        read_state(path, part="x")
    torch.save(flat, path)
    with pytest.raises(DataError, match=r"it has 'GE', 'G', 'A'\.$"):
        read_state(path, part="x")


@pytest.mark.parametrize(
    "keys", [("g", "g_ema"), ("generator", "generator_ema"), ("params", "params_ema")]
)
def test_of_an_average_and_raw_weights_the_average_is_taken(
    tmp_path: Path, keys: tuple[str, str]
) -> None:
    """It is said, and so is how to have the raw ones, which complete what the average lacks."""
    raw, average = keys
    path = tmp_path / "g.pth"
    mean = {"0.running_mean": torch.ones(2)}
    smooth = {name: value / 2 for name, value in STATE.items()}
    torch.save({raw: {**STATE, **mean}, "d": STATE, average: smooth}, path)
    foreign = read_state(path)
    assert same(foreign.tensors, {**smooth, **mean})
    assert f"average that the file keeps under {average!r}; --part {raw} takes" in foreign.notes[0]
    assert f"that of {raw!r} is taken" in foreign.notes[1]
    assert same(read_state(path, part=raw).tensors, {**STATE, **mean})


def test_what_is_no_layers_is_left_aside_by_name(tmp_path: Path) -> None:
    """Counts of operations, masks and whole numbers are neither weights nor statistics."""
    path = tmp_path / "g.pth"
    odd = {
        "0.total_ops": torch.zeros(1, dtype=torch.float64),
        "0.mask": torch.ones(2, dtype=torch.bool),
        "0.kernel": torch.ones(2, dtype=torch.uint8),
        "n_averaged": torch.tensor(5),
    }
    counter = {"0.num_batches_tracked": torch.tensor(3)}
    torch.save({**STATE, **counter, **odd}, path)
    foreign = read_state(path)
    assert same(foreign.tensors, {**STATE, **counter})
    (note,) = foreign.notes
    assert all(repr(name) in note for name in odd)


def old_weight(layer: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(layer)


@pytest.mark.parametrize(
    "normalise",
    [
        old_weight,
        nn.utils.parametrizations.weight_norm,
        nn.utils.spectral_norm,
        nn.utils.parametrizations.spectral_norm,
    ],
    ids=["weight, old", "weight", "spectral, old", "spectral"],
)
def test_normalised_weights_are_folded_into_plain_ones(
    tmp_path: Path, normalise: Callable[[nn.Module], nn.Module]
) -> None:
    """Plain layers of the tensors read give what torch's own normalised layers give."""

    def build() -> nn.Sequential:
        return nn.Sequential(
            nn.Linear(12, 18),
            nn.Unflatten(1, (2, 3, 3)),
            nn.ConvTranspose2d(2, 4, 3),
            nn.ConvTranspose2d(4, 4, 3, bias=False),  # as many in as out: the file does not say
            nn.Conv2d(4, 4, 3, padding=1),
            nn.Conv2d(4, 1, 3),
        )

    torch.manual_seed(4)
    theirs = build()
    for index in (0, 2, 3, 4, 5):
        theirs[index] = normalise(theirs[index])
    optimiser = torch.optim.SGD(theirs.parameters(), lr=0.1)
    for _ in range(5):
        theirs(torch.randn(3, 12)).square().mean().backward()
        optimiser.step()
    theirs.eval()
    path = tmp_path / "g.pth"
    torch.save(theirs.state_dict(), path)
    foreign = read_state(path)
    plain = build()
    plain.load_state_dict(foreign.tensors)
    z = torch.randn(5, 12)
    torch.testing.assert_close(plain(z), theirs(z))
    assert "normalisation is folded into the weights of 5 layers" in foreign.notes[-1]


def test_what_is_like_no_normalisation_is_left_as_it_is(tmp_path: Path) -> None:
    """Parts that do not belong together are named by the table of layers, not guessed at."""
    path = tmp_path / "g.pth"
    odd = {
        "0.weight_g": torch.ones(3, 1),
        "0.weight_v": torch.ones(2, 3),
        "1.weight_u": STATE["0.bias"],
    }
    torch.save(odd, path)
    assert same(read_state(path).tensors, odd)


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
