"""The mode of a run's steps: chosen once, in the journal, and refused where it is not to be had."""

from pathlib import Path

import pytest
import torch

from ganterm.core.errors import ConfigError
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from ganterm.worker.job import prepare
from tests.worker.test_job import cut
from tests.worker.workers import Zygote, differences, kinds, make_run


def notes(run: RunDir) -> list[str]:
    """Return what the journal tells the user of the mode."""
    return [a["message"] for a in kinds(run, "alert") if a["code"] == "mode"]


def test_auto_measures_once_and_changes_nothing(
    zygote: Zygote, whole: RunDir, tmp_path: Path
) -> None:
    """On a CPU a run takes eager, says so, ends with the weights of another, and goes on in it."""
    run = zygote.train(make_run(tmp_path, mode="auto"))
    (start,) = kinds(run, "start")
    assert (start["config"]["mode"], start["mode"]) == ("auto", "eager")
    (note,) = notes(run)
    assert note.startswith("Mode auto takes eager (eager ")
    assert not notes(whole)
    assert differences(run, whole) == ["config"]
    zygote.train(run, "--steps", "34")
    (resume,) = kinds(run, "resume")
    assert resume["mode"] == "eager"
    assert notes(run) == [note]


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a CUDA device")
def test_a_mode_that_is_not_here_ends_the_run_at_its_start(zygote: Zygote, tmp_path: Path) -> None:
    """In one sentence, with the exit code of a wrong configuration."""
    run = make_run(tmp_path, device="auto", mode="graphed")
    assert zygote.start(run).wait() == 2
    (end,) = kinds(run, "end")
    assert end["message"].startswith("mode: graphed needs a CUDA device, and this run trains on")
    assert observe(run).state == "failed"


def test_a_run_can_go_on_in_another_mode(zygote: Zygote, trained: RunDir) -> None:
    """A state is the same in all of them."""
    cut(trained, 14)
    assert prepare(trained, mode="graphed").config.mode == "graphed"
    with pytest.raises(ConfigError, match="mode must be one of eager, graphed, auto"):
        prepare(trained, mode="quick")
    zygote.train(trained, "--mode", "auto")
    assert kinds(trained, "resume")[-1]["config"]["mode"] == "auto"
    assert len(notes(trained)) == 1


def test_asking_for_auto_again_has_it_choose_anew(trained: RunDir) -> None:
    cut(trained, 14)
    assert prepare(trained).mode == "eager"
    assert prepare(trained, mode="auto").mode == ""
