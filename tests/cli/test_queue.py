"""Runs queued, listed, moved and dropped on the command line, and in plain lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ganterm.cli.plain.session import LineReader, PlainSession
from ganterm.client import queueing
from ganterm.config.recorded import recorded_config
from ganterm.runs.layout import RunDir
from ganterm.runs.queue import Queue, read_ticket
from tests.cli.invoke import Outcome, invoke

TRAIN = ("train", "--recipe", "dcgan-8x8", "--steps", 9, "--queue")


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Give what would have started a supervisor."""
    found: list[Path] = []
    monkeypatch.setattr(queueing, "wake", found.append)
    return found


def ganterm(runs: Path, *words: object) -> Outcome:
    outcome = invoke(*words, "--runs-dir", runs)
    assert outcome.code == 0, outcome.said
    return outcome


def listed(runs: Path) -> Any:
    return json.loads(ganterm(runs, "queue", "--json").text)


def places(runs: Path) -> list[str]:
    return [run["run"] for run in listed(runs)["runs"]]


def test_the_queue_on_the_command_line(tmp_path: Path, woken: list[Path]) -> None:
    assert "No run is queued" in ganterm(tmp_path, "queue").said
    assert ganterm(tmp_path, *TRAIN, "--name=a").text == "a\n"
    made = json.loads(ganterm(tmp_path, *TRAIN, "--device=cpu", "--json").text)
    assert (made["run"], made["device"]) == ("dcgan-8x8-001", "cpu")
    ganterm(tmp_path, *TRAIN, "--name=c", "--quiet")
    assert woken.count(tmp_path) >= 3
    assert ganterm(tmp_path, "queue").text.splitlines()[1].split() == [
        *("1", "a", "queued", "0/9", "auto")
    ]
    assert "queued 2" in ganterm(tmp_path, "runs").text
    ganterm(tmp_path, "queue", "move", "c", "first")
    assert places(tmp_path) == ["c", "a", "dcgan-8x8-001"]
    assert "resume a" in ganterm(tmp_path, "queue", "drop", "a").said
    assert places(tmp_path) == ["c", "dcgan-8x8-001"]
    # Kept as it is, to be queued once more, with another length.
    ganterm(tmp_path, "resume", "a", "--steps=12", "--device=cpu", "--queue")
    ticket = read_ticket(RunDir(tmp_path / "a"))
    assert ticket is not None
    assert (ticket.device, ticket.arguments[:2]) == ("cpu", ("--steps=12", "--device=cpu"))
    assert places(tmp_path) == ["c", "dcgan-8x8-001", "a"]
    ganterm(tmp_path, "queue", "limit", 2, "--device=cpu")
    found = listed(tmp_path)
    assert (found["at_once"], found["supervisor"]) == ({"cpu": 2}, False)
    assert found["runs"][0]["place"] == 1
    assert "cpu: 2 at once" in ganterm(tmp_path, "queue").said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("queue", "drop", "a", "b"), "a is not in the queue"),
        (("queue", "move", "a", "1"), "a is not in the queue"),
        (("queue", "move", "a", "soon"), "is no place"),
        (("queue", "limit", "1", "--device=gpu"), "is no device"),
        (("queue", "limit", "65"), "equal to 64"),
        (("queue", "drop", "none"), "there is no run"),
    ],
)
def test_what_makes_no_sense_is_said(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    for name in ("a", "b"):
        ganterm(tmp_path, *TRAIN, f"--name={name}")
        queueing.drop(RunDir(tmp_path / name))
    outcome = invoke(*words, "--runs-dir", tmp_path)
    assert outcome.code == 2
    assert said in outcome.said


def test_the_queue_in_plain_lines(tmp_path: Path) -> None:
    said: list[str] = []
    session = PlainSession(tmp_path, LineReader(0), said.append)

    def obey(line: str) -> str:
        said.clear()
        session.obey(line)
        return "".join(said)

    assert obey("queue") == "No run is queued.\n"
    assert "one is queued" in obey("start dcgan-8x8 queued name=one steps=9")
    obey("start dcgan-8x8 queued name=two steps=9")
    assert obey("queue") == (
        "one: place 1, queued, step 0 of 9, auto\ntwo: place 2, queued, step 0 of 9, auto\n"
    )
    assert "one: queued, place 1" in obey("runs")
    obey("queue move two 1")
    assert obey("queue").startswith("two: place 1")
    assert obey("queue drop two") == "two is out of the queue.\n"
    assert obey("queue two") == "two is queued.\n"
    assert "queued already" in obey("queue two")
    assert "takes NAME" in obey("queue move two")
    assert recorded_config(RunDir(tmp_path / "one")).steps == 9
    assert Queue(tmp_path).exists
