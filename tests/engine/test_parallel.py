"""Several processes that train together compute what one does."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist

from ganterm.components.losses import LOSSES
from ganterm.components.penalties import PENALTIES
from ganterm.config.fields import resolve_parts
from ganterm.data import load
from ganterm.engine.follow import cannot_share
from ganterm.engine.loop import Trainer
from ganterm.engine.parallel import Group
from ganterm.engine.state import export_state
from tests.engine.common import CPU, digit_labels, digits, families, small
from tests.engine.test_matrix import TECHNIQUES, refusal
from tests.quick import slow_unless

State = dict[str, np.ndarray[Any, Any]]
Case = tuple[str, dict[str, Any]]
RANKS = 2
STEPS = 20
IMAGES = 51
"""Not a multiple of the batch, nor the last batch of the processes."""


def trained(case: Case, group: Group | None) -> State:
    """Train a case and return its state, and the means of what its steps measured."""
    recipe, settings = case
    ring = load("ring").images[:IMAGES]
    exact = settings.get("precision") != "float32"
    torch.set_default_dtype(torch.float64 if exact else torch.float32)
    length = 0 if "epochs" in settings else STEPS
    config = small(
        recipe, **{"steps": length, "drop_last": False, "precision": "float32", **settings}
    )
    labels: torch.Tensor | None = digit_labels()[:IMAGES]
    if config.data_spec.is_points:
        images, labels = ring, None
    else:
        images = digits(config.image_size, config.channels)[:IMAGES] / 127.5 - 1
    images = images.to(torch.get_default_dtype())
    spec = config.data_spec.with_classes(tuple("0123456789"))
    try:
        trainer = Trainer(config, images, CPU, labels=labels, data=spec, group=group)
        while trainer.step < trainer.steps_total:
            trainer.advance()
        metrics = trainer.flush()
        tensors, _ = export_state(trainer)
    finally:
        torch.set_default_dtype(torch.float32)
    found = {name: value.numpy() for name, value in tensors.items()}
    for each in metrics:
        found |= {f"{each.step}.{name}": np.array(v) for name, v in each.values.items()}
    return found


def _serve(rank: int, ranks: int, store: Path, work: Connection) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=ranks)
    while (asked := work.recv()) is not None:
        function, case = asked
        try:
            work.send(function(case, Group()))
        except Exception as error:  # noqa: BLE001 - the parent raises it
            work.send(error)
    dist.destroy_process_group()


class Together:
    """Processes that wait for a case, train it together, and return what each has then."""

    def __init__(self, ranks: int, store: Path) -> None:
        forked = multiprocessing.get_context("fork")
        self._ends = []
        self._processes = []
        for rank in range(ranks):
            here, there = forked.Pipe()
            process = forked.Process(target=_serve, args=(rank, ranks, store, there), daemon=True)
            process.start()
            self._ends.append(here)
            self._processes.append(process)

    def ask(self, function: Callable[[Case, Group | None], Any], case: Case) -> list[Any]:
        """Return what a function of a case returns in each process."""
        for end in self._ends:
            end.send((function, case))
        found = [end.recv() for end in self._ends]
        for each in found:
            if isinstance(each, Exception):
                raise each
        return found

    def close(self) -> None:
        """End the processes."""
        for end, process in zip(self._ends, self._processes, strict=True):
            end.send(None)
            process.join()


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    pair = Together(RANKS, tmp_path_factory.mktemp("group") / "store")
    yield pair
    pair.close()


def _cases() -> Iterator[Any]:
    for recipe in families():
        for loss in LOSSES.names:
            for penalty in PENALTIES.names:
                settings: dict[str, Any] = {"loss": loss, "penalty": penalty, "d_steps": 1}
                settings["penalty_weight"] = "auto"
                if refused := refusal(recipe, loss, penalty):
                    settings |= refused[1]
                yield recipe, settings
    for recipe in ("mlp", "dcgan", "dcgan-8x8", "dcgan-upsample", "stylegan"):
        for settings in TECHNIQUES:
            if settings.get("precision") is None:
                yield recipe, settings


QUICK: list[Case] = [
    ("dcgan", {"steps": STEPS, "ema_kimg": 0.1}),
    ("dcgan-8x8", {"penalty": "r1", "penalty_every": 3, "minibatch_discrimination": True}),
]


_OF_ROUNDING = ("bias", "running_mean", "running_var")
"""Batch normalisation takes away the bias before it; Adam steps by the rounding that is left."""


def agree(found: State, expected: State, *, rounding: float = 1e-9) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if value.dtype.kind == "f":
            difference = float(np.abs(found[name] - value).max(initial=0))
            assert difference <= (rounding if name.endswith(_OF_ROUNDING) else 1e-9), (
                name,
                difference,
            )
        else:
            assert np.array_equal(found[name], value), name


@pytest.mark.parametrize("case", QUICK, ids=str)
def test_two_processes_have_the_weights_of_one(together: Together, case: Case) -> None:
    expected = trained(case, None)
    for found in together.ask(trained, case):
        agree(found, expected)


@pytest.mark.parametrize(
    "case", slow_unless(lambda *_: False, [(each,) for each in _cases()]), ids=str
)
def test_every_combination_has_the_weights_of_one(together: Together, case: Case) -> None:
    expected = trained(case, None)
    for found in together.ask(trained, case):
        agree(found, expected, rounding=1e-6)


OWN = """
import torch
from torch import nn

class Shares(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.ReLU())
        self.head = nn.Linear(8, 1)

    def forward(self, x):
        return self.head(super().forward(x) + torch.randn(len(x), 8))

class Centres(Shares):
    def forward(self, x):
        return super().forward(x - x.mean(0))
"""


def unshared(case: Case, group: Group | None) -> str:
    """Return which of the networks of a case cannot be shared."""
    config = small(case[0], **case[1])
    resolve_parts(config)
    trainer = Trainer(config, digits(8), CPU, labels=digit_labels(), group=group)
    return cannot_share(trainer)


@pytest.mark.parametrize(("name", "told"), [("Shares", ""), ("Centres", "discriminator")])
def test_own_networks_that_compute_with_a_batch_are_found(
    together: Together, tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "own.py").write_text(OWN)
    case: Case = "dcgan-8x8", {"discriminator": f"{tmp_path / 'own.py'}:{name}"}
    assert together.ask(unshared, case) == [told] * RANKS
