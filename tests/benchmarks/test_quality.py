import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ganterm.benchmarks import quality
from ganterm.benchmarks.pace import Turn
from ganterm.benchmarks.result import Spread
from ganterm.benchmarks.suite import BenchSettings
from ganterm.benchmarks.upkeep import train_in_worker
from ganterm.config import RunConfig, resolve
from ganterm.core.errors import ConfigError, DataError
from ganterm.data.progress import silent
from tests.benchmarks.helpers import figure

STEPS = 4
SMALL = (
    'generator = "dcgan-8x8"\ndiscriminator = "dcgan-8x8"\nimage_size = 8\nbatch_size = 16\n'
    f"steps = {STEPS}\n"
)


@pytest.fixture
def plain(tmp_path: Path) -> str:
    path = tmp_path / "plain.toml"
    path.write_text(SMALL)
    return str(path)


@pytest.fixture
def asked(settings: BenchSettings, plain: str, tmp_path: Path) -> BenchSettings:
    """Give settings that set a recipe of averaged weights against a plain one."""
    fast = tmp_path / "quick.toml"
    fast.write_text(SMALL.replace(f"steps = {STEPS}", "steps = 3\nema_kimg = 0.1"))
    return dataclasses.replace(settings, reference=plain, fast=str(fast))


class Turns:
    """Stands for both sides: says who had a turn, and takes made-up times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: list[str] = []
        self.device = "cpu"
        self.generator = None
        monkeypatch.setattr(quality, "TutorialLoop", lambda *_: self)
        monkeypatch.setattr(quality, "train_in_worker", self.whole)
        monkeypatch.setattr(quality, "list_checkpoints", lambda seed: [Path(str(seed))])
        monkeypatch.setattr(quality, "load_generator", self.load)
        monkeypatch.setattr(quality, "choose_judge", lambda *_, **__: self)
        monkeypatch.setattr(quality, "obtain_reference", lambda *_, **__: None)
        monkeypatch.setattr(quality, "judge_generator", self.judged)
        self.digest, self.words = "abc", "made up"
        self.fids: dict[int, float] = {STEPS: 5.0, 0: 4.0, 1: 6.0}

    def train(self, seconds: float) -> Turn:
        self.taken.append("loop")
        return Turn(steps=1, images=16, seconds=float(len(self.taken)))

    def whole(self, config: RunConfig, runs_dir: Path, name: str, progress: Any) -> SimpleNamespace:
        assert name == f"quick-{config.seed}"
        self.taken.append(f"seed {config.seed}")
        return SimpleNamespace(checkpoints=config.seed)

    def load(self, checkpoint: Path, **_: Any) -> SimpleNamespace:
        return SimpleNamespace(step=int(checkpoint.name))

    def judged(self, trained: Any, *_: Any, **__: Any) -> SimpleNamespace:
        fields = {"fid": self.fids[trained.step], "floor": {"fid": 0.5}, "n": 7, "judge": "abc"}
        return SimpleNamespace(fields=fields)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    monkeypatch.setattr(quality, "SEEDS", (0, 1))
    return Turns(monkeypatch)


def test_the_loops_whole_time_follows_from_its_pace_in_between(
    asked: BenchSettings, turns: Turns
) -> None:
    """It has a turn before each run and after the last, the one that warms up left out."""
    rows = quality.quality(asked, silent).records()
    assert turns.taken == ["loop", "loop", "seed 0", "loop", "seed 1", "loop"]
    assert rows[0]["seconds"] == Spread.of([STEPS * 2.0, STEPS * 4.0, STEPS * 6.0])
    for row in rows[1:]:
        assert isinstance(row["seconds"], float)
        assert row["ratio"] == rows[0]["seconds"].scaled(1 / row["seconds"])


def test_without_the_loops_quality_nothing_is_said_to_reach_it(
    asked: BenchSettings, turns: Turns
) -> None:
    """Unknown is not reached, and a note says how to come to know it."""
    result = quality.quality(asked, silent)
    assert [row["fid"] for row in result.records()] == [None, 4.0, 6.0]
    assert {row["reached"] for row in result.records()} == {None}
    assert any("--reference-run" in note for note in result.notes)


def test_a_recipe_that_is_told_the_classes_is_said_to_be(
    asked: BenchSettings, turns: Turns
) -> None:
    """Who reads that it is as good knows what it had besides."""
    Path(asked.fast).write_text(Path(asked.fast).read_text() + 'conditional = "projection"\n')
    notes = quality.quality(asked, silent).notes
    assert "quick is told the classes of the images, and the tutorial loop is not." in notes


def test_each_seed_is_held_against_the_quality_of_the_named_run(
    asked: BenchSettings, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As good is an FID that is no larger; the run itself is not held against itself."""
    monkeypatch.setattr(quality, "_reference", lambda *_: SimpleNamespace(step=STEPS))
    result = quality.quality(asked, silent)
    assert [row["fid"] for row in result.records()] == [5.0, 4.0, 6.0]
    assert [row["reached"] for row in result.records()] == [None, "yes", "no"]
    assert not any("--reference-run" in note for note in result.notes)


@pytest.mark.usefixtures("warm")
def test_real_runs_are_judged_by_a_real_judge(
    asked: BenchSettings, plain: str, tmp_path: Path, judges: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier run stands for the loop if it trained alike, whatever its seed.

    Both are scored on as many images by one judge, beside the real floor. A run of another rate is
    refused, and so is one that ended sooner.
    """
    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    monkeypatch.setattr(quality, "SEEDS", (3,))
    monkeypatch.setattr(quality, "IMAGES", 200)
    config = resolve({"recipe": plain, "seed": 7, "device": "cpu"}).config
    run = train_in_worker(config, tmp_path / "runs", "earlier", silent)
    settings = dataclasses.replace(asked, reference_run=run.path)
    quality.check_quality(settings)
    result = quality.quality(settings, silent)
    loop, fast = result.records()
    assert (loop["trained"], loop["steps"]) == ("tutorial loop of plain", STEPS)
    assert (fast["trained"], fast["seed"], fast["steps"]) == ("quick", 3, 3)
    assert loop["judge"] == fast["judge"]
    assert not any("classes" in note for note in result.notes)
    assert any(str(loop["judge"]) in note for note in result.notes)
    assert loop["images"] == fast["images"] == 200
    assert figure(result, "fid", 0) > figure(result, "floor") > 0
    better = figure(result, "fid", 1) <= figure(result, "fid", 0)
    assert fast["reached"] == ("yes" if better else "no")
    Path(plain).write_text(SMALL + "lr_g = 0.5\n")
    with pytest.raises(ConfigError, match=r"earlier-001 has lr_g = 0\.0002, and plain has 0\.5"):
        quality.check_quality(settings)
    Path(plain).write_text(SMALL.replace(f"steps = {STEPS}", "epochs = 200"))
    with pytest.raises(ConfigError, match="no checkpoint of step 22,400"):
        quality.check_quality(settings)


def test_what_cannot_be_compared_is_refused_at_once(settings: BenchSettings, plain: str) -> None:
    """Missing data, images of two kinds and a loop of its own kind each have a sentence."""
    with pytest.raises(DataError, match="mnist is not on this machine"):
        quality.check_quality(dataclasses.replace(settings, fast="dcgan"))
    with pytest.raises(ConfigError, match="mnist of 28x28 and plain like digits of 8x8"):
        quality.check_quality(dataclasses.replace(settings, reference=plain))
    with pytest.raises(ConfigError, match="tutorial loop has no"):
        quality.check_quality(dataclasses.replace(settings, reference="wgan-gp"))
