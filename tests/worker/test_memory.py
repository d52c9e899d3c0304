"""A worker tells how much memory it holds."""

from pathlib import Path

import pytest
import torch

from ganterm.worker import memory
from ganterm.worker.memory import memory_in_use


def test_what_a_process_holds_grows_with_what_it_holds() -> None:
    before = memory_in_use(torch.device("cpu"))
    # More than the C library ever serves from what was freed before.
    block = torch.ones(64 << 20, dtype=torch.uint8)
    after = memory_in_use(torch.device("cpu"))

    if before is None or after is None:
        pytest.skip("this system has no /proc")
    assert after - before > block.numel() / 2


def test_nothing_is_told_where_the_system_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_STATM", tmp_path / "missing")

    assert memory_in_use(torch.device("cpu")) is None
