"""Optimisers: PyTorch's to the bit with a quicker start, and those of the user's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch
from torch import nn

from ganterm.components.optimizers import OPTIMIZERS, eager
from ganterm.config import resolve
from ganterm.core.errors import ConfigError
from ganterm.engine.events import FellBack
from ganterm.engine.state import adapted, export_state
from tests.engine.common import measured, small, trainer
from tests.engine.tape import taped
from tests.engine.test_resume import IMAGES, assert_resumes

_OWN = """
import torch
from torch.optim import SGD, Optimizer


class Lion(Optimizer):
    \"""Signs of a running mean.\"""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, decay=decay, seen=0))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            group["seen"] += 1
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["mean"], state["count"] = torch.zeros_like(p), 0
                state["count"] += 1
                beta1, beta2 = group["betas"]
                share = beta1 if state["count"] + group["seen"] > 8 else beta1 / 2
                p.sub_(group["lr"] * torch.lerp(p.grad, state["mean"], share).sign())
                state["mean"].lerp_(p.grad, 1 - beta2)


def by_size(params, lr, momentum: float = 0.9):
    params = list(params)
    large = [p for p in params if p.dim() > 1]
    small = [p for p in params if p.dim() < 2]
    return SGD([dict(params=large), dict(params=small, lr=lr / 10)], lr=lr, momentum=momentum)


def partly(params, lr):
    return SGD([p for p in params][:1], lr=lr)


def nothing(params, lr):
    return lr


def no_rate(params):
    return SGD(params, 0.1)


class Lists(SGD):
    def step(self, closure=None):
        for p in self.param_groups[0]["params"]:
            self.state[p]["past"] = [1]


class Raises(SGD):
    def step(self, closure=None):
        raise ValueError("no step")


class Explodes(SGD):
    def step(self, closure=None):
        for p in self.param_groups[0]["params"]:
            p.data.fill_(float("nan"))
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "optim.py"
    path.write_text(_OWN)
    return path


_STEP = """
import sys
import torch
from msgspec.structs import replace
from ganterm.config import resolve
from ganterm.engine.loop import Trainer
config = resolve({"recipe": "dcgan-8x8", "device": "cpu", "threads": 1}).config
for name in ("adam", "adamw", "rmsprop", "sgd"):
    images = torch.zeros(300, 1, 8, 8, dtype=torch.uint8)
    trainer = Trainer(replace(config, optimizer=name), images, torch.device("cpu"))
    trainer.advance()
    trainer.networks.optimizer_g.load_state_dict(trainer.networks.optimizer_g.state_dict())
assert "torch._dynamo" not in sys.modules
"""


def _trained(kind: type[torch.optim.Optimizer]) -> tuple[list[torch.Tensor], object]:
    torch.manual_seed(0)
    layer = nn.Linear(5, 3)
    optimizer = kind(layer.parameters(), lr=0.01)  # type: ignore[call-arg]
    for _ in range(5):
        optimizer.zero_grad()
        layer(torch.randn(4, 5)).square().sum().backward()
        optimizer.step()
    return [parameter.detach() for parameter in layer.parameters()], optimizer.state_dict()


@pytest.mark.parametrize("name", ["Adam", "AdamW", "RMSprop", "SGD"])
def test_each_is_pytorchs_to_the_bit(name: str) -> None:
    """Five steps end at the very weights, and in the very state, of PyTorch's own class."""
    weights, state = _trained(getattr(eager, f"Eager{name}"))
    expected, expected_state = _trained(getattr(torch.optim, name))
    for mine, theirs in zip(weights, expected, strict=True):
        assert torch.equal(mine, theirs)
    assert str(state) == str(expected_state)


def test_gradients_are_off_in_a_step() -> None:
    """A step records nothing for backward, and gradients are on again after it."""
    layer = nn.Linear(2, 1)
    optimizer = eager.EagerAdam(layer.parameters(), lr=0.1)
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    assert torch.is_grad_enabled()
    assert all(parameter.is_leaf for parameter in layer.parameters())


def test_training_loads_no_compiler() -> None:
    """Building, a step and restoring an optimiser leave torch._dynamo out of the process."""
    subprocess.run([sys.executable, "-c", _STEP], check=True, timeout=120)


OWN = ("optim.py:Lion:decay=0.1", "optim.py:by_size", "torch.optim:NAdam")


@pytest.mark.parametrize(("name", "cut"), list(zip(OWN, (3, 6, 5), strict=True)))
def test_a_run_with_one_of_your_own_cut_anywhere_ends_bit_identical(
    own: Path, name: str, cut: int
) -> None:
    """Numbers in its state, and what it changes of its groups, are kept as well."""
    assert_resumes(small("mlp", steps=9, log_every=4, optimizer=name), cuts=(cut,))


def test_rates_reach_one_of_your_own_and_keep_their_ratio(own: Path) -> None:
    run = trainer(small("mlp", steps=9, optimizer="optim.py:by_size:momentum=0.5"))
    run.use(run.changed("lr_g", 0.02))
    run.advance()
    groups = run.networks.optimizer_g.param_groups
    assert [(group["lr"], group["momentum"]) for group in groups] == [(0.02, 0.5), (0.002, 0.5)]


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "optim.py:by_size"])
def test_a_beta_is_refused_where_there_is_none(own: Path, name: str) -> None:
    config = small("mlp", optimizer=name)
    with pytest.raises(ConfigError, match=r"beta2: optimizer .* has none to change"):
        trainer(config).changed("beta2", 0.9)
    with pytest.raises(ConfigError, match=r"beta2: it has a schedule, and optimizer"):
        resolve({"recipe": "mlp", "optimizer": name, "beta2": "0.5..0.9:linear"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("partly", "leaves out 1 of the 2 parameters that it is given"),
        ("nothing", "returns float, and must be or return a torch.optim.Optimizer"),
        ("no_rate", "no_rate must take the parameters first, and lr among the rest"),
        ("Lists", "keeps past of type list in its state, which a checkpoint cannot hold"),
        ("Raises", "optim.py cannot be run, line 56: ValueError: no step."),
        ("Explodes", "makes weights that are not finite"),
        ("Lion:speed=2", "speed is no setting of Lion; it has decay"),
        ("torch", "and must be a Optimizer of ganterm.components.optimizers"),
    ],
)
def test_one_that_cannot_train_is_refused_in_words(own: Path, name: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        OPTIMIZERS.resolve(f"optim.py:{name}")
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"optimizer optim.py:{name}: ")


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "optim.py:Lion"])
def test_its_steps_are_captured_where_it_knows_how(
    own: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not know runs as it is, and says so; all train alike."""
    config = small("mlp", steps=8, optimizer=name, lr_schedule="cosine")
    run, recorder = taped(config, monkeypatch)
    events = list(run.run())
    told = [event.why for event in events if isinstance(event, FellBack)]
    assert told == (["optimizer Lion knows no capturable"] if "Lion" in name else [])
    assert recorder.captures == ("Lion" not in name)
    assert measured(events) == measured(list(trainer(config).run()))


def test_another_optimiser_begins_afresh_in_a_branch() -> None:
    config = small("mlp", steps=4)
    run = trainer(config, IMAGES)
    run.advance()
    state = export_state(run)
    now = msgspec.structs.replace(config, optimizer="rmsprop")
    tensors, _ = adapted(*state, config, now, IMAGES)
    dropped = state[0].keys() - tensors.keys()
    assert dropped == {name for name in state[0] if name.startswith("optimizer_")} != set()
