"""Holds that a run finds its images in a new place, and that a refused resume costs nothing."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganterm.client.launching import go_on
from ganterm.config import RunConfig, resolve
from ganterm.config.branch import branch
from ganterm.config.recorded import recorded_config
from ganterm.core.errors import ConfigError, DataError, GantermError
from ganterm.core.records import STOOD_BACK
from ganterm.data.listing import Original
from ganterm.data.loading import relocated
from ganterm.data.look import RECIPES
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.state import observe
from ganterm.runs.status import Status, read_status, write_status
from ganterm.worker import session as session_module
from ganterm.worker.commands import StopFlag
from ganterm.worker.job import Job, prepare
from ganterm.worker.opening import thrown_away
from ganterm.worker.session import Session
from tests.records import lines
from tests.worker.workers import final_state, kinds, make_run, told


def write_pictures(folder: Path, *, seed: int = 0, classes: tuple[str, ...] = ("a", "b")) -> Path:
    random = np.random.default_rng(seed)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number in range(8):
            pixels = random.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def work(run: RunDir, job: Job) -> None:
    """Train in this process, as the worker's own `main` does."""
    before = read_status(run.status)
    with WorkerLock(run.lock) as lock, JournalWriter(run.journal) as journal:
        status = Status(state="starting", step=job.step, steps=job.config.steps)
        write_status(run.status, status)
        stop = StopFlag()
        Session(
            run, job, journal=journal, lock=lock, status=status, before=before, stop=stop
        ).work()


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunDir, RunDir, Path]:
    """Train 4 and 8 steps on a folder, and move it away."""
    home = tmp_path_factory.mktemp("moved")
    pictures = write_pictures(home / "pictures")
    runs = []
    for steps in (4, 8):
        run = make_run(
            home,
            dataset=str(pictures),
            conditional="concat",
            batch_size=8,
            steps=steps,
            checkpoint_every="2",
            keep_checkpoints=4,
        )
        work(run, prepare(run))
        runs.append(run)
    return runs[0], runs[1], pictures.rename(home / "away")


@pytest.fixture
def whole(_made: tuple[RunDir, RunDir, Path]) -> RunDir:
    """Return a run like `trained` that made 8 steps without a break."""
    return _made[1]


@pytest.fixture
def trained(_made: tuple[RunDir, RunDir, Path], tmp_path: Path) -> RunDir:
    """Return a run of 4 steps on a folder that is not where it was."""
    return RunDir(Path(shutil.copytree(_made[0].path, tmp_path / "run")))


@pytest.fixture
def place(_made: tuple[RunDir, RunDir, Path], tmp_path: Path) -> Path:
    """Return where its images are now."""
    return Path(shutil.copytree(_made[2], tmp_path / "new place"))


def test_a_moved_dataset_is_gone_on_with_exactly_and_remembered(
    trained: RunDir, whole: RunDir, place: Path, tmp_path: Path
) -> None:
    """The next resume, a branch, and whoever judges an older checkpoint know the place."""
    began = recorded_config(trained)
    work(trained, prepare(trained, steps=6, dataset=str(place)))
    assert recorded_config(trained).dataset == str(place)
    assert relocated(began, trained.checkpoint_path(2)).dataset == str(place)
    work(trained, prepare(trained, steps=8))
    child = branch(trained, 2, tmp_path, name="child", changes={"steps": 8})
    work(child, prepare(child))
    assert kinds(child, "alert") == []
    wanted = final_state(whole)
    for run in (trained, child):
        assert told(run)[-1] == told(whole)[-1]
        found = final_state(run)
        names = wanted.keys() - {"config"}
        assert {name: found[name] for name in names} == {name: wanted[name] for name in names}


def test_a_place_where_nothing_tells_its_classes_any_more_is_refused(
    trained: RunDir, place: Path
) -> None:
    """Neither its folders nor the table that did."""
    for number, picture in enumerate(sorted(place.rglob("*.png"))):
        picture.rename(place / f"{number}.png")
    for name in ("a", "b"):
        (place / name).rmdir()
    table = place / "LABELS.CSV"
    table.write_text("".join(f"{number}.png,{'ab'[number // 8]}\n" for number in range(16)))
    looked: list[RunConfig] = []
    go_on(trained, {"dataset": str(place)}, looked.append)
    assert [config.dataset for config in looked] == [str(place)]
    table.unlink()
    with pytest.raises(ConfigError, match=r"no classes any more.*has learnt a, b: bring back"):
        go_on(trained, {"dataset": str(place)}, looked.append)


def test_a_branch_may_go_on_with_other_images_and_says_so(
    trained: RunDir, place: Path, tmp_path: Path
) -> None:
    (place / "a" / "0.png").unlink()
    child = branch(trained, 2, tmp_path, name="child", dataset=str(place))
    work(child, prepare(child))
    (alert,) = kinds(child, "alert")
    assert "are not those the run began with" in alert["message"]


def test_a_judge_takes_the_new_place_and_no_other_images(trained: RunDir, place: Path) -> None:
    config = recorded_config(trained)
    checkpoint = trained.checkpoint_path(4)
    with pytest.raises(DataError, match=r"There is no folder .*--dataset PATH"):
        relocated(config, checkpoint)
    assert relocated(config, checkpoint, str(place)).dataset == str(place)
    (place / "a" / "0.png").unlink()
    with pytest.raises(DataError, match="are not those that run was trained on"):
        relocated(config, checkpoint, str(place))


def lose_the_folder(run: RunDir, place: Path, patch: pytest.MonkeyPatch) -> Job:
    return prepare(run, steps=8)


def take_other_images(run: RunDir, place: Path, patch: pytest.MonkeyPatch) -> Job:
    (place / "a" / "0.png").unlink()
    return prepare(run, steps=8, dataset=str(place))


def rename_a_class(run: RunDir, place: Path, patch: pytest.MonkeyPatch) -> Job:
    (place / "a").rename(place / "aa")
    return prepare(run, steps=8, dataset=str(place))


def lack_the_device(run: RunDir, place: Path, patch: pytest.MonkeyPatch) -> Job:
    patch.setattr(torch.cuda, "is_available", lambda: False)
    return prepare(run, steps=8, dataset=str(place), device="cuda")


def lack_memory(run: RunDir, place: Path, patch: pytest.MonkeyPatch) -> Job:
    patch.setattr(session_module, "restore_state", failing(torch.OutOfMemoryError("of 3 TiB")))
    return prepare(run, steps=8, dataset=str(place))


def meet_the_unforeseen(run: RunDir, place: Path, patch: pytest.MonkeyPatch) -> Job:
    patch.setattr(session_module, "choose_mode", failing(ZeroDivisionError("by nothing")))
    return prepare(run, steps=8, dataset=str(place))


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


REFUSALS: list[tuple[Callable[[RunDir, Path, pytest.MonkeyPatch], Job], str]] = [
    (lose_the_folder, "`ganterm resume run --dataset PATH`"),
    (take_other_images, "are not those that run was trained on"),
    (rename_a_class, "The classes of"),
    (lack_the_device, "cuda"),
    (lack_memory, "ran out of memory"),
    (meet_the_unforeseen, "by nothing"),
]


@pytest.mark.parametrize("crashed", [False, True])
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal[0].__name__)
def test_a_resume_that_is_refused_leaves_the_state_as_it_was(
    trained: RunDir,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    refusal: tuple[Callable[[RunDir, Path, pytest.MonkeyPatch], Job], str],
    crashed: bool,
) -> None:
    """Whatever the reason: state, step and status are the same, and an alert names the reason."""
    if crashed:
        # Killed at step 4, two steps after its last checkpoint.
        written = trained.journal.read_text().splitlines(keepends=True)
        trained.journal.write_text("".join(line for line in written if '"end"' not in line))
        trained.checkpoint_path(4).unlink()
        status = read_status(trained.status)
        assert status is not None
        write_status(trained.status, dataclasses.replace(status, state="running", step=4))
    before, said = observe(trained), trained.status.read_bytes()
    assert (before.state, before.step) == ("crashed" if crashed else "finished", 4)
    job = refusal[0](trained, place, monkeypatch)
    with pytest.raises((GantermError, ZeroDivisionError)):
        work(trained, job)
    after = observe(trained)
    assert (after.state, after.step, after.message) == (before.state, before.step, before.message)
    assert trained.status.read_bytes() == said
    assert len(kinds(trained, "end")) == (not crashed)
    alert = lines(trained.journal)[-1]
    assert alert["code"] == STOOD_BACK
    assert refusal[1] in alert["message"]


def test_what_is_thrown_away_is_said_with_the_command_that_keeps_it(tmp_path: Path) -> None:
    """A line, whose command is one that would be taken, and has colour and size."""
    config = resolve({"recipe": "dcgan-8x8", "dataset": str(tmp_path)}).config
    (line,) = thrown_away(config, Original(160, 96, colour=True), tmp_path / "run.toml")
    assert line.startswith("The images are colour, most about 160x96; they are trained on as grey")
    assert "--fit crop" in line
    assert chosen(line) == {
        "recipe": RECIPES[-1][1],
        "dataset": str(tmp_path),
        "channels": "3",
        "image_size": "160",
    }
    larger = resolve({"recipe": "dcgan-64"}).config
    (line,) = thrown_away(larger, Original(100, 100, colour=False), tmp_path / "run.toml")
    assert chosen(line) == {"config": str(tmp_path / "run.toml"), "image_size": "112"}
    (line,) = thrown_away(larger, Original(64, 64, colour=True), tmp_path / "run.toml")
    assert chosen(line) == {"config": str(tmp_path / "run.toml"), "channels": "3"}
    assert thrown_away(larger, Original(64, 64, colour=False), tmp_path / "run.toml") == []
    assert thrown_away(larger, Original(28, 28, colour=False), tmp_path / "run.toml") == []
    assert thrown_away(larger, None, tmp_path / "run.toml") == []


def chosen(line: str) -> dict[str, str]:
    """Return the options of the command in a sentence, which make a configuration."""
    words = shlex.split(line.split("`")[1])
    assert words[:2] == ["ganterm", "train"]
    names = [word.removeprefix("--").replace("-", "_") for word in words[2::2]]
    options = dict(zip(names, words[3::2], strict=True))
    # The file of the run says what else there is.
    recipe = {"recipe": "dcgan-64"} if "config" in options else {}
    resolve({**recipe, **{name: value for name, value in options.items() if name != "config"}})
    return options
