"""What is measured on a GPU, where there is one."""

import dataclasses

import pytest
import torch

from ganterm.bench import breakdown, limit, memory, sampling, techniques, throughput
from ganterm.bench.registry import Measure
from ganterm.bench.settings import Settings
from ganterm.data.progress import silent
from tests.bench.helpers import figure

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.usefixtures("two_rounds")
@pytest.mark.parametrize(
    ("measure", "key"),
    [
        (throughput.measure, "float32_ratio"),
        (techniques.measure, "step_seconds"),
        (limit.measure, "share"),
        (breakdown.measure, "convolution"),
        (sampling.measure, "seconds"),
        (memory.measure, "gpu"),
    ],
)
def test_a_gpu_is_measured_as_a_processor_is(
    settings: Settings, measure: Measure, key: str
) -> None:
    """Each measurement gives figures of it."""
    result = measure(dataclasses.replace(settings, device="cuda"), silent)
    assert figure(result, key) > 0
