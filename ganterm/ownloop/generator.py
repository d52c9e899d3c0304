"""What others need to draw images with the generators that a loop saves.

Of each its outline is kept, its sizes, found by trying it on a few latents once, and the code of
the user's that it needs. What was kept is tried as well: it has to make the very images.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from ganterm.components.datasets import DATASETS
from ganterm.components.networks.outline import Outline, built, reached
from ganterm.components.networks.plain import takes_two
from ganterm.config.ownloop import OwnGenerator, OwnNetworks, Sizes
from ganterm.core.dataspec import CHANNELS, LEAST_SIDE, MOST_SIDE, Size
from ganterm.core.errors import ConfigError
from ganterm.data.catalogue import anchored
from ganterm.ownloop.journal import words_of
from ganterm.ownloop.parts import Chance
from ganterm.ownloop.source import definitions_of
from ganterm.runs.layout import RunDir
from ganterm.runs.parts import keep_code

_CALLED: Final = {
    "generator": ("generator", "g", "netg", "net_g", "gen"),
    "ema": ("ema", "g_ema", "ema_g", "generator_ema", "ema_generator", "netg_ema", "gen_ema"),
}
"""What the parts are called, in small letters."""
_LATENTS: Final = ("z_dim", "latent_dim", "nz", "latent_size", "noise_dim", "zdim")
_CLASSES: Final = ("classes", "n_classes", "num_classes")
_SIZES: Final = ("image_size", "img_size", "size")
_TRIED: Final = 4
_NEAR: Final = 1e-3
"""How far apart images may be that two runs of one network make."""
_WRAPPERS: Final = (
    nn.DataParallel,
    nn.parallel.DistributedDataParallel,
    torch.optim.swa_utils.AveragedModel,
)

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""


class _Net(NamedTuple):
    module: nn.Module
    prefix: str
    """What the names of its tensors begin with in a checkpoint."""
    outline: Outline


class Generators:
    """Tells the generators of one run at each of its checkpoints."""

    def __init__(self, run: RunDir, tell: Callable[[str, str], None]) -> None:
        """Tell those of `run`, and once what nothing can draw: with an alert's code, a sentence."""
        self._run, self._tell = run, tell
        self._sizes: dict[str, Sizes] = {}
        self._tried: dict[str, Any] = {}
        self._code = self._why = ""

    def told(
        self, parts: Mapping[str, Any], config: Mapping[str, Any], shown: Shape | None
    ) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Return what a checkpoint says of them, and tensors that it has beside those of the parts.

        `config` are the settings of the script, `shown` is of the images that it logs, if it does.
        Where nothing can draw their images that is said, and training goes on.
        """
        try:
            networks, beside = self._networks(parts, config, shown)
        except Exception as error:  # noqa: BLE001 - the weights are worth saving in any case
            networks, beside = OwnNetworks(why=words_of(error)), {}
        if networks.why not in {"", self._why}:
            self._tell(
                "checkpoint",
                "Its checkpoints can be gone on with, but nothing can be sampled from them, "
                f"explored or judged: {networks.why}.",
            )
        self._why = networks.why
        return {"networks": msgspec.to_builtins(networks), "classes": networks.classes}, beside

    def _networks(
        self, parts: Mapping[str, Any], config: Mapping[str, Any], shown: Shape | None
    ) -> tuple[OwnNetworks, dict[str, Tensor]]:
        nets: dict[str, _Net] = {}
        with ExitStack() as left:
            for which, names in _CALLED.items():
                name = next((each for each in parts if each.lower() in names), "")
                if isinstance(parts.get(name), nn.Module):
                    module, prefix = _unwrapped(parts[name], f"{name}.")
                    left.enter_context(_evaluated(module))
                    nets[which] = _Net(module, prefix, Outline(which, module, prefix))
            if not nets:
                raise ConfigError("it saves no generator, as in run.checkpoint(generator=G)")
            # A network that has grown, for example, is another one.
            told = {which: net.outline.net for which, net in nets.items()}
            if self._tried != told:
                self._try(nets, config, shown)
                self._tried = told
        extra = {k: each for net in nets.values() for k, each in net.outline.extra.items()}
        found = {
            which: OwnGenerator(type(net.module).__name__, self._sizes[which], net.outline.net)
            for which, net in nets.items()
        }
        networks = OwnNetworks(
            code=self._code,
            dataset=_dataset(config),
            generator=found.get("generator"),
            ema=found.get("ema"),
        )
        return networks, {name: each.detach().cpu().clone() for name, each in extra.items()}

    def _try(
        self, nets: Mapping[str, _Net], config: Mapping[str, Any], shown: Shape | None
    ) -> None:
        """Find the sizes of networks, and keep their code once it has made the images they make."""
        wanted = {k: each for net in nets.values() for k, each in net.outline.own.items()}
        text, modules = definitions_of(wanted)
        script = Path(getattr(sys.modules["__main__"], "__file__", None) or "notebook.py")
        main = script.absolute().with_name(f"{script.stem}_generator.py")
        space: dict[str, Any] = {"__name__": "__main__"}
        found = {}
        for which, (module, prefix, outline) in nets.items():
            z, sizes = _sizes_of(module, config, shown)
            found[which] = sizes
            state = module.state_dict(keep_vars=True)
            tensors = {**{f"{prefix}{key}": each for key, each in state.items()}, **outline.extra}
            given = (z, *_labels(sizes.classes, z.device))
            kind = type(module).__name__
            try:
                if len(space) == 1:
                    code = compile(text, str(main), "exec", dont_inherit=True)
                    exec(code, space)  # noqa: S102 - their own, of now
                again = built(
                    outline.net, tensors.__getitem__, lambda each: reached(space, each), z.device
                )
                same = torch.allclose(_drawn(module, given), _drawn(again, given), atol=_NEAR)
            except Exception as error:  # noqa: BLE001 - whatever the user's code may raise
                raise ConfigError(
                    f"{kind} does not work without the rest of the script ({_said(error)})"
                ) from None
            if not same:
                raise ConfigError(
                    f"{kind} makes other images without the rest of the script; was its file "
                    "changed since it began?"
                )
        if wanted:
            sources = {main: text.encode()}
            sources |= {main.parent / to: Path(file).read_bytes() for to, file in modules.items()}
            keep_code(main, sources, self._run)
            self._code = str(main)
        self._sizes = found


def _drawn(net: nn.Module, given: tuple[Tensor, ...]) -> Tensor:
    torch.manual_seed(0)
    images: Tensor = net(*given)
    return images.float()


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(".: ")


def _unwrapped(net: nn.Module, prefix: str) -> tuple[nn.Module, str]:
    """Return the module inside of what runs it on several GPUs, compiles it or averages it."""
    while True:
        name = "module" if isinstance(net, _WRAPPERS) else "_orig_mod"
        inner = getattr(net, name, None)
        if not isinstance(inner, nn.Module):
            return net, prefix
        net, prefix = inner, f"{prefix}{name}."


@contextmanager
def _evaluated(net: nn.Module) -> Iterator[None]:
    """Have a network in evaluation mode, and leave it and all chance as they were."""
    training = [module for module in net.modules() if module.training]
    chance = Chance().state_dict()
    net.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module in training:
            module.training = True
        Chance().load_state_dict(chance)


def _labels(classes: int, device: torch.device) -> list[Tensor]:
    return [torch.arange(_TRIED, device=device) % classes] if classes else []


def _sizes_of(
    net: nn.Module, config: Mapping[str, Any], shown: Shape | None
) -> tuple[Tensor, Sizes]:
    """Return latents that a network takes, and what it makes of them; raises `ConfigError`."""
    like = next((each for each in net.parameters() if each.is_floating_point()), torch.zeros(()))
    embeddings = [each for each in net.modules() if isinstance(each, nn.Embedding)]
    classes = [*_named(net, config, _CLASSES), *(each.num_embeddings for each in embeddings)]
    error: Exception | None = None
    for count in dict.fromkeys((classes[0] if classes and takes_two(net) else 0, 0)):
        labels = _labels(count, like.device)
        joined = {0, count, *(each.embedding_dim for each in embeddings)}
        inputs = [_inputs(net) - each for each in sorted(joined)]
        for z_dim in dict.fromkeys((*_named(net, config, _LATENTS), *inputs)):
            flat = torch.randn(_TRIED, max(z_dim, 1), generator=torch.Generator().manual_seed(0))
            flat = flat.to(like.device, like.dtype)
            for z in (flat, flat[:, :, None, None]):
                try:
                    made = net(z, *labels)
                except Exception as raised:  # noqa: BLE001 - whatever a network may raise
                    error = error or raised
                    continue
                shape = _shape(made, config, shown)
                signed = bool((made < 0).any())
                if not signed and float(made.max()) > 1 + _NEAR:
                    raise ConfigError(
                        f"it makes values up to {float(made.max()):.3g}, not in [-1, 1] or [0, 1]"
                    )
                channels, height, width = shape
                return z, Sizes(flat.shape[1], z.dim() == 4, count, height, width, channels, signed)
    raise ConfigError(
        "it takes z neither as (N, z_dim) nor as (N, z_dim, 1, 1); put z_dim in the config of "
        "ganterm.init, and n_classes where it takes labels"
        + (f" ({_said(error)})" if error is not None else "")
    )


def _named(net: nn.Module, config: Mapping[str, Any], names: tuple[str, ...]) -> list[int]:
    """Return what settings, or attributes of the network, of such names say."""
    there = [place.get(name) for place in (config, vars(net)) for name in names]
    return [each for each in there if isinstance(each, int) and 0 < each <= 1 << 16]


def _inputs(net: nn.Module) -> int:
    """Return how many values the first layer takes; 0 where that cannot be told."""
    for module in net.modules():
        if isinstance(module, (nn.Linear, nn.LazyLinear)):
            return module.in_features
        if isinstance(module, (_ConvNd, _ConvTransposeNd)):
            return module.in_channels
    return 0


def _shape(made: Any, config: Mapping[str, Any], shown: Shape | None) -> Shape:
    """Return the shape of the images in a batch that a network made; raises `ConfigError`."""
    if not (isinstance(made, Tensor) and made.is_floating_point() and len(made) == _TRIED):
        what = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
        raise ConfigError(f"it makes {what} of {_TRIED} latents, and images are wanted")
    shape = tuple(made.shape[1:])
    if len(shape) == 2:
        shape = (1, *shape)
    if len(shape) == 1:
        shape = next((each for each in _flat(config, shown) if _count(each) == shape[0]), shape)
        if len(shape) == 1:
            (values,) = shape
            sides = ((each, round((values / each) ** 0.5)) for each in CHANNELS)
            shape = next(((c, side, side) for c, side in sides if c * side**2 == values), shape)
    if (
        len(shape) != 3
        or shape[0] not in CHANNELS
        or not all(LEAST_SIDE <= side <= MOST_SIDE for side in shape[1:])
    ):
        raise ConfigError(f"it makes {tuple(made.shape)}, and (N, 1, 3 or 4, H, W) is wanted")
    return shape[0], shape[1], shape[2]


def _flat(config: Mapping[str, Any], shown: Shape | None) -> Iterator[Shape]:
    """Yield shapes that rows of values may have: as they are shown, or as settings say."""
    if shown is not None:
        yield shown
    for name in _SIZES:
        try:
            size = Size.of(config[name])
        except (KeyError, ValueError, AttributeError):
            continue
        yield from ((channels, *size) for channels in CHANNELS)


def _count(shape: Shape) -> int:
    return shape[0] * shape[1] * shape[2]


def _dataset(config: Mapping[str, Any]) -> str:
    """Return what the settings say it is trained on, where that is a dataset of images here."""
    try:
        found = anchored(config["dataset"])
        return "" if DATASETS.facts(found).spec.is_points else found
    except (ConfigError, KeyError, AttributeError, TypeError):
        return ""
