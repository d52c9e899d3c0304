"""A worker tells how much memory it holds."""

import os
from pathlib import Path

import pytest
import torch

from ganterm.worker import reporting
from ganterm.worker.reporting import memory_in_use


def test_what_a_process_holds_are_its_pages_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second number of Linux's statm counts resident pages; the first also what is not."""
    statm = tmp_path / "statm"
    statm.write_text("9000 250 70 1 0 300 0\n")
    monkeypatch.setattr(reporting, "_STATM", statm)

    assert memory_in_use(torch.device("cpu")) == 250 * os.sysconf("SC_PAGE_SIZE")


def test_nothing_is_told_where_the_system_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_STATM", tmp_path / "missing")

    assert memory_in_use(torch.device("cpu")) is None
