"""Holds what pictures choose where nobody says: recipe, size, channels, batch."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO
from weakref import WeakSet

import pytest
from PIL import Image

from ganterm.components.datasets import colour_of
from ganterm.config import RunConfig
from ganterm.config.runfile import render_run_toml
from ganterm.core.dataspec import ImageSize
from ganterm.core.errors import ConfigError
from ganterm.data import look
from ganterm.data.folder import load_folder
from ganterm.data.listing import Listing
from ganterm.data.look import BY_DATA, background_of, each_of, resolve_for_data, some_of
from ganterm.data.progress import silent
from tests.data.files import write_pictures


def folder(path: Path, kind: str) -> Path:
    """Write 200 pictures of `WIDTHxHEIGHT-MODE`."""
    size, _, mode = kind.partition("-")
    width, _, height = size.partition("x")
    path.mkdir()
    for number in range(200):
        level = (number, 0, 255) if mode == "RGB" else number
        Image.new(mode, (int(width), int(height)), level).save(path / f"{number}.png")
    return path


@pytest.mark.parametrize(
    ("kind", "typed", "chosen"),
    [
        ("64x64-RGB", {}, ("pictures-64", 64, 3)),
        ("64x64-L", {}, ("pictures-64", 64, 1)),
        ("160x96-RGB", {}, ("pictures-64", "40x64", 3)),
        ("192x256-RGB", {}, ("pictures-64", "64x48", 3)),
        ("33x20-RGB", {}, ("pictures-32", "24x40", 3)),
        ("64x36-RGB", {}, ("pictures-64", 64, 3)),
        ("160x96-RGB", {"recipe": "turbo-8x8"}, ("turbo-8x8", 8, 3)),
        ("5x5-RGB", {}, ("dcgan", 8, 3)),
        ("64x64-RGB", {"channels": 1}, ("pictures-64", 64, 1)),
        ("64x64-RGB", {"image_size": 32}, ("pictures-32", 32, 3)),
        ("64x64-RGB", {"recipe": "turbo"}, ("turbo", 64, 3)),
        ("64x64-RGB", {"recipe": "turbo-8x8"}, ("turbo-8x8", 8, 3)),
        ("64x64-RGB", {"recipe": "mlp", "image_size": 20}, ("mlp", 20, 3)),
        ("60x60-RGB", {"recipe": "turbo"}, ("turbo", 60, 3)),
    ],
)
def test_what_nobody_says_the_pictures_say(
    tmp_path: Path, kind: str, typed: dict[str, object], chosen: tuple[str, int, int]
) -> None:
    found = resolve_for_data({**typed, "dataset": str(folder(tmp_path / "pictures", kind))})
    config = found.config
    assert (config.recipe, config.image_size, config.channels) == chosen
    assert all(found.origin[name] == "typed" for name in typed)
    note, *few = found.notes
    words = "200 images are few: --augment colour,translation,cutout --augment-"
    assert [each.startswith(words) for each in few] == [True] * (config.augment == "none")
    width = kind.partition("-")[0]
    assert note.startswith("The 200 pictures of pictures are ")
    assert f"most about {width}: they are trained on in" in note
    for name in ("recipe", "image_size", "channels"):
        assert (found.origin[name] == BY_DATA) == (f"--{name.replace('_', '-')}" in note)


def test_networks_without_a_size_in_common_are_refused(tmp_path: Path) -> None:
    typed = {"dataset": str(folder(tmp_path / "pictures", "64x64-RGB")), "recipe": "dcgan"}
    with pytest.raises(ConfigError, match=r"dcgan-8x8 .* not 64"):
        resolve_for_data({**typed, "generator": "dcgan-8x8", "discriminator": "sngan"})


def test_few_pictures_make_a_smaller_batch_and_are_advised_to_be_augmented(tmp_path: Path) -> None:
    """One that they fill, whatever the recipe has; nothing is advised that is so or was refused."""
    advised: list[tuple[dict[str, object], str]] = [
        ({}, "--augment colour,translation,cutout --augment-target 0.6 keeps"),
        ({"loss": "relativistic"}, "--augment-target 0.6 --holdout 0.1 keeps"),
        ({"loss": "relativistic", "holdout": 0.2}, "--augment-target 0.6 keeps"),
        ({"augment": "none"}, ""),
        ({"augment": "cutout"}, ""),
    ]
    pictures = str(folder(tmp_path / "pictures", "8x8-L"))
    for typed, words in advised:
        notes = resolve_for_data({"dataset": pictures, **typed}).notes
        assert bool(words) == any("images are few" in note for note in notes)
        assert words in notes[-1]
    few = str(write_pictures(tmp_path / "few", count=50))
    assert resolve_for_data({"dataset": few}).config.batch_size == 32
    assert resolve_for_data({"dataset": few, "batch_size": 64}).config.batch_size == 64


def test_what_a_file_or_a_variable_says_is_said(tmp_path: Path) -> None:
    """A run's own file says everything, so that nothing is chosen anew."""
    pictures = str(folder(tmp_path / "pictures", "64x64-RGB"))
    named = resolve_for_data({"dataset": pictures}, environment={"GANTERM_CHANNELS": "1"})
    assert named.config.channels == 1
    whole = tmp_path / "run.toml"
    whole.write_text(render_run_toml(RunConfig(recipe="mlp", dataset=pictures), {}))
    found = resolve_for_data({}, config_file=whole)
    assert (found.config.recipe, found.config.channels, found.notes) == ("mlp", 1, ())
    digits = resolve_for_data({"dataset": "digits"})
    assert (digits.config.recipe, digits.notes) == ("turbo-8x8", ())


CLEAR = (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("corner", "middle", "below"),
    [
        ((0, 0, 255, 255), (9, 9, 9, 255), ""),
        (CLEAR, (9, 9, 9, 255), "white"),
        (CLEAR, (250, 250, 240, 255), "black"),
        ((10, 20, 30, 255), CLEAR, "#0a141e"),
        ((255, 255, 255, 0), (250, 250, 240, 255), "white"),
    ],
)
def test_corners_suggest_what_transparent_pictures_lie_over(
    tmp_path: Path, corner: tuple[int, ...], middle: tuple[int, ...], below: str
) -> None:
    """Their colour, seen or kept below; else what shows best. It is said, and stands in the run."""
    for number in range(3):
        picture = Image.new("RGBA", (16, 16), corner)
        picture.paste(middle, (4, 4, 12, 12))
        picture.save(tmp_path / f"{number}.png")
    assert background_of(sorted(tmp_path.iterdir())) == below
    typed = {"dataset": str(tmp_path), "recipe": "dcgan", "channels": 3, "image_size": 16}
    found = resolve_for_data(typed)
    assert found.config.background == (below or "auto")
    assert any("--background" in note and f" over {below} " in note for note in found.notes) is (
        below != ""
    )
    assert resolve_for_data({**typed, "channels": 4}).config.background == "auto"
    assert resolve_for_data({**typed, "background": "grey"}).config.background == "grey"
    colour = colour_of(below or "grey")
    lowest = load_folder(tmp_path, image_size=16, channels=3, background=below or "grey").images
    seen = lowest[0, :, 0, 0] if corner[3] == 0 else lowest[0, :, 8, 8]
    assert tuple(seen.tolist()) == (colour if below else middle[:3])


@pytest.mark.parametrize(("odd", "size"), [(0, "48x64"), (1, "48x64"), (3, 64)])
def test_a_size_is_not_square_where_nearly_all_pictures_share_a_shape(
    tmp_path: Path, odd: int, size: ImageSize
) -> None:
    """Phones store what is shown upright lying on its side."""
    turned = Image.Exif()
    turned[0x0112] = 6
    for index in range(32):
        picture = Image.new("RGB", (64, 64) if index < odd else (96, 128), (index, 90, 9))
        picture.save(tmp_path / f"{index:02}.png", exif=turned)
    found = resolve_for_data({"dataset": str(tmp_path)})
    assert found.config.image_size == size
    assert ("at 48x64 (height x width)" in found.notes[0]) == (size != 64)


def test_few_pictures_are_all_looked_at(tmp_path: Path) -> None:
    """The last of three as well, which alone is in colour."""
    for number, mode in enumerate(("L", "L", "RGB")):
        Image.new(mode, (8, 8), 9 if mode == "L" else (9, 99, 9)).save(tmp_path / f"{number}.png")
    assert resolve_for_data({"dataset": str(tmp_path)}).config.channels == 3


def test_pictures_out_of_an_archive_are_held_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that wait to be decoded as well as those that are looked at together."""
    monkeypatch.setattr(look, "_MOST_HELD", 8 << 20)
    alive, most = WeakSet[io.BytesIO](), 0

    class Packed(Listing):
        def contents(self, chosen: Sequence[int]) -> Iterator[tuple[int, Path | IO[bytes]]]:
            nonlocal most
            for number in chosen:
                file = io.BytesIO(bytes(1 << 20))
                alive.add(file)
                most = max(most, len(alive))
                yield number, file

    packed = Packed(paths=[Path("a")] * 200)
    found = each_of(packed, range(200), lambda _: None, "reading", silent)
    assert [number for number, _ in found] == [*range(200)]
    assert len(some_of(packed)) == 8
    assert most <= 12
