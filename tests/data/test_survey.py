"""Holds what is said of a folder: what its files are, which are there twice, what trains on it."""

import io
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganterm.config import FIELDS, RunConfig
from ganterm.data import load
from ganterm.data import survey as survey_module
from ganterm.data.look import resolve_for_data
from ganterm.data.survey import survey


def noise(seed: int, *shape: int) -> Image.Image:
    levels = np.random.default_rng(seed).integers(4, 252, shape or (20, 24, 3), dtype=np.uint8)
    return Image.fromarray(levels)


def shifted(image: Image.Image, most: int) -> Image.Image:
    """Return an image with noise of ±`most` levels."""
    change = np.random.default_rng(9).integers(-most, most + 1, (image.height, image.width, 1))
    return Image.fromarray((np.asarray(image).astype(np.int64) + change).clip(0, 255).astype("u1"))


def packed(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


TURNED = Image.Exif()
TURNED[0x0112] = 6
DEEP = Image.fromarray(np.arange(480, dtype=np.uint16).reshape(20, 24) * 130)
CLEAR = Image.new("RGBA", (24, 20), (0, 0, 0, 0))
CLEAR.paste((9, 9, 9, 255), (4, 4, 12, 12))
HIDDEN = Image.new("RGBA", CLEAR.size, (70, 0, 0, 0))
HIDDEN.paste((9, 9, 9, 255), (4, 4, 12, 12))
GIF = packed(noise(4).convert("P"), "GIF", save_all=True, append_images=[noise(5)])
BASE = packed(noise(1), "PNG")
PLAIN = {"files": 2, "transparent": 0, "exact": [], "near": [], "broken": []}


@pytest.mark.parametrize(
    ("files", "said", "words"),
    [
        ({"b.png": packed(noise(2), "PNG")}, PLAIN, "2 image files: 2 PNG; 2 colour."),
        ({"b.png": BASE}, {"exact": [("b.png", "a.png")], "near": []}, "(b.png is a.png)"),
        ({"b.bmp": packed(noise(1), "BMP")}, {"exact": [("b.bmp", "a.png")]}, ""),
        (
            {"b.png": packed(shifted(noise(1), 4), "PNG")},
            {"exact": [], "near": [("b.png", "a.png")]},
            "Near duplicates: 1 (b.png is like a.png).",
        ),
        ({"b.png": packed(shifted(noise(1), 60), "PNG")}, {"exact": [], "near": []}, ""),
        (
            {"b.png": packed(CLEAR, "PNG"), "c.png": packed(HIDDEN, "PNG")},
            {"transparent": 2, "background": "white", "exact": [("c.png", "b.png")]},
            "In part transparent: 2.",
        ),
        ({"b.png": packed(DEEP, "PNG")}, {"kinds": {"colour": 1, "16-bit grey": 1}}, ""),
        (
            {"b.jpg": packed(noise(3, 40, 48, 4).convert("CMYK"), "JPEG")},
            {"formats": {"PNG": 1, "JPEG": 1}, "kinds": {"colour": 1, "CMYK": 1}},
            "Width x height: 24x20 (1), 48x40 (1).",
        ),
        (
            {"b.jpg": packed(noise(3), "JPEG", exif=TURNED)},
            {"sizes": [(24, 20, 1), (20, 24, 1)], "smallest": [20, 24], "largest": [24, 20]},
            "",
        ),
        (
            {"b.gif": GIF},
            {"animated": 1, "kinds": {"colour": 1, "palette": 1}},
            "Of several frames: 1; the first is taken.",
        ),
        (
            {"b.png": BASE[:300], "notes.txt": b"x"},
            {
                "formats": {"PNG": 1},
                "broken": [("b.png", "image file is truncated")],
                "left_out": [("notes.txt", "not an image")],
            },
            "",
        ),
        (
            {"x/b.png": packed(noise(2), "PNG"), "y/b.png": packed(noise(3), "PNG")},
            {"classes": {"x": 1, "y": 1}, "left_out": [("a.png", "in no class")]},
            "Classes: 2 (x 1, y 1).",
        ),
    ],
)
def test_what_is_there_is_said(
    tmp_path: Path, files: dict[str, bytes], said: dict[str, Any], words: str
) -> None:
    for name, data in {"a.png": BASE, **files}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    found = survey(str(tmp_path), "train")
    told = {
        **found.record,
        **{key: found.record[key]["some"] for key in ("exact", "near", "broken", "left_out")},
        "sizes": [tuple(each.values()) for each in found.record["sizes"]],
    }
    assert {key: told[key] for key in said} == said
    assert words in " ".join(found.lines)


def trained_by(command: str) -> RunConfig:
    words = shlex.split(command)
    assert words[:2] == ["ganterm", "train"]
    names = {spec.option: name for name, spec in FIELDS.items()}
    pairs = zip(words[2::2], words[3::2], strict=True)
    return resolve_for_data({names[option]: text for option, text in pairs}).config


def test_the_command_trains_what_the_pictures_choose(tmp_path: Path) -> None:
    """Whatever else chose it would be taken, and a test split is not what is trained on."""
    pictures = tmp_path / "my pictures"
    for split in ("train", "test"):
        (pictures / split).mkdir(parents=True)
        for number in range(20):
            CLEAR.save(pictures / split / f"{number}.png")
    place = str(pictures)
    for split in ("train", "test"):
        found = survey(place, split)
        assert found.record["exact"]["count"] == 19
        assert trained_by(found.record["command"]) == resolve_for_data({"dataset": place}).config
    odd = pictures.rename(tmp_path / "o\x1bdd")
    found = survey(str(odd), "train")
    assert (found.record["command"], found.record["files"]) == ("", 20)
    assert "Nothing trains on them as is: dataset must be a name" in found.lines[-1]


@pytest.mark.parametrize(
    ("name", "recipe", "words"),
    [
        ("digits", "turbo-8x8", "1,797 train samples, 8x8, 10 classes."),
        ("mnist", "turbo", "60,000 train and 10,000 test samples, 28x28, 10 classes."),
        ("cifar10", "pictures-32", "10,000 test samples, 32x32, 10 classes."),
        ("ring", "ring", "2-D, 8 classes."),
    ],
)
def test_a_dataset_by_name_says_its_facts_and_a_command(name: str, recipe: str, words: str) -> None:
    found = survey(name, "train")
    config = trained_by(found.record["command"])
    assert (config.dataset, config.recipe) == (name, recipe)
    assert words in found.lines[0]


def test_near_duplicates_are_found_among_many_and_not_among_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        noise(number % 15, 16, 16, 3).save(tmp_path / f"{number:02d}.png")
    for number in range(3):
        shifted(noise(7, 16, 16, 3), 2 + number).save(tmp_path / f"x{number}.png")
    monkeypatch.setattr(survey_module, "_ROWS", 2)
    monkeypatch.setattr(survey_module, "_CHUNK", 2)
    record = survey(str(tmp_path), "train").record
    assert record["exact"]["some"] == [(f"{n + 15}.png", f"{n:02d}.png") for n in range(5)]
    assert record["near"]["some"] == [(f"x{n}.png", "07.png") for n in range(3)]
    monkeypatch.setattr(survey_module, "MOST_COMPARED", 17)
    found = survey(str(tmp_path), "train")
    assert found.record["near"] is None
    assert "among more than 17 pictures." in found.lines[-2]


def test_mirroring_is_advised_where_it_makes_no_difference(tmp_path: Path) -> None:
    """Not of digits, whichever; of discs anywhere, and of few pictures nothing is said."""
    digits = load("digits", image_size=8)
    assert digits.labels is not None
    row, column = np.mgrid[:16, :16]
    draw = np.random.default_rng(0)
    discs = [
        (np.hypot(row - draw.uniform(4, 12), column - draw.uniform(4, 12)) < 4) * np.uint8(200)
        for _ in range(80)
    ]
    sets = {
        "digits": list(digits.images[:400, 0].numpy()),
        **{f"only {n}": list(digits.images[digits.labels == n][:, 0].numpy()) for n in (1, 8)},
        "discs": discs,
        "few": discs[:20],
    }
    advised = {}
    for name, images in sets.items():
        (tmp_path / name).mkdir()
        for index, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / name / f"{index:03}.png")
        found = survey(str(tmp_path / name), "train")
        advised[name] = any("--flip" in line for line in found.lines)
        assert (found.record["mirrored"] is None) == (name == "few")
    assert advised == {name: name == "discs" for name in sets}
