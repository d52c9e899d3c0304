"""One step of a script's training, as code: both losses, penalties, averages, schedules."""

from __future__ import annotations

import re
from typing import Final

from ganterm.components.augmentations import AUGMENTATIONS
from ganterm.components.losses import LOSSES, PairedLoss
from ganterm.components.penalties import PENALTIES
from ganterm.config import RunConfig
from ganterm.config.schedule import Schedule, schedules_in
from ganterm.exchange.script.sources import Sources


class StepCode:
    """The function `train_step`, and those that it calls.

    Attributes:
        given: the arguments of `train_step`, as they are written.
    """

    def __init__(
        self, config: RunConfig, *, conditional: bool, grows: bool, equalised: bool
    ) -> None:
        self.config, self.conditional, self.grows = config, conditional, grows
        self.equalised = equalised
        self.labels = ", labels" if conditional else ""
        self.loss = LOSSES.resolve(config.loss)
        self.penalty = PENALTIES.resolve(config.penalty)
        self.changes = AUGMENTATIONS.resolve(config.augment).changes
        self.objective = Sources()
        self.schedules = schedules_in(config)
        self.averages = bool(config.ema_kimg)
        self.chooses = bool(self.changes) and bool(config.augment_p < 1)
        self.given = ""

    def text(self) -> str:
        """Return the functions."""
        step, augment = self._train_step(), self._augment()
        average = _AVERAGE if self.averages else ""
        parts = (str(self.objective), augment, self._scheduled(), average, step)
        return "\n\n\n".join(part.strip("\n") for part in parts if part)

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
        if self.changes or self.conditional:
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
        if self.grows:
            lines.insert(0, f"{margin}real = growth.shrunk(real, images_seen)")
        if reuse:
            lines += [f"{margin}generated = {fake}", f"{margin}fake = generated.detach()"]
        else:
            lines += [f"{margin}with torch.no_grad():", f"{margin}    fake = {fake}"]
        lines += self._loss_d(margin)
        if many:
            each = f"(real{self.labels})" if self.conditional else "real"
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
            if times > 1 and self.conditional:
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
            lines.append(
                f"loss_g = {self.objective.add_function(self.loss.generator)}(fake_logits)"
            )
        lines += ["loss_g.backward()", "optimizer_g.step()"]
        return [f"    {line}" if line else "" for line in lines]

    def _after(self) -> list[str]:
        """Return the lines that follow on the two steps: averaging and growing."""
        if not self.averages and not self.grows:
            return []
        count = "len(real)"
        if self.config.d_steps > 1:
            each = "real, _" if self.conditional else "real"
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
        if self.grows:
            lines.append("    grow_to(images_seen + count)")
        return lines


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
        changed = change(images)
        chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < p
        images = torch.where(chosen, changed, images)
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
