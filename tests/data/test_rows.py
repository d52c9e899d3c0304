"""Holds arrays and parquet shards as datasets: the same as a folder of their pictures."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from ganterm.client.pictures import open_pictures
from ganterm.components.datasets import DATASETS
from ganterm.core.errors import ConfigError, DataError
from ganterm.data import ImageSet, load
from ganterm.data.given import load_given
from ganterm.data.look import resolve_for_data
from ganterm.data.survey import survey

GREY = np.random.default_rng(0).integers(0, 256, (12, 8, 10), np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (12, 8, 10, 3), np.uint8)
CLEAR = np.random.default_rng(2).integers(0, 256, (12, 8, 10, 4), np.uint8)
LABELS = np.array([10, 2, 2, 0] * 3)
TOLD = "Levels are floating-point, from {} to {}."


def whole(place: Path, **options: Any) -> ImageSet:
    return load(str(place), image_size="8x10", channels=None, **options)


def saved(path: Path, **arrays: NDArray[Any]) -> Path:
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize(
    ("array", "expected", "note"),
    [
        (GREY, GREY[:, None], ""),
        (GREY[..., None], GREY[:, None], ""),
        (GREY[:, None], GREY[:, None], ""),
        (np.asfortranarray(COLOUR), COLOUR.transpose(0, 3, 1, 2), ""),
        (COLOUR.transpose(0, 3, 1, 2), COLOUR.transpose(0, 3, 1, 2), ""),
        (COLOUR.astype(np.int64), COLOUR.transpose(0, 3, 1, 2), ""),
        (COLOUR / 255, COLOUR.transpose(0, 3, 1, 2), TOLD.format(0, 1)),
        ((GREY / 127.5 - 1).astype(np.float32), GREY[:, None], TOLD.format(-1, 1)),
        (GREY > 127, (GREY[:, None] > 127) * np.uint8(255), ""),
    ],
)
@pytest.mark.parametrize("ending", ["npy", "npz", "packed.npz"])
def test_arrays_of_every_layout_and_range(
    tmp_path: Path, array: NDArray[Any], expected: NDArray[np.uint8], note: str, ending: str
) -> None:
    path = tmp_path / f"a.{ending}"
    {"npy": np.save, "npz": np.savez, "packed.npz": np.savez_compressed}[ending](path, array)
    found = whole(path)
    assert torch.equal(found.images, torch.from_numpy(expected.copy()))
    assert (found.labels, found.classes) == (None, ())
    assert [each for each in found.notes if "Levels" in each] == [note] * bool(note)
    config = resolve_for_data({"dataset": str(path)}).config
    assert (config.channels, config.batch_size) == (expected.shape[1], 8)


def test_alpha_is_kept_or_laid_over_a_background(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, CLEAR)
    straight = torch.from_numpy(CLEAR.transpose(0, 3, 1, 2).copy()).float()
    found = load(str(path), image_size="8x10", channels=4).images.float()
    assert torch.equal(found[:, 3], straight[:, 3])
    assert (found[:, :3] - straight[:, :3] * straight[:, 3:] / 255).abs().max() <= 1
    assert load(str(path), image_size="8x10", channels=3, background="white").channels == 3


@pytest.mark.parametrize(
    ("arrays", "splits", "classes"),
    [
        ({"images": GREY, "labels": LABELS}, {"train": 12}, ("0", "2", "10")),
        ({"x_train": GREY, "y_train": LABELS}, {"train": 12}, ("0", "2", "10")),
        ({"X": GREY, "Y": LABELS[:, None], "ids": LABELS}, {"train": 12}, ("0", "2", "10")),
        ({"arr_0": GREY, "arr_1": np.arange(12)}, {"train": 12}, ()),
        ({"images": GREY, "labels": np.zeros((12, 14), int)}, {"train": 12}, ()),
        (
            {
                **{"train_images": GREY, "train_labels": LABELS[:, None]},
                **{"test_images": GREY[:4], "test_labels": LABELS[:4, None]},
            },
            {"train": 12, "test": 4},
            ("0", "2", "10"),
        ),
        (
            {"x_train": GREY, "val_images": GREY[:3], "x_test": GREY[:4]},
            {"train": 12, "test": 4, "val": 3},
            (),
        ),
    ],
)
def test_names_of_an_npz_are_splits_and_labels(
    tmp_path: Path,
    arrays: Mapping[str, NDArray[Any]],
    splits: Mapping[str, int],
    classes: tuple[str, ...],
) -> None:
    path = saved(tmp_path / "a.npz", **arrays)
    facts = DATASETS.facts(str(path))
    assert (facts.splits, facts.class_names("train")) == (tuple(splits), classes)
    assert {split: len(whole(path, split=split)) for split in splits} == splits
    found = whole(path)
    # Rows of one class lie together, in their order.
    order = np.argsort(LABELS, kind="stable") if classes else np.arange(12)
    assert torch.equal(found.images[:, 0], torch.from_numpy(GREY[order]))
    if found.labels is not None:
        assert [classes[label] for label in found.labels] == [str(x) for x in LABELS[order]]
    told = "labels has no class for each image, so there are none."
    assert (told in found.notes) == ("labels" in arrays and not classes)
    together = load_given(str(path))
    assert isinstance(together, ImageSet)
    assert len(together) == sum(splits.values())


def test_arrays_are_surveyed_and_kept_as_folders_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("ganterm.data.decoded.KEEP_SECONDS", 0.0)
    path = saved(tmp_path / "a.npz", images=np.concatenate([COLOUR, COLOUR[:1]]))
    record = survey(str(path), "train").record
    assert (record["files"], record["formats"]) == (13, {"from an array": 13})
    assert record["exact"]["some"] == [("train/00000012", "train/00000000")]
    assert "--recipe dcgan" in record["command"]
    first = whole(path)
    assert len(list((tmp_path / "data/decoded").iterdir())) == 1
    assert torch.equal(whole(path).images, first.images)


def header(shape: str, kind: str = "|u1") -> bytes:
    text = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text


def pickled() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, None])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (header("(90000000000, 28, 28)") + bytes(99), "damaged, or no"),
        (header("(3, 2, 2)", "[('a', '|u1')]") + bytes(12), "damaged, or no|values are"),
        (pickled(), "damaged, or no"),
        (header("(0, 28, 28)"), "no pixels|damaged"),
        (header("(20, 5)") + bytes(100), "one image of shape"),
        (header("(2, 3, 8, 8)", "<f4") + np.full(384, np.nan, "<f4").tobytes(), "no finite"),
        (header("(2, 3, 8, 8)", "<f4") + np.full(384, 900, "<f4").tobytes(), "between 900"),
        (header("(2, 8, 8)", "<U1") + bytes(512), "values are|damaged"),
        (b"", "damaged, or no"),
    ],
)
def test_arrays_that_are_no_images_are_refused(
    tmp_path: Path, content: bytes, words: str, packed: int | None
) -> None:
    """What a header promises is not reserved."""
    path = tmp_path / ("a.npy" if packed is None else "a.npz")
    if packed is None:
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w", packed) as archive:
            archive.writestr("images.npy", content)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=words):
            load(str(path), channels=3)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_an_npz_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", images=np.zeros((1000, 256, 256), np.uint8))
    with pytest.raises(DataError, match="unpacks to more than"):
        load(str(path))


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def shard(path: Path, columns: Mapping[str, Any], names: list[str] | None = None) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    if names:
        features["label"] = {"names": names, "_type": "ClassLabel"}
        told = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": told})
    pq.write_table(table, path, row_group_size=3)


FILES = [png(each) for each in COLOUR]
STRUCTS = [{"bytes": each, "path": f"{row}.png"} for row, each in enumerate(FILES)]


def in_folder(folder: Path) -> Path:
    names = ["cat", "dog/wolf", "never", "ant"]
    shard(
        folder / "data/train-00000-of-00002.parquet",
        {"image": STRUCTS[:5], "label": [3, 0, 1, 0, 3]},
        names,
    )
    shard(
        folder / "data/train-00001-of-00002.parquet",
        {"image": STRUCTS[5:8], "label": [0, 0, 1]},
        names,
    )
    shard(
        folder / "data/test-00000-of-00001.parquet",
        {"image": STRUCTS[8:], "label": [-1] * 4},
        names,
    )
    (folder / "README.md").write_text("A data set.")
    return folder


def test_shards_in_a_folder_are_splits_with_the_classes_of_their_schema(tmp_path: Path) -> None:
    place = in_folder(tmp_path / "set")
    facts = DATASETS.facts(str(place))
    assert facts.splits == ("train", "test")
    assert facts.class_names("train") == ("cat", "dog_wolf", "ant")
    found = whole(place)
    rows = [1, 3, 5, 6, 2, 7, 0, 4]
    assert torch.equal(found.images, torch.from_numpy(COLOUR[rows].transpose(0, 3, 1, 2).copy()))
    assert found.labels is not None
    assert found.labels.tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    assert len(whole(place, split="test")) == 4
    assert whole(place, split="test").labels is None
    given = load_given(str(place))
    assert isinstance(given, ImageSet)
    assert len(given) == 12
    assert survey(str(place), "train").record["formats"] == {"from parquet": 8}
    config = resolve_for_data({"dataset": str(place)}).config
    assert (config.channels, config.image_size) == (3, 12)
    with pytest.raises(ConfigError, match="holds pictures in parquet"):
        open_pictures(str(place))


@pytest.mark.parametrize(
    ("columns", "classes", "notes"),
    [
        ({"img": FILES, "text": ["a"] * 12}, (), 0),
        ({"image": [*STRUCTS[:11], None], "label": list("ab" * 6)}, ("a", "b"), 1),
        ({"picture": [*FILES[:11], b"no picture"], "class": LABELS.tolist()}, ("0", "2", "10"), 1),
    ],
)
def test_one_file_of_parquet(
    tmp_path: Path, columns: Mapping[str, Any], classes: tuple[str, ...], notes: int
) -> None:
    path = tmp_path / "a.parquet"
    shard(path, columns)
    found = whole(path)
    assert (len(found), found.classes, len(found.notes)) == (12 - notes, classes, notes)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "damaged"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: shard(path, {"text": ["a"], "number": [1]}), "no column of pictures"),
    ],
)
def test_parquet_that_holds_no_pictures_is_refused(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "a.parquet"
    shard(path, {"image": STRUCTS})
    spoil(path)
    with pytest.raises(DataError, match=words):
        load(str(path), channels=3)


def test_without_pyarrow_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    for place in (tmp_path, tmp_path / "a.parquet"):
        with pytest.raises(ConfigError, match=r"needs pyarrow.*-m pip install pyarrow"):
            load(str(place))
