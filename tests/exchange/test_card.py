"""A model card says what is in the records, no more, and foreign text cannot break out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ganterm.config import RunConfig, resolve
from ganterm.core.records import Record
from ganterm.exchange.card import LONGEST, CardSubject, code, picture_of, subject_of, write_card
from ganterm.render.png import load_image
from ganterm.runs.checkpoints import CheckpointHeader
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.tensorfile import TensorInfo
from tests.records import record as record_of

HEADER = CheckpointHeader(
    200,
    {},
    {
        "generator.layers.0.weight": TensorInfo("F32", (3, 5), 0, 60),
        "generator.layers.1.running_mean": TensorInfo("F32", (1000,), 60, 4060),
        "discriminator.body.0.weight": TensorInfo("F32", (7,), 4060, 4088),
    },
)
JUDGED: dict[str, Any] = {
    "judge": "0123456789abcdef",
    "judge_name": "digits classifier, 98.9 %",
    "n": 10_000,
    "fid": 3.25,
    "precision": 0.75,
    "recall": None,
    "floor": {"fid": 0.5},
}


def card(records: list[Record], config: RunConfig | None = None) -> str:
    config = config or resolve({"recipe": "dcgan-8x8"}).config
    return write_card(CardSubject("a-run", 200, config, HEADER, records), "s.png")


def record(kind: str, step: int = 200, **fields: Any) -> Any:
    return record_of(kind, step, **fields)


def test_scores_stand_with_their_judge_count_and_floor() -> None:
    """Each score has its value, the floor, and the direction; the judge and n are named."""
    text = card([record("judged", **JUDGED)])
    assert "By the judge `digits classifier, 98.9 %` (`0123456789ab`) on 10,000 images" in text
    assert "| fid | 3.25 | 0.5 | less is better |" in text
    assert "| precision (k=3) | 0.75 | - | more is better |" in text
    assert "recall" not in text
    assert "at step 200:" in text


def test_scores_of_another_step_say_so() -> None:
    """A judgement of an earlier checkpoint is not passed off as one of this."""
    assert "at step 100, which is not this checkpoint (step 200)" in card(
        [record("judged", 100, **JUDGED)]
    )


def test_without_judgement_the_card_claims_nothing() -> None:
    """No record, no table, and in plain words that it has not been judged."""
    text = card([])
    assert "It has not been judged" in text
    assert "less is better" not in text
    assert "has not been measured" in text


def test_classes_are_named_by_their_label() -> None:
    """A conditional generator's card says what it takes besides, and which number means what."""
    config = resolve({"recipe": "dcgan-8x8", "conditional": "projection"}).config
    text = write_card(CardSubject("a-run", 200, config, HEADER, [], ("cat", "`do*g")), None)
    assert "numbers and the number of its class an image." in text
    assert "Classes: 0 `cat`, 1 `` `do*g ``." in text
    assert "--class all" in text
    many = tuple(f"c{index}" for index in range(60))
    text = write_card(CardSubject("a-run", 200, config, HEADER, [], many), None)
    assert "49 `c49` and 10 more." in text
    assert "lass" not in card([])


def test_settings_that_differ_from_the_recipe_are_listed() -> None:
    """Only those, with both values; with none, that is said."""
    text = card([], resolve({"recipe": "dcgan-8x8", "lr_d": 5e-5}).config)
    assert "| `lr_d` | `5e-05` | `0.001` |" in text
    assert "`lr_g`" not in text
    assert "Every setting is the recipe's." in card([])


def test_data_steps_and_versions_come_from_the_records() -> None:
    """Dataset with its origin, images, checksum, versions, device, and only learned values."""
    start = record(
        "start",
        0,
        images=1797,
        data_crc32="2dabc124",
        versions={"torch": "2.6"},
        device="cuda:0",
        parent="older@50",
    )
    text = card([start])
    for words in (
        "15 learned values",
        "CC BY 4.0",
        "1,797 images of it: the train split",
        "`2dabc124`",
        "`torch` `2.6`, on `cuda:0`",
        "A branch of `older@50`",
        "Step 200 of a run of 200 epochs",
        "![Samples of the generator at step 200](s.png)",
    ):
        assert words in text


def test_the_doctors_findings_are_not_kept_quiet() -> None:
    """Troubles with figures are listed once each; notes about files are not."""
    found = {"code": "mode-collapse", "message": "all alike", "evidence": {"diversity": 0.1}}
    text = card(
        [
            record("alert", 40, **found),
            record("alert", 90, **found),
            record("alert", 95, **found, cleared=True),
            record("alert", 0, code="data", message="3 files skipped"),
        ]
    )
    assert "- `mode-collapse` (steps 40 to 90): `all alike`" in text
    assert "files skipped" not in text


HOSTILE = "`](javascript:x)`` <script>|\x1b[2J\n# Owned"


def test_foreign_text_stays_text(tmp_path: Path) -> None:
    """Folder names, judges, versions and messages can neither format, link, nor add lines."""
    records = [
        record("start", 0, versions={HOSTILE: HOSTILE}, device=HOSTILE, data_crc32=HOSTILE),
        record("judged", judge=HOSTILE, judge_name=HOSTILE, n=5, fid=1.0),
        record("alert", code=HOSTILE, message=HOSTILE, evidence={"x": 1}),
    ]
    folder = str(tmp_path / HOSTILE.replace("/", ""))
    config = msgspec.structs.replace(resolve({}).config, dataset=folder)
    text = card(records, config)
    assert "\x1b" not in text
    assert not any(line.startswith("# Owned") for line in text.splitlines())
    assert str(tmp_path) not in text
    for line in text.partition("```sh")[0].splitlines():
        rest = _without_code(line)
        assert "script" not in rest, line
        assert line.count("|") in {0, 4, 5}, line


def _without_code(line: str) -> str:
    """Take code spans out as CommonMark finds them: a run of backticks to the next as long."""
    rest, index = "", 0
    while index < len(line):
        if line[index] != "`":
            rest += line[index]
            index += 1
            continue
        length = len(line[index:]) - len(line[index:].lstrip("`"))
        fence, begin = "`" * length, index + length
        end = begin
        while True:
            end = line.find(fence, end)
            assert end >= 0, f"a span is not closed: {line}"
            run = len(line[end:]) - len(line[end:].lstrip("`"))
            if run == length:
                break
            end += run
        index = end + length
    return rest


@pytest.mark.parametrize("text", ["", " ", "`", "``a`", " a ", "a" * 5000, "\u202eevil"])
def test_code_spans_close(text: str) -> None:
    """Whatever is in a span, it ends where it should and is not endless."""
    span = code(text)
    assert _without_code(span) in {"", "(empty)"}
    assert len(span) <= LONGEST + 10
    assert "\u202e" not in span


def test_later_records_are_not_this_checkpoints(tmp_path: Path) -> None:
    """What happened after the checkpoint, and what a resume made void, is left aside."""
    run = create_run(tmp_path, "told", "dcgan-8x8")
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("judged", 100, **JUDGED))
        journal.write(record_of("judged", 300, **{**JUDGED, "judge": "later"}))
    config = resolve({}).config
    subject = subject_of("told", run, HEADER, config)
    assert [each.step for each in subject.records] == [100]
    assert subject_of("alone", None, HEADER, config).records == []


def test_the_picture_is_of_this_step(trained: RunDir) -> None:
    """The sample grid of the checkpoint's step; without its run, the preview within."""
    for step in (2, 4):
        path = trained.checkpoint_path(step)
        wanted = load_image(trained.sample_path(step))
        assert picture_of(path, trained) == wanted
        assert picture_of(path, None) == wanted
    assert wanted != load_image(trained.sample_path(2))


def test_what_a_recipe_is_for_is_not_said_of_another_dataset() -> None:
    """Turbo makes digits; what it made of a folder of emoji is none."""
    digits, emoji = (
        resolve({"recipe": "turbo", **typed}).config for typed in ({}, {"dataset": "/emoji"})
    )
    assert "Digits of every class" in card([], digits)
    assert "Digits" not in card([], emoji)
