"""A network that learns to see from images without labels, for scores to compare what it sees."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganterm.data.progress import ProgressCallback, silent

SMALLEST, LARGEST = 8, 64
"""Pixels of the sides that are looked at: smaller images are enlarged, larger ones made smaller."""
_LARGE = 40
"""Longer sides are halved by the first stage, so that they take no more time than 32 pixels."""
_WIDTHS = (32, 64, 128)
_HARMS = 2
_SEEN = sum(_WIDTHS) + _HARMS
FEATURES = 64
"""Features of an image: few enough for a Fréchet distance of some hundred images."""
_FLATTENED = 0.25
"""Power of the variances that the features are divided by: 0.5 would make all of them the same."""

BATCH = 64
STEPS = 400
LEARNING_RATE = 2e-3
TEMPERATURE = 0.2
"""Of the similarities of two views of an image (Chen et al. 2020)."""
_MOVED, _ZOOMED, _BRIGHTENED = 0.1, 0.1, 0.1
"""Most by which two views of an image differ: shares of its side, of its size and of its range."""
_BLURS = (0.0, 0.7, 1.5, 2.5)
"""Largest standard deviation of the blur of each quarter of a batch, in pixels."""
_NOISY, _NOISE_BITS = 0.6, 7
"""Share of the images that noise is added to, and log2 of its largest amplitude, of 255."""
_SETTLED = 10_000
"""Images at most that the principal components are found in."""


class Embedder(nn.Module):
    """Three stages of a convolution each; what is seen are the means over all places of each stage.

    And how much blur and noise it takes an image to have. Features are the principal components of
    that over the images that were learnt from, the strongest toned down: as they are, the Fréchet
    distance of real images from others wanders too much to see little harm.
    """

    centre: Tensor
    components: Tensor

    def __init__(self, *, height: int, width: int, channels: int) -> None:
        super().__init__()
        self.height, self.width = working_size(height, width)
        stride = 2 if max(self.height, self.width) > _LARGE else 1
        inputs = (channels, *_WIDTHS)
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.MaxPool2d(2) if stage else nn.Identity(),
                nn.Conv2d(inputs[stage], width, 3, 1 if stage else stride, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            )
            for stage, width in enumerate(_WIDTHS)
        )
        self.norm = nn.BatchNorm1d(sum(_WIDTHS))
        self.harm = nn.Linear(sum(_WIDTHS), _HARMS)
        self.register_buffer("centre", torch.zeros(_SEEN))
        self.register_buffer("components", torch.zeros(_SEEN, FEATURES))

    def forward(self, images: Tensor) -> Tensor:
        """Turn images (N, C, H, W) in [-1, 1], as `prepared` has them, into features (N, 64)."""
        return (self.seen(images) - self.centre) @ self.components

    def seen(self, images: Tensor) -> Tensor:
        """Return what is seen in them, (N, 226), blur and noise last."""
        means = []
        for stage in self.stages:
            images = stage(images)
            means.append(images.mean(dim=(2, 3)))
        seen = self.norm(torch.cat(means, dim=1))
        return torch.cat([seen, self.harm(seen)], dim=1)

    def settle(self, images: Tensor) -> None:
        """Find the components, in uint8 images (N, C, H, W)."""
        seen = torch.cat([self.seen(self.prepared(part)) for part in in_parts(images)]).double()
        spread = seen.std(dim=0, correction=0)
        # What hardly varies among real images must not drown all else where it does.
        spread = spread.clamp_min(0.01 * float(spread.mean()) + 1e-6)
        values, vectors = torch.linalg.eigh((seen / spread).T.cov(correction=0))
        values, vectors = values.flip(0)[:FEATURES], vectors.flip(1)[:, :FEATURES]
        tone = values.clamp_min(1e-4 * float(values[0]) + 1e-9) ** _FLATTENED
        self.centre.copy_(seen.mean(dim=0))
        self.components.copy_(vectors / spread[:, None] / tone)

    def prepared(self, images: Tensor) -> Tensor:
        """Return uint8 images (N, C, H, W) in [-1, 1] at the size that is looked at."""
        scaled = images.float().div_(127.5).sub_(1)
        size = (self.height, self.width)
        if scaled.shape[2:] != size:
            scaled = functional.interpolate(
                scaled, size, mode="bilinear", align_corners=False, antialias=True
            )
        return scaled.contiguous(memory_format=torch.channels_last)


def working_size(height: int, width: int) -> tuple[int, int]:
    """Return the height and width at which images are looked at, in their proportions."""
    share = min(1.0, LARGEST / max(height, width))
    return max(SMALLEST, round(height * share)), max(SMALLEST, round(width * share))


def in_parts(images: Tensor, size: int = 100) -> Iterator[Tensor]:
    """Yield images (N, …) in their order, `size` at a time: what a layer makes of them is small."""
    for start in range(0, len(images), size):
        yield images[start : start + size]


def fit_embedder(images: Tensor, *, seed: int, progress: ProgressCallback = silent) -> Embedder:
    """Train on uint8 images (N, C, H, W), and return the network for evaluation.

    Three tasks that need no labels: to know an image again in another view of it (Chen et al. 2020,
    SimCLR), which way it was turned (Gidaris et al. 2018, RotNet), and how much it was blurred and
    noise was added. AdamW under a one-cycle rate. The same seed gives the same weights on the same
    machine with as many threads. Raises ValueError for no images.
    """
    if not len(images):
        raise ValueError("an embedder takes images")
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        height, width = images.shape[2:]
        network = Embedder(height=height, width=width, channels=images.shape[1])
        tasks = _Tasks(_SEEN)
    network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(
        [*network.parameters(), *tasks.parameters()], lr=LEARNING_RATE, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.2
    )
    for step in range(STEPS):
        chosen = torch.randint(len(images), (BATCH,), generator=random)
        views, turns, harm = _views(network.prepared(images[chosen]), random)
        optimizer.zero_grad()
        tasks(network.seen(views), turns, harm).backward()
        optimizer.step()
        schedule.step()
        progress("Training the judge", (step + 1) * BATCH, STEPS * BATCH, "images")
    network.eval().requires_grad_(False)
    network.settle(images[torch.randperm(len(images), generator=random)[:_SETTLED]])
    return network


class _Tasks(nn.Module):
    """Heads on the features of two views of each image, all first views before all second ones."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.view = nn.Sequential(nn.Linear(features, 128), nn.ReLU(), nn.Linear(128, 64))
        self.turn = nn.Linear(features, 4)

    def forward(self, features: Tensor, turns: Tensor, harm: Tensor) -> Tensor:
        """Return the loss of features (2N, F), of turns (N,) and of harm (N, 2) done to images."""
        first, second = functional.normalize(self.view(features), dim=1).chunk(2)
        alike = first @ second.T / TEMPERATURE
        own = torch.arange(len(alike))
        again = (functional.cross_entropy(alike, own) + functional.cross_entropy(alike.T, own)) / 2
        turned = functional.cross_entropy(self.turn(features), turns.repeat(2))
        harmed = functional.mse_loss(features[:, -_HARMS:], harm.repeat(2, 1))
        return again + turned + harmed


def _views(images: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return two views (2N, C, S, S) of squares of images, their turns (N,) and harm (N, 2).

    Both views of an image are turned and harmed alike: by so many quarters, and by blur and noise
    on scales of about [0, 2].
    """
    count, channels, height, width = images.shape
    side, quarter = min(height, width), count // 4
    top, left = (_drawn(random, most - side) for most in (height, width))
    images = images[:, :, top : top + side, left : left + side]
    turns = torch.arange(4).repeat_interleave(quarter)
    images = torch.cat([part.rot90(turn, (2, 3)) for turn, part in enumerate(images.chunk(4))])
    order = torch.randperm(count, generator=random)
    images, turns = images[order], turns[order]
    views = _moved(images.repeat(2, 1, 1, 1), random).view(2, count, channels, side, side)
    blurs = [most * float(torch.rand(1, generator=random)) for most in _BLURS]
    parts = [
        blurred(part.flatten(0, 1), blur).view_as(part)
        for blur, part in zip(blurs, views.chunk(4, dim=1), strict=True)
    ]
    amplitudes = torch.exp2(torch.rand(count, generator=random) * _NOISE_BITS)
    amplitudes *= torch.rand(count, generator=random) < _NOISY
    views = torch.cat(parts, dim=1)
    noise = torch.rand(views.shape, generator=random).mul_(2).sub_(1)
    views = (views + noise * amplitudes.view(count, 1, 1, 1) / 127.5).clamp_(-1, 1)
    blur = torch.tensor(blurs).repeat_interleave(quarter)
    harm = torch.stack([2 * blur / (blur + 0.5), torch.log2(1 + amplitudes) / 3.5], dim=1)
    return views.flatten(0, 1).contiguous(memory_format=torch.channels_last), turns, harm


def _drawn(random: torch.Generator, most: int) -> int:
    return int(torch.randint(most + 1, (1,), generator=random))


def _moved(images: Tensor, random: torch.Generator) -> Tensor:
    """Move and zoom each image (N, C, H, W) a little, and change its brightness and contrast."""

    def within(most: float, *shape: int) -> Tensor:
        return torch.rand(len(images), *shape, generator=random).mul_(2).sub_(1).mul_(most)

    maps = torch.zeros(len(images), 2, 3)
    maps[:, 0, 0] = maps[:, 1, 1] = 1 + within(_ZOOMED)
    maps[:, :, 2] = within(2 * _MOVED, 2)
    grid = functional.affine_grid(maps, list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return moved * (1 + within(_BRIGHTENED, 1, 1, 1)) + within(_BRIGHTENED, 1, 1, 1)


def blurred(images: Tensor, sigma: float) -> Tensor:
    """Blur images (N, C, H, W) by a Gaussian of standard deviation `sigma` in pixels."""
    reach = math.ceil(3 * sigma)
    if not reach:
        return images
    channels = images.shape[1]
    places = torch.arange(-reach, reach + 1, dtype=torch.float32)
    line = torch.exp(-places.square() / (2 * sigma * sigma))
    line = (line / line.sum()).expand(channels, 1, 1, -1)
    padded = functional.pad(images, (reach,) * 4, mode="replicate")
    return functional.conv2d(
        functional.conv2d(padded, line, groups=channels), line.mT, groups=channels
    )
