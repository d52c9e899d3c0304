"""How a script of plain PyTorch gets its images, and shows what it made."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ganterm.components.datasets import DATASETS
from ganterm.components.datasets.base import DatasetFacts
from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError

_TORCHVISION: Final = {
    "mnist": ("MNIST", ""),
    "fashion-mnist": ("FashionMNIST", ""),
    "kmnist": ("KMNIST", ""),
    "usps": ("USPS", ""),
    "cifar10": ("CIFAR10", ""),
    "cifar100": ("CIFAR100", ""),
    "svhn": ("SVHN", "split"),
    "stl10": ("STL10", "split"),
}
"""What torchvision calls a dataset, and how it is told the split where not by `train`."""
_HEAD: Final = "def load_images():\n"
_DIGITS: Final = '''    """Return scikit-learn's digits: uint8 (N, {}, {}, {}){}."""
    digits = load_digits()
    images = torch.from_numpy(digits.images * (255 / 16)).round().to(torch.uint8)[:, None]
'''
_RESIZED: Final = """\
    images = functional.interpolate(images.float(), size=({}, {}), mode="bilinear", antialias=True)
    images = images.round().clamp(0, 255).to(torch.uint8)
"""
_GRID: Final = """\
    pixels = ((samples + 1) * 127.5).round().clamp(0, 255).to("cpu", torch.uint8)
    grid = pixels.unflatten(0, ({side}, {side})).permute(0, 3, 1, 4, 2)  # (row, H, column, W, C)
    Image.fromarray(grid.reshape({rows}, {columns}{channels}).numpy()).save(path)
"""
_SCATTER: Final = """\
    places = ((samples.flatten(1).cpu() + 3) / 6 * 255).round().long().clamp(0, 255)
    picture = torch.zeros(256, 256, dtype=torch.uint8)
    picture[255 - places[:, 1], places[:, 0]] = 255
    Image.fromarray(picture.numpy()).save(path)
"""
_POINTS: Final = '''\
    """Return points of Gaussians around {count} centres: (N, {dimensions}, 1, 1)."""
    centres = torch.tensor({centres}).float()
    near = torch.arange({points}) % len(centres)
    images = centres[near] + {sigma} * torch.randn(len(near), {dimensions})
    return images[:, :, None, None]'''


def loading_code(config: RunConfig, *, conditional: bool) -> str:
    """Return the function that loads the images of a script, and their labels if `conditional`.

    Raises `ConfigError` for a dataset that no script is written of.
    """
    facts, labels = DATASETS.facts(config.dataset), ", labels (N,)" * conditional
    size, channels = config.data_spec.size, config.channels
    if facts.centres and not conditional:
        return _HEAD + _POINTS.format(
            count=len(facts.centres),
            dimensions=len(facts.centres[0]),
            centres=list(facts.centres),
            points=facts.count("train"),
            sigma=facts.sigma,
        )
    if config.dataset == "digits":
        text = _HEAD + _DIGITS.format(channels, *size, labels)
        if size != facts.spec.size:
            text += _RESIZED.format(*size)
        if channels > 1:
            text += f"    images = images.expand(-1, {channels}, -1, -1)\n"
        return f"{text}    return images{', torch.from_numpy(digits.target)' * conditional}"
    opened, each = _opened(config, facts, conditional=conditional)
    fitted, axes = _fitted(config, facts), "[:, None]" if channels == 1 else ".permute(0, 3, 1, 2)"
    shape = f"(N, {channels}, {size.height}, {size.width})"
    return (
        f'{_HEAD}    """Return images: uint8 {shape}{labels}."""\n'
        f"    dataset = {opened}\n    pixels{', labels = [], []' if conditional else ' = []'}\n"
        f"    for {each} in dataset:\n        pixels.append(np.array({fitted}))\n"
        + "        labels.append(int(label))\n"
        * conditional
        + f"    images = torch.from_numpy(np.stack(pixels)){axes}\n"
        f"    return images{', torch.tensor(labels)' * conditional}"
    )


def _opened(config: RunConfig, facts: DatasetFacts, *, conditional: bool) -> tuple[str, str]:
    """Return the code of an iterable of pictures, and what each of its items is called."""
    label = "label" if conditional else "_"
    if config.dataset in _TORCHVISION:
        name, key = _TORCHVISION[config.dataset]
        splits = ("train", "test") if config.split == "all" else (config.split,)
        told = [f'split="{each}"' if key else f"train={each == 'train'}" for each in splits]
        made = [f'datasets.{name}("data", {each}, download=True)' for each in told]
        return " + ".join(made), f"picture, {label}"
    if not facts.path:
        raise ConfigError(f"No script is written of dataset {config.dataset}.")
    root = Path(facts.path)
    root = root / config.split if (root / config.split).is_dir() else root
    if conditional:
        return f"datasets.ImageFolder({str(root)!r})", "picture, label"
    names = f'sorted(Path({str(root)!r}).rglob("*.*"))'
    return f"map(Image.open, {names})", "picture"


def _fitted(config: RunConfig, facts: DatasetFacts) -> str:
    """Return the code of `picture` with the size and the colours of those that are trained on."""
    colours = f'picture.convert("{"L" if config.channels == 1 else "RGB"}")'
    (height, width), published = config.data_spec.size, facts.spec.size
    if not facts.path and published == (height, width):
        return colours
    frame = f"({width}, {height}), Image.Resampling.BILINEAR"
    if config.fit.endswith("crop"):
        return f"ImageOps.fit({colours}, {frame})"
    left, top = (width - published.width) // 2, (height - published.height) // 2
    near = min(left, top) >= 0 and 4 * max(height, width) <= 5 * max(published)
    if not facts.path and near and config.fit in ("auto", "pad"):
        return f"{colours}.crop(({-left}, {-top}, {width - left}, {height - top}))"
    if config.fit == "pad":
        raise ConfigError("No script is written of fit = pad; set fit = resize.")
    return f"ImageOps.pad({colours}, {frame})"


def samples_code(config: RunConfig, classes: int, network: str) -> str:
    """Return the function that saves a picture of what the `network` of a script generates."""
    side = config.sample_grid
    if config.data_spec.is_points:
        side = 32
    drawn = f"torch.randn({side**2}, Z_DIM, device=device)"
    if config.z_prior == "uniform":
        drawn = f"torch.erf({drawn} / 2**0.5)"
    labels = f"    labels = torch.arange({side**2}, device=device) % CLASSES\n" * bool(classes)
    height, width = config.data_spec.size
    shown = _SCATTER if config.data_spec.is_points else _GRID
    return (
        "@torch.no_grad()\ndef save_samples(path):\n"
        f'    """Save a picture of {side**2:,} samples."""\n'
        f"    {network}.eval()\n    z = {drawn}\n{labels}"
        f"    samples = {network}(z{', labels' * bool(classes)})\n"
        f"    {network}.train()\n"
    ) + shown.format(
        side=side,
        rows=side * height,
        columns=side * width,
        channels=f", {config.channels}" if config.channels > 1 else "",
    )
