"""What a judge sees in real images is looked at once, and its floor computed once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ganterm.evaluation import kept, reference
from ganterm.evaluation.cache import obtain_judge
from ganterm.evaluation.reference import obtain_reference
from ganterm.evaluation.splits import ImageSource
from tests.evaluation.conftest import DIGITS


def fail(*_: object, **__: object) -> None:
    raise AssertionError("it was done again")


def test_real_images_reach_against_others_what_nothing_can_better(data: Path) -> None:
    found = obtain_reference(obtain_judge(DIGITS), DIGITS)
    floor = found.floor(449)
    assert (len(found), floor["modes"]) == (449, 10)
    assert floor["density"] == pytest.approx(1, abs=0.1)
    assert floor["coverage"] == pytest.approx(1 - 2**-5, abs=0.03)


def test_looks_and_floors_are_kept(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = obtain_judge(DIGITS)
    first = obtain_reference(judge, DIGITS)
    floor = first.floor(200)
    for name in ("_look", "measured", "copies"):
        monkeypatch.setattr(reference, name, fail)
    again = obtain_reference(judge, DIGITS)
    assert torch.equal(again.real.features, first.real.features)
    assert again.floor(200) == floor
    with pytest.raises(AssertionError, match="done again"):
        again.floor(199)


def test_damaged_looks_are_looked_at_again(data: Path) -> None:
    """A few flipped bits, and a file that ends early."""
    judge = obtain_judge(DIGITS)
    first = obtain_reference(judge, DIGITS)
    whole = first.path.read_bytes()
    flipped = bytearray(whole)
    for place in range(1, 31):
        flipped[-4000 * place] ^= 0x40
    for harmed in (bytes(flipped), whole[:1000]):
        first.path.write_bytes(harmed)
        again = obtain_reference(judge, DIGITS)
        assert torch.equal(again.real.features, first.real.features)
        assert kept.read(first.path) is not None


def test_a_planted_floor_is_not_believed(data: Path) -> None:
    """Nor one that is whole, but of other looks."""
    found = obtain_reference(obtain_judge(DIGITS), DIGITS)
    floor, path = found.floor(100), found.path.with_suffix(".facts.safetensors")
    _, facts = kept.read(path) or pytest.fail("the floor is not kept")
    told = str(floor["fid"]).encode()
    assert told in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(told, b"9" * len(told)))
    assert found.floor(100) == floor
    planted = facts["facts"].replace(str(floor["fid"]), "99.9")
    kept.keep(path, {}, {**facts, "facts": planted, "looks": "0" * 16})
    assert found.floor(100) == floor


def test_points_of_the_ring_have_a_floor_too(data: Path) -> None:
    ring = ImageSource(dataset="ring", image_size=28, channels=1)
    found = obtain_reference(obtain_judge(ring), ring)
    floor = found.floor(1000)
    assert floor["modes"] == 8
    assert floor["fid"] < 0.02
