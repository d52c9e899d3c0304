"""A training as TensorBoard and Weights & Biases have it, read back by what belongs to them."""

from __future__ import annotations

import io
import json
import logging
import math
import os
import struct
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from ganterm.core.errors import ConfigError
from ganterm.core.records import Record
from ganterm.exchange import exporters
from ganterm.exchange.exporters import EXPORTERS, export_log, log_target
from ganterm.runs import control
from ganterm.runs.history import effective
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir
from ganterm.worker.logs import log_run, main
from tests.records import make_run, record, start, write
from tests.worker.workers import Zygote, kinds
from tests.worker.workers import make_run as make_real

logging.getLogger("tensorboard").setLevel(logging.ERROR)  # It tells of what is taken back.

CONFIG: Final = {"lr_g": 0.1, "flip": True, "recipe": "dcgan", "threads": None, "steps": 9}


def metrics(step: int, loss: float | None, **others: float) -> Any:
    return record("metrics", step, 1000.0 + step, d_loss=loss, **others)


FIRST: Final[list[Record]] = [
    start(config=CONFIG),
    metrics(1, 1.0, **{"own/one": 7.0, "epoch": 0.5}),
    record("sample", 1, 1001.0, path="samples/one.png"),
    record("sample", 1, 1001.0, path="../outside.png"),
    metrics(2, None),
    metrics(3, 3.0),
]
CRASHED: Final[list[Record]] = [
    record("resume", 2, 1010.0, config=CONFIG),
    metrics(3, 3.0),
    metrics(4, 4.0),
]
REWOUND: Final[list[Record]] = [
    record("control", 4, 1011.0, id="r", name="rewind", args={}),
    record("resume", 1, 1012.0, config={**CONFIG, "lr_g": 0.05}),
    metrics(2, 12.0),
    record("end", 2, 1013.0, reason="finished"),
    record("judged", 1, 1014.0, fid=5.0, judge="digits", n=9),
]


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    made = make_run(tmp_path / "mine")
    made.samples.mkdir()
    Image.new("L", (6, 4)).save(made.samples / "one.png")
    return made


def events(folder: Path) -> Any:
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def curve(folder: Path, tag: str = "losses/d_loss") -> list[tuple[float, int, float]]:
    return [(each.wall_time, each.step, each.value) for each in events(folder).Scalars(tag)]


def test_tensorboard_reads_scalars_pictures_and_settings(run: RunDir, tmp_path: Path) -> None:
    """By groups, with the wall times of the journal, and the settings that it began with."""
    write(run, *FIRST, *CRASHED, *REWOUND)
    records = effective(read_journal(run.journal))
    for _ in range(2):  # The second takes the place of the first.
        export_log(run, EXPORTERS.resolve("tensorboard"), str(tmp_path / "logs"), records)
    found = events(tmp_path / "logs" / "mine")
    assert found.Tags()["scalars"] == ["losses/d_loss", "own/one", "epoch", "judged/fid"]
    assert curve(tmp_path / "logs" / "mine") == [(1001.0, 1, 1.0), (1002.0, 2, 12.0)]
    (picture,) = found.Images("samples")
    assert (picture.step, picture.width, picture.height) == (1, 6, 4)
    assert Image.open(io.BytesIO(picture.encoded_image_string)).size == (6, 4)
    about = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    told = plugin_data_pb2.HParamsPluginData.FromString(about).session_start_info.hparams
    values = {name: getattr(each, str(each.WhichOneof("kind"))) for name, each in told.items()}
    assert values == {"lr_g": 0.1, "flip": True, "recipe": "dcgan", "steps": 9.0}


def test_a_live_log_goes_on_without_duplicates(run: RunDir, tmp_path: Path) -> None:
    """After a crash of the log, of the training, and after the doctor took the run back."""
    folder = tmp_path / "logs" / "mine"
    for records, wanted in (
        (FIRST[:2], [1.0]),
        (FIRST[2:], [1.0, math.nan, 3.0]),
        ([], [1.0, math.nan, 3.0]),
        (CRASHED, [1.0, math.nan, 3.0, 4.0]),
        (REWOUND, [1.0, 12.0]),
    ):
        write(run, *records)
        log_run(run, f"tensorboard:{tmp_path / 'logs'}", parent=-1)
        assert [each[2] for each in curve(folder)] == pytest.approx(wanted, nan_ok=True)
    assert [each.value for each in events(folder).Scalars("judged/fid")] == [5.0]
    assert len(list(folder.glob("events*"))) == 4
    folder.joinpath("log-to-tensorboard.json").unlink()
    log_run(run, f"tensorboard:{tmp_path / 'logs'}", parent=-1)
    assert [each[2] for each in curve(folder)] == [1.0, 12.0]


def test_a_log_ends_though_its_run_was_over_before_it_began(
    run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop of a few steps, or one that is killed at once, leaves no process behind."""
    write(run, *FIRST)
    monkeypatch.setattr(os, "nice", lambda _: 0)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("sys.argv", ["logs", str(run.path), "tensorboard", "999999999"])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    assert len(curve(run.path)) == 3


def sent(path: Path) -> Iterator[Any]:
    """Yield the records of a file of wandb's: pieces in blocks of 32 KiB, as LevelDB has them."""
    from wandb.proto import wandb_internal_pb2  # noqa: PLC0415 - it takes seconds

    kinds_of_records: Any = wandb_internal_pb2
    data, at, held = path.read_bytes(), 7, b""
    while at + 7 <= len(data):
        if (left := -at % 32768) and left < 7:
            at += left
            continue
        _, size, kind = struct.unpack_from("<IHB", data, at)
        held += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in {1, 4}:
            yield kinds_of_records.Record.FromString(held)
            held = b""


@pytest.mark.slow
def test_wandb_is_told_each_step_once(run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one run of theirs, whoever crashed; what the doctor took back goes on as another."""
    import wandb  # noqa: PLC0415 - it takes seconds

    monkeypatch.setenv("WANDB_MODE", "offline")
    for records in (FIRST, CRASHED, REWOUND):
        write(run, *records)
        log_run(run, "wandb:project", parent=-1)
    wandb.teardown()  # All is written then.
    told: dict[str, list[dict[str, Any]]] = {}
    about: dict[str, Any] = {}
    for path in sorted(run.path.glob("wandb/offline-run-*/*.wandb"), key=os.path.getmtime):
        for each in sent(path):
            if each.HasField("run"):
                about[each.run.run_id] = each.run
            elif each.HasField("history"):
                items = {"/".join(e.nested_key) or e.key: e for e in each.history.item}
                row = {name: json.loads(item.value_json) for name, item in items.items()}
                told.setdefault(path.stem, []).append(row)
    first, second = (
        [(row["step"], row["losses/d_loss"]) for row in rows if "losses/d_loss" in row]
        for rows in told.values()
    )
    assert first == [(1, 1.0), (2, pytest.approx(math.nan, nan_ok=True)), (3, 3.0), (4, 4.0)]
    assert second == [(2, 12.0)]
    rows = [row for each in told.values() for row in each]
    assert [(r["step"], r["_timestamp"], r["judged/fid"]) for r in rows if "judged/fid" in r] == [
        (1, 1014.0, 5.0)
    ]
    assert [row["step"] for row in rows if "samples/path" in row] == [1]
    for each in told.values():
        assert [row["_step"] for row in each] == sorted({row["_step"] for row in each})
    whose = [*about.values()]
    assert {each.project for each in whose} == {"project"}
    settings = {each.key: json.loads(each.value_json) for each in whose[0].config.update}
    assert {"lr_g": 0.1, "flip": True, "recipe": "dcgan"}.items() <= settings.items()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("csv", "not logged to 'csv'; choose tensorboard or wandb"),
        ("nothing:x", "not logged to 'nothing'"),
        ("wandb", "pip install 'ganterm[wandb]'"),
    ],
)
def test_what_cannot_be_logged_to_is_refused(
    target: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is begun, in one sentence; so is an extra that is not installed."""
    for found in (None, ModuleSpec("wandb", None, is_package=True)):  # The latter a directory.
        monkeypatch.setattr(exporters, "find_spec", lambda _, found=found: found)
        with pytest.raises(ConfigError) as refused:
            log_target(target)
        assert words in str(refused.value)


def test_a_run_is_logged_beside_its_training(zygote: Zygote, tmp_path: Path) -> None:
    """All of it, by a process that ends after it; one that cannot is told of once, in words."""
    made = make_real(tmp_path / "runs", steps=10**6)
    worker = zygote.start(made, "--log-to=tensorboard", "--log-to=tensorboard:/proc/none")
    assert worker.until(lambda line: line["kind"] == "alert"), worker.log()
    assert worker.until(lambda line: line["kind"] == "metrics"), worker.log()
    control.post(made.control, "stop")
    assert worker.wait() == 0, worker.log()
    (alert,) = [each for each in kinds(made, "alert") if each["code"] == "log-to"]
    assert alert["message"].startswith("Logging to tensorboard:/proc/none failed, and training ")
    assert "cannot write /proc/none" in alert["message"]
    log_run(made, "tensorboard", parent=-1)  # It waits for the one that is at it.
    wanted = [each["step"] for each in kinds(made, "metrics")]
    assert [step for _, step, _ in curve(made.path)] == wanted
