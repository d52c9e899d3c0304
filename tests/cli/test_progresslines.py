"""How far work is, as lines of JSON that a program can follow."""

from __future__ import annotations

import json

import pytest

from ganterm.cli.data import ProgressLines
from tests.cli.invoke import invoke


def test_lines_are_few_and_the_end_is_always_told(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    progress = ProgressLines(lambda: now[0])
    for done in range(1, 101):
        now[0] += 0.01
        progress("fetching a", done, 100, "bytes")
    progress("storing", 1, None, "images")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[0] == {"what": "fetching a", "done": 1, "total": 100, "unit": "bytes"}
    assert 10 <= len(told) <= 13
    assert told[-2]["done"] == 100
    assert told[-1] == {"what": "storing", "done": 1, "total": None, "unit": "images"}


def test_fetch_tells_programs_where_the_splits_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`data fetch --json` ends with the paths of the stored splits."""
    monkeypatch.setattr("ganterm.data.fetch.fetch_dataset", lambda *_, **__: None)
    last = json.loads(invoke("data", "fetch", "mnist", "--json").text.splitlines()[-1])
    assert last["stored"]["train"].endswith("train.safetensors")
    assert last["notes"] == []
