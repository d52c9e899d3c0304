"""Judgements in the plain session: told score by score, compared, and begun."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ganterm.cli.plain import commands
from ganterm.client.tasks import TaskProgress
from ganterm.runs.layout import RunDir
from tests.cli.plain.test_session import Desk
from tests.tui.driving import write_run
from tests.tui.judged import judge, judged_run


class ScriptedJudging:
    """A judgement that ends at the second look."""

    outcome = "is judged"

    def __init__(self, run: RunDir, options: Mapping[str, Any]) -> None:
        self.name, self.options, self.looks = run.name, options, 0

    def poll(self) -> TaskProgress:
        self.looks += 1
        return TaskProgress("Scoring", ended=self.looks > 1)

    def cancel(self) -> None:
        raise AssertionError("it had ended")


def test_scores_are_told_with_what_they_are_compared_with(tmp_path: Path) -> None:
    """Each judge by itself: the floor, whether it is better, the rare classes, the way so far."""
    run = judged_run(tmp_path)
    judge(run, [300], judge="ffee00aa11", judge_name="Inception v3")
    desk = Desk(tmp_path)
    desk.type("watch dcgan-001")
    told = desk.type("judge")
    first, second = (i for i, line in enumerate(told) if line.startswith("Step "))
    assert told[first].endswith("by Inception v3 (ffee00aa):\n")
    assert told[second].startswith("Step 400, 10,000 images of each kind, by classifier of mnist")
    fid = "Frechet distance 12, real 0.61, better than before, less is better; "
    assert told[second + 1].startswith(fid)
    assert "Rare classes: 9 (1.0% of 9.9%).\n" in told[second:]
    assert told[-1] == "Frechet distance so far: 30 at 100, 20 at 200, 15 at 300, 12 at 400.\n"


def test_a_new_judgement_is_told_at_once(tmp_path: Path) -> None:
    """With the scores that say the most."""
    run = judged_run(tmp_path)
    desk = Desk(tmp_path)
    desk.type("watch dcgan-001")
    judge(run, [404], fid=11.5)
    (line,) = desk.look()
    assert line.endswith(", step 404: judged: fid 11.5, precision 0.9035, recall 0.804\n")


def test_runs_are_compared_a_judge_at_a_time(tmp_path: Path) -> None:
    """All that were judged, or those that are named, with the settings that differ."""
    judged_run(tmp_path)
    judged_run(tmp_path, "two", (200,))
    judge(write_run(tmp_path, "far", lr_g=1e-3), [400], judge="ffee00aa11", fid=1.0)
    write_run(tmp_path, "raw")
    told = Desk(tmp_path).type("compare")
    judges = [i for i, line in enumerate(told) if line.startswith("By ")]
    assert len(judges) == 2
    assert told[judges[0] + 1].startswith("dcgan-001, step 400, 10,000 images: fid 12, ")
    assert told[judges[0] + 2].startswith("two, step 200")
    assert any(line.startswith("For quality, take dcgan-001") for line in told)
    assert any(line.startswith("lr_g: ") for line in told)
    assert "raw" not in "".join(told)
    assert "raw has not been judged.\n" in Desk(tmp_path).type("compare two raw")


def test_a_run_is_judged_while_the_session_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One task at a time; nonsense is refused."""
    begun: list[ScriptedJudging] = []

    def begin(run: RunDir, options: Mapping[str, Any]) -> ScriptedJudging:
        begun.append(ScriptedJudging(run, options))
        return begun[-1]

    monkeypatch.setattr(commands, "Judging", begin)
    judged_run(tmp_path, steps=())
    desk = Desk(tmp_path)
    desk.type("watch dcgan-001")
    assert desk.type("judge") == ["dcgan-001 has not been judged; judge now has it judged.\n"]
    assert "none of step=N" in desk.type("judge now fast")[0]
    assert "judge takes nothing" in desk.type("judge it")[0]
    assert desk.type("judge now n=500 step=400") == []
    assert begun[0].options == {"count": 500, "step": 400}
    assert "one task at a time" in desk.type("judge now")[0]
    assert desk.look() == ["Scoring.\n"]
    assert desk.look() == ["dcgan-001 is judged.\n"]


def test_a_run_without_a_checkpoint_is_not_judged(tmp_path: Path) -> None:
    write_run(tmp_path, "raw")
    desk = Desk(tmp_path)
    desk.type("watch raw")
    assert desk.type("judge now") == ["raw has no checkpoint yet that could be judged.\n"]
