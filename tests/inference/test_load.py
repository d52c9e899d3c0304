"""A generator comes back from a checkpoint as it was, on any machine, or is refused in a word."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ganterm.config import resolve
from ganterm.config.runfile import to_mapping
from ganterm.core.errors import ConfigError, GantermError
from ganterm.engine.build import Ema, build
from ganterm.inference.load import load_generator
from ganterm.inference.sample import generate, latents
from ganterm.recipes import names
from ganterm.runs.checkpoints import CheckpointDamaged, tensor_digest
from ganterm.worker.checkpoint import Meta, save_checkpoint
from tests.close import assert_same_images

SMALL: dict[str, object] = {"dataset": "digits", "width": 0.125}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Give a checkpoint of a run on a GPU, whose average differs from its generator."""
    return make(tmp_path / "step-00000007.safetensors", "dcgan", device="cuda:3", ema_kimg=1)


def make(path: Path, recipe: str, **settings: object) -> Path:
    """Write the checkpoint of networks that have seen one batch."""
    config = resolve({**SMALL, "recipe": recipe, **settings}).config
    classes = tuple("0123456789") if config.conditional != "none" else ()
    networks = build(config, torch.device("cpu"), config.data_spec.with_classes(classes))
    generator, discriminator = networks.generator, networks.discriminator
    tensors = {f"generator.{name}": value for name, value in generator.state_dict().items()}
    tensors |= {f"discriminator.{name}": v for name, v in discriminator.state_dict().items()}
    if config.ema_kimg:
        generator = Ema(generator, config.ema_kimg).model
        with torch.no_grad():
            for parameter in generator.parameters():
                parameter.mul_(0.5)
        tensors |= {f"ema.{name}": value for name, value in generator.state_dict().items()}
    counters = {"step": 7, "images": 10**9}
    meta = Meta(config=config, counters=counters, controls=0, classes=classes)
    save_checkpoint(path, meta, {name: value.contiguous() for name, value in tensors.items()})
    return path


def rewrite(path: Path, tensors: dict[str, torch.Tensor], **metadata: str) -> None:
    """Write a checkpoint that is sound by its digest, whatever is in it."""
    named = {torch.float32: "F32", torch.int64: "I64"}
    metadata = {"step": "7", **metadata}
    listed = [
        (name, named[t.dtype], list(t.shape), t.reshape(-1).numpy().tobytes())
        for name, t in tensors.items()
    ]
    save_file(tensors, path, {**metadata, "digest": tensor_digest(listed, metadata)})


def config_of(recipe: str = "dcgan", **settings: object) -> str:
    return json.dumps(to_mapping(resolve({**SMALL, "recipe": recipe, **settings}).config))


@pytest.mark.parametrize("recipe", names())
def test_every_recipe_comes_back(tmp_path: Path, recipe: str) -> None:
    """Its images are those of the generator that was saved."""
    path = make(tmp_path / "step-00000007.safetensors", recipe, ema_kimg=0)
    trained = load_generator(path)
    config = resolve({**SMALL, "recipe": recipe, "ema_kimg": 0}).config
    original = build(config, torch.device("cpu"), trained.data).generator
    z = latents(3, config.z_dim, seed=5)
    assert (trained.step, trained.weights, trained.config) == (7, "generator", config)
    assert_same_images(generate(trained.generator, z), generate(original, z))
    assert not any(tensor.is_meta for tensor in trained.generator.state_dict().values())


def test_a_gpu_checkpoint_opens_on_a_cpu(checkpoint: Path) -> None:
    """The device its run had is of no concern."""
    trained = load_generator(checkpoint)
    assert trained.config.device == "cuda:3"
    assert {tensor.device.type for tensor in trained.generator.parameters()} == {"cpu"}
    assert not trained.generator.training
    assert not any(parameter.requires_grad for parameter in trained.generator.parameters())


def test_the_average_is_a_choice(checkpoint: Path) -> None:
    """It is taken where there is one, unless the plain weights are asked for."""
    saved = load_file(checkpoint)
    for ema, weights in ((None, "ema"), (True, "ema"), (False, "generator")):
        trained = load_generator(checkpoint, ema=ema)
        assert trained.weights == weights
        for name, parameter in trained.generator.state_dict().items():
            assert torch.equal(parameter, saved[f"{weights}.{name}"])


def test_an_average_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The sentence says why and which option to use."""
    path = make(tmp_path / "plain.safetensors", "mlp-small")
    with pytest.raises(ConfigError, match=r"no averaged weights, .* ema_kimg = 0; use --no-ema"):
        load_generator(path, ema=True)


def test_a_damaged_checkpoint_is_refused(checkpoint: Path) -> None:
    """One wrong bit is enough."""
    data = bytearray(checkpoint.read_bytes())
    data[-1] ^= 1
    checkpoint.write_bytes(data)
    with pytest.raises(CheckpointDamaged, match="does not match its digest"):
        load_generator(checkpoint)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n" * 9, b"\xff" * 99, b"\x02\0\0\0\0\0\0\0{}"]
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    """An empty file, a picture, noise, and somebody else's weights."""
    path = tmp_path / "file"
    path.write_bytes(content)
    assert_one_sentence(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A directory, and nothing at all."""
    assert_one_sentence(tmp_path)
    assert_one_sentence(tmp_path / "nothing")


@pytest.mark.parametrize("config", ["", "[]", "null", '{"bogus": 1}', '{"z_dim": "many"}'])
def test_a_configuration_that_makes_no_sense_is_refused(checkpoint: Path, config: str) -> None:
    """Sound by its digest, but not written by this ganterm."""
    rewrite(checkpoint, {"generator.x": torch.zeros(1)}, config=config)
    assert_one_sentence(checkpoint)


def test_weights_of_another_network_are_refused(checkpoint: Path) -> None:
    """Other names, other shapes, another type of number."""
    plain = {
        name: value for name, value in load_file(checkpoint).items() if name.startswith("generator")
    }
    first = next(name for name, value in plain.items() if value.dim() > 1)
    for wrong in (
        {name: value for name, value in plain.items() if name != first},
        {**plain, "generator.more": torch.zeros(1)},
        {**plain, first: plain[first][:1].contiguous()},
        {**plain, first: plain[first].to(torch.int64)},
    ):
        rewrite(checkpoint, wrong, config=config_of())
        with pytest.raises(ConfigError, match="its weights do not fit its configuration"):
            load_generator(checkpoint)
    rewrite(checkpoint, plain, config=config_of())
    assert load_generator(checkpoint).weights == "generator"


def assert_one_sentence(path: Path) -> None:
    with pytest.raises(GantermError) as caught:
        load_generator(path)
    assert "\n" not in str(caught.value)
