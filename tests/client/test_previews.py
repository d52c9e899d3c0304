"""Sheets are read in the background, the wanted one first, kept for a while, and never raise."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from ganterm.client import previews
from ganterm.client.previews import (
    IMAGES,
    PictureLoader,
    SheetStatistics,
    described,
    mean_change,
    measured,
)
from ganterm.render.raster import Raster
from ganterm.render.sheet import load_sheet, save_sheet

PATIENCE = 60.0


def sheet(path: Path, grey: int = 7) -> Path:
    save_sheet([Raster(2, 2, 1, bytes([grey]) * 4)] * 4, 2, path)
    return path


def grey_of(found: previews.Sheet | None) -> int:
    assert found is not None
    return found.images[0].pixels[0]


def test_what_is_wanted_comes_and_is_told(tmp_path: Path) -> None:
    """A sheet is not there before it has been read; then somebody is told."""
    came = threading.Event()
    reader = PictureLoader(came.set)
    path = sheet(tmp_path / "a.png")
    assert reader.get(path) is None
    reader.want(path)
    assert came.wait(PATIENCE)
    assert grey_of(reader.get(path)) == 7
    reader.stop()


def test_a_sheet_tells_the_classes_of_its_rows(tmp_path: Path) -> None:
    """By the names in the file; a plain one has none."""
    reader = PictureLoader(lambda: None, background=False)
    plain, named = sheet(tmp_path / "plain.png"), tmp_path / "named.png"
    save_sheet([Raster(2, 2, 1, bytes(4))] * 4, 2, named, rows=["cat", "dog"])
    reader.want(plain, named)
    classes = [found.classes for path in (plain, named) if (found := reader.get(path))]
    assert classes == [(), ("cat", "dog")]
    reader.stop()


def test_only_the_last_wish_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs through a history does not wait for what was passed on the way."""
    paths = [sheet(tmp_path / f"{index}.png") for index in range(6)]
    begun, free, done = threading.Event(), threading.Event(), threading.Event()
    read: list[Path] = []

    def slow(path: Path) -> list[Raster]:
        read.append(path)
        begun.set()
        assert free.wait(PATIENCE)
        if path == paths[-1]:
            done.set()
        return load_sheet(path)

    monkeypatch.setattr(previews, "load_sheet", slow)
    reader = PictureLoader(lambda: None)
    reader.want(paths[0])
    assert begun.wait(PATIENCE)
    for path in paths[1:]:
        reader.want(path)
    free.set()
    assert done.wait(PATIENCE)
    assert read == [paths[0], paths[-1]]
    reader.stop()


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    """And one that is as it was is not."""
    told: list[int] = []
    reader = PictureLoader(lambda: told.append(1), background=False)
    path = sheet(tmp_path / "a.png")
    reader.want(path)
    first = reader.get(path)
    reader.want(path)
    assert reader.get(path) is first
    path.unlink()
    sheet(path, grey=9)
    reader.want(path)
    assert grey_of(reader.get(path)) == 9


def test_trouble_is_a_sentence(tmp_path: Path) -> None:
    """A missing file and one that is no image have no images and say why."""
    reader = PictureLoader(lambda: None, background=False)
    (tmp_path / "b.png").write_bytes(b"no image")
    reader.want(tmp_path / "a.png", tmp_path / "b.png")
    for name, words in (("a.png", "cannot be read"), ("b.png", "not an image")):
        found = reader.get(tmp_path / name)
        assert found is not None
        assert not found.images
        assert words in found.trouble


def test_what_was_not_looked_at_for_longest_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded, however long the history."""
    reader = PictureLoader(lambda: None, background=False)
    paths = [sheet(tmp_path / f"{index}.png") for index in range(4)]
    reader.want(*paths[:2])
    one = reader.get(paths[0])
    assert one is not None
    monkeypatch.setattr(previews, "KEPT_BYTES", 2 * one.size)
    reader.want(paths[2])
    assert [reader.get(path) is not None for path in paths] == [True, False, True, False]


def test_a_stopped_reader_reads_no_more(tmp_path: Path) -> None:
    """Leaving the app does not wait for wishes."""
    reader = PictureLoader(lambda: None)
    reader.stop()
    reader.want(sheet(tmp_path / "a.png"))
    assert reader.get(tmp_path / "a.png") is None
    assert reader._thread is None


def images(*rows: bytes, channels: int = 1) -> list[Raster]:
    return [Raster(len(row) // channels, 1, channels, row) for row in rows]


def test_figures_of_known_pixels() -> None:
    """All of them as shares of the range from black to white."""
    found = measured(images(bytes([0, 255]), bytes([255, 255])))
    assert found == SheetStatistics(2, 2, 1, brightness=0.75, ink=0.75, variety=0.25, roughness=0.5)
    same = measured(images(bytes([128, 128]), bytes([128, 128])))
    assert (same.variety, same.roughness, same.ink) == (0.0, 0.0, 1.0)


def test_colours_are_compared_with_their_own() -> None:
    """A red image is smooth, though its channels differ."""
    assert measured(images(bytes([255, 0, 0, 255, 0, 0]), channels=3)).roughness == 0.0


def test_a_single_pixel_and_a_large_sheet() -> None:
    """Neither is an exception, and no more than needed is looked at."""
    assert measured(images(b"\x07")).roughness == 0.0
    assert measured(images(*[b"\x07\x09"] * 500)).images == IMAGES


def test_how_far_samples_moved() -> None:
    """A mean difference; sheets of other sizes cannot be compared."""
    before, after = images(bytes([0, 0])), images(bytes([255, 0]))
    assert mean_change(before, after) == 0.5
    assert mean_change(before, before) == 0.0
    assert mean_change(before, images(bytes(3))) is None
    assert mean_change([], after) is None


def noise(scale: float, *, mean: int = 127) -> list[Raster]:
    chance = random.Random(7)
    rows = (bytes(mean + int(scale * chance.randint(-80, 80)) for _ in range(64)) for _ in range(9))
    return images(*rows)


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (0.0, "nearly the same image"),
        (0.2, "as when modes collapse"),
        (0.6, "; less varied"),
        (1.0, "about as varied"),
        (1.5, "more varied"),
    ],
)
def test_variety_in_words(scale: float, words: str) -> None:
    """Beside the real images; a collapse is called one."""
    real = measured(noise(1.0))
    assert any(words in line for line in described(measured(noise(scale)), real))


@pytest.mark.parametrize(
    ("scale", "words"),
    [(0.2, "blurred"), (0.6, "smoother"), (1.0, "about as sharp"), (1.5, "rougher")],
)
def test_roughness_in_words(scale: float, words: str) -> None:
    """Noise is rougher than real images, a blur smoother."""
    assert words in list(described(measured(noise(scale)), measured(noise(1.0))))[-1]


def test_without_real_images_only_figures_are_told() -> None:
    """Those of another size do not count."""
    samples = measured(noise(1.0))
    alone = list(described(samples, None))
    assert alone == list(described(samples, measured(images(b"\x01\x02"))))
    assert alone[0] == "9 images of 64 by 1 pixels."
    assert "real" not in "".join(alone)
