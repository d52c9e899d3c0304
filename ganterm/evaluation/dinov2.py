"""Features of DINOv2 (Oquab et al. 2023), from weights that the user has; nothing is downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganterm.core.errors import DataError
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation.embedder import in_parts
from ganterm.evaluation.embeddings import Embeddings

SIDE: Final = 224
"""Side of the images that it is shown, in pixels."""
_SIZES: Final = {384: 12, 768: 12, 1024: 24}
"""Blocks by the width of the networks that are published in sizes S, B and L."""
_PATCH: Final = 14
_CELLS: Final = 37
"""Places a side that the weights know, of images of 518 pixels."""
_REGISTERS: Final = 4
_HEAD: Final = 64
_OFFSET: Final = 0.1
"""Added to the cells a side before places are interpolated, as weights without registers are used.
"""
_CHUNK: Final = 50
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class _Block(nn.Module):
    """Attention and a perceptron, each added to what comes in by its own scale (LayerScale)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = nn.ModuleDict(
            {"qkv": nn.Linear(width, 3 * width), "proj": nn.Linear(width, width)}
        )
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)}
        )
        self.ls1, self.ls2 = (
            nn.ParameterDict({"gamma": nn.Parameter(torch.ones(width))}) for _ in range(2)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Turn tokens (N, T, D) into others."""
        count, length, width = tokens.shape
        split = self.attn["qkv"](self.norm1(tokens)).view(count, length, 3, -1, _HEAD)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2)
        tokens = tokens + self.ls1["gamma"] * self.attn["proj"](seen.reshape(count, length, width))
        hidden = functional.gelu(self.mlp["fc1"](self.norm2(tokens)))
        after: Tensor = tokens + self.ls2["gamma"] * self.mlp["fc2"](hidden)
        return after


class VisionTransformer(nn.Module):
    """The network of dinov2_vits14, vitb14 and vitl14, or vits14_reg4 and so on, by their names."""

    def __init__(self, *, width: int, registers: bool) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + _CELLS * _CELLS, width))
        self.mask_token = nn.Parameter(torch.zeros(1, width))
        if registers:
            self.register_tokens = nn.Parameter(torch.zeros(1, _REGISTERS, width))
        self._registers = registers
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, _PATCH, _PATCH)})
        self.blocks = nn.ModuleList(_Block(width) for _ in range(_SIZES[width]))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, images: Tensor) -> Tensor:
        """Turn images (N, 3, H, W), as ImageNet's are normalised, into features (N, D)."""
        patches = self.patch_embed["proj"](images)
        tokens = patches.flatten(2).transpose(1, 2)
        first = self.cls_token.expand(len(images), -1, -1)
        tokens = torch.cat([first, tokens], dim=1) + self._places(*patches.shape[2:])
        if self._registers:
            more = self.register_tokens.expand(len(images), -1, -1)
            tokens = torch.cat([tokens[:, :1], more, tokens[:, 1:]], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        features: Tensor = self.norm(tokens)[:, 0]
        return features

    def _places(self, height: int, width: int) -> Tensor:
        """Return what tells the places of so many patches apart, (1, 1 + H W, D)."""
        first, rest = self.pos_embed[:, :1], self.pos_embed[:, 1:]
        if (height, width) == (_CELLS, _CELLS):
            return self.pos_embed
        known = rest.reshape(1, _CELLS, _CELLS, -1).permute(0, 3, 1, 2)
        if self._registers:
            grid = functional.interpolate(known, (height, width), mode="bicubic", antialias=True)
        else:
            scale = ((height + _OFFSET) / _CELLS, (width + _OFFSET) / _CELLS)
            grid = functional.interpolate(known, scale_factor=scale, mode="bicubic")
        return torch.cat([first, grid.flatten(2).transpose(1, 2)], dim=1)


@dataclass(frozen=True)
class DinoJudge:
    """DINOv2, whose features tell images apart as people do (Stein et al. 2023); no classes."""

    network: VisionTransformer
    digest: str
    words: str
    classes: tuple[str, ...] = ()
    trust: str = ""

    def look(self, images: Tensor, *, progress: ProgressCallback = silent) -> Embeddings:
        """Look at uint8 images (N, C, H, W) of any size, grey or colour, over white."""
        features = []
        with torch.no_grad():
            for part in in_parts(images, _CHUNK):
                features.append(self.network(_prepared(part)))
                done = _CHUNK * (len(features) - 1) + len(part)
                progress("Looking at images", done, len(images), "images")
        found = torch.cat(features)
        return Embeddings(found, found.new_zeros(len(found), 0))


def is_dinov2(state: Mapping[str, Tensor]) -> bool:
    """Tell whether weights are those of DINOv2, by their names."""
    return {"cls_token", "pos_embed", "patch_embed.proj.weight"} <= state.keys()


def dinov2_judge(path: Path, state: Mapping[str, Tensor]) -> DinoJudge:
    """Return the judge that has weights from `path`; raises DataError for other networks."""
    width = state["cls_token"].numel()
    try:
        # What the file says takes no memory but its own.
        with torch.device("meta"):
            network = VisionTransformer(width=width, registers="register_tokens" in state)
        network.load_state_dict(state, assign=True)
    except (KeyError, RuntimeError):  # another width, other names or shapes
        raise DataError(
            f"{path} does not hold the weights of DINOv2 in the sizes S, B or L with patches of 14 "
            "pixels; give the file that torch.hub keeps, such as dinov2_vits14_pretrain.pth."
        ) from None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    words = f"DINOv2 of width {width}, from {path.name}"
    return DinoJudge(network.float().eval().requires_grad_(False), digest, words)


def in_colour(images: Tensor) -> Tensor:
    """Return uint8 images (N, C, H, W) as floats (N, 3, H, W); what is transparent is white."""
    if images.shape[1] == 4:
        return images[:, :3].float() + (255 - images[:, 3:].float())
    return images.expand(-1, 3, -1, -1).float()


def _prepared(images: Tensor) -> Tensor:
    """Return uint8 images (N, C, H, W) as (N, 3, 224, 224), normalised as for ImageNet."""
    colour = in_colour(images).div(255)
    large = functional.interpolate(
        colour, size=(SIDE, SIDE), mode="bicubic", align_corners=False, antialias=True
    ).clamp(0, 1)
    mean, deviation = (large.new_tensor(each)[:, None, None] for each in (_MEAN, _DEVIATION))
    return (large - mean) / deviation
