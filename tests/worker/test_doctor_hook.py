"""The doctor's alerts stand in the journal, and stop or steer the run where that is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ganterm.core.errors import ExitCode
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from ganterm.runs.status import read_status
from tests.records import lines
from tests.worker.workers import Zygote, kinds, make_run

COLLAPSING: dict[str, object] = {
    "lr_g": 0.1,
    "steps": 400,
    "batch_size": 16,
    "log_every": 10,
    "sample_every": "0",
    "checkpoint_every": "200",
}


def collapsing(directory: Path, on_alert: str) -> RunDir:
    return make_run(directory, "dcgan-8x8", **COLLAPSING, on_alert=on_alert)


def changes(run: RunDir) -> list[tuple[str, int]]:
    """Return the live changes that are remedies: id and step."""
    return [
        (record["id"], record["step"])
        for record in kinds(run, "control")
        if record["id"].startswith("doctor-")
    ]


def test_by_default_a_run_goes_on_and_the_journal_has_the_alert(
    zygote: Zygote, tmp_path: Path
) -> None:
    run = collapsing(tmp_path, "continue")
    zygote.start(run).wait()
    alert = kinds(run, "alert")[0]
    assert alert["code"] in {"mode-collapse", "vanishing-gradient"}
    assert alert["remedies"][0]["live"]
    assert not alert["cleared"]
    assert lines(run.journal)[-1]["step"] == 400
    assert changes(run) == []


@pytest.mark.parametrize(
    ("rates", "code", "state"),
    [
        ({"lr_g": 1.0, "lr_d": 1.0}, ExitCode.TRAINING, "failed"),
        pytest.param(
            {"lr_g": 0.0, "lr_d": 0.0}, ExitCode.TRAINING, "failed", marks=pytest.mark.slow
        ),
        ({"lr_g": 1e-3, "lr_d": 1e-3}, ExitCode.OK, "finished"),
    ],
)
def test_a_run_that_ends_where_nothing_is_learned_has_failed(
    zygote: Zygote, tmp_path: Path, rates: dict[str, object], code: ExitCode, state: str
) -> None:
    """The worker's exit code, its journal, its status and whoever looks say the same."""
    run = make_run(tmp_path, "dcgan-8x8", **{**COLLAPSING, "steps": 250, **rates})
    assert zygote.start(run).wait() == code
    end, status = lines(run.journal)[-1], read_status(run.status)
    assert status is not None
    assert (end["exit_code"], end["reason"], status.state) == (code, state, state)
    assert (observe(run).state, observe(run).message) == (state, end["message"])
    assert end["message"] == status.message
    failed = re.match(
        r"It reached its length, but .* \([a-z-]+\); `ganterm ctl \S+ remedy`", status.message
    )
    assert (failed is not None) is (state == "failed")


def test_stop_saves_and_leaves_and_a_resumed_run_is_not_stopped_again(
    zygote: Zygote, tmp_path: Path
) -> None:
    run = collapsing(tmp_path, "stop")
    assert zygote.start(run).wait() == ExitCode.TRAINING
    *_, checkpoint, end = lines(run.journal)
    assert (checkpoint["kind"], end["reason"]) == ("checkpoint", "stopped")
    assert end["exit_code"] == ExitCode.TRAINING
    assert end["message"].startswith("Stopped by the doctor (")
    assert checkpoint["step"] == end["step"] < 400
    before = [alert["code"] for alert in kinds(run, "alert")]
    zygote.start(run).wait()
    after = [alert["code"] for alert in kinds(run, "alert")][len(before) :]
    assert set(before).isdisjoint(after)


def test_a_remedy_is_a_change_in_the_journal_and_one_at_a_time(
    zygote: Zygote, tmp_path: Path
) -> None:
    run = collapsing(tmp_path, "remedy")
    zygote.start(run).wait()
    ((identity, step),) = changes(run)
    assert identity.startswith("doctor-")
    change = next(each for each in kinds(run, "control") if each["id"] == identity)
    assert change["error"] == ""
    assert change["args"]["value"] != 0.1
    assert step >= kinds(run, "alert")[0]["step"]


@pytest.mark.slow
def test_a_run_that_goes_on_makes_the_same_remedies_again(zygote: Zygote, tmp_path: Path) -> None:
    """Killed after a remedy and taken up before it: again at its step, and no other instead."""
    run = collapsing(tmp_path, "remedy")
    worker = zygote.start(run)
    assert worker.until(lambda record: str(record.get("id", "")).startswith("doctor-"))
    worker.kill()
    (made,) = changes(run)
    zygote.start(run).wait()
    resumed = next(record for record in kinds(run, "resume"))
    if resumed["step"] > made[1]:
        pytest.skip("a checkpoint came before the kill")
    assert changes(run) == [made, made]
