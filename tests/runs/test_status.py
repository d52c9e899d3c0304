"""The status comes back as it was written, and anything else is no status at all."""

import json
import math
import os
from pathlib import Path

import pytest

from ganterm.runs.status import Status, read_status, write_status
from tests.runs.helpers import temps_in


def test_a_status_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    status = Status(
        state="running",
        step=5,
        steps=100,
        images_per_s=812.5,
        epochs=3,
        device="cpu",
        last_checkpoint="checkpoints/step-00000005.safetensors",
        message="résumé \x1b",
    )
    write_status(path, status)
    assert read_status(path) == status
    assert temps_in(tmp_path) == []
    assert {"state", "pid", "step", "steps", "images_per_s", "host"} <= json.loads(
        path.read_text()
    ).keys()


def test_the_status_does_not_wait_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    write_status(tmp_path / "status.json", Status(state="running", step=0, steps=1))
    assert synced == []


def test_a_rate_that_is_no_number_does_not_spoil_the_status(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    write_status(path, Status(state="running", step=0, steps=1, images_per_s=math.nan))
    status = read_status(path)
    assert status is not None
    assert status.images_per_s == 0.0


def test_a_state_that_is_none_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="'dancing' is not one of"):
        Status(state="dancing", step=0, steps=1)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "dancing"},
        {"state": ["running"]},
        {"pid": -1},
        {"pid": True},
        {"step": 1.5},
        {"step": 10**30},
        {"updated": None},
        {"images_per_s": "fast"},
        {"host": 3},
        {"message": {}},
        {"epochs": "many"},
        {"last\ud800": "x"},
    ],
    ids=str,
)
def test_a_status_with_a_wrong_field_is_none(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "status.json"
    write_status(path, Status(state="running", step=0, steps=1))
    value = json.loads(path.read_text())
    path.write_text(json.dumps(value | change))
    assert read_status(path) is None


@pytest.mark.parametrize("name", ["state", "pid", "step", "steps", "host", "updated"])
def test_a_status_without_what_matters_is_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / "status.json"
    write_status(path, Status(state="running", step=0, steps=1))
    value = json.loads(path.read_text())
    del value[name]
    path.write_text(json.dumps(value))
    assert read_status(path) is None


def test_fields_of_a_newer_ganterm_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    status = Status(state="running", step=0, steps=1)
    write_status(path, status)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"mood": "good"}))
    assert read_status(path) == status


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\0" * 100, b'{"state":' * 50_000, b"\xff", b'"running"', b"1e999"],
    ids=lambda content: repr(content[:10]),
)
def test_garbled_content_is_no_status(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "status.json"
    path.write_bytes(content)
    assert read_status(path) is None


def test_what_is_no_file_is_no_status(tmp_path: Path) -> None:
    pipe, huge = tmp_path / "pipe", tmp_path / "huge"
    os.mkfifo(pipe)
    huge.write_bytes(b"{}")
    os.truncate(huge, 1 << 40)
    for path in (pipe, huge, tmp_path, tmp_path / "missing", Path("/dev/zero")):
        assert read_status(path) is None
