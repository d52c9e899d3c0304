"""Adam without the compiler: the same steps, a quicker start."""

from __future__ import annotations

import subprocess
import sys

import torch
from torch import nn

from ganterm.engine.adam import EagerAdam

_STEP = """
import sys
import torch
from ganterm.config import resolve
from ganterm.engine.loop import Trainer
config = resolve({"recipe": "dcgan-8x8", "device": "cpu", "threads": 1}).config
trainer = Trainer(config, torch.zeros(300, 1, 8, 8, dtype=torch.uint8), torch.device("cpu"))
trainer.advance()
trainer.networks.optimizer_g.load_state_dict(trainer.networks.optimizer_g.state_dict())
assert "torch._dynamo" not in sys.modules
"""


def _trained(kind: type[torch.optim.Adam]) -> tuple[list[torch.Tensor], object]:
    torch.manual_seed(0)
    layer = nn.Linear(5, 3)
    optimizer = kind(layer.parameters(), lr=0.01, betas=(0.5, 0.9), fused=True)
    for _ in range(5):
        optimizer.zero_grad()
        layer(torch.randn(4, 5)).square().sum().backward()
        optimizer.step()
    return [parameter.detach() for parameter in layer.parameters()], optimizer.state_dict()


def test_it_is_adam_to_the_bit() -> None:
    """Five steps end at the very weights, and in the very state, of PyTorch's own class."""
    weights, state = _trained(EagerAdam)
    expected, expected_state = _trained(torch.optim.Adam)
    for mine, theirs in zip(weights, expected, strict=True):
        assert torch.equal(mine, theirs)
    assert str(state) == str(expected_state)


def test_gradients_are_off_in_a_step() -> None:
    """A step records nothing for backward, and gradients are on again after it."""
    layer = nn.Linear(2, 1)
    optimizer = EagerAdam(layer.parameters(), lr=0.1)
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    assert torch.is_grad_enabled()
    assert all(parameter.is_leaf for parameter in layer.parameters())


def test_training_loads_no_compiler() -> None:
    """Building, a step and restoring an optimiser leave torch._dynamo out of the process."""
    subprocess.run([sys.executable, "-c", _STEP], check=True, timeout=120)
