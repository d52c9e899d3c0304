"""A run that diverges ends with the step, the term and the last good checkpoint named."""

import re
import struct
from pathlib import Path

import pytest

from ganterm.runs.checkpoints import list_checkpoints, read_bytes, read_header
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from tests.records import lines
from tests.worker.test_records import assert_conforms
from tests.worker.workers import Worker, Zygote, kinds, last_step, make_run

DIVERGING: dict[str, object] = {
    "loss": "wasserstein",
    "penalty": "wgan-gp",
    "penalty_weight": 1e-30,
    "d_norm": "none",
    "lr_d": 1.0,
    "batch_size": 4,
    "steps": 300,
}
"""A critic that nothing holds: its scores grow until they overflow."""


def train_until_it_breaks(zygote: Zygote, run: RunDir) -> tuple[Worker, int]:
    worker = zygote.start(run)
    assert worker.wait() == 1
    line = worker.log().splitlines()[-1]
    found = re.fullmatch(
        r"Training diverged: \w+ was not finite at step (\d+)\. The last good checkpoint is "
        r"checkpoints/step-(\d{8})\.safetensors; lower lr_g and lr_d, or add a penalty, and train "
        r"again\.",
        line,
    )
    assert found, line
    assert int(found[2]) == last_step(run)
    return worker, int(found[1])


def floats(path: Path) -> list[float]:
    """Return every float32 of a checkpoint."""
    tensors = read_header(path).tensors
    data = b"".join(read_bytes(path, name) for name in tensors if tensors[name].dtype == "F32")
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def test_divergence_is_told_and_not_saved(zygote: Zygote, tmp_path: Path) -> None:
    """Exit code 1, one line, an alert and an end; every checkpoint is finite, and so resumable."""
    run = make_run(tmp_path, "dcgan-64", **DIVERGING)
    worker, step = train_until_it_breaks(zygote, run)
    assert len(worker.log().splitlines()) == 1
    alert, end = lines(run.journal)[-2:]
    assert (alert["kind"], alert["code"], alert["step"]) == ("alert", "not-finite", step)
    assert (end["reason"], end["exit_code"], end["message"]) == ("failed", 1, worker.log().strip())
    assert assert_conforms(run) >= {"alert", "end"}
    assert observe(run).state == "failed"
    assert 0 < last_step(run) < step
    assert list_checkpoints(run.checkpoints) != []
    for path in list_checkpoints(run.checkpoints):
        assert all(abs(value) < float("inf") for value in floats(path))

    # The same again, because a run goes on exactly as it was.
    assert train_until_it_breaks(zygote, run)[1] == step
    diverged = [each for each in kinds(run, "alert") if each["code"] == "not-finite"]
    assert [record["step"] for record in diverged] == [step, step]


@pytest.mark.parametrize("every", ["0", "1"], ids=["no checkpoint", "a checkpoint every step"])
def test_divergence_is_told_whatever_is_saved(zygote: Zygote, tmp_path: Path, every: str) -> None:
    """Without any checkpoint it says so; with one at every step none of them is broken."""
    run = make_run(tmp_path, "dcgan-64", **DIVERGING, checkpoint_every=every, keep_checkpoints=0)
    if every == "0":
        worker = zygote.start(run)
        assert worker.wait() == 1
        assert "There is no checkpoint; train again with lower lr_g and lr_d." in worker.log()
        assert last_step(run) == 0
        return
    _, step = train_until_it_breaks(zygote, run)
    assert step - 1 <= last_step(run) <= step
    newest = list_checkpoints(run.checkpoints)[-1]
    assert all(abs(value) < float("inf") for value in floats(newest))
