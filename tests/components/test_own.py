"""Components in a file of the user's, named by `file.py:NAME`: trained with, judged and listed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from textual.widgets import OptionList

from ganterm.client import rpc
from ganterm.client.describe import Description
from ganterm.components.augmentations import AUGMENTATIONS
from ganterm.config import RunConfig, resolve
from ganterm.config.parts import resolve_parts
from ganterm.core.errors import ConfigError
from ganterm.core.registry import absolute, learn
from ganterm.runs.checkpoints import read_header
from ganterm.runs.layout import RunDir
from ganterm.tui.choices import OWN, options_for
from ganterm.tui.screens.dialogs import PickerScreen, PromptScreen
from ganterm.worker.describe import describe as describe_config
from ganterm.worker.rpc import Call
from tests.cli.invoke import invoke
from tests.records import lines
from tests.tui.driving import awaited, make_app
from tests.tui.forms import describe, on_top, open_form, texts

PARTS = """
from typing import Annotated

import msgspec

from ganterm.components.augmentations import Augmentation
from ganterm.components.datasets import Dataset
from ganterm.components.losses import Loss
from ganterm.components.networks import (
    DiscriminatorFamily,
    DiscriminatorParts,
    GeneratorFamily,
)
from ganterm.components.penalties import Penalty
from ganterm.components.scores import Score
from ganterm.core.dataspec import DataSpec
from ganterm.core.settings import NETWORK, about


def squared(logits, label):
    return (logits - label).square().mean()


CENTRED = Loss(
    title="Centred squares",
    help="Squares around minus one and one.",
    output="score",
    d_chance=1.0,
    g_chance=1.0,
    real=lambda logits, label: squared(logits, 1.0),
    fake=lambda logits, label: squared(logits, -1.0),
    generator=lambda logits: squared(logits, 1.0),
)
SMALL = Penalty(
    title="Small outputs",
    weight=0.25,
    on_real=lambda critic, real: critic(real).square().mean(),
)
SPREAD = Score(
    title="spread of the features",
    tells="beside that of real ones",
    less_is_better=True,
    measure=lambda seen: float(seen.fake.features.std() / seen.real.features.std()),
)
NEARNESS = Score(
    title="nearness of the means",
    less_is_better=True,
    purpose="nearness",
    because="its features lie where those of real images do",
    measure=lambda seen: float((seen.fake.features.mean() - seen.real.features.mean()).abs()),
)
BROKEN = Score(title="broken", measure=lambda seen: "no figure")
NEGATIVE = Augmentation(title="Negative", changes=(lambda images: -images,))


def bars(split):
    import numpy as np

    count = {"train": 300, "test": 200}[split]
    labels = np.arange(count) % 2
    images = np.zeros((count, 3, 8, 8), dtype=np.uint8)
    images[labels == 0, :, :, :4] = 255
    images[labels == 1, :, :4, :] = 255
    images += np.random.default_rng(count).integers(0, 90, images.shape, dtype=np.uint8) // 2
    return images, labels


BARS = Dataset(
    title="Bars",
    spec=DataSpec.image(8, 3, ("upright", "lying")),
    counts={"train": 300, "test": 200},
    load=bars,
)


def spiral(split):
    import numpy as np

    turn = np.linspace(0, 9, 400)
    points = np.stack([turn * np.cos(turn), turn * np.sin(turn), turn], axis=1) / 5
    return points.astype(np.float32), None


SPIRAL = Dataset(
    title="Spiral", spec=DataSpec.point(3), counts={"train": 400}, load=spiral
)


class Deep(msgspec.Struct, frozen=True, kw_only=True):
    depth: Annotated[int, about(NETWORK, "Hidden layers.", ge=1, le=8)] = 1


def deep(spec):
    from torch import nn

    layers = [nn.Linear(spec.z_dim, 32), nn.ReLU()]
    for _ in range(spec.own.depth):
        layers += [nn.Linear(32, 32), nn.ReLU()]
    last = nn.Linear(32, spec.data.values)
    return nn.Sequential(*layers, last, nn.Tanh(), nn.Unflatten(1, spec.data.tensor_shape))


DEEP = GeneratorFamily(title="Deep", help="Layers of 32 units.", settings=Deep, build=deep)


def flat(spec):
    from torch import nn

    body = nn.Sequential(nn.Flatten(), nn.Linear(spec.data.values, 32), nn.LeakyReLU(0.2))
    return DiscriminatorParts(body, nn.Linear(32, 1), 32)


FLAT = DiscriminatorFamily(title="Flat", help="One layer.", build=flat)
"""
FEW = ["--recipe", "ring", "--steps", 4, "--epochs", 0, "--batch-size", 16, "--log-every", 2]


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "parts.py"
    path.write_text(PARTS)
    return path


def test_a_run_trains_with_them_is_judged_listed_and_resumed(parts: Path) -> None:
    own = {"loss": "parts.py:CENTRED", "penalty": "parts.py:SMALL", "keep_best": "parts.py:SPREAD"}
    options = [word for name, value in own.items() for word in ("--set", f"{name}={value}")]
    trained = invoke("train", *FEW, *options, "--name", "own", "--quiet")
    assert trained.code == 0, trained.said
    run = RunDir(Path("checkpoints/own"))
    start, *records = lines(run.journal)
    for name, value in own.items():
        assert start["config"][name] == absolute(value), "found again from any folder"
    told = start["components"]["loss"][absolute("parts.py:CENTRED")]
    assert (told["title"], told["d_chance"]) == ("Centred squares", 1.0)
    (metrics, *_) = (record for record in records if record["kind"] == "metrics")
    assert metrics["d_loss"] > 0
    assert metrics["penalty"] > 0

    nearness = ("--score", "parts.py:NEARNESS")
    scores = json.loads(invoke("judge", "own", "-n", 100, *nearness, "--json").text)
    for name in map(absolute, ("parts.py:SPREAD", "parts.py:NEARNESS")):
        assert scores[name] > 0
    assert scores["floor"][absolute("parts.py:SPREAD")] == pytest.approx(1, abs=0.3)
    table = invoke("judge", "own", "-n", 100, *nearness, "--charset", "ascii").text
    assert "spread of the features" in table
    assert "beside that of real ones, less is better" in table
    assert "nearness of the means" in table
    broken = invoke("judge", "own", "-n", 100, "--score", "parts.py:BROKEN")
    assert broken.code == 2
    assert "score parts.py:BROKEN failed (ValueError: could not convert" in broken.said
    assert [run["name"] for run in json.loads(invoke("runs", "--json").text)] == ["own"]
    resumed = invoke("resume", "own", "--steps", 6, "--quiet")
    assert resumed.code == 0, resumed.said
    assert lines(run.journal)[-1]["step"] == 6


@pytest.mark.parametrize(
    ("name", "settings", "shape", "classes"),
    [
        (
            "BARS",
            ["--recipe", "dcgan-8x8", "--channels", 3, "--conditional", "projection"],
            (16, 3, 8, 8),
            ["upright", "lying"],
        ),
        ("SPIRAL", ["--recipe", "ring"], (16, 3), []),
    ],
)
def test_a_dataset_is_trained_on_judged_and_sampled(
    parts: Path, name: str, settings: list[object], shape: tuple[int, ...], classes: list[str]
) -> None:
    """Its shape, kind and classes are those of its spec, wherever its samples go."""
    few = ["--steps", 4, "--epochs", 0, "--batch-size", 16, "--log-every", 2]
    trained = invoke(
        "train", *settings, *few, "--dataset", f"parts.py:{name}", "--name", "own", "--quiet"
    )
    assert trained.code == 0, trained.said
    start, *_ = lines(RunDir(Path("checkpoints/own")).journal)
    assert start["config"]["dataset"] == absolute(f"parts.py:{name}")
    assert start.get("classes", []) == classes
    scores = json.loads(invoke("judge", "own", "-n", 100, "--json").text)
    assert scores["n"] == 100
    sampled = invoke("sample", "own", "-n", 16, "-o", "x.npy")
    assert sampled.code == 0, sampled.said
    assert np.load("x.npy").shape == shape
    resumed = invoke("resume", "own", "--steps", 6, "--quiet")
    assert resumed.code == 0, resumed.said


def test_networks_with_a_setting_of_their_own_train_and_are_judged(parts: Path) -> None:
    """The setting reaches the builder, and every later process that loads the weights."""
    few = ["--steps", 4, "--epochs", 0, "--batch-size", 16, "--log-every", 2]
    own = ["--generator", "parts.py:DEEP", "--discriminator", "parts.py:FLAT"]
    told = [*own, "--network-options", "depth=3", "--name", "own", "--quiet"]
    trained = invoke("train", "--recipe", "dcgan-8x8", *few, *told)
    assert trained.code == 0, trained.said
    run = RunDir(Path("checkpoints/own"))
    start, *_ = lines(run.journal)
    assert start["config"]["network_options"] == "depth=3"
    facts = start["components"]["generator"][absolute("parts.py:DEEP")]
    assert facts["options"] == {"depth": "Hidden layers. (1)"}
    tensors = read_header(run.checkpoint_path(4)).tensors
    layers = [name for name in tensors if name.startswith("generator.layers.")]
    assert len([name for name in layers if name.endswith("weight")]) == 5

    scores = json.loads(invoke("judge", "own", "-n", 100, "--json").text)
    assert scores["n"] == 100
    assert [run["name"] for run in json.loads(invoke("runs", "--json").text)] == ["own"]
    command = [sys.executable, "-m", "ganterm", "sample", "own", "-n", "4", "-o", "x.npy"]
    subprocess.run(command, check=True)
    assert np.load("x.npy").shape == (4, 1, 8, 8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("width=3", "width is no setting of networks of yours; they have depth."),
        ("depth=99", "network_options: parts.py:DEEP: Expected `int` <= 8"),
        ("depth", "network_options must be own settings of networks in files of yours, such as"),
    ],
)
def test_what_a_network_cannot_be_told_is_refused(parts: Path, options: str, words: str) -> None:
    few = ["--steps", 4, "--epochs", 0, "--recipe", "dcgan-8x8", "--generator", "parts.py:DEEP"]
    refused = invoke("train", *few, "--network-options", options)
    assert (refused.code, "Traceback" in refused.said) == (2, False)
    assert words in refused.said
    assert not Path("checkpoints").exists()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--dataset", "parts.py:LINES", "parts.py has no LINES; it has BARS, SPIRAL."),
        ("--loss", "parts.py:SQUARED", "parts.py has no SQUARED; it has CENTRED."),
        ("--loss", "other.py:CENTRED", "other.py cannot be read (No such file or directory)."),
    ],
)
def test_what_cannot_be_found_is_refused_before_there_is_a_run(
    parts: Path, option: str, value: str, words: str
) -> None:
    refused = invoke("train", *FEW, option, value)
    assert refused.code == 2
    assert words in refused.said
    assert "Traceback" not in refused.said
    assert not Path("checkpoints").exists()


def test_settings_count_on_its_facts(parts: Path) -> None:
    config = RunConfig(
        dataset="ring", penalty=absolute("parts.py:SMALL"), augment=absolute("parts.py:NEGATIVE")
    )
    assert config.penalty_strength == 1.0, "nobody has told this process"
    resolve_parts(config)
    assert config.penalty_strength == 0.25
    images = torch.ones(1, 1, 2, 2)
    assert AUGMENTATIONS.resolve(config.augment)(images).equal(-images)


def test_its_facts_are_checked_where_its_file_may_be_run(parts: Path) -> None:
    asked = {"loss": absolute("parts.py:CENTRED"), "real_label": 0.9}
    call = Call(rpc.Call(1, "describe", asked), lambda _: None)
    with pytest.raises(ConfigError, match="has no labels to smooth"):
        describe_config(call)


@pytest.mark.parametrize(
    ("setting", "name"), [("loss", "CENTRED"), ("generator", "DEEP"), ("discriminator", "FLAT")]
)
@awaited
async def test_the_form_offers_to_name_one_and_shows_it(
    parts: Path, setting: str, name: str
) -> None:
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_form(app, pilot, Description(1, 1))
        screen.form.go_to(setting)
        await pilot.press("enter")
        await pilot.pause()
        picker = on_top(app, PickerScreen)
        assert [option.value for option in picker._options][-1] == OWN
        options = picker.query_one(OptionList)
        options.highlighted = options.option_count - 1
        await pilot.press("enter")
        await pilot.pause()
        on_top(app, PromptScreen)
        await pilot.press(*f"parts.py:{name}", "enter")
        await pilot.pause()
        assert texts(screen)[setting] == f"parts.py:{name}"
        assert not screen.plan.standings[setting].trouble
        asked = describe(screen).asked
        assert asked[-1][setting] == absolute(f"parts.py:{name}")


def test_the_list_of_networks_says_what_one_of_them_can_be_told(parts: Path) -> None:
    """As soon as a process that may run its file has said so."""
    name = absolute("parts.py:DEEP")
    config = resolve({"recipe": "dcgan-8x8", "generator": name}).config
    learn({"generator": {name: {"help": "Deep.", "options": {"depth": "Hidden layers. (1)"}}}})
    (listed,) = (each for each in options_for("generator", config, []) if each.value == name)
    assert listed.about == "Deep. depth: Hidden layers. (1)"
