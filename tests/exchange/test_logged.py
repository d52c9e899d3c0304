"""Trainings of other programs as runs to look at: written by their libraries, torn, hostile."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard import SummaryWriter

from ganterm.client.charts import kinds_of
from ganterm.core.errors import ExitCode
from ganterm.core.records import MetricsRecord, SampleRecord, StartRecord
from ganterm.exchange import events
from ganterm.render.sheet import load_sheet
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir
from tests.cli.invoke import Outcome, invoke
from tests.records import read_feed


def imported(where: Path, *arguments: object) -> Outcome:
    return invoke("import", where, "--runs-dir", where.parent / "runs", *arguments)


def measured(run: RunDir) -> list[tuple[int, dict[str, Any]]]:
    records = read_journal(run.journal)
    return [(each.step, dict(each.values)) for each in records if isinstance(each, MetricsRecord)]


def event(step: int, **fields: Any) -> Any:
    return event_pb2.Event(step=step, wall_time=100.0 + step, **fields)


def scalar(step: int, value: float, tag: str = "a") -> Any:
    values = [summary_pb2.Summary.Value(tag=tag, simple_value=value)]
    return event(step, summary=summary_pb2.Summary(value=values))


def long_settings() -> Any:
    info = plugin_data_pb2.SessionStartInfo()
    for number in range(6):
        info.hparams[f"{number}"].string_value = "long" * 130
    content = plugin_data_pb2.HParamsPluginData(session_start_info=info).SerializeToString()
    about = {"plugin_data": {"plugin_name": "hparams", "content": content}}
    return event(0, summary={"value": [{"metadata": about}]})


def write(path: Path, *told: Any) -> bytes:
    """Write events, and return the bytes of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for each in told:
            writer.write(each if isinstance(each, bytes) else each.SerializeToString())
    return path.read_bytes()


def test_a_logdir_of_pytorch_is_watched_and_exported(tmp_path: Path) -> None:
    """Scalars by the names of the house, pictures as samples, hyperparameters as settings."""
    with SummaryWriter(tmp_path / "their logs") as writer:
        for step in (10, 20, 30):
            writer.add_scalar("Loss/D", step / 10, step, walltime=1000.0 + step)
            writer.add_scalar("errG", 5.0, step, walltime=1000.0 + step)
            writer.add_image("real", torch.ones(3, 4, 4), step)
            writer.add_images("fakes", torch.zeros(2, 1, 4, 4), step)
        writer.add_hparams({"lr": 0.5, "loss": "bce"}, {}, run_name=".")
    done = imported(tmp_path / "their logs")
    assert (done.code, done.text) == (0, "their-logs-001\n"), done.said
    assert "Of the image tags fakes is shown, without real." in done.said
    run = RunDir(tmp_path / "runs" / "their-logs-001")
    assert measured(run) == [(n, {"d_loss": n / 10, "g_loss": 5.0}) for n in (10, 20, 30)]
    times = [r.time for r in read_journal(run.journal) if isinstance(r, MetricsRecord)]
    assert times == [1010.0, 1020.0, 1030.0]
    feed = read_feed(run)
    assert (feed.view.state, feed.step, len(feed.drawn)) == ("finished", 30, 3)
    assert [kind.name for kind in kinds_of(feed)] == ["losses"]
    assert feed.config["lr"] == 0.5
    where = ("--runs-dir", run.path.parent)
    for words, code, answer in (
        ("info their-logs-001", 0, "their logs"),
        ("runs", 0, "event files"),
        ("attach their-logs-001 --json", 0, '"kind":"end"'),
        ("compare their-logs-001 their-logs-001", 0, ""),
        ("show their-logs-001", 0, ""),
        ("export their-logs-001 --format csv -o OUT.csv", 0, "measured"),
        ("export their-logs-001 --format gif -o OUT.gif", 0, "3 frames"),
        ("resume their-logs-001", ExitCode.USAGE, "does not go on"),
        ("branch their-logs-001 --step 10", ExitCode.USAGE, "without its networks"),
        ("sample their-logs-001", ExitCode.USAGE, "without its networks"),
        ("explore their-logs-001", ExitCode.USAGE, "without its networks"),
        ("judge their-logs-001", ExitCode.USAGE, "without its networks"),
        ("ctl their-logs-001 set lr=1", ExitCode.WORKER, "imported to be looked at"),
    ):
        asked = invoke(*words.replace("OUT", str(tmp_path / "out")).split(), *where)
        assert (asked.code, answer in asked.text + asked.said) == (code, True), (words, asked)


def test_each_directory_is_a_run_and_restarts_count_once(tmp_path: Path) -> None:
    """Files in the order of their names; a restart voids what was told from its step on."""
    logs = tmp_path / "logs"
    begun = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    write(logs / "a" / "tfevents.1", *(scalar(step, step) for step in (1, 2, 3)))
    write(logs / "a" / "tfevents.2", event(2, session_log=begun), scalar(2, 20.0), scalar(4, 4.0))
    tensor = {"dtype": 1, "tensor_content": struct.pack("<f", 0.5)}
    image = io.BytesIO()
    Image.new("L", (3, 2), 200).save(image, "PNG")
    batch = {"dtype": 7, "string_val": [b"3", b"2", image.getvalue(), image.getvalue()]}
    about = {"plugin_data": {"plugin_name": "images"}}
    values = [{"tag": "new", "tensor": tensor}, {"tag": "i", "tensor": batch, "metadata": about}]
    write(logs / "b" / "tfevents.1", event(1, summary={"value": values}))
    done = imported(logs, "--json")
    assert done.code == 0, done.said
    first, second = (RunDir(Path(each["path"])) for each in json.loads(done.data)["runs"])
    assert measured(first) == [(1, {"a": 1.0}), (2, {"a": 20.0}), (4, {"a": 4.0})]
    assert measured(second) == [(1, {"new": 0.5})]
    assert [each.pixels[0] for each in load_sheet(second.sample_path(1))] == [200, 200]
    assert "holds 2 directories" in imported(logs, "--name", "one").said


BOMB: Final = {"dtype": 1, "tensor_shape": {"dim": [{"size": 1 << 40}]}, "float_val": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("damage", "kept", "words"),
    [
        (lambda data: data[:-3], [1, 2], "ends in the middle of an event"),
        (lambda data: data[:5], [], "hold no scalars"),
        (lambda data: b"", [], "hold no scalars"),
        (lambda data: data + struct.pack("<QI", 1 << 62, 0), [1, 2, 3], "ends in the middle"),
        (lambda data: b"\xff" * 9000, [], "hold no scalars"),
        (lambda data: data[:12] + b"\xff" * 8 + data[20:], [2, 3], "holds what is no event"),
    ],
)
def test_torn_and_damaged_files_give_what_is_whole(
    tmp_path: Path, damage: Callable[[bytes], bytes], kept: list[int], words: str
) -> None:
    """And say so; nothing is made of none."""
    path = tmp_path / "logs" / "events.tfevents"
    path.write_bytes(damage(write(path, *(scalar(step, 1.0) for step in (1, 2, 3)))))
    done = imported(path)
    assert words in done.said
    assert done.code == (0 if kept else ExitCode.DATA)
    runs = [RunDir(each) for each in (tmp_path / "logs" / "runs").glob("*")]
    assert [step for run in runs for step, _ in measured(run)] == kept


def test_what_is_hostile_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tensors that claim much, steps and times that are none, too many of anything."""
    bounds = {"MAX_POINTS": 30, "MAX_TAGS": 5, "MAX_EVENT": 4096, "MAX_VALUES": 1000}
    for name, value in bounds.items():
        monkeypatch.setattr(events, name, value)
    (tmp_path / "logs" / "tfevents.d").mkdir(parents=True)
    bomb = {"value": [{"tag": "bomb", "tensor": BOMB}, {"tag": "i", "image": {"height": 1 << 30}}]}
    late = scalar(99, 1.0)
    late.wall_time = float("nan")
    told = [event(1, summary=bomb), scalar(-1, 1.0), scalar(1 << 60, 1.0), late]
    told += [scalar(step, float("inf"), f"\x1b[2Jtag {step}") for step in range(40)]
    told += [scalar(step, 1.0) for step in range(40)]
    told += [event(1, summary={"value": [{}] * 1001}), long_settings()]
    write(tmp_path / "logs" / "tfevents", *told, b"\x0a" * 5000)
    done = imported(tmp_path / "logs")
    assert done.code == 0, done.said
    for words in (
        "Only the first 5 quantities",
        "Only the first 5 settings",
        "more than 0 MiB",
        "more than 1,000 values",
        "pictures cannot be read",
    ):
        assert words in done.said
    (run,) = (RunDir(each) for each in (tmp_path / "runs").iterdir())
    assert sum(len(values) for _, values in measured(run)) == 30
    (begun,) = (each for each in read_journal(run.journal) if isinstance(each, StartRecord))
    assert sum(value == "long" * 125 for value in begun.config.values()) == 5
    assert "\x1b" not in invoke("attach", run.path).said


def test_sample_folders_are_films(tmp_path: Path) -> None:
    """By the numbers in their names; of several series the generated one, the rest is named."""
    folder = tmp_path / "samples"
    folder.mkdir()
    for epoch in (1, 2, 10):
        grid = np.full((4, 6, 3), epoch, np.uint8)
        Image.fromarray(grid).save(folder / f"fake_samples_epoch_{epoch:03d}.png")
        Image.fromarray(grid).save(folder / f"real_{epoch}.png")
    (folder / "fake_samples_epoch_003.png").write_bytes(b"none")
    (folder / "notes-1.txt").write_text("x")
    done = imported(folder, "--name", "theirs")
    assert (done.code, done.text) == (0, "theirs\n"), done.said
    assert "fake_samples_epoch_#.png is shown, without real_#.png" in done.said
    assert "numbers are epochs" in done.said
    run = RunDir(tmp_path / "runs" / "theirs")
    records = read_journal(run.journal)
    assert isinstance(records[0], StartRecord)
    assert [each.step for each in records if isinstance(each, SampleRecord)] == [1, 2, 10]
    assert load_sheet(run.sample_path(10))[0].pixels[0] == 10
    assert imported(tmp_path / "runs" / "theirs" / "checkpoints").code == ExitCode.DATA


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--recipe", "dcgan"), "no file of weights, so leave --recipe out"),
        (("--set", "lr_g=1"), "leave --set out"),
        (("--name", "../x"), "cannot name a run"),
        ((), "no event files and no pictures with numbers"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """In one sentence, and nothing is made."""
    where = tmp_path / "given"
    where.mkdir()
    if "--name" in arguments:
        Image.new("L", (2, 2)).save(where / "1.png")
    assert words in imported(where, *arguments).said
    assert not [*(tmp_path / "runs").glob("*")]
