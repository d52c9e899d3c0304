"""One GAN step: the discriminator's steps on real and generated images, then the generator's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn

from ganterm.components.augmentations import AUGMENTATIONS
from ganterm.components.datasets import DATASETS
from ganterm.components.losses import LOSSES
from ganterm.components.penalties import PENALTIES
from ganterm.config import RunConfig
from ganterm.core.quantities import AUGMENT_P, D_FAKE, D_REAL
from ganterm.engine.adaptive import Adaptive
from ganterm.engine.build import Networks
from ganterm.engine.diversity import spread
from ganterm.engine.parallel import Alone, Shares

if TYPE_CHECKING:
    from ganterm.components.losses.base import Label
    from ganterm.components.penalties.base import Critic

Record = Callable[[tuple[str, ...], torch.Tensor], None]
"""Takes a row of scalars: their names and a tensor of as many values, still on the device."""

Forward = Callable[[torch.Tensor, "torch.Tensor | None"], torch.Tensor]
"""A network as it is called: with latents or images, and with labels."""


class GanStep:
    """Trains both networks for one generator step at a time.

    All noise comes from PyTorch's default generators, which the caller seeds for each step. No
    method waits for the device: what is measured is handed to `record` as tensors.

    Where training is conditional, each fake is made for the label of the real image in its place.
    So real and fake have the same share of every class, from which the discriminator could tell
    them apart otherwise, and what compares them image by image (relativistic pairing, the
    interpolates of WGAN-GP) compares within a class.

    Attributes:
        generator, discriminator: what runs the networks forward. Whoever puts something quicker in
            their place leaves penalties alone, which run the discriminator itself.
        numbers: the live ones that operations compute with; a tensor where a captured graph is to
            read what it is by then.
        adaptive: with which probability images are augmented; its own unless it is given one.
        micro_batch: images that are taken through the networks at once, whose gradients are added
            up; 0 takes each batch whole.
        shares: which images of a batch this process takes, of those that train together.
        one_pass: whether the discriminator takes real images and fakes together, which is one
            large pass for two small ones. It does where its logits are the same either way.
    """

    def __init__(
        self,
        networks: Networks,
        config: RunConfig,
        record: Record,
        adaptive: Adaptive | None = None,
        shares: Alone | Shares | None = None,
    ) -> None:
        self.networks = networks
        self.shares = shares or Alone()
        self.record = record
        self.loss = LOSSES.resolve(config.loss)
        self.penalty = PENALTIES.resolve(config.penalty)
        self.augment = AUGMENTATIONS.resolve(config.augment)
        self.generator: Forward = networks.generator
        self.discriminator: Forward = networks.discriminator
        self.device = next(networks.generator.parameters()).device
        self.g_parameters = list(networks.generator.parameters())
        self.d_parameters = [p for p in networks.discriminator.parameters() if p.requires_grad]
        self.adaptive = adaptive or Adaptive(config, self.device)
        self._mixture = DATASETS.facts(config.dataset)
        self.one_pass = networks.discriminator.batch_independent
        self.micro_batch = config.micro_batch or 0
        self.use(config)

    def use(self, config: RunConfig) -> None:
        """Go on under `config`, which differs from the present one in live settings only."""
        self.config = config
        self.adaptive.use(config)
        self.numbers: dict[str, Label] = {
            "real_label": float(config.real_label),
            "fake_label": float(config.fake_label),
            "penalty_weight": float(config.penalty_strength),
        }

    @property
    def augments_some(self) -> bool:
        """Whether chance decides which images are augmented."""
        return self.adaptive.chooses and bool(self.augment.changes)

    def _augmented(self, images: torch.Tensor) -> torch.Tensor:
        return self.augment(images, self.adaptive.p if self.augments_some else None)

    @torch.no_grad()
    def mean_logit(self, images: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        """Return D's mean logit of images that it does not learn from, augmented as all are.

        Its buffers are as before when this returns.
        """
        before = [(each, each.clone()) for each in self.networks.discriminator.buffers()]
        means = [
            share * self._judge(self._augmented(images[part]), _of(labels, part)).float().mean()
            for part, share in self._parts(len(images))
        ]
        for buffer, kept in before:
            buffer.copy_(kept)
        return torch.stack(means).sum()

    @property
    def _halved(self) -> bool:
        """Whether the discriminator steps on half of what papers write."""
        return self.config.d_update == "joint" and self.config.d_reduction == "mean"

    def penalises(self, batch: int) -> bool:
        """Tell whether the lazy penalty is due at batch `batch` of the run."""
        return self.penalty.weight > 0 and batch % self.config.penalty_every == 0

    def run(
        self,
        real_batches: Sequence[torch.Tensor],
        labels: Sequence[torch.Tensor | None] | None = None,
        *,
        first_batch: int,
        measure: bool,
    ) -> None:
        """Make one discriminator step for each real batch, then one generator step.

        Each batch is float32 (B, C, H, W) in [-1, 1], with labels (B,) where training is
        conditional; `first_batch` is the index of the first in the run, which times the lazy
        penalty. `measure` asks for the gradient norms and for the diversity of the fakes as well.
        """
        labels = labels or [None] * len(real_batches)
        last = len(real_batches) - 1
        fakes = real = z = real_batches[last]
        wanted = labels[last]
        times = {1, 2, self.config.g_batch, 2 * self.config.g_batch}
        for position, (batch, of_batch) in enumerate(zip(real_batches, labels, strict=True)):
            mine = self.shares.take(len(batch), times)
            real, classes = batch[mine], _of(of_batch, mine)
            z = torch.randn(real.shape[0], self.config.z_dim, device=self.device)
            # Only the fakes that train the generator too need its graph.
            with_graph = self.config.reuse_fakes and position == last
            fakes = self._fakes(z, classes, with_graph=with_graph)
            penalise = self.penalises(first_batch + position)
            if self.config.d_update == "joint":
                self._d_joint(real, fakes.detach(), classes, penalise=penalise)
            else:
                self._d_separate(real, fakes.detach(), classes, penalise=penalise)
            wanted = classes
        if measure:
            self._record_norm("grad_norm_d", self.d_parameters)
        if not self.config.reuse_fakes:
            wanted = None if wanted is None else wanted.repeat(self.config.g_batch)
            count = real.shape[0] * self.config.g_batch
            z = torch.randn(count, self.config.z_dim, device=self.device)
        fakes = self._g_step(real, z, fakes if self.config.reuse_fakes else None, wanted)
        if measure:
            self._record_norm("grad_norm_g", self.g_parameters)
            if self.augments_some:
                self.record((AUGMENT_P,), self.adaptive.p.clone()[None])
            all_fakes, all_real = self.shares.whole(fakes, real)
            if row := spread(all_fakes, all_real, labels[last], self._mixture):
                self.record(tuple(row), torch.stack(list(row.values())))

    def _parts(self, count: int) -> list[tuple[slice, float]]:
        """Return which of so many images go through the networks together, and their share."""
        least = self.micro_batch or count
        ends = [count * at // -(-count // least) for at in range(-(-count // least) + 1)]
        return [(slice(a, b), (b - a) / count) for a, b in itertools.pairwise(ends)]

    def _fakes(
        self, z: torch.Tensor, labels: torch.Tensor | None, *, with_graph: bool
    ) -> torch.Tensor:
        """Return a fake for each latent; with its graph only where the batch is taken whole."""
        parts = self._parts(len(z))
        with_graph = with_graph and len(parts) == 1
        made = [
            self._generate(z[part], _of(labels, part), with_graph=with_graph) for part, _ in parts
        ]
        return made[0] if len(made) == 1 else torch.cat(made)

    def _generate(
        self, z: torch.Tensor, labels: torch.Tensor | None, *, with_graph: bool
    ) -> torch.Tensor:
        with torch.set_grad_enabled(with_graph), self._autocast():
            return self.generator(z, labels)

    def _judge(self, images: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        with self._autocast():
            return self.discriminator(images, labels)

    def _judge_both(
        self, real: torch.Tensor, fakes: torch.Tensor, labels: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of as many real images as fakes, in one pass where that is the same."""
        if not self.one_pass:
            return self._judge(real, labels), self._judge(fakes, labels)
        both = None if labels is None else torch.cat([labels, labels])
        real_logits, fake_logits = self._judge(torch.cat([real, fakes]), both).chunk(2)
        return real_logits, fake_logits

    def _d_joint(
        self,
        real: torch.Tensor,
        fakes: torch.Tensor,
        labels: torch.Tensor | None,
        *,
        penalise: bool,
    ) -> None:
        def loss_of(part: slice) -> torch.Tensor:
            of_real, of_fakes = self._augmented(real[part]), self._augmented(fakes[part])
            classes = _of(labels, part)
            logits = self._judge_both(of_real, of_fakes, classes)
            real_logits, fake_logits = self.shares.whole(*logits)
            real_term, fake_term = self.loss.d_terms(
                real_logits, fake_logits, self.numbers["real_label"], self.numbers["fake_label"]
            )
            total = real_term + fake_term
            if self._halved:
                total = total / 2
            self._record_d(total, real_term, fake_term, real_logits, fake_logits)
            if penalise:
                for penalty in self._penalties(real[part], fakes[part], classes):
                    total = total + penalty
            return total

        self._d_optimise(len(real), loss_of)

    def _d_separate(
        self,
        real: torch.Tensor,
        fakes: torch.Tensor,
        labels: torch.Tensor | None,
        *,
        penalise: bool,
    ) -> None:
        fake_terms: list[tuple[torch.Tensor, torch.Tensor]] = []
        of_real, of_fakes = self._augmented(real), self._augmented(fakes)

        def fake_loss(part: slice) -> torch.Tensor:
            (logits,) = self.shares.whole(self._judge(of_fakes[part], _of(labels, part)))
            term = self.loss.fake_term(logits, self.numbers["fake_label"])
            penalty = self._penalties(None, fakes[part], _of(labels, part)) if penalise else []
            fake_terms.append((term.detach(), logits.detach()))
            return sum(penalty, start=term)

        def real_loss(part: slice) -> torch.Tensor:
            (logits,) = self.shares.whole(self._judge(of_real[part], _of(labels, part)))
            term = self.loss.real_term(logits, self.numbers["real_label"])
            penalty = self._penalties(real[part], None, _of(labels, part)) if penalise else []
            fake_term, fake_logits = fake_terms.pop(0)
            total = (term + fake_term) / (2 if self.config.d_reduction == "mean" else 1)
            self._record_d(total, term, fake_term, logits, fake_logits)
            return sum(penalty, start=term)

        self._d_optimise(len(fakes), fake_loss)
        self._d_optimise(len(real), real_loss)

    def _d_optimise(self, count: int, loss_of: Callable[[slice], torch.Tensor]) -> None:
        self._optimise(self.networks.optimizer_d, self.d_parameters, count, loss_of)

    def _optimise(
        self,
        optimizer: torch.optim.Optimizer,
        parameters: list[nn.Parameter],
        count: int,
        loss_of: Callable[[slice], torch.Tensor],
    ) -> torch.Tensor:
        """Make a step by the mean loss of `count` images, and return it; `loss_of` takes a part."""
        optimizer.zero_grad(set_to_none=True)
        losses: list[torch.Tensor] = []
        for part, share in self._parts(count):
            loss = loss_of(part)
            if share < 1:
                loss = share * loss
            # Naming the inputs keeps the other network's weight gradients from being computed.
            loss.backward(inputs=parameters)  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        self.shares.add_gradients(parameters)
        optimizer.step()
        return losses[0] if len(losses) == 1 else torch.stack(losses).sum()

    def _g_step(
        self,
        real: torch.Tensor,
        z: torch.Tensor,
        fakes: torch.Tensor | None,
        labels: torch.Tensor | None,
    ) -> torch.Tensor:
        """Make a step by fakes of `z`, anew unless `fakes` have a graph; return them without it."""
        ready = fakes if fakes is not None and fakes.requires_grad else None
        made: list[torch.Tensor] = []

        def loss_of(part: slice) -> torch.Tensor:
            classes = _of(labels, part)
            of_part = self._generate(z[part], classes, with_graph=True) if ready is None else ready
            made.append(of_part.detach())
            (fake_logits,) = self.shares.whole(self._judge(self._augmented(of_part), classes))
            real_logits = None
            if self.loss.pairs_real:
                with torch.no_grad():
                    logits = self._judge(self._augmented(real[part]), classes)
                    (real_logits,) = self.shares.whole(logits)
            return self.loss.g_loss(fake_logits, real_logits)

        optimizer, parameters = self.networks.optimizer_g, self.g_parameters
        g_loss = self._optimise(optimizer, parameters, len(z), loss_of)
        self.record(("g_loss",), g_loss[None])
        return made[0] if len(made) == 1 else torch.cat(made)

    def _penalties(
        self,
        real: torch.Tensor | None,
        fakes: torch.Tensor | None,
        labels: torch.Tensor | None,
    ) -> list[torch.Tensor]:
        """Return the weighted penalties that the given images allow, and record their values."""
        terms = self.penalty.terms(self._critic(labels), real, fakes)
        values = [self.shares.part_of_mean(term) for term in terms]
        if values:
            of_all = self.shares.total(torch.stack([value.detach() for value in values]).sum())
            self.record(("penalty",), of_all[None])
        # A lazy penalty weighs as much over time as one applied at every step (Karras et al. 2020).
        weight = self.numbers["penalty_weight"] * self.config.penalty_every
        if self.config.penalty_against == "sum" and self._halved:
            weight = weight / 2
        if isinstance(weight, torch.Tensor):
            weight = weight.to(values[0].dtype) if values else weight
        return [weight * value for value in values]

    def _critic(self, labels: torch.Tensor | None) -> Critic:
        """Return D with the augmentation before it, so that slopes are at images as they are.

        So do Karras et al. 2020 (arXiv:2006.06676) and Huang et al. 2024 (arXiv:2501.05441).
        """
        discriminator: Critic = self.networks.discriminator
        if labels is not None:
            discriminator = partial(self.networks.discriminator, labels=labels)
        if not self.augment.changes:
            return discriminator
        return lambda images: discriminator(self._augmented(images))

    def _record_d(
        self,
        total: torch.Tensor,
        real_term: torch.Tensor,
        fake_term: torch.Tensor,
        real_logits: torch.Tensor,
        fake_logits: torch.Tensor,
    ) -> None:
        with torch.no_grad():
            real_score = self.loss.discriminator_score(real_logits)
            fake_score = self.loss.discriminator_score(fake_logits)
            taken = (real_score >= self.loss.threshold).float()
            self.adaptive.see(taken, real_logits, fake_logits)
            row = {
                "d_loss_real": real_term,
                "d_loss_fake": fake_term,
                "d_loss": total,
                D_REAL: real_score.mean(),
                D_FAKE: fake_score.mean(),
                "acc_real": taken.mean(),
                "acc_fake": (fake_score < self.loss.threshold).float().mean(),
            }
            if self.loss.measures_distance:
                row["wasserstein"] = row[D_REAL] - row[D_FAKE]
            self.record(tuple(row), torch.stack([value.detach() for value in row.values()]))

    def _record_norm(self, name: str, parameters: list[nn.Parameter]) -> None:
        norms = [torch.linalg.vector_norm(p.grad) for p in parameters if p.grad is not None]
        self.record((name,), torch.linalg.vector_norm(torch.stack(norms))[None])

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(
            self.device.type,
            dtype=torch.bfloat16,
            enabled=self.config.precision == "bfloat16",
        )


def _of(labels: torch.Tensor | None, part: slice) -> torch.Tensor | None:
    return None if labels is None else labels[part]
