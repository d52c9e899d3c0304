"""The doctor's alerts stand in the journal, and stop or steer the run where that is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import torch

import ganterm.doctor.remedies
from ganterm.config import RunConfig
from ganterm.config.runfile import read_run_toml, to_mapping
from ganterm.core.errors import ExitCode
from ganterm.core.records import MetricsRecord, ResumeRecord, StartRecord
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalWriter, read_journal
from ganterm.runs.layout import RunDir
from ganterm.runs.live import Rewind
from ganterm.runs.state import observe
from ganterm.runs.status import read_status
from ganterm.worker.checkpoint import Meta, checkpoint_record, save_checkpoint
from ganterm.worker.commands import LiveChanges
from ganterm.worker.doctor_hook import DoctorHook
from ganterm.worker.job import prepare
from tests.records import lines
from tests.worker.test_divergence import DIVERGING
from tests.worker.workers import Zygote, differences, kinds, make_run

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
    """With the figure that made it; a run that a trouble goes on in to its end is taken back."""
    run = collapsing(tmp_path, "remedy")
    worker = zygote.start(run)
    assert worker.until(lambda record: record.get("name") == "rewind")
    worker.kill()
    made = changes(run)
    (step,) = {step for identity, step in made if not identity.endswith("rewind")}
    (told, *_) = (alert for alert in kinds(run, "alert") if alert["code"] == "remedy")
    found = re.match(r"The doctor tries ([a-z-]+): lr_g .*\. At step (\d+): ", told["message"])
    assert found
    assert int(found[2]) == kinds(run, "alert")[0]["step"] <= step == told["step"]
    *lives, rewind = kinds(run, "control")
    for change in lives:
        assert (change["error"], change["args"]["value"] in {0.1, 1e-3}) == ("", False)
        assert f":{found[1]}-{step}-" in change["id"]
    assert rewind["step"] == COLLAPSING["steps"]
    assert rewind["args"]["remedy"] != found[1]


class Tunable:
    """A training that takes every change, and does nothing else."""

    def __init__(self, config: RunConfig) -> None:
        self.step, self.config = 0, config

    def changed(self, key: str, value: object) -> RunConfig:
        return msgspec.structs.replace(self.config, **{key: value})

    def besides(self, key: str, value: object) -> dict[str, object]:
        return {}

    def use(self, config: RunConfig) -> None:
        self.config = config


class Treated:
    """A run whose samples its hook is shown, and what the hook asked for."""

    def __init__(self, directory: Path) -> None:
        self.run = make_run(directory, on_alert="remedy", steps=9000, lr_g=4e-3)
        self.tunable = Tunable(read_run_toml(self.run.config_file))
        self.journal = JournalWriter(self.run.journal)
        config = to_mapping(self.tunable.config)
        self.journal.write(StartRecord(step=0, config=config))
        self.hook = self.worker()

    def worker(self) -> DoctorHook:
        """Return the hook of another worker, which knows what the journal says."""
        changes = LiveChanges(self.tunable, self.journal, 0, [])
        hook = DoctorHook(self.run, self.journal, changes)
        hook.remember(read_journal(self.run.journal))
        return hook

    def see(self, diversity: float, steps: int) -> str | Rewind:
        """Train for so many steps, or until something is asked for; return that."""
        for _ in range(0, steps, 10):
            self.tunable.step += 10
            values = {"diversity": diversity, "d_loss": 0.5, "g_loss": 1.0}
            self.hook.see(MetricsRecord(step=self.tunable.step, values=dict(values)))
            if asked := self.hook.act():
                return asked
        return ""

    def save(self) -> None:
        """Write a checkpoint of the step at hand, as a handler does."""
        step, path = self.tunable.step, self.run.checkpoint_path(self.tunable.step)
        path.parent.mkdir(exist_ok=True)
        meta = Meta(config=self.tunable.config, counters={"step": step}, controls=0)
        digest = save_checkpoint(path, meta, {"x": torch.zeros(1)})
        self.journal.write(checkpoint_record(self.run, step, digest))
        self.hook.saved(step)

    def go_back(self, rewind: Rewind) -> None:
        """Go on from where it was rewound to, as another worker does."""
        checkpoints.void(self.run.checkpoints, rewind.to, rewind.keeps)
        job = prepare(self.run)
        assert (job.step, job.rewind and job.rewind.to) == (rewind.to, rewind.to)
        self.tunable.step, self.tunable.config = job.step, job.config
        self.journal.write(ResumeRecord(step=job.step, config=to_mapping(job.config)))
        self.hook = self.worker()


def test_remedies_are_taken_in_turn_until_none_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the run stands, from its last healthy checkpoint, from step 0; then the best it had."""
    monkeypatch.setattr(ganterm.doctor.remedies, "trials", dict)
    treated = Treated(tmp_path)
    for steps in (500, 400):
        assert treated.see(0.9, steps) == ""
        treated.save()
    treated.see(0.9, 100)
    assert treated.hook.spared() == {treated.run.checkpoint_path(500)}
    asked, taken = treated.see(0.001, 3000), []
    assert treated.hook.spared() == {treated.run.checkpoint_path(900)}
    while isinstance(asked, Rewind) and asked.remedy:
        taken.append((asked.remedy, asked.to, asked.keeps))
        assert "0.1% of the diversity of real ones" in asked.story
        treated.go_back(asked)
        assert all(getattr(treated.tunable.config, k) == v for k, v in asked.settings.items())
        asked = treated.see(0.001, 3000)
    assert taken == [("r1", 900, -1), ("spectral", 0, 900), ("minibatch", 0, -1)]
    assert isinstance(asked, Rewind)
    assert (asked.to, asked.aside) == (900, True)
    known = "two-rates, slower-g, more-d-steps, r1, penalty, spectral, minibatch"
    assert f"No remedy has helped ({known}), so the run ends with its best" in asked.story
    treated.go_back(asked)
    assert treated.tunable.config.penalty == "none"
    told = [each for each in kinds(treated.run, "alert") if each["code"] == "remedy"]
    assert [each["message"].split(":")[0] for each in told] == [
        f"The doctor tries {remedy}"
        for remedy in ("two-rates", "slower-g", "more-d-steps", "penalty")
    ]


def rewinding(directory: Path) -> RunDir:
    """Make a run that diverges at step 42, and is taken back to step 35."""
    return make_run(directory, "dcgan-64", **{**DIVERGING, "steps": 50}, on_alert="remedy")


def test_a_run_that_is_killed_while_it_is_rewound_ends_as_if_it_had_not_been(
    zygote: Zygote, tmp_path: Path
) -> None:
    """When it has decided to, when it has gone on, and when it has trained on; to the bit."""
    whole = zygote.train(rewinding(tmp_path / "whole"))
    (back,) = kinds(whole, "resume")
    assert (back["step"], back["config"]["lr_d"]) == (35, 0.1)
    (told,) = (alert for alert in kinds(whole, "alert") if alert["code"] == "remedy")
    assert told["message"].startswith("Rewound from step 42 to step 35. The doctor tries slower: ")
    assert "grad_norm_g was not finite at step 42" in told["message"]
    run = rewinding(tmp_path / "broken")
    for moment in ("rewind", "resume", "metrics"):
        worker = zygote.start(run)
        while (record := worker.until(bool)) and moment not in (record["kind"], record.get("name")):
            pass
        worker.kill()
    zygote.train(run)
    assert differences(whole, run) == []
    assert {record["step"] for record in kinds(run, "resume")} == {35}


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
    assert changes(run)[: 2 * len(made)] == [*made, *made]
