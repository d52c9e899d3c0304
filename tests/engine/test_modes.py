"""A mode that a machine does not have is refused in a sentence, before anything is trained."""

from __future__ import annotations

import pytest
import torch

from ganterm.core.errors import ConfigError
from ganterm.engine.modes import Mode, check_mode, unavailable_reason
from tests.engine.common import CPU, configured, small, trainer


@pytest.mark.parametrize("kind", ["cpu", "mps"])
def test_graphs_need_a_cuda_device(kind: str) -> None:
    with pytest.raises(ConfigError, match=rf"^mode: graphed needs a CUDA device.* on {kind}; use"):
        check_mode("graphed", torch.device(kind))


def test_graphs_are_refused_where_the_configuration_says_so_already() -> None:
    """The form and the command line need not start anything to know."""
    with pytest.raises(ConfigError, match=r"^mode: .* device is cpu; set mode = eager, or device"):
        small("mlp", mode="graphed", device="cpu")
    assert configured("mlp", mode="graphed", device="auto").mode == "graphed"


@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps"])
def test_eager_is_everywhere(kind: str) -> None:
    assert unavailable_reason("eager", torch.device(kind)) == ""


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("mode", ["eager", "graphed"])
def test_a_cuda_device_has_graphs(mode: Mode) -> None:
    assert unavailable_reason(mode, torch.device("cuda")) == ""


def test_a_trainer_refuses_what_its_device_lacks() -> None:
    with pytest.raises(ConfigError, match=r"^mode: graphed needs a CUDA device"):
        trainer(configured("mlp", mode="graphed", dataset="digits", device="auto"), device=CPU)
