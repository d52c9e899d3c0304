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


def stepped(micro_batch: int, recipe: str = "dcgan", **settings: Any) -> Trainer:
    """Return a training after a few steps of a batch of ten, in double precision."""
    settings = {"batch_size": 10, "image_size": 8, **PLAIN, **settings}
    run = trainer(small(recipe, micro_batch=micro_batch, **settings))
    for network in (run.networks.generator, run.networks.discriminator):
        network.double()
    noise = torch.Generator().manual_seed(1)
    for index in range(3):
        real = torch.rand(10, 1, 8, 8, generator=noise, dtype=torch.float64) * 2 - 1
        torch.manual_seed(index)
        run.gan_step.run([real], [None], first_batch=index, measure=True)
    return run


@pytest.mark.parametrize("parts", [1, 3, 9])
@pytest.mark.parametrize("loss", LOSSES.names)
def test_parts_make_the_step_of_the_whole(
    loss: str, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For every loss, with penalties on single images, weights are those of whole batches."""
    monkeypatch.setattr(
        "ganterm.engine.step.torch.randn",
        lambda *shape, device=None: torch.normal(0, 1, shape, dtype=torch.float64),
    )
    settings: dict[str, Any] = {"loss": loss, "penalty": "r1+r2", "penalty_weight": 0.5}
    whole, inparts = stepped(0, **settings), stepped(parts, **settings)
    for name in ("generator", "discriminator"):
        mine = getattr(whole.networks, name).state_dict()
        theirs = getattr(inparts.networks, name).state_dict()
        for key, value in mine.items():
            torch.testing.assert_close(theirs[key], value, rtol=1e-9, atol=1e-9, msg=key)


@pytest.mark.parametrize(
    "settings",
    [
        {"reuse_fakes": False, "g_batch": 2},
        {"d_update": "separate"},
        {"d_steps": 2},
        {"loss": "wasserstein", "penalty": "wgan-gp", "penalty_weight": 10.0},
        {"penalty": "r1", "penalty_weight": 1.0, "penalty_every": 2, "d_update": "separate"},
    ],
    ids=str,
)
def test_every_way_to_step_can_be_in_parts(settings: dict[str, Any]) -> None:
    """No more images are ever taken at once, all of each batch are, and every weight moves."""
    run = trainer(small("dcgan", batch_size=10, image_size=8, micro_batch=4, **settings))
    sizes: list[int] = []
    for network in (run.networks.generator, run.networks.discriminator):
        network.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    before = {key: value.clone() for key, value in export_state(run)[0].items()}
    run.advance()
    after = export_state(run)[0]
    assert max(sizes) <= 8  # real images and fakes together
    assert {3, 4} & set(sizes)
    moved = {key for key in before if not torch.equal(before[key], after[key])}
    weights = {key for key in before if key.startswith(("generator.", "discriminator."))}
    assert {key for key in weights if key.endswith("weight")} <= moved


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
