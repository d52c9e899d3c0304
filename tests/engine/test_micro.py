"""Holds micro-batches: a batch in parts makes the step that it makes whole, in less memory."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch

from ganterm.components.losses import LOSSES
from ganterm.engine import micro
from ganterm.engine.loop import Trainer
from ganterm.engine.micro import choose_micro_batch
from ganterm.engine.state import export_state
from ganterm.engine.step import GanStep
from tests.engine.common import small, trainer

PLAIN = {"g_norm": "none", "d_norm": "none", "augment": "none"}
"""Networks without statistics of a batch, and no chance but that of the latents."""


def stepped(micro_batch: int, settings: dict[str, Any]) -> tuple[Trainer, list[int], list[int]]:
    """Return a training after a few steps of batches of ten, in double precision.

    Beside it stand how many images each pass of G made, and how many D was given at once.
    """
    settings = {"batch_size": 10, "image_size": 8, **PLAIN, **settings}
    run = trainer(small("dcgan", micro_batch=micro_batch, **settings))
    made: list[int] = []
    judged: list[int] = []
    for network, sizes in ((run.networks.generator, made), (run.networks.discriminator, judged)):
        network.double().register_forward_pre_hook(
            lambda _, given, sizes=sizes: sizes.append(len(given[0]))
        )
    noise = torch.Generator().manual_seed(1)
    for index in range(3):
        count = run.config.d_steps
        real = torch.rand(count, 10, 1, 8, 8, generator=noise, dtype=torch.float64) * 2 - 1
        classes = torch.randint(10, (count, 10), generator=noise)
        torch.manual_seed(index)
        run.gan_step.run(
            list(real),
            [None] * count if run.config.conditional == "none" else list(classes),
            first_batch=index * count,
            measure=True,
        )
    return run, made, judged


WAYS: list[dict[str, Any]] = [
    *({"loss": loss, "penalty": "r1+r2", "penalty_weight": 0.5} for loss in LOSSES.names),
    {"reuse_fakes": False, "g_batch": 2},
    {"d_update": "separate"},
    {"d_steps": 2},
    {"loss": "wasserstein", "penalty": "wgan-gp", "penalty_weight": 10.0},
    {"penalty": "r1", "penalty_weight": 1.0, "penalty_every": 2, "d_update": "separate"},
    {"conditional": "projection", "penalty": "r1", "loss": "relativistic"},
    {"conditional": "concat", "penalty": "wgan-gp"},
    {"conditional": "projection", "reuse_fakes": False, "g_batch": 2, "d_update": "separate"},
]


@pytest.mark.parametrize("parts", [1, 4, 9])
@pytest.mark.parametrize("settings", WAYS, ids=str)
def test_parts_make_the_step_of_the_whole(
    settings: dict[str, Any], parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For every way to step weights are those of whole batches, and no more images go at once.

    The generator makes each fake for the discriminator once, and once more for itself.
    """
    monkeypatch.setattr(
        "ganterm.engine.step.torch.randn",
        lambda *shape, device=None: torch.normal(0, 1, shape, dtype=torch.float64),
    )
    (whole, *_), (inparts, made, judged) = stepped(0, settings), stepped(parts, settings)
    for name in ("generator", "discriminator"):
        mine = getattr(whole.networks, name).state_dict()
        theirs = getattr(inparts.networks, name).state_dict()
        for key, value in mine.items():
            torch.testing.assert_close(theirs[key], value, rtol=1e-9, atol=1e-9, msg=key)
    assert max(made) <= parts
    assert max(judged) <= 2 * parts  # real images and fakes together
    assert sum(made) == 3 * 10 * (inparts.config.d_steps + inparts.config.g_batch)


@pytest.mark.parametrize(("holds", "sizes"), [(3, [10, 5, 3]), (1, [10, 5, 3, 2])])
def test_auto_halves_until_a_step_fits(
    holds: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that runs out of memory is tried again with half as many, and 2 if they are tied."""
    run = trainer(small("dcgan", batch_size=10, image_size=8, micro_batch="auto"))
    assert run.config.micro_batch is None
    tried: list[int] = []
    step = GanStep.run

    def limited(self: GanStep, *args: Any, **kwargs: Any) -> None:
        tried.append(self.micro_batch)
        if self.micro_batch > holds:
            raise torch.OutOfMemoryError("out of memory")
        step(self, *args, **kwargs)

    monkeypatch.setattr(GanStep, "run", limited)
    with nullcontext() if holds == 3 else pytest.raises(torch.OutOfMemoryError):
        assert micro._largest_that_runs(run.networks, run.batches, run.config) == 3
    assert tried == sizes


def test_auto_takes_what_the_memory_holds() -> None:
    """Where a device does not say that it is full, a step's tensors are counted."""
    run = trainer(small("dcgan", batch_size=10, image_size=8, micro_batch="auto"))
    parts = run.networks, run.batches, run.config
    before, _ = export_state(run)
    each = micro._bytes_of_one(*parts)
    free = int(each * 5.2 / micro._SHARE)
    run = trainer(small("dcgan", batch_size=10, image_size=8, micro_batch="auto"))
    parts = run.networks, run.batches, run.config
    said: list[str] = []
    found, notes = choose_micro_batch(*parts, lambda: free, said.append)
    assert found == 5
    assert "5 images at a time" in notes[0]
    assert choose_micro_batch(*parts, lambda: 1, said.append)[0] == 2  # batch normalisation's
    assert said == ["measuring the memory of a step"] * 2
    after, _ = export_state(run)
    assert all(torch.equal(value, after[key]) for key, value in before.items())
    run.take_at_once(found)
    assert (run.config.micro_batch, run.gan_step.micro_batch) == (5, 5)
    # A wider network keeps more of an image.
    wide = trainer(small("dcgan", batch_size=10, image_size=8, width=0.5))
    assert micro._bytes_of_one(wide.networks, wide.batches, wide.config) > 2 * each
