"""What is measured on a GPU, where there is one."""

import dataclasses

import pytest
import torch

from ganterm.benchmarks import steps, throughput, upkeep
from ganterm.benchmarks.suite import BenchSettings, Measure
from ganterm.data.progress import silent
from tests.benchmarks.helpers import figure

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.usefixtures("two_rounds")
@pytest.mark.parametrize(
    ("measure", "key"),
    [
        (throughput.throughput, "float32_ratio"),
        (steps.techniques, "step_seconds"),
        (steps.limit, "share"),
        (upkeep.upkeep, "record_share"),
    ],
)
def test_a_gpu_is_measured_as_a_processor_is(
    settings: BenchSettings, measure: Measure, key: str
) -> None:
    """Each measurement gives figures of it."""
    result = measure(dataclasses.replace(settings, device="cuda"), silent)
    assert figure(result, key) > 0
