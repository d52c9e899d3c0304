"""Where the time of a step goes, by what it is spent on."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping

from torch.autograd.profiler_util import FunctionEventAvg
from torch.profiler import ProfilerActivity, profile

from ganterm.bench.result import Column, Result, Value
from ganterm.bench.settings import Settings
from ganterm.bench.workload import Workload, loop_of, prepare
from ganterm.data import Progress
from ganterm.training.build import choose_device, synchronize

STEPS = 10
WARMING = 3
PRECISIONS = ("float32", "bfloat16")

CONVOLUTION, GRADIENT, REST, HOST = "convolution", "convolution_gradient", "elementwise", "host"
GROUPS: Mapping[str, tuple[str, ...]] = {
    CONVOLUTION: ("conv",),
    "products": ("mm", "addmm", "bmm", "baddbmm", "matmul", "linear"),
    "normalisation": ("batch_norm", "layer_norm"),
    "optimiser": ("fused_adam", "foreach", "lerp"),
    "copies": ("copy_", "to_copy", "clone", "cat", "index_select", "contiguous", "stack"),
}
"""Which of PyTorch's operations count as what: those that begin so, or go on so after a `_`."""
VIEWS = frozenset(
    (
        *("alias", "as_strided", "as_strided_", "detach", "detach_", "expand", "item", "reshape"),
        *("empty", "empty_like", "empty_strided", "new_empty", "resize_", "select", "slice"),
        *("squeeze", "t", "to", "transpose", "unbind", "unsqueeze", "view"),
    )
)
"""Operations that compute nothing: their time is the host's."""

_COLUMNS = (
    Column("recipe", "RECIPE"),
    Column("precision", "PRECISION"),
    Column("step_seconds", "STEP", "ms"),
    Column(CONVOLUTION, "CONVOLUTION", "share"),
    Column(GRADIENT, "ITS GRADIENT", "share"),
    Column("products", "MATRIX PRODUCTS", "share"),
    Column("normalisation", "NORMALISATION", "share"),
    Column(REST, "ELEMENTWISE, SUMS", "share"),
    Column("optimiser", "OPTIMISER", "share"),
    Column("copies", "COPIES, FORMATS", "share"),
    Column(HOST, "PYTHON, AUTOGRAD", "share"),
)


def measure(settings: Settings, progress: Progress) -> Result:
    """Profile steps of each recipe in both number formats."""
    workloads = [prepare(recipe, settings.device, progress) for recipe in settings.recipes]
    total = len(workloads) * len(PRECISIONS)
    rows: list[dict[str, Value]] = []
    for workload in workloads:
        for precision in PRECISIONS:
            progress("profiles", len(rows), total, "profiles")
            rows.append(_row(workload, precision, settings))
    progress("profiles", total, total, "profiles")
    return Result(
        title="Where the time goes",
        method=(
            f"{STEPS} steps under PyTorch's profiler, which costs time itself, above all where "
            "operations are small. Shares are of the steps' time, each operation without those it "
            "calls; Python and autograd have what no operation accounts for. On a GPU the "
            "operations are the GPU's, and what is left is its waiting for the host."
        ),
        columns=_COLUMNS,
        rows=rows,
        notes=[f"{workload.name}: {workload.data}." for workload in workloads],
    )


def group_of(operation: str) -> str:
    """Return what an operation of PyTorch such as `aten::addmm` counts as: a column's key."""
    family, _, name = operation.rpartition("::")
    # What is not of aten are frames of autograd and of the optimisers around what they call.
    if family != "aten" or name in VIEWS:
        return HOST
    for group, beginnings in GROUPS.items():
        if any(f"_{each}" in f"_{name}" for each in beginnings):
            is_gradient = group == CONVOLUTION and "backward" in name
            return GRADIENT if is_gradient else group
    return REST


def shares(events: Iterable[FunctionEventAvg], seconds: float, *, on_gpu: bool) -> dict[str, float]:
    """Return the share of `seconds` that each group takes; together they are 1 or a little more.

    On a GPU its kernels are events as well, and the operations that launch them have their time
    too: it counts once, as the operations'.
    """
    spent: dict[str, float] = defaultdict(float)
    for event in events:
        own = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        spent[group_of(event.key or "")] += own * 1e-6 / seconds
    spent[HOST] = max(1 - sum(each for group, each in spent.items() if group != HOST), 0.0)
    return spent


def _row(workload: Workload, precision: str, settings: Settings) -> dict[str, Value]:
    # Otherwise the profiler reports on itself, and on the GPUs it misses, on standard error.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    device = choose_device(settings.device)
    loop = loop_of(workload, device, precision=precision)
    for _ in range(WARMING):
        loop.train(0)
    on_gpu = device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profile(activities=activities) as profiler:
        began = time.perf_counter()
        steps = sum(loop.train(0).steps for _ in range(STEPS))
        synchronize(device)
        seconds = time.perf_counter() - began
    found = shares(profiler.key_averages(), seconds, on_gpu=on_gpu)
    return {
        "recipe": workload.name,
        "precision": precision,
        "step_seconds": seconds / steps,
        **{column.key: found.get(column.key, 0.0) for column in _COLUMNS[3:]},
    }
