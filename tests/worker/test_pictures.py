"""Every recipe of images trains, saves, goes on and is sampled, in grey and in colour."""

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ganterm.config import RunConfig
from ganterm.core.dataspec import Size
from ganterm.inference.load import load_generator
from ganterm.inference.sample import generate
from ganterm.render.sheet import load_sheet
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status
from ganterm.worker.checkpoint import load_tensors
from ganterm.worker.commands import LiveChanges, StopFlag
from ganterm.worker.job import prepare
from ganterm.worker.samples import fixed_of, rasters_of
from ganterm.worker.session import Session
from tests.data.files import write_pictures
from tests.engine.common import IMAGE_RECIPES, SQUARE, on_pictures
from tests.quick import slow_unless
from tests.records import in_force
from tests.worker.workers import kinds, make_run

LENGTH = 3
KILLED_AT = 2


class Killed(BaseException):
    """No handler of errors sees it, as none sees a `kill -9`."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give pictures in colour: in one folder, and in a folder for each of three classes."""
    place = tmp_path_factory.mktemp("pictures")
    plain = write_pictures(place / "plain", count=12, alpha=True)
    classes = write_pictures(place / "classes", count=12, classes=3, alpha=True)
    return {"plain": plain, "classes": classes}


def train(run: RunDir) -> int:
    """Do a worker's work on a run in this process."""
    with WorkerLock(run.lock) as lock, JournalWriter(run.journal) as journal:
        status = Status(state="starting", step=0, steps=0)
        return Session(
            run, prepare(run), journal=journal, lock=lock, status=status, stop=StopFlag()
        ).work()


@contextlib.contextmanager
def killed_at(step: int) -> Iterator[None]:
    """Have training end between two steps, without a word."""
    make_due = LiveChanges.make_due

    def kill(changes: LiveChanges[RunConfig]) -> None:
        if changes.step == step:
            raise Killed
        make_due(changes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LiveChanges, "make_due", kill)
        yield


KINDS = list(itertools.product([3, 1, 4], [True, False], ["plain", "classes"]))
"""In colour, grey and transparent, wide and square, without classes and with."""


@pytest.mark.parametrize(
    ("recipe", "kind"),
    slow_unless(
        lambda recipe, kind: kind == KINDS[5 * IMAGE_RECIPES.index(recipe) % len(KINDS)],
        itertools.product(IMAGE_RECIPES, KINDS),
    ),
)
def test_pictures_train_and_come_back(
    tmp_path: Path, folders: dict[str, Path], recipe: str, kind: tuple[int, bool, str]
) -> None:
    """Killed and taken up again, a run ends with weights that draw what its pictures show."""
    channels, wide, arranged = kind
    classes = arranged == "classes"
    small = on_pictures(recipe, folders[arranged], channels, classes=classes, wide=wide)
    run = make_run(tmp_path, recipe, **{**small, "steps": LENGTH, "checkpoint_every": "2"})
    with killed_at(KILLED_AT), pytest.raises(Killed):
        train(run)
    assert kinds(run, "end") == []
    assert train(run) == 0
    (resume,) = kinds(run, "resume")
    assert resume["step"] == KILLED_AT
    history = in_force(run.journal)
    assert history[-1]["reason"] == "finished"
    told = {each["code"] for each in history if each["kind"] == "alert"}
    assert told <= {"mode", "data"}
    assert [each["step"] for each in history if each["kind"] == "checkpoint"] == [0, 2, 3]

    path = run.checkpoint_path(LENGTH)
    checkpoints.verify(path)
    trained = load_generator(path)
    fixed = fixed_of(trained.config, trained.data)
    images = generate(trained.generator, fixed.z, fixed.labels)
    size = Size.of(small["image_size"])
    assert size.is_square is not wide or recipe in SQUARE
    assert images.shape == (len(fixed.z), channels, *size)
    assert trained.data.classes == (("class-0", "class-1", "class-2") if classes else ())
    # A sheet of grey images is a grey one, however many channels they have.
    sheet = [each.to_rgb() for each in load_sheet(run.sample_path(LENGTH))]
    assert sheet == [each.to_rgb() for each in rasters_of(images)]
    below = [each["message"] for each in history if each.get("code") == "data"]
    assert any("lies over white" in words for words in below) is (channels < 4)
    few = fixed.preview()
    drawn = generate(trained.generator, few.z, few.labels)
    assert torch.equal(load_tensors(path)["preview"], drawn)
    assert {real.channels for real in load_sheet(run.real_samples)} == {channels}
