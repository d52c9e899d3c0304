"""Plain parts of the user's: networks, losses and scores as tutorials write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ganterm.components.losses import LOSSES
from ganterm.components.networks.from_config import discriminator_from, generator_from
from ganterm.components.networks.plain import told_of
from ganterm.components.scores import SCORES, Comparison
from ganterm.config import resolve
from ganterm.core.errors import ConfigError
from ganterm.evaluation import embedder
from ganterm.runs.layout import RunDir
from tests.cli.invoke import invoke
from tests.records import lines

DCGAN = (Path(__file__).parents[1] / "examples" / "nets.py").read_text()
MLP = '''
import argparse

import numpy as np
import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--latent_dim", type=int, default=100)
parser.add_argument("--img_size", type=int, default=8)
parser.add_argument("--channels", type=int, default=1)
opt = parser.parse_args()
img_shape = (opt.channels, opt.img_size, opt.img_size)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()

        def block(in_feat, out_feat, normalize=True):
            layers = [nn.Linear(in_feat, out_feat)]
            if normalize:
                layers.append(nn.BatchNorm1d(out_feat, 0.8))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            return layers

        self.model = nn.Sequential(
            *block(opt.latent_dim, 32, normalize=False),
            *block(32, 64),
            nn.Linear(64, int(np.prod(img_shape))),
            nn.Tanh()
        )

    def forward(self, z):
        img = self.model(z)
        img = img.view(img.size(0), *img_shape)
        return img


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(int(np.prod(img_shape)), 64),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(64, 1),
            nn.Sigmoid(),
        )

    def forward(self, img):
        img_flat = img.view(img.size(0), -1)
        validity = self.model(img_flat)
        return validity


class Conditional(nn.Module):
    def __init__(self, n_classes, latent_dim, img_shape, width=48):
        super().__init__()
        self.img_shape = img_shape
        self.label_emb = nn.Embedding(n_classes, n_classes)
        self.body = nn.Linear(latent_dim + n_classes, width)
        self.last = nn.Linear(width, int(np.prod(img_shape)))

    def forward(self, noise, labels):
        hidden = self.body(torch.cat((self.label_emb(labels), noise), -1)).relu()
        return self.last(hidden).tanh().view(-1, *self.img_shape)


class ConditionalCritic(nn.Module):
    def __init__(self, n_classes, img_shape):
        super().__init__()
        self.label_embedding = nn.Embedding(n_classes, n_classes)
        self.model = nn.Linear(n_classes + int(np.prod(img_shape)), 1)

    def forward(self, img, labels):
        return self.model(torch.cat((img.view(img.size(0), -1), self.label_embedding(labels)), -1))


def deep(latent_dim, img_shape, depth=1):
    layers = [nn.Linear(latent_dim, 16), nn.ReLU()]
    layers += [nn.Linear(16, 16), nn.ReLU()] * depth
    return nn.Sequential(*layers, nn.Linear(16, int(np.prod(img_shape))), nn.Tanh())


class Strange(nn.Module):
    def __init__(self, img_shape, how="plain"):
        super().__init__()
        self.how, self.img_shape = how, img_shape
        self.body = nn.Linear(100, int(np.prod(img_shape)))
        self.spare = nn.Linear(2, 2)
        self.scale = torch.ones(1)
        if how == "frozen":
            self.requires_grad_(False)

    def get_extra_state(self):
        return {"a": 1} if self.how == "state" else torch.zeros(1)

    def set_extra_state(self, state):
        pass

    def forward(self, z):
        if self.how == "inplace":
            z.mul_(2)
        if self.how == "raises":
            return self.helper(z)
        made = self.body(z)
        if self.how == "loud":
            return 100 * made.view(-1, *self.img_shape)
        if self.how == "flat":
            return made[:, :5]
        return made.tanh()

    def helper(self, z):
        raise ValueError("no such thing")


class Patches(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.layers = nn.Conv2d(channels, 1, 4, 2)

    def forward(self, x):
        return self.layers(x)


class Hinge:
    def __init__(self, margin=1.0):
        self.margin = margin

    def discriminator_loss(self, real, fake):
        return (self.margin - real).relu().mean() + (self.margin + fake).relu().mean()

    def generator_loss(self, fake):
        return -fake.mean()


class Relative:
    @staticmethod
    def discriminator_loss(real, fake):
        return nn.functional.softplus(fake - real).mean()

    @staticmethod
    def generator_loss(fake, real):
        return nn.functional.softplus(real - fake).mean()


class Crossed(Hinge):
    def discriminator_loss(self, real, fake):
        return nn.functional.binary_cross_entropy(real, torch.ones_like(real))


class Rows(Hinge):
    def generator_loss(self, fake):
        return -fake


def brightness(images, real, power=1.0):
    """How far the brightness is off."""
    return abs(images.float().mean() - real.float().mean()) ** power


number = 3
'''
RAISES = 1 + MLP.splitlines().index('        raise ValueError("no such thing")')
LOSS = """
def discriminator_loss(real, fake):
    return (real - 1).square().mean() + fake.square().mean()


def generator_loss(fake):
    return (fake - 1).square().mean()
"""


PICTURES = """
import torch
from torch.utils.data import TensorDataset


def load(count: int = 300):
    images = torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return TensorDataset(images**3, torch.arange(count) % 2)
"""


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    for name, text in {
        "dcgan.py": DCGAN,
        "gan.py": MLP,
        "losses.py": LOSS,
        "pictures.py": PICTURES,
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def built(**settings: Any) -> tuple[Any, Any, list[str]]:
    config = resolve({"recipe": "dcgan-8x8", "z_dim": 100, **settings}).config
    data = config.data_spec
    if config.conditional != "none":
        data = data.with_classes([str(digit) for digit in range(10)])
    LOSSES.resolve(config.loss)
    generator, discriminator = generator_from(config, data), discriminator_from(config, data)
    return generator, discriminator, told_of(generator, discriminator, penalised=False)


def test_the_networks_of_a_known_tutorial_run_as_they_are(nets: Path) -> None:
    """Latents as (N, nz, 1, 1), `ngpu`, and a discriminator of (N,) that ends in a sigmoid."""
    generator, discriminator, notes = built(
        generator="dcgan.py:Generator",
        discriminator="dcgan.py:Discriminator",
        discriminator_output="probability",
        image_size=64,
        channels=3,
    )
    images = generator(torch.randn(3, 100))
    assert images.shape == (3, 3, 64, 64)
    logits = discriminator(images)
    assert logits.shape == (3,)
    probabilities = discriminator.body(images)
    assert torch.equal(logits, probabilities), "its sigmoid is left out, so that nothing is rounded"
    assert any("z as (N, 100, 1, 1)" in note for note in notes)
    assert any("last sigmoid" in note for note in notes)


@pytest.mark.usefixtures("warm")
def test_those_of_another_one_are_trained_judged_and_resumed(
    nets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They read a command line of their own, and `view` what they are given."""
    settings = {
        "--recipe": "dcgan-8x8",
        "--generator": "gan.py:Generator",
        "--discriminator": "gan.py:Discriminator",
        "--discriminator-output": "probability",
        "--loss": "losses.py",
        "--dataset": "pictures.py:load:count=200",
        "--optimizer": "torch.optim:NAdam",
        "--d-update": "joint",
        "--z-dim": "100",
        "--keep-best": "gan.py:brightness:power=2",
        "--steps": "4",
        "--batch-size": "16",
        "--log-every": "2",
    }
    asked = [word for pair in settings.items() for word in pair]
    trained = invoke("train", *asked, "--name", "own", "--quiet")
    assert trained.code == 0, trained.said
    run = RunDir(nets / "checkpoints/own")
    start, *records = lines(run.journal)
    (told,) = start["components"]["loss"].values()
    assert told["title"] == "losses"
    assert next(r for r in records if r["kind"] == "metrics")["d_loss"] > 0
    monkeypatch.setattr(embedder, "STEPS", 20)
    scores = json.loads(invoke("judge", "own", "-n", 100, "--json").text)
    (name,) = (each for each in scores if "brightness" in each)
    assert 0 < scores[name] < 255**2
    assert 0 < scores["floor"][name] < scores[name], "real images beside others"
    # Nothing but the run is left of what it was made of.
    for path in (*nets.glob("*.py"), *nets.glob("data/decoded/*")):
        path.unlink()
    resumed = invoke("resume", "own", "--steps", 6, "--quiet")
    assert resumed.code == 0, resumed.said
    assert lines(run.journal)[-1]["step"] == 6
    crcs = {record["data_crc32"] for record in lines(run.journal) if "data_crc32" in record}
    assert len(crcs) == 1, "taken in again, to the same pixels"


def test_labels_are_given_to_those_that_take_them_and_joined_for_those_that_do_not(
    nets: Path,
) -> None:
    generator, discriminator, _ = built(
        generator="gan.py:Conditional",
        discriminator="gan.py:ConditionalCritic",
        conditional="projection",
    )
    z, labels = torch.randn(4, 100), torch.arange(4)
    made = generator(z, labels)
    assert not torch.equal(made, generator(z, labels + 1))
    assert discriminator(made, labels).shape == (4,)
    assert generator.net.body.out_features == 48, "its own width"
    generator, discriminator, _ = built(
        generator="gan.py:deep:depth=2",
        discriminator="gan.py:Patches",
        conditional="concat",
        image_size=4,
    )
    assert len(generator.net) == 8
    assert discriminator(generator(z, labels), labels).shape == (4,)
    with pytest.raises(ConfigError, match="takes no labels; give its forward a second argument"):
        built(
            generator="gan.py:deep",
            discriminator="gan.py:Patches",
            conditional="projection",
            image_size=4,
        )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"generator": "gan.py:Strange:how=loud"}, "images lie in [-1, 1]; end it with nn.Tanh"),
        ({"generator": "gan.py:Strange:how=flat"}, "gives (4, 5) for z of (4, 100), and (4, 1, 8"),
        ({"generator": "gan.py:Strange:how=inplace"}, "it changes what it is given in place"),
        ({"generator": "gan.py:Strange:how=raises"}, f"line {RAISES}: ValueError: no such thing"),
        ({"generator": "gan.py:Strange:how=frozen"}, "has no parameters that learn"),
        ({"generator": "gan.py:Strange:how=state"}, "of type dict in its state"),
        ({"generator": "gan.py:Strange:who=me"}, "who is no setting of Strange; it has how"),
        ({"generator": "gan.py:Generator", "z_dim": 64}, "was it made for this z_dim?"),
        ({"generator": "gan.py:Generator", "channels": 3}, "and (4, 3, 8, 8) is wanted"),
        ({"generator": "gan.py:number"}, "number in gan.py is no class and no function"),
        ({"generator": "gan.py:Critics"}, "gan.py has no Critics; it has Generator, Discrim"),
        ({"generator": "gan.py:brightness"}, "asks for images, real"),
        ({"discriminator": "gan.py:Patches"}, "gives (4, 1, 3, 3) for 4 images, and one logit"),
        ({"discriminator": "gan.py:Discriminator"}, "set discriminator_output = probability"),
        (
            {"discriminator": "gan.py:ConditionalCritic:n_classes=3"},
            "TypeError: ConditionalCritic.forward() missing 1 required",
        ),
        (
            {"discriminator": "gan.py:Patches", "discriminator_output": "probability"},
            "one logit each",
        ),
        ({"loss": "gan.py:Crossed"}, "all elements of input should be between 0 and 1"),
        ({"loss": "gan.py:Rows"}, "generator_loss returns a tensor (4,), and one number is wanted"),
        ({"loss": "gan.py:deep:latent_dim=1,img_shape=2"}, "has no discriminator_loss(real, fake)"),
        ({"loss": "gan.py:Hinge:margin=x"}, "Expected `float`, got `str` - at `margin`"),
        ({"loss": "losses.py:other"}, "losses.py has no other; it has discriminator_loss, gener"),
        ({"loss": "json:loads"}, "loss json:loads: loads asks for s; "),
        ({"loss": "nowhere.losses:Hinge"}, "no installed package has a module nowhere.losses"),
    ],
)
def test_what_cannot_be_trained_is_told_in_words(
    nets: Path, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        built(**settings)
    assert words in str(refused.value).replace(f"{nets}/", "")


def test_what_trains_but_not_as_thought_is_said(nets: Path) -> None:
    *_, notes = built(generator="gan.py:Strange")
    assert any("does not depend on: spare.weight, spare.bias" in note for note in notes)
    assert any("keeps scale as a plain attribute" in note for note in notes)
    generator, discriminator, _ = built(
        discriminator="dcgan.py:Discriminator",
        discriminator_output="probability",
        image_size=64,
        channels=3,
        generator="dcgan-64",
    )
    (*_, last) = told_of(generator, discriminator, penalised=True)
    assert "has batch normalisation (main.3)" in last


@pytest.mark.parametrize(("name", "pairs"), [("Hinge:margin=2", False), ("Relative", True)])
def test_a_loss_is_both_halves(nets: Path, name: str, pairs: bool) -> None:
    loss = LOSSES.resolve(f"{nets}/gan.py:{name}")
    assert loss.pairs_real == pairs
    logits = torch.zeros(4)
    total = sum(loss.d_terms(logits, logits))
    assert float(total) == pytest.approx(0.6931 if pairs else 4, abs=1e-3)
    assert loss.g_loss(logits, logits if pairs else None).dim() == 0


def test_a_score_is_told_images_and_settings(nets: Path) -> None:
    score = SCORES.resolve(f"{nets}/gan.py:brightness:power=2")
    seen: Any = type("Seen", (), {"features": torch.zeros(2, 2), "probabilities": torch.ones(2, 1)})
    dark = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
    assert score.measure(Comparison(real=seen, fake=seen, images=dark, real_images=dark + 3)) == 9
    assert score.measure(Comparison(real=seen, fake=seen, images=dark)) is None
    assert score.options == {"power": "(1.0)"}
