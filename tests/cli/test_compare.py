"""Runs side by side: scores by judge, settings, curves, advice, and the same as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import create_run
from tests.cli.invoke import invoke
from tests.records import record as record_of

_LOOK = {"n": 1000, "floor": {}, "judge": "aa" * 32, "judge_name": "mnist, 99.5 %"}


def _run(where: Path, name: str, *judged: dict[str, Any], **settings: Any) -> None:
    run = create_run(where, name, "dcgan")
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0, config={"batch_size": 64, "lr_g": 2e-4, **settings}))
        for step in (10, 20):
            writer.write(record_of("metrics", step, d_loss=0.5, g_loss=step / 10))
        for fields in judged:
            told = {**_LOOK, **fields}
            writer.write(record_of("judged", told.pop("step", 20), **told))


def _two(where: Path) -> None:
    _run(where, "sharp", {"fid": 9.0, "precision": 0.9, "recall": 0.2})
    _run(where, "broad", {"fid": 5.0, "precision": 0.6, "recall": 0.7}, lr_g=1e-3)


def _compare(where: Path, *arguments: object) -> str:
    return invoke("compare", *arguments, "--runs-dir", where, "--charset", "ascii").text


def test_each_purpose_has_its_run(tmp_path: Path) -> None:
    """Quality goes by precision, augmentation by recall, general use by the Fréchet distance."""
    _two(tmp_path)
    advised = [line for line in _compare(tmp_path, "sharp", "broad").splitlines() if "For " in line]
    assert [line.split(":")[0] for line in advised] == [
        "For quality, take sharp",
        "For augmentation, take broad",
        "For general use, take broad",
    ]
    assert "precision 0.9" in advised[0]


def test_seeds_of_one_experiment_have_a_mean_and_a_deviation(tmp_path: Path) -> None:
    for seed, fid in enumerate((4.0, 8.0)):
        _run(tmp_path, f"run-{seed}", {"fid": fid}, seed=seed)
    _run(tmp_path, "other", {"fid": 1.0}, lr_g=1e-3)
    text = _compare(tmp_path, "run-0", "run-1", "other")
    (line,) = (line for line in text.splitlines() if line.startswith("2 seeds of run-0"))
    assert line.split("run-0")[1].strip() == "6 ± 2.828"
    asked = ("compare", "run-0", "run-1", "other", "--json", "--runs-dir", tmp_path)
    (judge,) = json.loads(invoke(*asked).text)["judges"]
    (seeds,) = judge["seeds"]
    assert seeds["runs"] == ["run-0", "run-1"]
    assert (seeds["mean"], round(seeds["sd"]["fid"], 3)) == ({"fid": 6.0}, 2.828)


def test_settings_that_differ_and_curves_are_shown(tmp_path: Path) -> None:
    """A setting that agrees is left out; each run has its curves, to one scale."""
    _two(tmp_path)
    text = _compare(tmp_path, "sharp", "broad")
    assert "lr_g     0.0002  0.001" in text
    assert "batch_size" not in text
    assert "G loss, 1 to 2 over 20 steps" in text
    assert "sharp  _#" in text


def test_the_way_of_a_score_is_drawn_by_the_judge_that_gave_it(tmp_path: Path) -> None:
    """As losses are; what was scored on another number of images is left out."""
    ways = {"up": ({"step": 10, "fid": 1.0}, {"fid": 4.0}), "down": ({"step": 10, "fid": 4.0},)}
    for name, judged in ways.items():
        _run(tmp_path, name, *judged)
    _run(tmp_path, "other", {"step": 10, "fid": 9.0, "n": 5}, {"fid": 7.0, "judge": "bb" * 32})
    text = _compare(tmp_path, "up", "down", "other")
    drawn = text[text.index("Frechet distance by judge aaaa") :]
    assert "1 to 4 over 20 steps" in drawn.splitlines()[0]
    assert drawn.splitlines()[1].endswith("#")
    assert "by judge bbbb" not in text


def test_two_judges_never_share_a_table(tmp_path: Path) -> None:
    """Each judge has its own table, it is said why, and nobody is advised across them."""
    _run(tmp_path, "one", {"fid": 9.0})
    _run(tmp_path, "two", {"fid": 5.0, "judge": "bb" * 32})
    text = _compare(tmp_path, "one", "two", "--sort", "fid")
    first, second = text.index("Judge aaaaaaaaaaaa"), text.index("Judge bbbbbbbbbbbb")
    assert "9" in text[first:second]
    assert "two" not in text[first:second]
    assert "different judges" in text
    assert "For " not in text


def test_the_latest_step_stands_for_a_run(tmp_path: Path) -> None:
    """A checkpoint judged afterwards that is older does not take its place."""
    _run(tmp_path, "one", {"step": 20, "fid": 5.0}, {"step": 10, "fid": 9.0})
    (judge,) = json.loads(_compare(tmp_path, "one", "--json"))["judges"]
    assert [(each["step"], each["fid"]) for each in judge["judged"]] == [(20, 5.0)]


def test_sorting_puts_the_best_first(tmp_path: Path) -> None:
    """The least distance and the greatest precision come first; a run without the score last."""
    other = {"judge": "bb" * 32}
    given = {"precision": 0.9, "recall": 0.2, "precision_k5": 0.1, "charm": 1.0}
    _run(tmp_path, "sharp", {"fid": 9.0, **given}, {"fid": 1.0, **other})
    given = {"precision": 0.6, "recall": 0.7, "precision_k5": 0.2, "charm": 2.0}
    _run(tmp_path, "broad", {"fid": 5.0, **given}, {"fid": 2.0, **other})
    _run(tmp_path, "mute", {"fid": None})
    for score, names in (
        ("fid", ["broad", "sharp", "mute"]),
        ("precision", ["sharp", "broad", "mute"]),
        ("precision_k5", ["broad", "sharp", "mute"]),
        ("charm", ["broad", "sharp", "mute"]),
        ("kid", ["mute", "sharp", "broad"]),
    ):
        outcome = invoke(
            *("compare", "mute", "sharp", "broad", "--sort", score, "--json"),
            *("--runs-dir", tmp_path),
        )
        first, second = json.loads(outcome.text)["judges"]
        assert [each["run"] for each in first["judged"]] == names
        assert ("No run was given" in outcome.said) == (score == "kid")
        if score == "fid":  # of another judge, in its own table
            assert [each["run"] for each in second["judged"]] == ["sharp", "broad"]
    outcome = invoke("compare", "broad", "--runs-dir", tmp_path, "--sort", "beauty")
    assert (outcome.code, outcome.data) == (2, b"")
    assert "precision_k5" in outcome.said


def test_scores_of_different_numbers_of_images_are_marked(tmp_path: Path) -> None:
    """They depend on the number, so a reader is told."""
    _run(tmp_path, "one", {"fid": 9.0})
    _run(tmp_path, "two", {"fid": 5.0, "n": 100})
    assert "the number of images" in _compare(tmp_path, "one", "two")


def test_equal_runs_are_called_equal(tmp_path: Path) -> None:
    """Where the best score is shared nobody is preferred."""
    _run(tmp_path, "one", {"fid": 5.0})
    _run(tmp_path, "two", {"fid": 5.0})
    assert "one and two are equally good" in _compare(tmp_path, "one", "two")


def test_a_run_that_was_not_judged_is_still_compared(tmp_path: Path) -> None:
    """Its settings and curves stand there, and it is said that it has no scores."""
    _run(tmp_path, "one")
    outcome = invoke("compare", "one", "--runs-dir", tmp_path, "--charset", "ascii")
    assert outcome.code == 0
    assert "The settings do not differ." in outcome.text
    assert "one has not been judged" in outcome.said


def test_foreign_text_does_not_steer_the_terminal(tmp_path: Path) -> None:
    """What a journal calls its judge is written out."""
    _run(tmp_path, "one", {"fid": 5.0, "judge_name": "\x1b[2J", "judge": "\x1b]0;"})
    assert "\x1b" not in _compare(tmp_path, "one")
