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
    "steps": 200,
    "batch_size": 8,
    "log_every": 10,
    "sample_every": "0",
    "checkpoint_every": "100",
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


def test_by_default_a_run_goes_on_and_one_that_learns_nothing_has_failed(
    zygote: Zygote, tmp_path: Path
) -> None:
    """The journal has the alert; exit code, journal, status and whoever looks say the same."""
    run = make_run(tmp_path, "dcgan-8x8", **{**COLLAPSING, "lr_g": 1.0, "lr_d": 1.0})
    assert zygote.start(run).wait() == ExitCode.TRAINING
    alert = kinds(run, "alert")[0]
    assert alert["code"] in {"mode-collapse", "vanishing-gradient"}
    assert alert["remedies"][0]["live"]
    assert not alert["cleared"]
    assert changes(run) == []
    end, status = lines(run.journal)[-1], read_status(run.status)
    assert status is not None
    assert end["step"] == COLLAPSING["steps"]
    assert (end["exit_code"], end["reason"], status.state) == (1, "failed", "failed")
    assert (observe(run).state, observe(run).message) == ("failed", end["message"])
    assert end["message"] == status.message
    assert re.match(
        r"It reached its length, but .* \([a-z-]+\); `ganterm ctl \S+ remedy`", status.message
    )


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "code"), [(0.0, ExitCode.TRAINING), (1e-3, ExitCode.OK)])
def test_what_learns_nothing_fails_and_what_learns_does_not(
    zygote: Zygote, tmp_path: Path, rate: float, code: ExitCode
) -> None:
    settings = {**COLLAPSING, "batch_size": 16, "steps": 250, "lr_g": rate, "lr_d": rate}
    run = make_run(tmp_path, "dcgan-8x8", **settings)
    assert zygote.start(run).wait() == code
    assert lines(run.journal)[-1]["reason"] == ("failed" if code else "finished")


def test_stop_saves_and_leaves_and_a_resumed_run_is_not_stopped_again(
    zygote: Zygote, tmp_path: Path
) -> None:
    run = collapsing(tmp_path, "stop")
    assert zygote.start(run).wait() == ExitCode.TRAINING
    *_, checkpoint, end = lines(run.journal)
    assert (checkpoint["kind"], end["reason"]) == ("checkpoint", "stopped")
    assert end["exit_code"] == ExitCode.TRAINING
    assert end["message"].startswith("Stopped by the doctor (")
    assert checkpoint["step"] == end["step"] < 200
    before = [alert["code"] for alert in kinds(run, "alert")]
    zygote.start(run).wait()
    after = [alert["code"] for alert in kinds(run, "alert")][len(before) :]
    assert set(before).isdisjoint(after)


def test_a_remedy_is_a_change_in_the_journal_and_one_at_a_time(
    zygote: Zygote, tmp_path: Path
) -> None:
    run = collapsing(tmp_path, "remedy")
    zygote.start(run).wait()
    made = changes(run)
    (step,) = {step for _, step in made}
    assert len({identity.rpartition("-")[0] for identity, _ in made}) == 1
    for change in kinds(run, "control"):
        assert (change["error"], change["args"]["value"] in {0.1, 1e-3}) == ("", False)
    assert step >= kinds(run, "alert")[0]["step"]


@pytest.mark.slow
def test_a_run_that_goes_on_makes_the_same_remedies_again(zygote: Zygote, tmp_path: Path) -> None:
    """Killed after a remedy and taken up before it: again at its step, and no other instead."""
    run = collapsing(tmp_path, "remedy")
    worker = zygote.start(run)
    assert worker.until(lambda record: str(record.get("id", "")).startswith("doctor-"))
    worker.kill()
    made = changes(run)
    zygote.start(run).wait()
    resumed = next(record for record in kinds(run, "resume"))
    if resumed["step"] > made[0][1]:
        pytest.skip("a checkpoint came before the kill")
    assert changes(run) == [*made, *made]
