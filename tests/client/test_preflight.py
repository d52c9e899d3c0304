"""What a run would meet at its start is known before there is a directory of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganterm.client import preflight
from ganterm.client.describe import Description
from ganterm.client.preflight import Findings, inspect
from ganterm.config import RunConfig, resolve
from ganterm.core.errors import ConfigError, DataError, GantermError, TrainingError
from tests.cli.invoke import invoke

GB = 10**9


def _config(**settings: object) -> RunConfig:
    return resolve({"device": "cpu", "batch_size": 16, **settings}).config


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))


def _never(_config: RunConfig) -> Description | None:
    raise AssertionError("a small run is described by nobody")


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--dataset", "minst"], 2, "did you mean mnist"),
        (["--dataset", "pictures.zip"], 2, "pictures.zip is a file"),
        (["--dataset", "./nowhere"], 2, "There is no folder ./nowhere"),
        (["--dataset", "bare"], 3, "holds no images"),
        (["--dataset", "two", "--batch-size", "64"], 3, "2 images, fewer than one batch"),
        (["--split", "test"], 2, "digits has no test split"),
        (["--name", "../x"], 2, "cannot name a run"),
        (["--name", "taken"], 2, "taken is taken"),
        (["--runs-dir", "pictures.zip"], 2, "pictures.zip is no directory"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else None,
)
def test_a_dry_run_finds_what_the_start_finds(
    tmp_path: Path, options: list[str], code: int, words: str
) -> None:
    """Both end with the same sentence and exit code, and neither leaves anything."""
    (tmp_path / "pictures.zip").touch()
    (tmp_path / "bare").mkdir()
    (tmp_path / "two").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("L", (8, 8)).save(tmp_path / "two" / name)
    (tmp_path / "checkpoints" / "taken").mkdir(parents=True)
    dry = invoke("train", *options, "--drop-last", "--dry-run")
    real = invoke("train", *options, "--drop-last", "--detach")
    assert (dry.code, dry.said) == (real.code, real.said)
    assert real.code == code
    assert words in real.said
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["taken"]


def test_a_dataset_that_would_be_fetched_is_named(tmp_path: Path) -> None:
    """It is no failure, and says what to do on a machine without a network."""
    assert inspect(_config(dataset="mnist"), tmp_path, ask=_never) == Findings("mnist")
    dry = invoke("train", "--dataset", "mnist", "--dry-run")
    assert dry.code == 0
    assert "mnist is not on this machine yet and would be fetched" in dry.said
    assert "ganterm data import" in dry.said


def test_a_place_that_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_, **__: False)
    with pytest.raises(ConfigError, match="may not be written; choose another place"):
        inspect(_config(), tmp_path / "deep" / "runs", ask=_never)


@pytest.mark.parametrize(
    ("known", "notes"),
    [
        ({}, []),
        (
            {"memory_bytes": GB, "seconds_per_1000_steps": 200.0, "device": "cpu"},
            ["takes about 33 min for 10,000 steps on cpu, and about 1.0 GB of memory."],
        ),
        ({"checkpoint_bytes": 322_000_000}, ["Each checkpoint takes about 322 MB of disk"]),
        (
            {"checkpoint_bytes": 36 * GB // 10, "memory_bytes": 167 * GB // 10},
            ["3.6 GB of disk, and 5 are kept: 18.0 GB", "about 16.7 GB of memory"],
        ),
        (
            {"memory_bytes": 2 * GB, "memory_free": GB, "memory_total": 9 * GB},
            ["2.0 GB of memory; 1.0 GB are free, so it may run out: lower batch_size"],
        ),
    ],
)
def test_what_is_much_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: dict[str, Any], notes: list[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage(10**12))
    config = _config(
        image_size=256, generator="mlp", discriminator="mlp", keep_checkpoints=5, steps=10_000
    )
    found = inspect(config, tmp_path, ask=lambda _: Description(**known))
    assert len(found.notes) == len(notes)
    assert all(part in note for part, note in zip(notes, found.notes, strict=True))


@pytest.mark.parametrize(
    ("known", "free", "refusal"),
    [
        ({"error": "device: no cuda here"}, GB, ConfigError("no cuda here")),
        ({"memory_least": 9 * GB, "memory_total": GB}, GB, ConfigError("at least 9.0 GB of mem")),
        ({"checkpoint_bytes": GB}, 2 * GB, TrainingError("2.0 GB of disk left")),
        ({}, 10**6, TrainingError("1 MB of disk left")),
    ],
)
def test_what_cannot_fit_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    known: Mapping[str, object],
    free: int,
    refusal: GantermError,
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage(free))
    config = _config(image_size=256, generator="mlp", discriminator="mlp", keep_checkpoints=2)
    with pytest.raises(type(refusal), match=str(refusal)):
        inspect(config, tmp_path, ask=lambda _: Description(**known))  # type: ignore[arg-type]


def test_a_run_whose_process_does_not_answer_goes_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "ASK_SECONDS", 0.0)
    config = _config(image_size=128, generator="mlp", discriminator="mlp")
    assert inspect(config, tmp_path) == Findings()


def test_too_few_images_in_a_folder_are_no_data(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "one" / "a.png")
    with pytest.raises(DataError, match="1 image, fewer than one batch of 16; add more"):
        inspect(_config(dataset=str(tmp_path / "one"), conditional="none"), tmp_path, ask=_never)


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free
