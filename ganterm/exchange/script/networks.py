"""The networks of a script and their optimisers, as code."""

from __future__ import annotations

import textwrap
from typing import Final

import msgspec
import torch

from ganterm.components.networks.base import Discriminator, SequentialGenerator
from ganterm.components.networks.conditioning import widened
from ganterm.components.networks.equalised import EqualConv2d, EqualLinear
from ganterm.components.networks.facts import DiscriminatorSpec
from ganterm.components.networks.from_config import discriminator_from, generator_from, growth_of
from ganterm.components.optimizers import OPTIMIZERS
from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from ganterm.exchange.script.sources import Sources, is_plain, layer_code, stack_code

_NETWORKS: Final = "ganterm.components.networks"


class NetworkCode:
    """Both networks as classes: stacks of PyTorch's layers in full, others by their source.

    Attributes:
        networks: what the classes need.
        equalised: whether some layers learn at rates of their own.
        growth: the schedule by which the networks grow, if they do.
    """

    def __init__(self, config: RunConfig, data: DataSpec) -> None:
        self.config, self.data = config, data
        self.classes = len(data.classes) if config.conditional != "none" else 0
        self.labels = ", labels" if self.classes else ""
        self.growth = growth_of(config, config.data_spec)
        self.networks = Sources()
        self.averages = bool(config.ema_kimg)
        plain = msgspec.structs.replace(config, spectral_norm=False)
        with torch.device("meta"):
            self.generator = generator_from(plain, data).eval()
            self.discriminator = discriminator_from(plain, data).eval()
        both = [*self.generator.modules(), *self.discriminator.modules()]
        self.equalised = any(isinstance(each, (EqualConv2d, EqualLinear)) for each in both)

    def text(self) -> str:
        """Return the classes, and the lines that make them and their optimisers."""
        classes, made = [self._generator(), self._discriminator()], self._making()
        specs = self._specs() if "_spec)" in made + classes[1] else ""
        parts = (str(self.networks), specs, *classes, made)
        return "\n\n\n".join(part.strip("\n") for part in parts if part)

    def _generator(self) -> str:
        generator, shape = self.generator, self.data.tensor_shape
        if not (isinstance(generator, SequentialGenerator) and is_plain(generator.layers)):
            kind = type(generator)
            if kind.__module__ == f"{_NETWORKS}.base":
                raise ConfigError(f"No script is written of generator {self.config.generator}.")
            self.generator_call = f"{self.networks.add(kind.__module__, kind.__name__)}(g_spec)"
            return ""
        self.generator_call = "Generator()"
        inputs, join, joining = self.config.z_dim, "", ""
        if generator.join is not None:
            inputs = generator.join.outputs
            self.networks.add(f"{_NETWORKS}.conditioning", "LabelJoin")
            join = "        self.join = LabelJoin(CLASSES, Z_DIM)\n"
            joining = "        z = self.join(z, labels)\n"
        stack = stack_code(generator.layers, torch.empty(2, inputs, device="meta"), " " * 8)
        points = self.data.is_points
        whole = f"points {shape}" if points else f"images {shape} in [-1, 1]"
        return (
            "class Generator(nn.Module):\n"
            f'    """Latent vectors ({self.config.z_dim},) to {whole}."""\n\n'
            "    def __init__(self):\n        super().__init__()\n"
            f"{join}        self.layers = {stack}\n\n"
            f"    def forward(self, z{self.labels}):\n{joining}        return self.layers(z)\n"
        )

    def _discriminator(self) -> str:
        net = self.discriminator
        if type(net) is not Discriminator:
            raise ConfigError(f"No script is written of discriminator {self.config.discriminator}.")
        made, forward = self._body(net), []
        channels, *size = self.data.tensor_shape
        if net.planes is not None:
            made.append("self.planes = LabelPlanes(CLASSES)")
            forward.append("images = self.planes(images, labels)")
            self.networks.add(f"{_NETWORKS}.conditioning", "LabelPlanes")
        forward.append("features = self.body(images)")
        terms = ["self.head(features).flatten()"] if net.head is not None else []
        if net.minibatch is not None and net.minibatch_head is not None:
            features = net.minibatch.projection.in_features
            made.append(f"self.minibatch = MinibatchDiscrimination({features})")
            made.append(f"self.minibatch_head = {layer_code(net.minibatch_head)}")
            terms.append("self.minibatch_head(self.minibatch(features.flatten(1))).squeeze(1)")
            self.networks.add(f"{_NETWORKS}.base", "MinibatchDiscrimination")
        if net.projection is not None:
            std = ", parts.class_std" if net.head is None else ""
            features = net.projection.heads.in_features
            made.append(f"self.projection = LabelProjection({features}, CLASSES{std})")
            terms.append("self.projection(features.flatten(1), labels)")
            self.networks.add(f"{_NETWORKS}.conditioning", "LabelProjection")
        *first, last = terms
        forward += [f"logits = {' + '.join(first)}"] if first else []
        forward.append(f"return {'logits + ' if first else ''}{last}")
        margin = "\n        "
        return (
            "class Discriminator(nn.Module):\n"
            f'    """Samples ({channels}, {size[0]}, {size[1]}) to one logit each: above 0 means '
            f'\'real\'."""\n\n    def __init__(self):\n        super().__init__(){margin}'
            f"{margin.join(made)}\n\n"
            f"    def forward(self, images{self.labels}):{margin}{margin.join(forward)}\n"
        )

    def _body(self, net: Discriminator) -> list[str]:
        """Return the lines that make the body and the head."""
        if is_plain(net.body) and net.head is not None:
            channels, *size = self.data.tensor_shape
            channels += net.planes.embedding.embedding_dim if net.planes is not None else 0
            given = torch.empty(2, channels, *size, device="meta")
            stack = stack_code(net.body, given, " " * 8)  # type: ignore[arg-type]
            return [f"self.body = {stack}", f"self.head = {layer_code(net.head)}"]
        own = [type(each).__module__ for each in (net.body, *net.body.children())]
        place = next(name for name in own if name.startswith(_NETWORKS))
        self.networks.add(place, "discriminator")
        lines = ["parts = discriminator_parts(d_spec)", "self.body = parts.body"]
        return lines + (["self.head = parts.head"] if net.head is not None else [])

    def _specs(self) -> str:
        """Return what the functions that make networks are told."""
        config, text = self.config, ""
        spec = DiscriminatorSpec(
            data=self.data,
            classes=self.classes,
            conditioning="concat" if config.conditional == "concat" else "projection",
        )
        for name, norm, channels in (
            ("g_spec", config.g_norm, self.data.channels),
            ("d_spec", config.d_norm, widened(spec).channels),
        ):
            values: dict[str, object] = {"channels": channels, "width": config.width, "norm": norm}
            values |= {"classes": self.classes}
            if name == "g_spec":
                values |= {"z_dim": config.z_dim}
            else:
                values |= {"conditioning": spec.conditioning, "spectral_norm": config.spectral_norm}
            if "stylegan" in (config.generator, config.discriminator):
                style = ("modulation", "skip_outputs", "style_mixing", "grows")
                values |= {each: getattr(config, each) for each in style}
            words = [
                f"size=Size{tuple(self.data.size)}",
                *(f"{k}={_code(v)}" for k, v in values.items()),
            ]
            lines = textwrap.wrap(", ".join(words), 92)
            joined = "\n".join(f"    {line}" for line in lines)
            text += f"{name} = SimpleNamespace(\n{joined}\n)\n"
        return text

    def _making(self) -> str:
        """Return the lines that make both networks and their optimisers."""
        config, lines = self.config, []
        if self.equalised:
            self.networks.add(f"{_NETWORKS}.equalised", "learning_rates")
            lines.append(_RATES)
        if config.init == "normal":
            lines.append(_INIT)
        lines.append(f"generator = {self.generator_call}.to(device)")
        lines.append("discriminator = Discriminator().to(device)")
        if config.init == "normal":
            lines += ["init_weights(generator)", "init_weights(discriminator)"]
        if config.spectral_norm:
            lines.append(_SPECTRAL)
        for name, network in (("g", "generator"), ("d", "discriminator")):
            rate = float(getattr(config, f"lr_{name}"))
            given = f"{network}.parameters()"
            if self.equalised:
                given = f"rate_groups({network}, {rate!r})"
            words = f"{given}, lr={rate!r}"
            facts = OPTIMIZERS.facts(config.optimizer)
            if facts.has_betas:
                words += f", betas=({float(config.beta1)!r}, {float(config.beta2)!r})"
            # Its title is the name that PyTorch has for it.
            lines.append(f"optimizer_{name} = torch.optim.{facts.title}({words})")
        if self.averages:
            lines.append("average = copy.deepcopy(generator).requires_grad_(False)")
        if self.growth is not None:
            growth = self.growth
            self.networks.add(f"{_NETWORKS}.growth", "grow")
            self.networks.add(f"{_NETWORKS}.growth", "Growth")
            words = f"levels={growth.levels}, grow={growth.grow:_}, fade={growth.fade:_}"
            lines += [f"growth = Growth({words})", _GROW.format(self._all), "grow_to(0)"]
        return "\n".join(lines)

    @property
    def _all(self) -> str:
        return "generator, discriminator" + (", average" if self.averages else "")


def _code(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


_INIT: Final = '''
@torch.no_grad()
def init_weights(network):
    """Draw weights from N(0, 0.02), as DCGAN does."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)) and layer.affine:
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)

'''
_SPECTRAL: Final = """\
for layer in list(discriminator.modules()):
    if isinstance(layer, (nn.Conv2d, nn.Linear, nn.Embedding)):
        spectral_norm(layer)  # one power iteration a forward pass"""
_RATES: Final = '''
def rate_groups(network, rate):
    """Return the parameters of a network by their learning rates."""
    return [
        {"params": parameters, "lr": rate * factor, "factor": factor}
        for factor, parameters in learning_rates(network).items()
    ]

'''
_GROW: Final = '''

def grow_to(images_seen):
    """Bring the networks to the size that they have after so many images."""
    for network in ({}):
        grow(network, growth.stage(images_seen))

'''
