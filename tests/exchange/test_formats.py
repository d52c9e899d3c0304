"""An exported generator gives the images that it gives here, whatever it is exported as."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from _pytest.mark.structures import ParameterSet
from safetensors.torch import load_file

from ganterm.cli.helping import page
from ganterm.components.networks import GENERATORS
from ganterm.components.networks.growth import Stage, grow
from ganterm.config import RunConfig, resolve
from ganterm.core.errors import ConfigError, DataError
from ganterm.exchange.programs import (
    describe_interface,
    encode_onnx,
    encode_program,
    export_program,
)
from ganterm.exchange.weights import describe_weights, encode_weights, load_exported
from ganterm.inference.load import Trained
from tests.close import assert_same_images
from tests.exchange.models import CONTRAST, by_architecture, trained

ARCHITECTURES = by_architecture()


def traced(*quick: str) -> list[ParameterSet]:
    """Return the architectures to trace, which takes seconds; all but the `quick` are slow."""
    slow = [pytest.mark.slow]
    return [
        pytest.param(config, id=name, marks=[] if name in quick else slow)
        for name, config in ARCHITECTURES.items()
    ]


LARGEST_ERROR = 1e-4
RECENT = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 7)
exports = pytest.mark.skipif(not RECENT, reason="PyTorch 2.6 exports no such generator")


def inputs_of(model: Trained, count: int) -> tuple[torch.Tensor, ...]:
    z = torch.randn(count, model.config.z_dim, generator=torch.Generator().manual_seed(count))
    classes = model.generator.classes
    return (z, torch.arange(count) * 7 % classes) if classes else (z,)


def written(model: Trained, place: Path) -> Path:
    (place / "g.safetensors").write_bytes(encode_weights(model))
    about = place / "g.json"
    about.write_text(json.dumps(describe_weights(model, "g.safetensors", run="a-run")))
    return about


def test_every_architecture_is_here() -> None:
    """The recipes' generators, which the tests below export, are all the generators there are."""
    assert set(GENERATORS.names) <= set(ARCHITECTURES) | {"dcgan-resize"}


# These have every kind of layer.
@exports
@pytest.mark.parametrize("config", traced("dcgan-8x8 projection", "points", "stylegan"))
def test_onnx_gives_the_same_images(config: RunConfig) -> None:
    """Under onnxruntime no pixel is off by more than 1e-4, for one image and for many."""
    model = trained(config)
    data = encode_onnx(model, about={"run": "a-run"})
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == {"run": "a-run"}
    described = describe_interface(model)
    assert [each.name for each in session.get_inputs()] == list(described["inputs"])
    for count in (1, 2, 5):
        inputs = inputs_of(model, count)
        names = (each.name for each in session.get_inputs())
        fed = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
        (images,) = session.run(["images"], fed)
        wanted = model.generator(*inputs).numpy()
        assert count == 1 or wanted.std() > CONTRAST
        assert list(images.shape) == [count, *described["outputs"]["images"]["shape"][1:]]
        assert np.abs(images - wanted).max() <= LARGEST_ERROR


@pytest.mark.parametrize("config", traced("dcgan-8x8 projection"))
def test_a_program_gives_the_same_images(config: RunConfig) -> None:
    """torch.export's program, written and read again, reproduces every image."""
    model = trained(config)
    if config.generator == "stylegan" and not RECENT:
        with pytest.raises(ConfigError, match="install a newer one"):
            encode_program(model)
        return
    program = torch.export.load(io.BytesIO(encode_program(model))).module()
    for count in (1, 3):
        inputs = inputs_of(model, count)
        assert_same_images(program(*inputs), model.generator(*inputs))


@pytest.mark.parametrize("config", ARCHITECTURES.values(), ids=ARCHITECTURES)
def test_weights_give_the_same_images(config: RunConfig, tmp_path: Path) -> None:
    """Weights that are loaded again reproduce every image."""
    model = trained(config)
    again = load_exported(written(model, tmp_path))
    assert not again.training
    inputs = inputs_of(model, 3)
    assert_same_images(again(*inputs), model.generator(*inputs))


@exports
def test_a_generator_that_still_grows_is_exported_as_it_stands(tmp_path: Path) -> None:
    """Half grown, and half faded in at that, it gives the images that it gives here."""
    model = trained(ARCHITECTURES["stylegan"])
    grow(model.generator, Stage(1, 0.5))
    (z,) = inputs_of(model, 3)
    wanted = model.generator(z)
    assert_same_images(load_exported(written(model, tmp_path))(z), wanted)
    program = torch.export.load(io.BytesIO(encode_program(model))).module()
    assert_same_images(program(z), wanted)
    grow(model.generator, Stage(2))
    assert (model.generator(z) - wanted).abs().max() > CONTRAST


def test_how_weights_lie_in_memory_is_not_handed_on() -> None:
    """A generator laid out for speed is exported row by row, and is left as it was."""
    model = trained(ARCHITECTURES["dcgan-8x8"])
    model.generator.to(memory_format=torch.channels_last)
    lying = [value.stride() for value in model.generator.state_dict().values()]
    program = export_program(model)
    assert all(value.is_contiguous() for value in program.state_dict.values())
    assert [value.stride() for value in model.generator.state_dict().values()] == lying


def test_the_loader_in_the_help_needs_no_ganterm(tmp_path: Path) -> None:
    """The function in `help export` builds each generator where ganterm cannot be imported."""
    block = re.search(r"^```python\n(.*?)^```", page("export"), re.DOTALL | re.MULTILINE)
    assert block is not None
    plain = ("dcgan", "mlp", "upsample", "dcgan-64", "dcgan-8x8")
    labelled = ("dcgan-8x8 projection", "mlp-small concat")
    models = {kind: trained(ARCHITECTURES[kind]) for kind in (*plain, *labelled)}
    for kind, model in models.items():
        (tmp_path / kind).mkdir()
        torch.save(inputs_of(model, 3), written(model, tmp_path / kind).with_name("inputs.pt"))
    script = (
        "import sys; sys.modules['ganterm'] = None\n"
        f"{block[1]}\n"
        "for kind in sys.argv[1:]:\n"
        "    inputs = torch.load(f'{kind}/inputs.pt', weights_only=True)\n"
        "    torch.save(load_generator(f'{kind}/g.json')(*inputs), f'{kind}/images.pt')\n"
    )
    subprocess.run([sys.executable, "-c", script, *models], cwd=tmp_path, check=True, timeout=120)
    for kind, model in models.items():
        images = torch.load(tmp_path / kind / "images.pt", weights_only=True)
        torch.testing.assert_close(images, model.generator(*inputs_of(model, 3)))


def test_an_exporter_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.6.0+cpu")
    with pytest.raises(
        ConfigError, match=r"PyTorch 2\.6\.0\+cpu cannot .* as ONNX; install a newer"
    ):
        encode_onnx(trained(resolve({"recipe": "dcgan-8x8"}).config))


@exports
def test_nothing_tells_where_it_was_made(tmp_path: Path) -> None:
    """No file holds a path of this machine: not of ganterm's source, nor of the user's images."""
    config = resolve({"dataset": str(tmp_path / "private" / "faces"), "channels": 1}).config
    model = trained(config)
    about = json.dumps(describe_weights(model, "g.safetensors", run="a-run"))
    assert json.loads(about)["config"]["dataset"] == "faces"
    here = str(Path(__file__).parents[2]).encode()
    for data in (about.encode(), encode_weights(model), encode_onnx(model), encode_program(model)):
        assert b"private" not in data
        assert here not in data
        assert b".py" not in data


def test_the_tensors_are_those_of_the_state_dict(tmp_path: Path) -> None:
    """The safetensors file holds the generator's tensors by name, and nothing else."""
    model = trained(ARCHITECTURES["dcgan"])
    written(model, tmp_path)
    tensors = load_file(tmp_path / "g.safetensors")
    state = model.generator.state_dict()
    assert tensors.keys() == state.keys()
    assert all(torch.equal(value, state[name]) for name, value in tensors.items())


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    """Garbage, a weights' name that leads elsewhere, other weights: one sentence each."""
    about = written(trained(ARCHITECTURES["dcgan-8x8"]), tmp_path)
    values = json.loads(about.read_text())
    (tmp_path / "other.safetensors").write_bytes(encode_weights(trained(ARCHITECTURES["points"])))
    for weights in ("missing.safetensors", "other.safetensors", "g.json"):
        about.write_text(json.dumps({**values, "weights": weights}))
        with pytest.raises(DataError, match="is missing, damaged, or not what"):
            load_exported(about)
    growths: tuple[Any, ...] = (
        {},
        [],
        {"level": -1, "alpha": 1},
        {"level": 1e999, "alpha": 1},
        {"level": 1},
    )
    grown = [json.dumps({**values, "growth": growth}) for growth in growths]
    for text in (
        *grown,
        "",
        "[]",
        "{}",
        json.dumps({**values, "weights": "../g.safetensors"}),
        "[" * 9999,
    ):
        about.write_text(text)
        with pytest.raises(DataError, match="does not describe a generator"):
            load_exported(about)
    with pytest.raises(DataError, match="cannot be read"):
        load_exported(tmp_path / "none.json")


def test_without_the_extra_onnx_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where onnxscript is missing the sentence names the extra."""
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganterm\[onnx\]'"):
        encode_onnx(trained(ARCHITECTURES["dcgan-8x8"]))
