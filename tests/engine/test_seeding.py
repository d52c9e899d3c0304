"""Every random number depends on the seed and on where in the run it is used, on nothing else."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganterm.engine.seeding import derive, fixed_latents, generator_for, seed_default_generators


@settings(max_examples=20)
@given(st.integers(0, 2**63 - 1), st.text(max_size=9), st.integers(0, 10**9))
def test_derived_seeds_fit_pytorch_and_never_change(seed: int, purpose: str, index: int) -> None:
    derived = derive(seed, purpose, index)
    assert 0 <= derived < 2**63
    assert derived == derive(seed, purpose, index)


def test_seed_purpose_and_index_all_count() -> None:
    seeds = {derive(s, p, i) for s in range(10) for p in ("noise", "order") for i in range(50)}
    assert len(seeds) == 1000
    assert derive(0, "noise of a step", 1) == 3414770718326965435, "runs made before repeat"


def test_what_was_drawn_before_does_not_matter() -> None:
    seed_default_generators(1, "noise")
    first = torch.randn(4)
    torch.randn(100)
    seed_default_generators(1, "noise")
    assert torch.equal(torch.randn(4), first)
    state = torch.get_rng_state()
    generator_for(1, "order")
    fixed_latents(1, 4, 2)
    assert torch.equal(torch.get_rng_state(), state), "the default generator is left alone"


def test_fixed_latents_depend_on_the_seed_alone() -> None:
    assert fixed_latents(3, 16, 8).shape == (16, 8)
    assert torch.equal(fixed_latents(3, 16, 8), fixed_latents(3, 16, 8))
    assert not torch.equal(fixed_latents(3, 16, 8), fixed_latents(4, 16, 8))
