"""Inception's features come from a file that the user supplies, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional
from torchvision.models import inception_v3

from ganterm.core.errors import ConfigError, DataError
from ganterm.evaluation import dinov2
from ganterm.evaluation.dinov2 import DinoJudge, VisionTransformer
from ganterm.evaluation.inception import InceptionJudge, find_weights, load_weights
from tests.hostile import EVIL, bomb, script


def test_weights_of_torchvision_give_2048_features_of_any_image(tmp_path: Path) -> None:
    path = tmp_path / "inception.pth"
    network = inception_v3(weights=None, init_weights=False, transform_input=False)
    torch.save(network.state_dict(), path)
    judge = load_weights(path)
    assert isinstance(judge, InceptionJudge)
    looks = judge.look(torch.randint(0, 256, (3, 1, 28, 28), dtype=torch.uint8))
    assert looks.features.shape == (3, 2048)
    assert looks.probabilities.sum(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert judge.words == "torchvision's Inception v3, from inception.pth"
    assert (judge.published, judge.classes) == (False, ())
    assert load_weights(path).digest == judge.digest


def test_weights_as_they_were_published_are_taken(tmp_path: Path) -> None:
    """In the format before torch 1.6, from before batch normalisation counted its batches."""
    path = tmp_path / "inception.pth"
    network = inception_v3(weights=None, init_weights=False, transform_input=False)
    state = {
        name: value
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    torch.save(state, path, _use_new_zipfile_serialization=False)
    judge = load_weights(path)
    assert isinstance(judge, InceptionJudge)
    assert torch.equal(judge.network.fc.weight, network.fc.weight)


def test_weights_that_torch_hub_keeps_are_found_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published ones before torchvision's; nothing is downloaded, and that is said."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(ConfigError, match=r"no weights of inception .* downloads none"):
        find_weights("inception")
    (tmp_path / "checkpoints").mkdir()
    for name in ("inception_v3_google-1.pth", "pt_inception-2015-12-05-6.pth"):
        (tmp_path / "checkpoints" / name).touch()
        assert find_weights("inception").name == name
    (tmp_path / "checkpoints" / "dinov2_vits14_linear_head.pth").touch()
    with pytest.raises(ConfigError, match="no weights of dinov2"):
        find_weights("dinov2")
    for name in ("dinov2_vitb14_pretrain.pth", "dinov2_vits14_reg4_pretrain.pth"):
        (tmp_path / "checkpoints" / name).touch()
        assert find_weights("dinov2").name == name


@pytest.mark.parametrize("registers", [False, True])
def test_weights_of_dinov2_give_features_of_any_image(
    tmp_path: Path, registers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dinov2, "_SIZES", {128: 2})
    path = tmp_path / "dinov2.pth"
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = VisionTransformer(width=128, registers=registers)
        torch.nn.init.normal_(network.pos_embed)
    torch.save(network.state_dict(), path)
    judge = load_weights(path)
    assert isinstance(judge, DinoJudge)
    for channels in (1, 3, 4):
        images = torch.randint(0, 256, (2, channels, 20, 12), dtype=torch.uint8)
        seen = judge.look(images)
        assert (seen.features.shape, seen.probabilities.shape) == ((2, 128), (2, 0))
        assert not torch.equal(seen.features[0], seen.features[1])
    assert judge.words == "DINOv2 of width 128, from dinov2.pth"
    # The published code has the places of 16 x 16 cells so, which ours must add to the patches.
    asked: dict[str, Any] = {"size": (16, 16), "antialias": True}
    if not registers:
        asked = {"scale_factor": (16.1 / 37, 16.1 / 37)}
    grid = network.pos_embed[:, 1:].reshape(1, 37, 37, 128).permute(0, 3, 1, 2)
    places = functional.interpolate(grid, mode="bicubic", **asked)
    added: list[torch.Tensor] = []
    judge.network.blocks[0].register_forward_pre_hook(lambda _, seen: added.append(seen[0]))
    for each in judge.network.patch_embed.parameters():
        each.zero_()
    judge.look(images[:1])
    assert torch.allclose(added[0][:, -256:], places.flatten(2).transpose(1, 2))
    state = {name: value for name, value in network.state_dict().items() if "ls1" not in name}
    torch.save(state, path)
    with pytest.raises(DataError, match="not hold the weights of DINOv2 in the sizes S, B or L"):
        load_weights(path)


@pytest.mark.parametrize("write", EVIL)
def test_a_file_that_would_run_code_is_refused(
    tmp_path: Path, write: Callable[[Path, Path], None]
) -> None:
    """One sentence says so, and nothing has run."""
    path, marker = tmp_path / "inception.pth", tmp_path / "ran"
    write(path, marker)
    with pytest.raises(DataError, match="could run code") as refused:
        load_weights(path)
    assert "\n" not in str(refused.value)
    assert not marker.exists()


def like_dinov2(path: Path, width: int, *places: int) -> None:
    """Write a file that says by its names that it is DINOv2."""
    names = ("cls_token", "pos_embed", "patch_embed.proj.weight")
    shapes = ((1, 1, width), places, (1,))
    torch.save({name: torch.zeros(shape) for name, shape in zip(names, shapes, strict=True)}, path)


def another_dinov2(path: Path) -> None:
    """Write a whole network as DINOv2 is, of a size that was never published."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dinov2, "_SIZES", {64: 1})
        torch.save(VisionTransformer(width=64, registers=False).state_dict(), path)


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "bomb": (bomb, "packed as torch.save never does"),
    "program": (script, "is a program"),
    "another network": (
        lambda p: torch.save({"weight": torch.zeros(1)}, p),
        "does not hold the weights",
    ),
    "other shapes": (
        lambda p: torch.save(
            {
                name: torch.zeros(1)
                for name in inception_v3(weights=None, init_weights=False).state_dict()
            },
            p,
        ),
        "does not hold the weights",
    ),
    "DINOv2 of no published size": (another_dinov2, "in the sizes S, B or L"),
    "DINOv2 in name": (lambda p: like_dinov2(p, 384, 1), "in the sizes S, B or L"),
    "DINOv2 of any width": (lambda p: like_dinov2(p, 10**6, 1, 1, 10**6), "in the sizes S, B or L"),
    "a list": (lambda p: torch.save([1, 2], p), "does not hold the weights"),
    "numbers": (lambda p: torch.save({"weight": 1, 2: 3}, p), "does not hold the weights"),
    "NaN": (lambda p: torch.save({"weight": torch.tensor([float("nan")])}, p), "NaN or infinity"),
}


@pytest.mark.parametrize(("write", "words"), OTHERS.values(), ids=OTHERS)
def test_any_other_file_is_refused_in_a_sentence(
    tmp_path: Path, write: Callable[[Path], object], words: str
) -> None:
    """Damaged, hostile or of something else: a `DataError` says which."""
    path = tmp_path / "inception.pth"
    write(path)
    with pytest.raises(DataError, match=words):
        load_weights(path)
