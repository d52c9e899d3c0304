from types import SimpleNamespace
from typing import Any, cast

import pytest

from ganterm.bench import breakdown
from ganterm.bench.breakdown import group_of, shares
from ganterm.bench.settings import Settings
from ganterm.data.progress import silent
from tests.bench.helpers import figure

SHARES = [column.key for column in breakdown._COLUMNS[3:]]


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakdown, "STEPS", 2)
    monkeypatch.setattr(breakdown, "WARMING", 1)


@pytest.mark.parametrize(
    ("operation", "group"),
    [
        ("aten::mkldnn_convolution", "convolution"),
        ("aten::cudnn_convolution_transpose", "convolution"),
        ("aten::convolution_backward", "convolution_gradient"),
        ("aten::addmm", "products"),
        ("aten::mm", "products"),
        ("aten::native_batch_norm_backward", "normalisation"),
        ("aten::_fused_adam_", "optimiser"),
        ("aten::lerp_", "optimiser"),
        ("aten::copy_", "copies"),
        ("aten::_to_copy", "copies"),
        ("aten::leaky_relu_backward", "elementwise"),
        ("aten::mean", "elementwise"),
        ("aten::tanh", "elementwise"),
        ("aten::t", "host"),
        ("autograd::engine::evaluate_function: MmBackward0", "host"),
        ("Optimizer.step#EagerAdam.step", "host"),
    ],
)
def test_operations_are_known_by_their_names(operation: str, group: str) -> None:
    """CPU's and GPU's kinds of one operation count as the same."""
    assert group_of(operation) == group


def test_what_no_operation_accounts_for_is_the_hosts() -> None:
    """On a GPU its own time counts, once, and the rest is its waiting."""

    def event(key: str) -> Any:
        return SimpleNamespace(key=key, self_cpu_time_total=2e5, self_device_time_total=3e5)

    kernel = "void at::native::vectorized_elementwise_kernel<4, mm>(int)"
    events = [event("aten::mm"), event("aten::t"), event(kernel)]
    found = shares(cast(Any, events), 1.0, on_gpu=False)
    assert found == pytest.approx({"products": 0.2, "host": 0.8})
    found = shares(cast(Any, events), 1.0, on_gpu=True)
    assert found == pytest.approx({"products": 0.3, "host": 0.7})


def test_real_steps_are_divided_up(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """Shares are of the whole, networks of convolutions spend time on them, and nothing is said."""
    result = breakdown.measure(settings, silent)
    assert [row["precision"] for row in result.rows] == ["float32", "bfloat16"]
    for index in range(2):
        assert sum(figure(result, key, index) for key in SHARES) == pytest.approx(1, abs=0.05)
        for key in ("convolution", "convolution_gradient", "optimiser", "copies"):
            assert figure(result, key, index) > 0
    assert capfd.readouterr() == ("", "")
