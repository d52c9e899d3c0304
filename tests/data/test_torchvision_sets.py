"""Holds torchvision's sets by the name of their class: kept once, then folders like any other."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganterm.components.datasets import DATASETS
from ganterm.core.errors import ConfigError, DataError
from ganterm.data import load, torchvision_sets
from ganterm.data.catalogue import anchored, dataset_facts
from ganterm.data.fetch import fetch_dataset
from ganterm.data.listing import kept_folder
from ganterm.data.torchvision_sets import import_torchvision

PETS = "torchvision:OxfordIIITPet"


def picture(seed: int, width: int, height: int) -> Image.Image:
    """Give noise in colour."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def write_pets(root: Path) -> None:
    """Write a few pets as OxfordIIITPet is unpacked: names say the breed, lists the split."""
    base = root / "oxford-iiit-pet"
    for folder in ("images", "annotations"):
        (base / folder).mkdir(parents=True)
    breeds = [("Abyssinian", 1), ("yorkshire_terrier", 2)]
    for split, first in (("trainval", 0), ("test", 3)):
        lines = []
        for breed, label in breeds:
            for number in range(first, first + 3):
                name = f"{breed}_{number}"
                picture(number, 40, 30).save(base / "images" / f"{name}.jpg")
                lines.append(f"{name} {label} 1 1")
        (base / "annotations" / f"{split}.txt").write_text("\n".join(lines))


def test_a_set_is_imported_from_what_torchvision_unpacks(tmp_path: Path) -> None:
    """Its splits and classes are those that torchvision says, and it is named as before."""
    name = "torchvision:OxfordIIITPet"
    with pytest.raises(ConfigError, match="`ganterm data fetch torchvision:OxfordIIITPet`"):
        dataset_facts(name)
    write_pets(tmp_path / "files")
    report = import_torchvision(name, tmp_path / "files")
    assert {each.split: each.count for each in report.splits} == {"train": 6, "test": 6}
    assert dataset_facts(name).splits == ("train", "test")
    found = load(name, image_size=32, channels=3)
    assert found.images.shape == (6, 3, 32, 32)
    assert found.classes == ("Abyssinian", "Yorkshire Terrier")
    assert found.labels is not None
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1]
    published = tmp_path / "files" / "oxford-iiit-pet" / "images" / "Abyssinian_0.jpg"
    with Image.open(published) as first:
        expected = np.asarray(first.convert("RGB"))
    with Image.open(report.splits[0].path / "Abyssinian" / "0000000.png") as kept:
        assert np.array_equal(np.asarray(kept), expected)
    assert Path(anchored(name)).is_dir()
    assert DATASETS.accepts(name)
    assert not [each.name for each in report.splits[0].path.parent.parent.glob(".*")]


@pytest.mark.parametrize("form", ["zip", "folder of the zip", "unpacked", "folder of these"])
def test_celeba_is_taken_in_every_form_it_comes_in(form: str, tmp_path: Path) -> None:
    """Its files stay as they are published, split by its list where there is one."""
    for number in range(1, 7):
        path = tmp_path / "img_align_celeba" / f"{number:06}.jpg"
        path.parent.mkdir(exist_ok=True)
        picture(number, 178, 218).save(path)
    first = (tmp_path / "img_align_celeba" / "000001.jpg").read_bytes()
    given = tmp_path / "img_align_celeba"
    if "zip" in form:
        given = tmp_path / "celeba" / "img_align_celeba.zip"
        given.parent.mkdir()
        with zipfile.ZipFile(given, "w") as pack:
            for path in (tmp_path / "img_align_celeba").iterdir():
                pack.write(path, f"img_align_celeba/{path.name}")
    beside = given.parent / "list_eval_partition.txt"
    beside.write_text("".join(f"{n:06}.jpg {(n - 1) // 2}\n" for n in range(1, 7)))
    report = import_torchvision("torchvision:CelebA", given.parent if "folder" in form else given)
    assert {each.split: each.count for each in report.splits} == {"train": 4, "test": 2}
    assert sorted(report.splits[0].path.iterdir())[0].read_bytes() == first
    assert load("torchvision:CelebA", image_size=64, channels=3).labels is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("torchvision:Nothing", "no dataset called 'Nothing'"),
        ("torchvision:os", "no dataset called 'os'"),
        ("torchvision:../x", "no dataset called"),
        ("torchvision:PhotoTour", "asks for name"),
        ("torchvision:Kinetics", "asks for frames_per_clip"),
        ("torchvision:LSUN", "could run code"),
        ("torchvision:FER2013", "does not download FER2013"),
    ],
)
def test_what_is_no_set_of_pictures_is_said(name: str, words: str, data_home: Path) -> None:
    with pytest.raises((ConfigError, DataError), match=words):
        fetch_dataset(name)
    assert not (data_home / "torchvision").exists()


@pytest.mark.parametrize("name", ["OxfordIIITPet", "CelebA", "DTD"])
def test_files_that_are_not_there_are_said(name: str, tmp_path: Path, data_home: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place in ("empty", "nowhere"):
        with pytest.raises(DataError, match=r"bring its files|does not exist|holds no img_align"):
            import_torchvision(f"torchvision:{name}", tmp_path / place)
    assert not list((data_home / "torchvision").glob("*"))


def test_without_internet_it_says_how_to_bring_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    with pytest.raises(DataError, match="`ganterm data import torchvision:DTD PATH`"):
        fetch_dataset("torchvision:DTD")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Give the root of pets that are imported already."""
    write_pets(tmp_path)
    import_torchvision(PETS, tmp_path)
    return tmp_path


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def breaks_swap(path: Path, target: Path) -> Path:
    """Move the set that is there aside, but nothing into its place."""
    if path.suffix == ".tmp" and target.suffix != ".tmp" and "-old" not in path.name:
        raise OSError(5, "Input/output error")
    os.rename(path, target)  # noqa: PTH104
    return target


@pytest.mark.parametrize(
    ("what", "fails", "said"),
    [
        ("PIL.Image.Image.save", full, "make room or set GANTERM_DATA_DIR"),
        ("pathlib.Path.rename", breaks_swap, r"cannot be kept in .* \(Input/output error\)"),
        ("PIL.Image.Image.convert", full, "files of torchvision:OxfordIIITPet cannot be read"),
    ],
)
def test_an_import_that_breaks_off_keeps_what_was_there(
    pets: Path, monkeypatch: pytest.MonkeyPatch, what: str, fails: object, said: str
) -> None:
    """It says where it breaks off: as it reads, as it writes, or as it puts the one in place."""
    home = kept_folder(PETS).parent
    with monkeypatch.context() as patched:
        patched.setattr(what, fails)
        with pytest.raises(DataError, match=said):
            import_torchvision(PETS, pets)
    assert [each.name for each in home.iterdir()] == ["OxfordIIITPet"]
    assert len(load(PETS, image_size=32, channels=3)) == 6
    import_torchvision(PETS, pets)
    assert [each.name for each in home.iterdir()] == ["OxfordIIITPet"]


class Odd:
    """A set whose classes hardly differ in name, and whose pictures are for printing."""

    classes = ("a/b", "a-b", "A-B", "..", "x" * 300)

    def __init__(self, root: str) -> None:
        self.root = root

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> tuple[Image.Image, int]:
        return Image.new("CMYK", (9, 9), (0, 200, 200, 0)), index


def test_classes_and_pictures_are_kept_as_files_can_have_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchvision_sets, "_class_of", lambda _: Odd)
    import_torchvision("torchvision:Odd", tmp_path)
    found = load("torchvision:Odd", image_size=9, channels=3)
    assert found.classes == ("A-B 3", "a-b", "a-b 2", "class", "x" * 60)
    assert found.images[0, :, 4, 4].tolist() == [255, 55, 55]


def test_a_bomb_among_the_images_of_celeba_is_left_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchvision_sets, "most_of", lambda _: 5000)
    with zipfile.ZipFile(tmp_path / "img_align_celeba.zip", "w") as pack:
        for number in range(3):
            pack.writestr(f"img_align_celeba/{number}.jpg", bytes(2000))
    with pytest.raises(DataError, match="unpacks to more than"):
        import_torchvision("torchvision:CelebA", tmp_path)
