"""Combinations that make no sense are refused naming the field and a way out that works."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ganterm.config import RunConfig, check, problems, resolve
from ganterm.config.schedule import Schedule
from ganterm.core.errors import ConfigError

WGAN = {"loss": "wasserstein", "penalty": "wgan-gp"}
STYLE = {"generator": "stylegan", "discriminator": "stylegan"}
FALLING = {**dict.fromkeys(("lr_g", "lr_d"), Schedule("1e-3..0:linear")), "lr_schedule": "cosine"}
SEPARATE = {"d_update": "separate", "reuse_fakes": False}

REFUSED: list[tuple[dict[str, Any], str, str, dict[str, Any]]] = [
    # what is set, the field named, words of the message, the way out that the message names
    ({"steps": 5, "epochs": 5}, "steps", "set one of them to 0", {"epochs": 0}),
    ({"steps": 0}, "steps", "set steps or epochs above 0", {"epochs": 1}),
    ({"image_size": 30}, "image_size", "generator dcgan needs a multiple of 4", {"image_size": 32}),
    (
        {"generator": "mlp", "image_size": 7},
        "image_size",
        "discriminator dcgan needs at least 8, not 7; change image_size or choose another discr",
        {"discriminator": "mlp"},
    ),
    (
        {"generator": "dcgan-8x8", "discriminator": "dcgan-8x8"},
        "image_size",
        "needs exactly 8, not 28",
        {"image_size": 8},
    ),
    ({"batch_size": 1}, "batch_size", "raise batch_size", {"batch_size": 2}),
    ({"batch_size": 1}, "batch_size", "g_norm and d_norm", {"g_norm": "none", "d_norm": "none"}),
    (
        {"batch_size": 1, "g_norm": "none", "d_norm": "none", "minibatch_discrimination": True},
        "minibatch_discrimination",
        "raise batch_size",
        {"batch_size": 2},
    ),
    ({"micro_batch": 1}, "micro_batch", "set micro_batch = 2 or", {"micro_batch": 2}),
    (
        {"processes": 2, "batch_size": 1, "g_norm": "none", "d_norm": "none"},
        "processes",
        "set batch_size to as many",
        {"processes": 1},
    ),
    ({"processes": 2, "micro_batch": 8}, "micro_batch", "set micro_batch = 0", {"micro_batch": 0}),
    ({"processes": 2, "mode": "graphed"}, "mode", "set mode = eager", {"mode": "eager"}),
    ({"processes": 2, "device": "cuda:1"}, "device", "set device = auto", {"device": "auto"}),
    ({"max_restarts": 1}, "max_restarts", "set processes above 1", {"processes": 2}),
    *(
        (odd | {"micro_batch": 2}, "micro_batch", "set micro_batch = 3 or", {"micro_batch": 3})
        for odd in ({"batch_size": 3}, {"drop_last": False})
    ),
    (
        {"micro_batch": 1, "g_norm": "none", "d_norm": "none", "minibatch_discrimination": True},
        "micro_batch",
        "parts of 1 may leave one alone",
        {"micro_batch": 0},
    ),
    ({"spectral_norm": True}, "spectral_norm", "set d_norm = none", {"d_norm": "none"}),
    (
        {"spectral_norm": True, "d_norm": "batch", "discriminator": "mlp"},
        "spectral_norm",
        "set d_norm = none",
        {"d_norm": "none"},
    ),
    ({"loss": "wasserstein"}, "loss", "penalty = wgan-gp", {"penalty": "wgan-gp"}),
    (
        {"loss": "wasserstein"},
        "loss",
        "spectral_norm = true",
        {"spectral_norm": True, "d_norm": "none"},
    ),
    (WGAN | {"penalty_weight": 0.0}, "loss", "penalty_weight above 0", {"penalty_weight": 1.0}),
    ({"loss": "hinge", "real_label": 0.9}, "real_label", "at 1 or choose", {"real_label": 1.0}),
    (WGAN | {"fake_label": 0.1}, "fake_label", "at 0 or choose", {"loss": "non-saturating"}),
    ({"loss": "relativistic", "real_label": 0.9}, "real_label", "at 1", {"real_label": 1.0}),
    ({"real_label": 0.3, "fake_label": 0.4}, "real_label", "0.9 and 0.1", {"real_label": 0.9}),
    (
        {"loss": "least-squares", "real_label": 0.3, "fake_label": 0.3},
        "real_label",
        "not above fake_label 0.3",
        {"fake_label": 0.1},
    ),
    ({"real_label": 1.1}, "real_label", "from 0 to 1", {"real_label": 1.0}),
    ({"real_label": 1.1}, "real_label", "loss = least-squares", {"loss": "least-squares"}),
    ({"fake_label": -0.5}, "fake_label", "from 0 to 1", {"fake_label": 0.0}),
    ({"penalty_weight": 1.0}, "penalty_weight", "set penalty,", {"penalty": "r1"}),
    ({"penalty_weight": 1.0}, "penalty_weight", "penalty_weight = auto", {"penalty_weight": None}),
    ({"penalty_every": 4}, "penalty_every", "set penalty,", {"penalty": "r1"}),
    ({"penalty_every": 4}, "penalty_every", "penalty_every = 1", {"penalty_every": 1}),
    (
        SEPARATE | {"loss": "relativistic"},
        "d_update",
        "set d_update = joint",
        {"d_update": "joint"},
    ),
    ({"g_batch": 2}, "g_batch", "set reuse_fakes = false", {"reuse_fakes": False}),
    ({"g_batch": 2}, "g_batch", "g_batch = 1", {"g_batch": 1}),
    (
        {"loss": "relativistic", "reuse_fakes": False, "g_batch": 2},
        "g_batch",
        "set g_batch = 1",
        {"g_batch": 1},
    ),
    (
        {"style_mixing": 0.9},
        "style_mixing",
        "dcgan has no styles; leave it at 0",
        {"style_mixing": 0.0},
    ),
    ({"modulation": "demodulate"}, "modulation", "leave it at adain", {"modulation": "adain"}),
    ({"skip_outputs": True}, "skip_outputs", "set generator = stylegan", {"generator": "stylegan"}),
    (
        STYLE | {"modulation": "demodulate", "g_norm": "batch"},
        "g_norm",
        "set g_norm = auto",
        {"g_norm": "auto"},
    ),
    (
        STYLE | {"modulation": "demodulate", "g_norm": "none"},
        "g_norm",
        "modulation = adain",
        {"modulation": "adain"},
    ),
    (STYLE | {"fade_kimg": 5.0}, "fade_kimg", "or fade_kimg = 0", {"fade_kimg": 0.0}),
    (STYLE | {"fade_kimg": 5.0}, "fade_kimg", "set grow_kimg", {"grow_kimg": 5.0}),
    (
        {"grow_kimg": 5.0, "discriminator": "stylegan"},
        "grow_kimg",
        "generator dcgan cannot grow; set grow_kimg = 0, or generator = stylegan",
        {"generator": "stylegan"},
    ),
    (
        {"grow_kimg": 5.0, "generator": "stylegan"},
        "grow_kimg",
        "discriminator dcgan cannot grow",
        {"discriminator": "stylegan"},
    ),
    (
        STYLE | {"grow_kimg": 5.0, "fade_kimg": 5.0, "skip_outputs": True},
        "skip_outputs",
        "set grow_kimg and fade_kimg to 0",
        {"grow_kimg": 0.0, "fade_kimg": 0.0},
    ),
    (
        STYLE | {"grow_kimg": 5.0, "skip_outputs": True},
        "skip_outputs",
        "or skip_outputs = false",
        {"skip_outputs": False},
    ),
    (SEPARATE | {"penalty": "wgan-gp"}, "penalty", "d_update = joint", {"d_update": "joint"}),
    ({"augment_p": 0.5}, "augment_p", "or augment_p = 1", {"augment_p": 1.0}),
    ({"augment_p": Schedule("1..0:linear")}, "augment_p", "set augment", {"augment": "cutout"}),
    (FALLING, "lr_schedule", "set lr_schedule = constant", {"lr_schedule": "constant"}),
    (FALLING, "lr_schedule", "or a number for one of them", {"lr_d": 1e-4}),
]

LEGAL: list[dict[str, Any]] = [
    {},
    {"d_norm": "batch"} | WGAN,  # system 7's critic as its source has it
    {"loss": "wasserstein", "penalty": "r1"},
    {"loss": "wasserstein", "spectral_norm": True, "d_norm": "none"},
    {"penalty": "r1+r2", "penalty_every": 16, "penalty_weight": 0.0},
    {"penalty": "wgan-gp", "loss": "non-saturating"},
    {"real_label": 0.9, "fake_label": 0.1},
    {"real_label": 0.9, "fake_label": 0.0},
    {"loss": "least-squares", "real_label": 1.2, "fake_label": -1.0},
    SEPARATE | {"penalty": "r1+r2", "g_batch": 2},
    {"d_update": "separate"},
    {"reuse_fakes": False},
    {"minibatch_discrimination": True, "spectral_norm": True, "d_norm": "none"},
    {"lr_g": 0.0},
    FALLING | {"lr_d": 0.0},
    {"batch_size": 1, "g_norm": "none", "d_norm": "none"},
    {"batch_size": 3, "micro_batch": 1, "g_norm": "none", "d_norm": "none"},
    STYLE | {"grow_kimg": 5.0, "style_mixing": 0.9, "modulation": "demodulate"},
    STYLE | {"skip_outputs": True, "modulation": "demodulate"},
    STYLE | {"g_norm": "batch", "d_norm": "batch", "grow_kimg": 1.0},
    {"generator": "stylegan", "style_mixing": 1.0},
    {"discriminator": "stylegan"},
]


@pytest.mark.parametrize(("values", "field", "words", "way_out"), REFUSED)
def test_nonsense_is_refused_naming_field_and_way_out(
    values: dict[str, Any], field: str, words: str, way_out: dict[str, Any]
) -> None:
    config = RunConfig(**values)
    with pytest.raises(ConfigError, match=f"^{field}: .*{words}"):
        check(config)
    assert list(problems(RunConfig(**{**values, **way_out}))) == []


@pytest.mark.parametrize("values", LEGAL)
def test_what_makes_sense_is_not_refused(values: dict[str, Any]) -> None:
    assert list(problems(RunConfig(**values))) == []


def test_batches_of_one_are_fine_without_batch_normalisation() -> None:
    assert resolve({"recipe": "dcgan-8x8", "batch_size": 1}).config.batch_size == 1
    with pytest.raises(ConfigError, match=r"^batch_size: batch normalisation needs at least 2"):
        resolve({"recipe": "dcgan-8x8", "batch_size": 1, "g_norm": "batch"})


def test_the_published_spectrally_normalised_network_also_runs_without() -> None:
    config = resolve({"recipe": "sngan", "spectral_norm": "false"}).config
    assert not config.spectral_norm


@pytest.mark.parametrize(
    ("field", "value"),
    [("generator", "dcgan"), ("image_size", 64), ("augment", "translation"), ("fit", "pad")],
)
def test_points_refuse_what_only_images_have(field: str, value: object) -> None:
    ring = RunConfig(dataset="ring", generator="mlp", discriminator="mlp")
    assert not list(problems(ring))
    wrong = msgspec.structs.replace(ring, **{field: value})
    found = [problem.field for problem in problems(wrong)]
    assert field in found
