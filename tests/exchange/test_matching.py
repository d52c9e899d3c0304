"""Tutorial weights become the recipe's generator when, and only when, the images are the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganterm.components.networks.from_config import generator_from
from ganterm.config import resolve
from ganterm.core.errors import ConfigError
from ganterm.exchange.fitting import (
    FittedConfig,
    channels_too_many,
    fit,
    recipes_that_fit,
    with_epsilon,
)
from tests.exchange.models import by_architecture, trained
from tests.exchange.tutorials import (
    NotebookDcgan,
    PyTorchDcgan,
    PyTorchGanDcgan,
    PyTorchGanMlp,
    lived,
)

State = dict[str, Tensor]


def images_of(found: FittedConfig, z: Tensor, eps: tuple[float, ...] = ()) -> Tensor:
    generator = generator_from(found.config, found.config.data_spec)
    if eps:
        with_epsilon(found.match.state, generator, eps)
    generator.load_state_dict(found.match.state)
    images: Tensor = generator.eval()(z).detach()
    return images


def fitted(state: State, recipe: str, **settings: Any) -> FittedConfig:
    return fit(state, resolve({"recipe": recipe, **settings}).config, fixed=settings)


@pytest.mark.parametrize(
    ("build", "recipe", "changed", "eps"),
    [
        (PyTorchDcgan, "dcgan-64", {}, ()),
        (
            lambda: PyTorchDcgan(nz=64, ngf=32, nc=3),
            "dcgan-64",
            {"z_dim": 64, "channels": 3, "width": 0.5},
            (),
        ),
        (PyTorchGanDcgan, "dcgan-upsample", {"image_size": 32}, (1e-5, 0.8, 0.8)),
        (PyTorchGanMlp, "mlp", {}, ()),
        (lambda: PyTorchGanMlp(62, 32), "mlp", {"z_dim": 62, "image_size": 32}, ()),
        (NotebookDcgan, "dcgan", {}, ()),
        (lambda: NotebookDcgan(128), "dcgan", {"z_dim": 128}, ()),
    ],
)
def test_tutorials_give_their_own_images(
    build: Callable[[], nn.Module], recipe: str, changed: dict[str, Any], eps: tuple[float, ...]
) -> None:
    """Every pixel is the tutorial's; what the shapes say otherwise than the recipe is found."""
    theirs = lived(build())
    found = fitted(theirs.state_dict(), recipe)
    assert found.match.misfits == []
    assert found.changed == changed
    z = torch.randn(4, found.config.z_dim)
    torch.testing.assert_close(images_of(found, z, eps), theirs(z), atol=1e-5, rtol=0)


class Dcgan32(nn.Module):
    """The DCGAN of many repositories for 32 pixels: three doublings from 4x4."""

    def __init__(self, ngf: int, channels: int = 3) -> None:
        super().__init__()
        sides = [(100, ngf * 4, 1, 0), (ngf * 4, ngf * 2, 2, 1), (ngf * 2, ngf, 2, 1)]
        layers: list[nn.Module] = []
        for inputs, outputs, stride, padding in sides:
            layers += [
                nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        last = nn.ConvTranspose2d(ngf, channels, 4, 2, 1, bias=False)
        self.main = nn.Sequential(*layers, last, nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.main(z[:, :, None, None])
        return images


@pytest.mark.parametrize("ngf", [8, 16, 32, 64])
def test_side_and_width_are_found_together(ngf: int) -> None:
    """Where the widths of the recipe follow the side, the width is that at the file's side."""
    theirs = lived(Dcgan32(ngf))
    found = fitted(theirs.state_dict(), "dcgan-64")
    width = {} if ngf == 64 else {"width": ngf / 64}
    assert found.match.misfits == []
    assert found.changed == {"image_size": 32, "channels": 3, **width}
    z = torch.randn(4, 100)
    torch.testing.assert_close(images_of(found, z), theirs(z), atol=1e-5, rtol=0)


def test_channels_that_no_recipe_has_are_counted() -> None:
    """Two channels are told from all other misfits, whatever the width; four are transparency."""
    config = resolve({"recipe": "dcgan-64"}).config
    found = channels_too_many(lived(Dcgan32(8, channels=2)).state_dict(), config, ())
    assert found is not None
    assert (found[0], found[1].misfits) == (2, [])
    assert fitted(lived(Dcgan32(8, channels=4)).state_dict(), "dcgan-64").changed["channels"] == 4
    assert channels_too_many(lived(PyTorchGanDcgan()).state_dict(), config, ()) is None


@pytest.mark.parametrize("config", by_architecture().values(), ids=by_architecture())
def test_what_ganterm_exports_comes_back(config: Any) -> None:
    """The state_dict of every architecture fits its own recipe, tensor for tensor."""
    model = trained(config)
    state = model.generator.state_dict()
    found = fit(state, config, classes=model.data.classes)
    assert found.match.misfits == []
    assert found.changed == {}
    assert all(torch.equal(found.match.state[name], value) for name, value in state.items())


def test_half_precision_is_taken_as_float32() -> None:
    """float16 and float64 weights become float32, and the counter stays a whole number."""
    theirs = lived(NotebookDcgan())
    for dtype in (torch.float16, torch.float64):
        state = {
            name: value.to(dtype) if value.is_floating_point() else value
            for name, value in theirs.state_dict().items()
        }
        made = fitted(state, "dcgan").match.state
        kinds = {value.dtype for name, value in made.items() if not name.endswith("tracked")}
        assert kinds == {torch.float32}
        assert made["layers.3.num_batches_tracked"].item() == 1234


def without(state: State, *parts: str) -> State:
    return {name: value for name, value in state.items() if not name.endswith(parts)}


def test_absent_biases_and_counters_are_made_up_for() -> None:
    """No bias is a bias of 0, no counter is 0, no scale and shift are 1 and 0: the same images."""
    theirs = lived(NotebookDcgan())
    for layer in (theirs.fc, theirs.deconv1, theirs.deconv3):
        assert layer.bias is not None
        layer.bias.zero_()
    theirs.bn1.weight.fill_(1)
    theirs.bn1.bias.zero_()
    state = without(
        theirs.state_dict(),
        *("fc.bias", "deconv1.bias", "deconv3.bias", "bn1.weight", "bn1.bias", "tracked"),
    )
    found = fitted(state, "dcgan")
    assert found.match.misfits == []
    words = [row.words for row in found.match.rows if row.words != "fits"]
    assert sum("no bias in the file" in each for each in words) == 3
    assert sum("no scale and shift" in each for each in words) == 1
    z = torch.randn(3, 100)
    torch.testing.assert_close(images_of(found, z), theirs(z), atol=1e-5, rtol=0)


def test_a_bias_before_a_normalisation_goes_into_its_mean() -> None:
    """The recipe's layers have no bias there; the images are the same all the same."""
    theirs = PyTorchDcgan()
    for index in (0, 3, 6, 9):
        layer = theirs.main[index]
        assert isinstance(layer, nn.ConvTranspose2d)
        layer.bias = nn.Parameter(torch.randn(layer.out_channels))
    lived(theirs)
    found = fitted(theirs.state_dict(), "dcgan-64")
    assert found.match.misfits == []
    assert sum("into the mean" in row.words for row in found.match.rows) == 4
    z = torch.randn(3, 100)
    torch.testing.assert_close(images_of(found, z), theirs(z), atol=1e-5, rtol=0)


def test_a_bias_at_the_end_has_nowhere_to_go() -> None:
    """Where nothing follows that could take a bias, it is refused unless it is 0."""
    theirs = PyTorchDcgan()
    last = theirs.main[12]
    assert isinstance(last, nn.ConvTranspose2d)
    last.bias = nn.Parameter(torch.zeros(1))
    lived(theirs)
    (row,) = fitted(theirs.state_dict(), "dcgan-64").match.misfits
    assert "it has a bias" in row.words
    last.bias.zero_()
    assert fitted(theirs.state_dict(), "dcgan-64").match.misfits == []


def test_what_is_missing_or_left_over_keeps_it_from_being_whole() -> None:
    """No statistics, a negative variance, a layer too few or too many: named, and nothing made."""
    state = dict(lived(NotebookDcgan()).state_dict())
    for broken, words in (
        (without(state, "bn1.running_mean"), "no running_mean"),
        ({**state, "bn1.running_var": torch.full((128,), -1.0)}, "is negative"),
        ({**state, "bn1.weight": torch.ones(127)}, "not of one size"),
        (without(state, "deconv2.weight", "deconv2.bias"), "nothing in the file"),
        ({**state, "deconv2.bias": torch.ones(63)}, "bias is of another size"),
        ({**state, "extra.weight": torch.ones(5, 5)}, "nothing in the recipe's"),
        ({**state, "deconv1.weight_u": torch.ones(5)}, "nothing in"),
        ({}, "nothing in the file"),
    ):
        found = fitted(broken, "dcgan")
        assert any(words in row.words for row in found.match.misfits), words
        assert found.match.state == {}


def test_settings_that_were_typed_are_not_changed() -> None:
    """With z_dim fixed the file does not fit, and the row of the first layer says so."""
    state = dict(lived(NotebookDcgan(128)).state_dict())
    found = fitted(state, "dcgan", z_dim=100)
    assert found.config.z_dim == 100
    assert "layers.0" in [row.ours for row in found.match.misfits]


@pytest.mark.slow
def test_the_recipes_that_fit_are_known() -> None:
    """Whoever names a wrong recipe can be told the right ones; strange weights have none."""
    assert recipes_that_fit(lived(PyTorchGanDcgan()).state_dict()) == [
        "dcgan-upsample",
        "sngan",
        "wgan-gp",
    ]
    assert "dcgan-64" in recipes_that_fit(lived(PyTorchDcgan()).state_dict())
    assert recipes_that_fit({"a.weight": torch.ones(3, 3)}) == []


def test_the_file_is_not_changed_by_fitting() -> None:
    """The tensors that were read are left as they were, biases that move included."""
    theirs = PyTorchDcgan()
    first = theirs.main[0]
    assert isinstance(first, nn.ConvTranspose2d)
    first.bias = nn.Parameter(torch.ones(512))
    state = dict(lived(theirs).state_dict())
    before = {name: value.clone() for name, value in state.items()}
    found = fitted(state, "dcgan-64")
    for value in found.match.state.values():
        value.zero_()
    assert state.keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in state.items())


def test_epsilons_are_one_or_one_for_each() -> None:
    """Another number of them is refused with how many there are."""
    config = resolve({"recipe": "dcgan"}).config
    generator = generator_from(config, config.data_spec)
    with pytest.raises(ConfigError, match="has 2 normalisations"):
        with_epsilon(generator.state_dict(), generator, (0.8, 0.8, 0.8))
    config = resolve({"recipe": "dcgan-8x8"}).config
    plain = generator_from(config, config.data_spec)
    with pytest.raises(ConfigError, match="has 0 normalisations"):
        with_epsilon(plain.state_dict(), plain, (0.8,))
