"""A configuration as one script of plain PyTorch, to be read from top to bottom and run.

It has the same networks, loss and loop: from the same weights, batches and noise it comes to the
same weights. What ganterm does around them, it leaves out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Final

import msgspec
import torch

from ganterm.components.augmentations import AUGMENTATIONS
from ganterm.components.datasets import DATASETS
from ganterm.components.losses import LOSSES, PairedLoss
from ganterm.components.networks.base import Discriminator, SequentialGenerator
from ganterm.components.networks.conditioning import widened
from ganterm.components.networks.equalised import EqualConv2d, EqualLinear
from ganterm.components.networks.facts import DiscriminatorSpec
from ganterm.components.networks.from_config import discriminator_from, generator_from, growth_of
from ganterm.components.penalties import PENALTIES
from ganterm.config import FIELDS, RunConfig
from ganterm.config.schedule import Schedule, schedules_in
from ganterm.config.schema import batches_per_epoch, steps_of
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from ganterm.core.registry import is_reference, short
from ganterm.exchange.script_data import loading_code, samples_code
from ganterm.exchange.sources import Sources, imports_of, is_plain, layer_code, stack_code

_NETWORKS: Final = "ganterm.components.networks"


def write_script(config: RunConfig, data: DataSpec, *, title: str, origin: str) -> str:
    """Return the script that trains as `config` does, of networks made for `data`.

    `title` says in words what it is, and `origin` what wrote it. Raises `ConfigError` naming the
    setting that no script is written of.
    """
    for problem in _unwritten(config):
        raise ConfigError(f"No script is written of {problem}")
    return _Script(config, data).text(title, origin)


def _unwritten(config: RunConfig) -> Iterator[str]:
    """Say what of a configuration no script has, in a sentence's end."""
    for spec in FIELDS.values():
        name = getattr(config, spec.name)
        if spec.registry is not None and isinstance(name, str) and is_reference(name):
            yield f"{spec.name} {short(name)}, which is code of your own."
    if config.channels == 4:
        yield "pictures with transparency; set channels = 3."
    if config.z_prior == "uniform" and config.generator == "stylegan":
        yield "generator stylegan with z_prior uniform; set z_prior = normal."
    if config.spectral_norm and config.discriminator == "stylegan":
        yield "discriminator stylegan with spectral_norm; set spectral_norm = false."
    if config.micro_batch:
        yield "batches taken in parts; set micro_batch = 0."
    for field in ("init_from", "freeze_d", "holdout", "augment_target"):
        if getattr(config, field):
            yield f"a run with {field}; leave it out."


class _Script:
    """The parts of one script, as they are put together."""

    def __init__(self, config: RunConfig, data: DataSpec) -> None:
        self.config, self.data = config, data
        self.classes = len(data.classes) if config.conditional != "none" else 0
        self.labels = ", labels" if self.classes else ""
        self.loss = LOSSES.resolve(config.loss)
        self.penalty = PENALTIES.resolve(config.penalty)
        self.changes = AUGMENTATIONS.resolve(config.augment).changes
        self.growth = growth_of(config, config.data_spec)
        self.networks, self.objective = Sources(), Sources()
        self.schedules = schedules_in(config)
        self.averages = bool(config.ema_kimg)
        self.chooses = bool(self.changes) and bool(config.augment_p < 1)
        plain = msgspec.structs.replace(config, spectral_norm=False)
        with torch.device("meta"):
            self.generator = generator_from(plain, data).eval()
            self.discriminator = discriminator_from(plain, data).eval()
        both = [*self.generator.modules(), *self.discriminator.modules()]
        self.equalised = any(isinstance(each, (EqualConv2d, EqualLinear)) for each in both)

    def text(self, title: str, origin: str) -> str:
        """Return the whole script."""
        classes, made = [self._generator(), self._discriminator()], self._making()
        step, augment = self._train_step(), self._augment()
        body = [
            self._constants(),
            str(self.networks),
            self._specs() if "_spec)" in made + classes[1] else "",
            *classes,
            made,
            str(self.objective),
            augment,
            self._scheduled(),
            _AVERAGE if self.averages else "",
            step,
            loading_code(self.config, bool(self.classes)),
            self._batches(),
            samples_code(self.config, self.classes, "average" if self.averages else "generator"),
            self._main(),
            'if __name__ == "__main__":\n    main()',
        ]
        parts = "\n\n\n".join(part.strip("\n") for part in body if part)
        lines = textwrap.fill(f"{origin}.", 98, initial_indent="# ", subsequent_indent="# ")
        return f'"""{title}."""\n\n{lines}\n\n{imports_of(parts)}\n\n{parts}\n'

    def _constants(self) -> str:
        config = self.config
        count = DATASETS.facts(config.dataset).count(config.split)
        if config.epochs and not config.steps and not count:
            raise ConfigError(
                "No script is written of epochs of images whose number is not known; set steps."
            )
        steps = f"STEPS = {steps_of(config, count):_}"
        if not config.steps:
            batches = batches_per_epoch(count, config.batch_size, drop_last=config.drop_last)
            steps += f"  # {config.epochs:,} epochs of {batches:,} batches"
            steps += f", {config.d_steps} a step" if config.d_steps > 1 else ""
        lines = [f"BATCH_SIZE = {config.batch_size}", steps, f"Z_DIM = {config.z_dim}"]
        if config.d_steps > 1:
            lines.append(f"D_STEPS = {config.d_steps}  # of the discriminator, for one of G")
        if self.classes:
            lines.append(f"CLASSES = {self.classes}")
        device = 'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")'
        return "\n".join([*lines, "", device, f"torch.manual_seed({config.seed})"])

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
            values = {"channels": channels, "width": config.width, "norm": norm}
            values |= {"classes": self.classes}
            if name == "g_spec":
                values |= {"z_dim": config.z_dim}
            else:
                values |= {"conditioning": spec.conditioning, "spectral_norm": config.spectral_norm}
            if "stylegan" in (config.generator, config.discriminator):
                style = ("modulation", "skip_outputs", "style_mixing", "grows")
                values |= {each: getattr(config, each) for each in style}
            words = [f"size=Size{tuple(self.data.size)}", *(f"{k}={_code(v)}" for k, v in values.items())]
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
            betas = f"({float(config.beta1)!r}, {float(config.beta2)!r})"
            lines.append(
                f"optimizer_{name} = torch.optim.Adam({given}, lr={rate!r}, betas={betas})"
            )
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

    def _value(self, name: str) -> str:
        """Return the code of a setting that may have a schedule."""
        value = getattr(self.config, name)
        if name == "penalty_weight":
            value = self.config.penalty_strength
        falls = self.config.lr_schedule
        if name in ("lr_g", "lr_d") and falls != "constant" and name not in self.schedules:
            return f"{falls}({float(value)!r}, 0.0, step / STEPS)"
        if not isinstance(value, Schedule):
            return repr(float(value))
        places = {
            "kimg": f"images_seen / {round(value.count * 1000):_}",
            "steps": f"step / {value.count:g}",
        }
        progress = places.get(value.unit, "step / STEPS")
        return f"{value.shape}({float(value)!r}, {value.end!r}, {progress})"

    def _scheduled(self) -> str:
        shapes = {each.shape for each in self.schedules.values()} | {self.config.lr_schedule}
        shares = {
            "linear": "1 - min(progress, 1)",
            "cosine": "0.5 * (1 + math.cos(math.pi * min(progress, 1)))",
        }
        return "\n\n\n".join(
            f"def {shape}(start, end, progress):\n"
            '    """Go from start to end as progress goes from 0 to 1."""\n'
            f"    left = {share}\n    return start * left + end * (1 - left)"
            for shape, share in shares.items()
            if shape in shapes
        )

    def _rates(self) -> list[str]:
        """Return the lines that set the optimisers for a step."""
        values = [self._value(name) for name in ("lr_g", "lr_d", "beta2")]
        if not any("progress" in each or "(" in each for each in values):
            return []
        beta = f'        group["betas"] = ({float(self.config.beta1)!r}, {values[2]})'
        factor = ' * group["factor"]' if self.equalised else ""
        return [
            line
            for name, value in (("optimizer_g", values[0]), ("optimizer_d", values[1]))
            for line in (
                f"    for group in {name}.param_groups:",
                f'        group["lr"] = {value}{factor}',
                *([beta] if "(" in values[2] else []),
            )
        ]

    def _augment(self) -> str:
        if not self.changes:
            return ""
        names = ", ".join(self.objective.add_function(change) for change in self.changes)
        return (_AUGMENT_SOME if self.chooses else _AUGMENT).format(names)

    def _seen(self, images: str) -> str:
        """Return the code of images as the discriminator sees them."""
        if not self.changes:
            return images
        return f"augment({images}, p)" if self.chooses else f"augment({images})"

    def _penalties(self, margin: str, given: tuple[str, ...]) -> list[str]:
        """Return the lines that add the penalties of the `given` kinds of images to `loss_d`."""
        config, penalty = self.config, self.penalty
        terms = [
            (penalty.on_both, ("real", "fake")),
            (penalty.on_real, ("real",)),
            (penalty.on_fake, ("fake",)),
        ]
        calls = [
            f"{self.objective.add_function(function)}(critic, {', '.join(images)})"
            for function, images in terms
            if function is not None and set(images) <= set(given)
        ]
        if not calls or not penalty.weight:
            return []
        weight, every = self._value("penalty_weight"), config.penalty_every
        halved = config.penalty_against == "sum" and self._halved
        weight += f" * {every}" if every > 1 else ""
        weight += " / 2" if halved else ""
        words = [f"{every} times as much, once in {every} batches"] if every > 1 else []
        words += ["halved as the loss is"] if halved else []
        critic = "discriminator"
        if self.changes or self.classes:
            critic = f"lambda images: discriminator({self._seen('images')}{self.labels})"
        lines = [f"critic = {critic}"] if critic != "discriminator" else []
        lines = [f"weight = {weight}" + (f"  # {', '.join(words)}" if words else ""), *lines]
        lines += [f"loss_d = loss_d + weight * {call}" for call in calls]
        if critic == "discriminator":
            lines = [line.replace("(critic, ", "(discriminator, ") for line in lines]
        if every > 1:
            batch = "step" if config.d_steps == 1 else "(step * D_STEPS + batch)"
            lines = [f"if {batch} % {every} == 0:", *(f"    {line}" for line in lines)]
        return [margin + line for line in lines]

    @property
    def _halved(self) -> bool:
        return self.config.d_update == "joint" and self.config.d_reduction == "mean"

    def _term(self, kind: str) -> str:
        """Return the discriminator's term of `real` or `fake` logits."""
        name = self.objective.add_function(getattr(self.loss, kind))
        label = "" if self.loss.labels == "none" else f", {self._value(f'{kind}_label')}"
        return f"{name}({kind}_logits{label})"

    def _loss_d(self, margin: str) -> list[str]:
        """Return the lines of the discriminator's step on `real` and `fake`."""
        judged = {
            kind: f"{kind}_logits = discriminator({seen}{self.labels})"
            for kind, seen in (
                ("real", "seen_real" if self.changes else "real"),
                ("fake", "seen_fake" if self.changes else "fake"),
            )
        }
        seen = f"seen_real, seen_fake = {self._seen('real')}, {self._seen('fake')}"
        begin, end = ["optimizer_d.zero_grad()"], ["loss_d.backward()", "optimizer_d.step()"]
        lines = [seen] if self.changes else []
        if self.config.d_update == "separate":
            for kind in ("fake", "real"):
                lines += [*begin, judged[kind], f"loss_d = {self._term(kind)}"]
                lines += [each.strip("\n") for each in self._penalties("", (kind,))]
                lines += end
            return [margin + line for line in lines]
        if isinstance(self.loss, PairedLoss):
            total = f"{self.objective.add_function(self.loss.pair)}(real_logits, fake_logits)"
            total += " / 2" if self._halved else ""
        else:
            total = f"{self._term('real')} + {self._term('fake')}"
            total = f"({total}) / 2" if self._halved else total
        lines += [*begin, judged["real"], judged["fake"], f"loss_d = {total}"]
        lines += self._penalties("", ("real", "fake"))
        return [margin + line for line in [*lines, *end]]

    def _latents(self, count: str) -> str:
        drawn = f"torch.randn({count}, Z_DIM, device=device)"
        return f"torch.erf({drawn} / 2**0.5)" if self.config.z_prior == "uniform" else drawn

    def _train_step(self) -> str:
        config = self.config
        many, reuse = config.d_steps > 1, config.reuse_fakes
        margin = " " * (8 if many else 4)
        fake = f"generator(z{self.labels})"
        lines = [f"{margin}z = {self._latents('len(real)')}"]
        if self.growth is not None:
            lines.insert(0, f"{margin}real = growth.shrunk(real, images_seen)")
        if reuse:
            lines += [f"{margin}generated = {fake}", f"{margin}fake = generated.detach()"]
        else:
            lines += [f"{margin}with torch.no_grad():", f"{margin}    fake = {fake}"]
        lines += self._loss_d(margin)
        if many:
            each = f"(real{self.labels})" if self.classes else "real"
            lines = [f"    for batch, {each} in enumerate(batches):", *lines]
        lines += self._generator_step()
        before = [*self._rates()]
        if self.chooses:
            before.append(f"    p = {self._value('augment_p')}")
        lines = [*before, *lines, *self._after()]
        text = "\n".join(lines)
        given = "batches" if many else f"real{self.labels}"
        for name in ("step", "images_seen"):
            given += f", {name}" if re.search(rf"(?<!\.)\b{name}\b", text) else ""
        self.given = given
        what = "Train D on each batch of real images, then G once" if many else "Train D, then G"
        return (
            f'def train_step({given}):\n    """{what}; return their losses."""\n{text}\n'
            "    return loss_d.detach(), loss_g.detach()"
        )

    def _generator_step(self) -> list[str]:
        labels, fakes = self.labels, "generated"
        lines = ["", "optimizer_g.zero_grad()"]
        if not self.config.reuse_fakes:
            times, fakes = self.config.g_batch, "fake"
            if times > 1 and self.classes:
                lines.append(f"labels = labels.repeat({times})")
            count = f"{times} * len(real)" if times > 1 else "len(real)"
            lines += [f"z = {self._latents(count)}", f"fake = generator(z{labels})"]
        lines.append(f"fake_logits = discriminator({self._seen(fakes)}{labels})")
        if isinstance(self.loss, PairedLoss):
            lines += [
                "with torch.no_grad():",
                f"    real_logits = discriminator({self._seen('real')}{labels})",
                f"loss_g = {self.loss.pair.__name__}(fake_logits, real_logits)",
            ]
        else:
            lines.append(f"loss_g = {self.objective.add_function(self.loss.generator)}(fake_logits)")
        lines += ["loss_g.backward()", "optimizer_g.step()"]
        return [f"    {line}" if line else "" for line in lines]

    def _after(self) -> list[str]:
        """Return the lines that follow on the two steps: averaging and growing."""
        if not self.averages and self.growth is None:
            return []
        count = "len(real)"
        if self.config.d_steps > 1:
            each = "real, _" if self.classes else "real"
            count = f"sum(len(real) for {each} in batches)"
        lines = ["", f"    count = {count}"]
        if self.averages:
            if isinstance(self.config.ema_kimg, Schedule):
                half = f"max(1000 * {self._value('ema_kimg')}, 1e-8)"
            else:
                half = f"min({self.config.ema_kimg * 1000:g}, 0.05 * (images_seen + count))"
            lines += [
                f"    half_life = {half}  # of the average, in images",
                "    move_average(1 - 0.5 ** (count / half_life))",
            ]
        if self.growth is not None:
            lines.append("    grow_to(images_seen + count)")
        return lines

    def _batches(self) -> str:
        short_batch = "< BATCH_SIZE" if self.config.drop_last else "< 2"
        labels = ", labels" if self.classes else ""
        made = "images[chosen].to(device)"
        if not self.data.is_points:
            made += ".float() / 127.5 - 1"
        flip = ""
        if self.config.flip:
            flip = (
                "            mirrored = torch.rand(len(real), 1, 1, 1, device=device) < 0.5\n"
                "            real = torch.where(mirrored, real.flip(3), real)\n"
            )
        given = "real, labels[chosen].to(device)" if self.classes else "real"
        return (
            f"def endless_batches(images{labels}):\n"
            '    """Yield batches, in a new order in every epoch."""\n    while True:\n'
            "        for chosen in torch.randperm(len(images)).split(BATCH_SIZE):\n"
            f"            if len(chosen) {short_batch}:\n                continue\n"
            f"            real = {made}\n{flip}            yield {given}"
        )

    def _main(self) -> str:
        many, labels = self.config.d_steps > 1, self.labels
        batch = "[next(batches) for _ in range(D_STEPS)]" if many else "next(batches)"
        names = "batches_of_step" if many else f"real{labels}"
        given = self.given.replace("batches", names)
        loaded = "*load_images()" if self.classes else "load_images()"
        counted = ""
        if "images_seen" in self.given:
            each = "real, _" if self.classes else "real"
            count = f"sum(len(real) for {each} in {names})" if many else "len(real)"
            counted = f"        images_seen += {count}\n"
        return (
            f"def main():\n    batches = endless_batches({loaded})\n"
            + ("    images_seen = 0\n" if counted else "")
            + f"    for step in range(STEPS):\n        {names} = {batch}\n"
            f"        loss_d, loss_g = train_step({given})\n{counted}"
            "        if step % 100 == 0:\n"
            '            print(f"step {step:,}: D {loss_d.item():.3f}, G {loss_g.item():.3f}")\n'
            '    save_samples("samples.png")'
        )


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
_AUGMENT: Final = '''
def augment(images):
    """Change images at random; gradients pass."""
    for change in ({},):
        images = change(images)
    return images
'''
_AUGMENT_SOME: Final = '''
def augment(images, p):
    """Make each change to each image with probability p; gradients pass."""
    for change in ({},):
        chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < p
        images = torch.where(chosen, change(images), images)
    return images
'''
_AVERAGE: Final = '''
@torch.no_grad()
def move_average(share):
    """Move the averaged generator towards the present one."""
    for averaged, current in zip(average.parameters(), generator.parameters()):
        averaged.lerp_(current, share)
    for averaged, current in zip(average.buffers(), generator.buffers()):
        averaged.copy_(current)
'''
