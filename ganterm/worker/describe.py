"""What configurations amount to: `python -m ganterm.worker.describe`.

`describe` takes any of the schema's fields and tells the numbers of parameters, and then these with
the time of 1,000 steps, tried out on random images; see `ganterm.client.describe.Description`.
"""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ganterm.components.optimizers import OPTIMIZERS
from ganterm.config import RunConfig, check
from ganterm.config.fields import resolve_parts
from ganterm.config.recorded import refuse_foreign_code
from ganterm.config.runfile import from_mapping
from ganterm.core.parts import use_copies
from ganterm.data.catalogue import conditioned_spec
from ganterm.data.progress import TOLD
from ganterm.runs.layout import RunDir
from ganterm.runs.parts import PARTS_OF
from ganterm.worker.rpc import Call, serve

IDLE_SECONDS = 180.0
"""Without a question for so long the process ends, and gives its memory back."""
WARM_SECONDS = 0.3
TRIAL_SECONDS = 1.5
LIMIT_SECONDS = 3.0
"""A first step that takes as long is the whole trial."""
LONGEST_CYCLE = 64
"""Steps between two penalties that a trial still covers."""

_COPIES = 3
_ACTIVATIONS = 64
"""Layers' outputs and their gradients, in copies of a batch: a guess on the safe side."""

Answer = dict[str, Any]


def main() -> None:
    """Describe configurations until there are none to describe."""
    _be_the_first_to_go()
    serve({"describe": describe, "take_in": take_in}, idle=IDLE_SECONDS)


def take_in(call: Call) -> Answer:
    """Have a dataset in a file of the user's taken in; the result tells what it is."""
    TOLD.set(call.progress)
    return {"components": resolve_parts(_asked(call))}


def _asked(call: Call) -> RunConfig:
    """Return the configuration of a call, whose code is from now on that of the run it names."""
    asked = dict(call.params)
    run = asked.pop(PARTS_OF, "")
    config = from_mapping(asked)
    if run:
        refuse_foreign_code(config, RunDir(Path(run)).config_file)
    else:
        use_copies({})
    return config


def describe(call: Call) -> Answer:
    """Tell what becomes known of a configuration; the result has `device`."""
    config = _asked(call)
    own = resolve_parts(config)
    check(config)
    from ganterm.components.networks.from_config import parameter_counts  # noqa: PLC0415 - imports PyTorch
    from ganterm.engine.build import choose_device  # noqa: PLC0415
    from ganterm.engine.modes import check_mode  # noqa: PLC0415

    counts: Answer = dict(parameter_counts(config, conditioned_spec(config)))
    device = choose_device(config.device)
    if config.mode != "auto":
        check_mode(config.mode, device)
    parameters = sum(counts.values())
    counts |= _weight(config, counts["generator_parameters"], parameters, device)
    counts["components"] = own
    call.partial(counts)
    answer = {**counts, "seconds_per_1000_steps": None, "device": str(device)}
    if device.type != "cuda" and counts["memory_bytes"] > counts["memory_total"] / 4:
        return {**answer, "note": "Too large to try out here."}
    try:
        seconds = _seconds_per_step(config, device, call)
    except (RuntimeError, MemoryError):  # torch's way of saying that memory is short, among others
        return {**answer, "note": f"A trial step did not work on {device}; memory may be short."}
    return {**answer, "seconds_per_1000_steps": 1000 * seconds}


def _seconds_per_step(config: RunConfig, device: Any, call: Call) -> float:
    """Train for a moment on random images and return what a step takes."""
    import torch  # noqa: PLC0415

    from ganterm.engine.loop import DivergenceError, Trainer  # noqa: PLC0415

    data = conditioned_spec(config)
    shape = (config.batch_size, *data.tensor_shape)
    images = torch.randint(0, 256, shape, dtype=torch.uint8)
    if data.is_points:
        images = torch.randn(shape)
    labels = torch.arange(config.batch_size) % max(len(data.classes), 1)
    endless = msgspec.structs.replace(config, steps=10**9, epochs=0, drop_last=True)
    # A growing network at its full size, where it spends most of its time.
    endless = msgspec.structs.replace(endless, grow_kimg=0.0, fade_kimg=0.0)
    if config.mode != "graphed":
        # Nobody waits here for a compiler.
        endless = msgspec.structs.replace(endless, mode="eager")
    with _threads(config):
        trainer = Trainer(endless, images, device, labels=labels, data=data)

        def seconds_of(steps: int) -> float:
            began = time.perf_counter()
            for _ in range(steps):
                trainer.advance()
            with contextlib.suppress(DivergenceError):  # noise cannot be learned from
                trainer.flush()
            return time.perf_counter() - began

        began = time.perf_counter()
        # The first step chooses algorithms and takes memory; so may the first with a penalty.
        first = seconds_of(1)
        if first >= LIMIT_SECONDS:
            return first
        warm = seconds_of(1)
        while time.perf_counter() - began < WARM_SECONDS:
            warm = seconds_of(1)
        # Whole cycles, so that a lazy penalty has its share, unless they take too long.
        cycle = -(-config.penalty_every // config.d_steps)
        cycle = max(1, min(cycle, LONGEST_CYCLE, int(LIMIT_SECONDS / warm)))
        steps, spent = 0, 0.0
        while spent < TRIAL_SECONDS:
            call.check()
            spent += seconds_of(cycle)
            steps += cycle
        return spent / steps


@contextlib.contextmanager
def _threads(config: RunConfig) -> Iterator[None]:
    """Use as many CPU threads as the worker would, and then as many as before."""
    import torch  # noqa: PLC0415

    from ganterm.engine.build import choose_threads  # noqa: PLC0415

    before = torch.get_num_threads()
    torch.set_num_threads(choose_threads(config))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _weight(config: RunConfig, generator: int, parameters: int, device: Any) -> dict[str, int]:
    """Return what training takes of the device's memory and of the disk, in bytes.

    `generator` and `parameters` are the parameters of the generator and of both networks.
    """
    averaged = generator if config.ema_kimg else 0
    # Weights and what the optimiser keeps of each; gradients as well.
    saved = 1 + OPTIMIZERS.facts(config.optimizer).moments
    checkpoint = 4 * (parameters * saved + averaged)
    least = 4 * (parameters * (saved + 1) + averaged)
    batch = 4 * config.batch_size * config.data_spec.values
    memory = least + batch * _ACTIVATIONS
    if device.type == "cuda":
        import torch  # noqa: PLC0415

        free, total = torch.cuda.mem_get_info(device)
    else:
        # A checkpoint is copied, written from one piece and read back.
        least, memory = least + checkpoint, memory + checkpoint * _COPIES
        total = os.sysconf("SC_PHYS_PAGES") * resource.getpagesize()
        free = available_memory() or total
    return {
        "checkpoint_bytes": checkpoint,
        "memory_bytes": memory,
        "memory_least": least,
        "memory_free": free,
        "memory_total": total,
    }


def available_memory() -> int:
    """Return the bytes of memory that Linux could give; 0 where it cannot be asked."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return 0


def _be_the_first_to_go() -> None:
    """Where memory runs out, let Linux end this process and not one that trains."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


if __name__ == "__main__":
    main()
