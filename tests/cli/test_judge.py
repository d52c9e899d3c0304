"""`ganterm judge` scores a run beside real images, and leaves the scores in its journal."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from ganterm.data import load
from ganterm.evaluation import checkpoints
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status, write_status
from tests.cli.invoke import invoke
from tests.records import lines, record


@pytest.fixture
def run(trained: RunDir, judges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDir:
    """Give a trained run of its own, and the kept judge."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    shutil.copytree(trained.path, tmp_path / "tiny")
    return RunDir(tmp_path / "tiny")


def test_scores_stand_beside_their_floor_and_the_classes_as_bars(run: RunDir) -> None:
    outcome = invoke("judge", run.path, "-n", 200, "--charset", "ascii")
    assert outcome.code == 0
    assert "tiny at step 6, 200 images of each kind." in outcome.said
    lines = outcome.text.splitlines()
    assert lines[0].startswith("Judge ")
    assert "classifier of digits" in lines[0]
    assert any(line.startswith("Frechet distance") and "less is better" in line for line in lines)
    bars = [line for line in lines if "%" in line and "#" in line]
    assert bars
    assert "Most convincing:" in lines
    assert "Least:" in lines


def test_json_is_what_stands_in_the_journal(run: RunDir) -> None:
    outcome = invoke("judge", run.path, "-n", 150, "--step", 4, "--json")
    printed = json.loads(outcome.text)
    record = lines(run.journal)[-1]
    assert (record["kind"], record["step"], record["n"]) == ("judged", 4, 150)
    assert {key: record[key] for key in printed} == printed
    assert (run.path / printed["best"]).is_file()
    assert (run.path / printed["worst"]).is_file()


def test_judging_takes_one_core_beside_a_run_that_trains(run: RunDir, tmp_path: Path) -> None:
    other = create_run(tmp_path, "busy", "dcgan")
    other.config_file.write_text("[run]\nrecipe = 'dcgan'\n")
    with WorkerLock(other.lock):
        write_status(other.status, Status(state="running", step=1, steps=9))
        outcome = invoke("judge", run.path, "-n", 100)
    assert re.search(r"takes 1 of \d+ cores from busy, .*; --threads gives it more", outcome.said)


def test_another_k_and_other_splits_are_said_and_stand_apart(run: RunDir) -> None:
    """The table and the record name them; the published ones come by themselves."""
    table = invoke("judge", run.path, "-n", 100).text
    for title in ("precision (k=3)", "recall (k=3)", "density (k=5)", "IS of 10 splits"):
        assert title in table
    printed = json.loads(
        invoke("judge", run.path, "-n", 100, "-k", 7, "--splits", 1, "--json").text
    )
    assert {"precision_k7", "coverage_k7", "inception_score_splits1", "fid"} <= printed.keys()
    assert {"precision_k7", "inception_score_splits1"} <= printed["floor"].keys()
    assert not {"precision", "recall", "density", "inception_score"} & printed.keys()
    assert (printed["k"]["recall_k7"], printed["splits"]) == (7, 1)
    assert lines(run.journal)[-1]["precision_k7"] == printed["precision_k7"]


@pytest.fixture
def digits(judges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty directory to be in, and the digits as an array beside it."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    np.save(tmp_path / "digits.npy", load("digits", image_size=8).images.numpy())
    return tmp_path / "digits.npy"


def test_images_of_any_program_are_judged_without_a_run(digits: Path) -> None:
    """With a run's table, beside a dataset, a file and statistics; nothing is written here.

    All of these are copies of the images that they are held against, which is told.
    """
    outcome = invoke("judge", "--images", digits, "--against", "digits", "-n", 200)
    assert outcome.code == 0, outcome.said
    assert f"{digits} beside digits, 200 images of each kind." in outcome.said
    assert "IS of 10 splits" in outcome.text
    assert "Most convincing:" in outcome.text
    (told,) = (line.split() for line in outcome.text.splitlines() if line.startswith("copies"))
    assert float(told[1]) == 1 > 10 * float(told[2])
    said = f"Near-duplicates among the real images: {float(told[2]):.1%} of those compared with"
    assert (said in outcome.text) == (float(told[2]) > 0)
    beside = ("--against", digits, "--judge", "digits", "--json")
    printed = json.loads(invoke("judge", "--images", digits, *beside, "-n", 5000).text)
    assert (printed["n"], printed["recall"], printed["copies"]) == (1797, 1, 1)
    assert 0 <= printed["floor"]["copies"] <= 0.1
    assert printed["fid"] == pytest.approx(0, abs=1e-6)
    assert printed["floor"]["fid"] > 0
    np.savez("statistics.npz", mu=np.zeros(64), sigma=np.eye(64))
    published = ("--against", "statistics.npz", "--judge", "digits")
    outcome = invoke("judge", "--images", digits, *published)
    assert "of statistics there is no score but the Frechet distance" in outcome.said
    assert [line.split()[0] for line in outcome.text.splitlines()] == ["Judge", "SCORE", "Frechet"]
    assert [path.name for path in Path().iterdir()] == ["statistics.npz"]


def test_what_is_judged_sets_the_size_and_it_is_said(digits: Path) -> None:
    large = np.load(digits).repeat(2, axis=2).repeat(2, axis=3)
    np.save("large.npy", np.repeat(large, 3, axis=1))
    beside = ("--against", "large.npy", "--judge", "digits", "-n", 100)
    outcome = invoke("judge", "--images", digits, *beside)
    assert "16x16 in grey, are compared at 8x8 in grey, as those that are judged" in outcome.said
    assert outcome.code == 0


def test_a_run_judged_beside_other_images_stands_apart(run: RunDir, digits: Path) -> None:
    """Its judge has another name, so that no table and no chart puts both in one column."""
    own = json.loads(invoke("judge", run.path, "-n", 100, "--json").text)
    beside = ("--against", digits, "--judge", "digits")
    other = json.loads(invoke("judge", run.path, *beside, "-n", 100, "--json").text)
    assert other["judge"].startswith(f"{own['judge']}-")
    assert other["judge_name"].endswith(", beside digits.npy")
    assert (other["apart"], "apart" in own, "copies" in other) == (True, False, False)


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (("--images", "a.npy"), "name them with --against", 2),
        (("--images", "a.npy", "--against", "digits"), "There is no file or folder a.npy", 2),
        (("--images", "DIGITS", "--against", "digitz"), "no dataset, folder or file digitz", 2),
        (("--images", "DIGITS", "--against", "mu.npz"), "no images to train a judge on", 2),
        (("--images", "DIGITS", "--against", "ring"), "ring has points and no images", 2),
        (("--images", "DIGITS", "--all"), "--images takes no run, nor --step, --all", 2),
        (("--images", "DIGITS", "--against", "digits", "--tile", "8x"), "--tile takes a size", 2),
        (("--images", "DIGITS", "--against", "digits", "--tile", "0x8"), "not '0x8'", 2),
        (("--tile", 8), "--tile says how the sheet given as --images is cut", 2),
    ],
)
def test_images_that_cannot_be_compared_are_told_in_a_sentence(
    digits: Path, arguments: tuple[object, ...], words: str, code: int
) -> None:
    np.savez("mu.npz", mu=np.zeros(64), sigma=np.eye(64))
    outcome = invoke("judge", *[digits if each == "DIGITS" else each for each in arguments])
    assert (outcome.code, outcome.text) == (code, "")
    assert words in outcome.said


def test_the_table_says_which_images_are_real_and_what_stands_apart(run: RunDir) -> None:
    """Scores that another judge gave before are not compared with these; once in a line."""
    with JournalWriter(run.journal) as journal:
        journal.write(record("judged", 2, fid=1.0, judge="0123456789abcdef", n=100))
    outcome = invoke("judge", run.path, "-n", 100)
    assert "Real images: images that it trained on; `ganterm train --holdout 0.1`" in outcome.text
    assert "scores of tiny are by another judge (0123456789abcdef) and stand apart" in outcome.said
    assert lines(run.journal)[-1]["held_out"] is False


def test_pictures_of_judgements_are_no_samples(run: RunDir) -> None:
    invoke("judge", run.path, "-n", 100)
    assert "step 6" in invoke("show", run.path).said


def test_the_same_seed_gives_the_same_scores(run: RunDir) -> None:
    def scores(seed: int) -> dict[str, object]:
        printed = json.loads(invoke("judge", run.path, "-n", 100, "--seed", seed, "--json").text)
        return {key: value for key, value in printed.items() if key != "seconds"}

    assert scores(3) == scores(3)
    assert scores(3)["fid"] != scores(4)["fid"]


@pytest.mark.parametrize(
    ("against", "obtained"), [((), "choose_judge"), (("--against", "digits"), "obtain_against")]
)
def test_all_checkpoints_make_a_table_with_the_floor_last(
    run: RunDir, against: tuple[str, ...], obtained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One judge, which has looked at the real images once, does for all."""
    once = Mock(wraps=getattr(checkpoints, obtained))
    monkeypatch.setattr(checkpoints, obtained, once)
    outcome = invoke("judge", run.path, "-n", 100, "--all", *against)
    assert once.call_count == 1
    table = outcome.text.splitlines()
    assert [line.split()[0] for line in table[1:]] == ["STEP", "0", "2", "4", "6", "real"]
    steps = [record["step"] for record in lines(run.journal) if record["kind"] == "judged"]
    assert steps == [0, 2, 4, 6]


def test_more_images_than_there_are_real_ones_are_not_made_up(run: RunDir) -> None:
    outcome = invoke("judge", run.path)
    assert "449 images of each kind (of 10,000 asked; there are no more real ones)" in outcome.said


def test_a_checkpoint_elsewhere_is_judged_and_left_as_it_is(run: RunDir, tmp_path: Path) -> None:
    path = tmp_path / "alone.safetensors"
    shutil.copy(run.checkpoint_path(6), path)
    before = sorted(tmp_path.iterdir())
    outcome = invoke("judge", path, "-n", 100, "--json")
    assert outcome.code == 0
    assert "best" not in json.loads(outcome.text)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (("--all", "--step", 4), "--all judges every step; leave --step out.", 2),
        (("--step", 5), "has no checkpoint of step 5; it has 0, 2, 4, 6", 2),
        (("--judge", "digitz"), "There is no dataset called 'digitz'", 2),
        (("--judge", "mnist"), "mnist is not on this machine", 3),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(
    run: RunDir, arguments: tuple[object, ...], words: str, code: int
) -> None:
    outcome = invoke("judge", run.path, *arguments)
    assert (outcome.code, outcome.text) == (code, "")
    assert words in outcome.said


def test_a_run_that_cannot_be_written_is_judged_all_the_same(run: RunDir) -> None:
    shutil.rmtree(run.samples)
    outcome = invoke("judge", run.path, "-n", 100, "--json")
    assert outcome.code == 0
    assert "The scores are not in the run's journal" in outcome.said
