"""Each recipe is what the table of published systems says, and nothing in it is idle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganterm import recipes
from ganterm.config import FIELDS, parse_value, resolve
from ganterm.config.schedule import written
from ganterm.core.errors import ConfigError

BCE = "loss=non-saturating, penalty=none, d_steps=1, lr_schedule=constant"
"""Binary cross-entropy for D, -log D(G(z)) for G, as the sources call it."""

PUBLISHED = {
    "mlp": """
    BCE, dataset=mnist, split=test, image_size=28, generator=mlp, discriminator=mlp, z_dim=100,
    beta1=0.9, beta2=0.999, lr_g=0.0001, lr_d=0.0002, batch_size=64, drop_last=false, epochs=100,
    steps=0, d_update=joint, d_reduction=sum, reuse_fakes=true, sample_every=1 epoch,
    sample_grid=4
    """,
    "mlp-small": """
    BCE, dataset=mnist, image_size=28, generator=mlp-small, discriminator=mlp, z_dim=100,
    beta1=0.5,
    beta2=0.999, lr_g=0.0002, lr_d=0.0002, batch_size=64, d_update=joint, d_reduction=mean
    """,
    "dcgan": """
    BCE, dataset=mnist, split=train, image_size=28, generator=dcgan, discriminator=dcgan,
    z_dim=100,
    beta1=0.5, beta2=0.999, lr_g=0.0002, lr_d=0.0002, batch_size=128, drop_last=true, steps=10000,
    epochs=0, d_update=joint, d_reduction=mean, reuse_fakes=true, sample_every=1000,
    sample_grid=4, checkpoint_every=1000, keep_checkpoints=0
    """,
    "dcgan-64": """
    BCE, image_size=64, generator=dcgan-64, discriminator=dcgan-64, z_dim=100, init=normal,
    beta1=0.5, beta2=0.999, lr_g=0.0002, lr_d=0.0002, batch_size=128, steps=2500, epochs=0
    """,
    "dcgan-8x8": """
    BCE, dataset=digits, image_size=8, generator=dcgan-8x8, discriminator=dcgan-8x8, z_dim=64,
    beta1=0.9, beta2=0.999, lr_g=0.001, lr_d=0.001, batch_size=16, epochs=200, steps=0,
    d_update=separate, reuse_fakes=false, g_batch=2, sample_every=20 epochs, sample_grid=16
    """,
    "dcgan-upsample": """
    BCE, image_size=28, generator=upsample, discriminator=upsample, d_norm=auto, z_dim=100
    """,
    "wgan-gp": """
    image_size=28, generator=upsample, discriminator=upsample, d_norm=none, z_dim=100,
    loss=wasserstein, penalty=wgan-gp, penalty_weight=10.0, penalty_every=1, d_steps=5,
    d_update=joint, d_reduction=sum, beta1=0.5, beta2=0.999, lr_g=0.0001, lr_d=0.0001
    """,
    "sngan": """
    image_size=28, generator=upsample, discriminator=sngan, spectral_norm=true, z_dim=100,
    penalty=none
    """,
    "stylegan": """
    dataset=mnist, image_size=28, generator=stylegan, discriminator=stylegan, modulation=adain,
    skip_outputs=false, style_mixing=0.9, loss=non-saturating, penalty=r1, beta1=0.0, beta2=0.99
    """,
    "ring": """
    dataset=ring, generator=mlp, discriminator=mlp, penalty=r1
    """,
    "dcgan-classes": """
    dataset=mnist, image_size=28, generator=dcgan, discriminator=dcgan, conditional=projection,
    d_norm=none, penalty=r1, penalty_weight=4.0, beta1=0.0, lr_schedule=cosine
    """,
    "r3gan-cifar10": """
    dataset=cifar10, image_size=32, generator=r3gan, discriminator=r3gan, conditional=projection,
    flip=true, width=1, z_dim=64, loss=relativistic, penalty=r1+r2, penalty_every=1,
    penalty_weight=0.05..0.005:cosine:20000kimg, augment_p=0..0.55:cosine:20000kimg,
    lr_g=2e-4..5e-5:cosine:20000kimg, lr_d=2e-4..5e-5:cosine:20000kimg, beta1=0.0,
    beta2=0.9..0.99:cosine:20000kimg, ema_kimg=0..5000:cosine:20000kimg, batch_size=512
    """,
    "r3gan-32": """
    image_size=32, generator=r3gan, discriminator=r3gan, z_dim=64, loss=relativistic,
    penalty=r1+r2, beta1=0.0, beta2=0.9..0.99:cosine, penalty_weight=1..0.1:cosine
    """,
    "biggan-32": """
    dataset=cifar10, image_size=32, generator=biggan, discriminator=biggan, loss=hinge,
    conditional=projection, spectral_norm=true, z_dim=128, init=normal, penalty=none, beta1=0.0,
    beta2=0.999, lr_g=2e-4, lr_d=2e-4
    """,
    "pictures-32": """
    dataset=cifar10, image_size=32, generator=dcgan-64, discriminator=dcgan-64, g_norm=auto,
    d_norm=none, loss=relativistic, penalty=r1+r2, penalty_every=4, beta1=0.0, lr_schedule=cosine
    """,
}
"""By name what the sources say of each."""


def settings(text: str) -> dict[str, Any]:
    pairs = (pair.partition("=") for pair in " ".join(text.replace("BCE", BCE).split()).split(", "))
    return {key: parse_value(key, value) for key, _, value in pairs}


TABLE = {name: settings(text) for name, text in PUBLISHED.items()}
TABLE["stylegan-8x8"] = TABLE["stylegan"] | settings("dataset=digits, image_size=8")
TABLE["ring-cured"] = TABLE["ring"] | settings("lr_g=1e-3, lr_d=2e-3")
TABLE["ring-collapse"] = TABLE["ring"] | settings("penalty=none, lr_g=1e-2, lr_d=5e-4")
TABLE["turbo"] = TABLE["dcgan-classes"] | settings(
    "generator=compact, discriminator=compact, d_norm=auto, precision=auto"
)
TABLE["turbo-8x8"] = TABLE["turbo"] | settings(
    "dataset=digits, image_size=8, penalty_weight=1, precision=float32, lr_schedule=constant"
)
TABLE["best"] = TABLE["turbo"]
TABLE["pictures-64"] = TABLE["pictures-32"] | settings("dataset=stl10, image_size=64, width=0.25")
TABLE["r3gan-64"] = TABLE["r3gan-32"] | settings("image_size=64, penalty_weight=2..0.2:cosine")
TABLE["dcgan-resize"] = TABLE["dcgan"] | settings("generator=dcgan-resize")
BY_CLASS = {"dcgan-classes", "turbo", "turbo-8x8", "best", "r3gan-cifar10", "biggan-32"}
IN_COLOUR = {"pictures-32", "pictures-64", "r3gan-32", "r3gan-64", "r3gan-cifar10", "biggan-32"}
AS_PUBLISHED = set(PUBLISHED) - {
    *("dcgan-classes", "pictures-32", "r3gan-32", "biggan-32", "stylegan")
} | {*("turbo", "dcgan-resize", "ring-cured", "ring-collapse")}
"""Those that are as wide as their source."""


def test_the_table_has_every_recipe() -> None:
    assert recipes.names() == sorted(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_recipe_is_the_table(name: str) -> None:
    config = resolve({"recipe": name}).config
    assert {key: getattr(config, key) for key in TABLE[name]} == TABLE[name]
    assert config.channels == (3 if name in IN_COLOUR else 1)
    assert config.precision == ("auto" if name in {"turbo", "best"} | IN_COLOUR else "float32")
    assert (config.real_label, config.fake_label) == (1.0, 0.0)
    styled = config.generator == "stylegan"
    by_class = name in BY_CLASS
    assert (config.width == 1.0) is (name in AS_PUBLISHED)
    assert (config.ema_kimg == 0) is not (styled or by_class or name in IN_COLOUR)
    assert (config.conditional == "none") is not by_class
    assert config.grows is styled
    assert (config.augment == "none") is (name not in IN_COLOUR - {"biggan-32"})
    assert config.minibatch_discrimination is (name == "stylegan")
    assert config.spectral_norm is (name in {"sngan", "biggan-32"})


@pytest.mark.parametrize("name", TABLE)
def test_recipe_says_what_it_is_for_and_sets_real_settings(name: str) -> None:
    recipe = recipes.load(name)
    assert recipe.title
    assert recipe.purpose.endswith(".")
    assert "ystem" in recipe.source
    for key, value in recipe.values.items():
        assert written(parse_value(key, value)) == value, "a recipe is written as it is read"
        assert type(value) is type(parse_value(key, value)) or FIELDS[key].kind == "number"


def test_a_recipe_in_a_file_of_ones_own_works_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('generator = "mlp"\ndiscriminator = "mlp"\nlr_g = 1\n', encoding="utf-8")
    resolved = resolve({"recipe": str(path)})
    assert resolved.config.generator == "mlp"
    assert resolved.config.lr_g == 1.0
    assert isinstance(resolved.config.lr_g, float)
    assert resolved.config.recipe == str(path)
    assert resolved.origin["generator"] == "recipe mine"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"lr_g = \n", "Recipe bad is not valid TOML: .*line 1"),
        (b"lr_g = 1\nlr_g = 2", "not valid TOML"),
        (b"\xff\xfe", "is not a text file; it should be TOML"),
        (b"seed = " + b"9" * 5000, "is not valid TOML"),
        (b"a = " + b"[" * 100_000, "is not valid TOML"),
        (b"x" * (1 << 20) + b"x", "is over 1 MiB"),
        (b"about = 3", "about must be a table"),
        (b'recipe = "mlp"', "names another recipe"),
        (b"bacth_size = 3", "recipe bad: There is no setting 'bacth_size'; did you mean batch_si"),
        (b"[steps]\na = 1", "recipe bad: steps must be an integer from 0 to 1000000000; got"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_recipe_file_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=words) as caught:
        resolve({"recipe": str(path)})
    assert "\n" not in str(caught.value)


def test_unknown_recipes_are_refused_with_near_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no recipe 'dcgna'; did you mean dcgan"):
        resolve({"recipe": "dcgna"})
    with pytest.raises(ConfigError, match="no recipe 'zzz'; `ganterm recipes` lists them all"):
        resolve({"recipe": "zzz"})
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        resolve({"recipe": str(tmp_path / "absent.toml")})
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        resolve({"recipe": _folder(tmp_path / "folder.toml")})
    with pytest.raises(ConfigError, match=r"recipe must be .*; got 'a.x00b.toml'"):
        resolve({"recipe": "a\0b.toml"})


def _folder(path: Path) -> str:
    path.mkdir()
    return str(path)
