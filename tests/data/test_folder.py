"""Holds folders of images: classes, splits, skips that are counted and named, and no loops."""

import os
from pathlib import Path

import pytest
import torch
from PIL import Image

from ganterm.core.errors import ConfigError, DataError
from ganterm.data import load, look
from ganterm.data.catalogue import dataset_facts
from ganterm.data.folder import load_folder
from ganterm.data.listing import list_images
from tests.data.files import bomb_png


def save(path: Path, level: int = 100, size: tuple[int, int] = (8, 8), mode: str = "L") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, level).save(path)
    return path


def levels(images: torch.Tensor) -> list[int]:
    return [int(image.float().mean()) for image in images]


def test_images_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name, level in (("b.png", 20), ("a.PNG", 10), ("c.bmp", 30)):
        save(tmp_path / name, level)
    loaded = load_folder(tmp_path)
    assert levels(loaded.images) == [10, 20, 30]
    assert loaded.labels is None
    assert loaded.classes == ()
    assert loaded.name == tmp_path.name
    assert loaded.notes == []


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    save(tmp_path / "cat" / "x.png", 1)
    save(tmp_path / "cat" / "deep" / "y.png", 2)
    save(tmp_path / "ant" / "z.png", 3)
    (tmp_path / "empty").mkdir()
    loaded = load_folder(tmp_path)
    assert loaded.classes == ("ant", "cat")
    assert levels(loaded.images) == [3, 2, 1]
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [0, 1, 1]
    assert loaded.labels.dtype == torch.int64


def test_one_broken_image_is_skipped_counted_and_named(tmp_path: Path) -> None:
    for number in range(4):
        save(tmp_path / "a" / f"{number}.png", 10 * number)
    broken = tmp_path / "a" / "1.png"
    broken.write_bytes(broken.read_bytes()[:40])
    loaded = load_folder(tmp_path)
    assert levels(loaded.images) == [0, 20, 30]
    assert loaded.labels is not None
    assert len(loaded.labels) == 3
    assert loaded.images.is_contiguous()
    (note,) = loaded.notes
    assert note.startswith("Skipped of 4 images: 1 file (a/1.png (")


def test_bombs_and_pipes_are_skipped_too(tmp_path: Path) -> None:
    save(tmp_path / "good.png")
    (tmp_path / "bomb.png").write_bytes(bomb_png(60_000, 60_000))
    os.mkfifo(tmp_path / "pipe.png")
    loaded = load_folder(tmp_path, image_size=8, channels=1)
    assert len(loaded) == 1
    assert (
        "2 files (bomb.png (far too many pixels), pipe.png (not a regular file))"
        in (loaded.notes[0])
    )


def test_long_lists_of_skips_are_cut(tmp_path: Path) -> None:
    save(tmp_path / "z.png")
    for number in range(9):
        (tmp_path / f"{number}.png").write_bytes(b"no image")
    note = load_folder(tmp_path).notes[0]
    assert "9 files (0.png (" in note
    assert note.endswith(", ...).")
    assert "3.png" not in note


def test_what_is_no_image_is_left_out_and_said(tmp_path: Path) -> None:
    for level in (10, 100):
        save(tmp_path / "a" / f"{level}.png", level)
    save(tmp_path / "stray.png")
    (tmp_path / "notes.txt").write_text("two pictures")
    (tmp_path / "a" / "labels").write_bytes(bytes(range(256)))
    loaded = load_folder(tmp_path)
    assert levels(loaded.images) == [10, 100]
    assert loaded.notes == [
        "Left out, not images: 2 files (a/labels, notes.txt).",
        "Left out, beside the class folders and in none: 1 file (stray.png).",
    ]


@pytest.mark.parametrize(
    "clutter",
    [
        "@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg",
        ".ipynb_checkpoints/1-checkpoint.png",
        "__MACOSX/._1.png",
        "__MACOSX/deep/1.png",
        ".hidden/1.png",
        ".hidden.png",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "$RECYCLE.BIN/1.png",
        "lost+found/1.png",
    ],
)
@pytest.mark.parametrize("where", ["", "ant", "train"])
def test_what_systems_leave_behind_is_no_image_no_class_and_no_neighbour(
    tmp_path: Path, where: str, clutter: str
) -> None:
    """Beside images, in a class and in a split it changes nothing, and nothing is said of it."""
    for number in range(4):
        save(tmp_path / where / f"{number}.png", 60 * number)
    for place in {tmp_path, tmp_path / where}:
        save(tmp_path / "any.png", 7).replace(tmp_path / "thumbnail")
        (place / clutter).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "thumbnail").rename(place / clutter)
    loaded = load_folder(tmp_path)
    assert levels(loaded.images) == [0, 60, 120, 180]
    assert loaded.classes == (("ant",) if where == "ant" else ())
    assert loaded.notes == []


def test_mixed_sizes_and_modes_become_one_shape(tmp_path: Path) -> None:
    save(tmp_path / "a.png", 10, (8, 8))
    save(tmp_path / "b.jpg", 20, (300, 200))
    save(tmp_path / "c.png", 30, (3, 50))
    Image.new("RGB", (20, 20), (40, 40, 40)).save(tmp_path / "d.png")
    loaded = load_folder(tmp_path, image_size=28, channels=1)
    assert loaded.images.shape == (4, 1, 28, 28)
    assert levels(loaded.images) == [10, 20, 30, 40]
    assert load_folder(tmp_path, image_size=16, channels=3).images.shape == (4, 3, 16, 16)


def test_own_size_and_channels_are_those_of_the_first_readable_image(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"broken")
    Image.new("RGB", (20, 30)).save(tmp_path / "b.png")
    assert load_folder(tmp_path).images.shape == (1, 3, 30, 30)
    save(tmp_path / "a.png", size=(1000, 10))
    assert load_folder(tmp_path).images.shape == (2, 1, 256, 256)


@pytest.mark.parametrize("inside", ["", "class"])
def test_an_empty_folder_is_refused(tmp_path: Path, inside: str) -> None:
    (tmp_path / "f" / inside).mkdir(parents=True)
    (tmp_path / "f" / "readme.txt").touch()
    with pytest.raises(DataError, match="holds no images: put"):
        load_folder(tmp_path / "f")


@pytest.mark.parametrize("size", [None, 8])
def test_a_folder_of_nothing_readable_is_refused(tmp_path: Path, size: int | None) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"none of its 4 files \(a.png \(not an image"):
        load_folder(tmp_path, image_size=size, channels=size and 1)


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    save(tmp_path / "a" / "x.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    listing = list_images(tmp_path, "train")
    assert [path.name for path in listing.paths] == ["x.png"]
    assert listing.classes == ["a"]


def test_linked_folders_and_files_are_followed(tmp_path: Path) -> None:
    save(tmp_path / "elsewhere" / "one" / "x.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "one").symlink_to(tmp_path / "elsewhere" / "one")
    (tmp_path / "set" / "two").mkdir()
    (tmp_path / "set" / "two" / "y.png").symlink_to(tmp_path / "elsewhere" / "one" / "x.png")
    (tmp_path / "set" / "two" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    loaded = load_folder(tmp_path / "set")
    assert loaded.classes == ("one", "two")
    assert len(loaded) == 2
    assert "two/gone.png (no such file or directory)" in loaded.notes[0]


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("training", "testing"),
        ("Train", "Test"),
        ("TRAIN", "Val"),
        ("train", "val"),
        ("Training", "validation"),
        ("train", "valid"),
    ],
)
def test_splits_are_sub_folders(tmp_path: Path, train: str, test: str) -> None:
    """Whatever their case; what is no image beside them, clutter above all, makes no difference."""
    for level in (10, 90):
        save(tmp_path / train / "a" / f"{level}.png", level)
        save(tmp_path / test / "b" / f"{level}.png", level + 1)
    save(tmp_path / "@eaDir" / "x.png")
    (tmp_path / "README").write_text("about")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "about.pdf").touch()
    assert levels(load_folder(tmp_path, split="train").images) == [10, 90]
    assert levels(load_folder(tmp_path, split="test").images) == [11, 91]
    assert dataset_facts(str(tmp_path)).class_names("train") == ("a",)
    assert dataset_facts(str(tmp_path)).class_names("all") == ("a", "b")
    assert levels(load(str(tmp_path), split="all").images) == [10, 90, 11, 91]
    with pytest.raises(ConfigError, match="has no test split"):
        load_folder(tmp_path / train, split="test")
    with pytest.raises(ConfigError, match="use train or test"):
        load_folder(tmp_path, split="..")


def test_validation_beside_train_and_test_is_a_part_of_all(tmp_path: Path) -> None:
    for level, split in ((10, "train"), (20, "test"), (30, "val")):
        save(tmp_path / split / "x.png", level)
    assert [levels(load(str(tmp_path), split=s).images) for s in ("train", "test", "all")] == [
        [10],
        [20],
        [10, 20, 30],
    ]


@pytest.mark.parametrize(
    "names",
    [
        ("apple", "bus", "train", "tractor"),
        ("apple", "test", "tractor"),
        ("Train", "train"),
        ("bus", "train"),
    ],
)
def test_a_class_may_be_called_like_a_split(tmp_path: Path, names: tuple[str, ...]) -> None:
    """A split is one only where nothing but split folders lies beside it, and that is said."""
    for number, name in enumerate(sorted(names)):
        save(tmp_path / name / "x.png", 40 * number)
    loaded = load_folder(tmp_path)
    assert (
        loaded.classes == dataset_facts(str(tmp_path)).class_names("train") == tuple(sorted(names))
    )
    assert levels(loaded.images) == [40 * number for number in range(len(names))]
    (note,) = loaded.notes
    assert "no split: something else lies beside" in note
    with pytest.raises(ConfigError, match="has no test split"):
        load_folder(tmp_path, split="test")


def test_an_image_beside_split_folders_makes_them_classes(tmp_path: Path) -> None:
    for name in ("train", "test"):
        save(tmp_path / name / "x.png")
        save(tmp_path / name / "y.png", 200)
    save(tmp_path / "contact.png")
    loaded = load_folder(tmp_path)
    assert loaded.classes == ("test", "train")
    assert "contact.png" in " ".join(loaded.notes)


def test_a_split_that_is_not_there_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "test" / "x.png")
    with pytest.raises(ConfigError, match="has no train split, only test"):
        load_folder(tmp_path)


def test_most_images_beside_the_class_folders_are_refused(tmp_path: Path) -> None:
    """One sub-folder with an image must not stand for all those that lie beside it."""
    for number in range(5):
        save(tmp_path / f"{number}.png")
    save(tmp_path / "thumbnails" / "0.png")
    for attempt in (load_folder, lambda folder: dataset_facts(str(folder)).class_names("train")):
        with pytest.raises(DataError, match=r"has 5 images beside .* and 1 in them \(thumbnails\)"):
            attempt(tmp_path)


def test_batches_keep_order_and_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "BATCH", 3)
    for number in range(8):
        save(tmp_path / f"{number}.png", number)
    told: list[tuple[str, int, int | None]] = []
    loaded = load_folder(
        tmp_path, progress=lambda what, done, total, unit: told.append((what[:7], done, total))
    )
    assert levels(loaded.images) == list(range(8))
    looked = [("looking", 8, None)]
    assert told == [*looked, ("reading", 3, 8), ("reading", 6, 8), ("reading", 8, 8)]


def test_names_that_are_no_text_are_loaded(tmp_path: Path) -> None:
    """Of files and of class folders, which are named in the labels as they are."""
    for level, name in ((100, b"caf\xe9"), (200, b"\xff\x1b[2J")):
        folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        save(tmp_path / "a.png", level)
        folder.mkdir()
        (tmp_path / "a.png").rename(os.fsdecode(os.fsencode(folder) + b"/\xff.png"))
    loaded = load_folder(tmp_path)
    assert levels(loaded.images) == [100, 200]
    assert [os.fsencode(name) for name in loaded.classes] == [b"caf\xe9", b"\xff\x1b[2J"]
