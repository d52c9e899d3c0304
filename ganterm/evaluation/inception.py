"""Features of Inception v3 (Szegedy et al. 2015), from weights that the user supplies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeGuard

import torch
from torch import Tensor, nn

from ganterm.core.errors import ConfigError, DataError
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation.dinov2 import DinoJudge, dinov2_judge, in_colour, is_dinov2
from ganterm.evaluation.embeddings import Embeddings
from ganterm.inference.foreign import WHAT_TO_GIVE, check_tensors, load_foreign

if TYPE_CHECKING:
    from torchvision.models import Inception3

SIDE = 299
"""Side of the images that Inception takes, in pixels."""
CHUNK = 50
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class InceptionJudge:
    """Inception v3; its classes say nothing about digits.

    `published` tells the network of 2015-12-05, with which FID is published, from torchvision's.
    """

    network: Inception3
    published: bool
    digest: str
    words: str
    classes: tuple[str, ...] = ()
    trust: str = ""

    def look(self, images: Tensor, *, progress: ProgressCallback = silent) -> Embeddings:
        """Look at uint8 images (N, C, H, W) of any size and channels: 2,048 features."""
        prepared = _as_published if self.published else _prepared
        features, probabilities = [], []
        pooled: list[Tensor] = []
        hook = self.network.avgpool.register_forward_hook(
            lambda _module, _inputs, output: pooled.append(output.flatten(1))
        )
        try:
            with torch.no_grad():
                for start in range(0, len(images), CHUNK):
                    logits = self.network(prepared(images[start : start + CHUNK]))
                    features.append(pooled.pop())
                    if self.published:
                        # As the Inception Score is published: without the biases of the classes.
                        logits = features[-1] @ self.network.fc.weight.T
                    probabilities.append(logits.softmax(dim=1))
                    progress("Looking at images", start + len(logits), len(images), "images")
        finally:
            hook.remove()
        return Embeddings(torch.cat(features), torch.cat(probabilities))


IN_HUB: Final = {
    "inception": ("*inception-2015-12-05*.pth", "inception_v3_google*.pth"),
    "dinov2": tuple(f"dinov2_vit{size}14*_pretrain.pth" for size in "sbl"),
}
"""Files of weights that `torch.hub` keeps, by the name of a judge, the preferred ones first."""


def find_weights(name: str) -> Path:
    """Return the file that torch.hub keeps for one of `IN_HUB`; raises ConfigError without one."""
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    for pattern in IN_HUB[name]:
        if found := sorted(folder.glob(pattern)):
            return found[0]
    raise ConfigError(
        f"There are no weights of {name} in {folder}, where torch.hub keeps them, and ganterm "
        "downloads none: give a file of them by `--judge FILE`, or take `--judge self-supervised`."
    )


def load_weights(path: Path) -> InceptionJudge | DinoJudge:
    """Load weights of Inception v3 or DINOv2, as torch.save wrote them or safetensors.

    Inception's of 2015-12-05, which have 1,008 classes, give the features that FID is published
    with; those of torchvision's `inception_v3` others. Raises DataError for any other file. No code
    in the file is run.
    """
    from torchvision.models import inception_v3  # noqa: PLC0415 - seconds to import

    from ganterm.evaluation.published_inception import CLASSES, published_inception  # noqa: PLC0415

    state = load_foreign(path)
    if not _is_state(state):
        raise _no_inception(path)
    check_tensors(path, state)
    if is_dinov2(state):
        return dinov2_judge(path, state)
    published = "fc.bias" in state and state["fc.bias"].shape == (CLASSES,)
    network = (
        published_inception()
        if published
        else inception_v3(init_weights=False, transform_input=False)
    )
    try:
        network.load_state_dict(state)
    except RuntimeError:  # other names or shapes
        raise _no_inception(path) from None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    which = "Inception v3 of 2015-12-05" if published else "torchvision's Inception v3"
    return InceptionJudge(
        network.eval().requires_grad_(False), published, digest, f"{which}, from {path.name}"
    )


def _is_state(found: object) -> TypeGuard[Mapping[str, Tensor]]:
    """Tell whether it is a mapping of names to tensors and nothing else."""
    return isinstance(found, Mapping) and all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in found.items()
    )


def _no_inception(path: Path) -> DataError:
    return DataError(
        f"{path} does not hold the weights of Inception v3, neither those of 2015-12-05 nor "
        f"torchvision's, nor those of DINOv2; {WHAT_TO_GIVE}."
    )


def _prepared(images: Tensor) -> Tensor:
    """Return uint8 images (N, C, H, W) as (N, 3, 299, 299), normalised as for ImageNet."""
    colour = in_colour(images).div(255)
    large = nn.functional.interpolate(
        colour, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True
    )
    mean, deviation = (large.new_tensor(each)[:, None, None] for each in (_MEAN, _DEVIATION))
    return (large - mean) / deviation


def _as_published(images: Tensor) -> Tensor:
    """Return uint8 images (N, C, H, W) as (N, 3, 299, 299) in [-1, 1), as TensorFlow's graph."""
    from ganterm.evaluation.published_inception import resized  # noqa: PLC0415

    return (resized(in_colour(images)) - 128) / 128
