from pathlib import Path

import numpy as np
import pytest

from ganterm.benchmarks.pace import config_of, prepare
from ganterm.core.errors import ConfigError
from ganterm.data.importer import import_dataset
from ganterm.data.progress import silent
from ganterm.engine import precision
from ganterm.render.png import save_png
from ganterm.render.raster import Raster
from tests.data.files import some_images, some_labels, write_pair


def test_without_mnist_the_embedded_digits_take_its_place_and_it_says_so() -> None:
    """The images are the size that the recipe's networks take."""
    workload = prepare("dcgan", "cpu", silent)
    assert (workload.config.dataset, workload.config.split) == ("digits", "train")
    assert workload.images.images.shape == (1797, 1, 28, 28)
    assert workload.data == "digits train, 1,797 images of 28x28 (mnist is not imported here)"


def test_an_imported_mnist_is_used(tmp_path: Path) -> None:
    """The split is the recipe's own, and no word speaks of a substitute."""
    images = some_images(40)
    write_pair(tmp_path, "t10k", images, some_labels(40))
    import_dataset("mnist", tmp_path)
    workload = prepare("mlp", "cpu", silent)
    assert workload.config.dataset == "mnist"
    assert workload.data == "mnist test, 40 images of 28x28"
    assert np.array_equal(workload.images.images[:, 0].numpy(), images)


def test_a_recipe_file_on_a_folder_shows_neither_path(tmp_path: Path) -> None:
    """A page for everybody names a recipe file by its name and a folder not at all."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for index in range(4):
        save_png(Raster(8, 8, 1, bytes([index] * 64)), pictures / f"{index}.png")
    recipe = tmp_path / "own.toml"
    recipe.write_text(f'dataset = "{pictures}"\n')
    workload = prepare(str(recipe), "cpu", silent)
    assert workload.name == "own"
    assert workload.data == "a folder of images, 4 images of 28x28"


@pytest.mark.parametrize(("gain", "taken"), [(4.0, "bfloat16"), (1.0, "float32")])
def test_precision_auto_is_what_it_stands_for(
    gain: float, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that bfloat16 is not held against itself."""
    monkeypatch.setattr(precision, "bfloat16_gain", lambda device: gain)
    assert config_of("turbo", "cpu").precision == "auto"
    assert prepare("turbo", "cpu", silent).config.precision == taken


def test_an_unknown_recipe_is_refused() -> None:
    """A slip of the key names the recipe that was meant."""
    with pytest.raises(ConfigError, match="did you mean dcgan"):
        config_of("dcgann", "cpu")
