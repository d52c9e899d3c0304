"""A configuration as one script of plain PyTorch, to be read from top to bottom and run.

It has the same networks, loss and loop: from the same weights, batches and noise it comes to the
same weights. What ganterm does around them, it leaves out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ganterm.components.datasets import DATASETS
from ganterm.config import FIELDS, RunConfig
from ganterm.config.schema import batches_per_epoch, steps_of
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from ganterm.core.registry import is_reference, short
from ganterm.exchange.script.images import loading_code, samples_code
from ganterm.exchange.script.networks import NetworkCode
from ganterm.exchange.script.sources import imports_of
from ganterm.exchange.script.step import StepCode


def write_script(config: RunConfig, data: DataSpec, title: str, origin: str) -> str:
    """Return the script that trains as `config` does, of networks made for `data`.

    `title` says in words what it is, and `origin` what wrote it, without a full stop. Raises
    `ConfigError` naming the setting that no script is written of.
    """
    for problem in _unwritten(config):
        raise ConfigError(f"No script is written of {problem}")
    networks = NetworkCode(config, data)
    made, classes = networks.text(), networks.classes
    step = StepCode(
        config,
        conditional=bool(classes),
        grows=networks.growth is not None,
        equalised=networks.equalised,
    )
    parts = [
        _constants(config, classes),
        made,
        step.text(),
        loading_code(config, conditional=bool(classes)),
        _batches(config, conditional=bool(classes)),
        samples_code(config, classes, "average" if config.ema_kimg else "generator"),
        _main(config, step.given, conditional=bool(classes)),
        'if __name__ == "__main__":\n    main()',
    ]
    body = "\n\n\n".join(part.strip("\n") for part in parts)
    about = textwrap.fill(f"{origin}.", 98, initial_indent="# ", subsequent_indent="# ")
    return f'"""{title}."""\n\n{about}\n\n{imports_of(body)}\n\n{body}\n'


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


def _constants(config: RunConfig, classes: int) -> str:
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
    if classes:
        lines.append(f"CLASSES = {classes}")
    device = 'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")'
    return "\n".join([*lines, "", device, f"torch.manual_seed({config.seed})"])


def _batches(config: RunConfig, *, conditional: bool) -> str:
    short_batch = "< BATCH_SIZE" if config.drop_last else "< 2"
    labels = ", labels" if conditional else ""
    made = "images[chosen].to(device)"
    if not config.data_spec.is_points:
        made += ".float() / 127.5 - 1"
    flip = ""
    if config.flip:
        flip = (
            "            mirrored = torch.rand(len(real), 1, 1, 1, device=device) < 0.5\n"
            "            real = torch.where(mirrored, real.flip(3), real)\n"
        )
    given = "real, labels[chosen].to(device)" if conditional else "real"
    return (
        f"def endless_batches(images{labels}):\n"
        '    """Yield batches, in a new order in every epoch."""\n    while True:\n'
        "        for chosen in torch.randperm(len(images)).split(BATCH_SIZE):\n"
        f"            if len(chosen) {short_batch}:\n                continue\n"
        f"            real = {made}\n{flip}            yield {given}"
    )


def _main(config: RunConfig, given: str, *, conditional: bool) -> str:
    many, labels = config.d_steps > 1, ", labels" * conditional
    batch = "[next(batches) for _ in range(D_STEPS)]" if many else "next(batches)"
    names = "batches_of_step" if many else f"real{labels}"
    given = given.replace("batches", names)
    loaded = "*load_images()" if conditional else "load_images()"
    counted = ""
    if "images_seen" in given:
        each = "real, _" if conditional else "real"
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
