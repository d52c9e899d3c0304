"""The number of threads is what steps are quickest with, unless it is hardly worth other sums."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ganterm.core.errors import ConfigError
from ganterm.engine import threads
from ganterm.engine.modes import Trial
from ganterm.engine.state import export_state
from ganterm.engine.threads import time_threads
from tests.engine.common import small, trainer


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("seconds", "present", "taken"),
    [
        ({1: 4.0, 2: 2.0, 3: 1.5}, 3, 3),
        ({1: 0.1, 2: 0.5, 3: 2.0}, 3, 1),
        ({1: 0.9, 2: 1.0, 3: 1.0}, 3, 3),  # hardly quicker
        ({1: 1.0, 2: 0.3, 3: 0.25}, 1, 3),
    ],
)
@pytest.mark.usefixtures("three_threads")
def test_the_quickest_is_taken_where_it_is_worth_it(
    seconds: dict[int, float], present: int, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paces(_trial: Trial, _at_least: float) -> list[float]:
        taken = seconds[torch.get_num_threads()]
        return [taken, 99.0, taken]

    monkeypatch.setattr(Trial, "paces", paces)
    run = trainer(small("mlp", steps=1))
    timed = time_threads(run.networks, run.batches, run.config, present=present, most=3)
    assert (timed.threads, timed.seconds) == (taken, seconds)
    assert torch.get_num_threads() == 3


@pytest.mark.usefixtures("three_threads")
def test_measuring_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "TURN_SECONDS", 0.0)
    run = trainer(small("stylegan-8x8", steps=4, grow_kimg=0.01))
    run.advance()
    run.flush()
    before, _ = export_state(run)
    said: list[str] = []
    parts = run.networks, run.batches, run.config
    timed = time_threads(*parts, present=1, most=2, say=said.append)
    after, _ = export_state(run)
    assert sorted(timed.seconds) == [1, 2]
    assert len(said) == 2
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.usefixtures("three_threads")
def test_a_change_of_threads_takes_effect_and_zero_is_refused() -> None:
    run = trainer(small("mlp", steps=4))
    run.use(run.changed("threads", 2))
    assert torch.get_num_threads() == 2
    with pytest.raises(ConfigError, match="say how many while it trains"):
        run.changed("threads", 0)
