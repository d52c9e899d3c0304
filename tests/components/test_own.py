"""Components in a file of the user's, named by `file.py:NAME`: trained with, judged and listed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.widgets import Input, OptionList

from ganterm.client import rpc
from ganterm.client.choices import OWN, options_for
from ganterm.client.comparison import advice, standing
from ganterm.client.describe import Description
from ganterm.components.scores import measured
from ganterm.config import RunConfig, resolve
from ganterm.config.fields import resolve_parts
from ganterm.config.runfile import from_mapping, new_run, to_mapping
from ganterm.core.errors import ConfigError
from ganterm.core.registry import absolute, learn
from ganterm.data import load
from ganterm.runs.checkpoints import read_header
from ganterm.runs.layout import RunDir
from ganterm.tui.screens.dialogs import PickerScreen, PromptScreen
from ganterm.worker.describe import describe as describe_config
from ganterm.worker.job import prepare
from ganterm.worker.rpc import Call
from tests.cli.invoke import invoke
from tests.records import lines
from tests.tui.driving import awaited, make_app
from tests.tui.forms import describe, on_top, open_form, texts
from tests.worker.workers import Zygote

PARTS = """
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta

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


def squared(logits, label):
    return (logits - label).square().mean()


def centred(*, reach: Annotated[float, Meta(description="Of either side.", gt=0)] = 1.0) -> Loss:
    return Loss(
        title="Centred squares",
        help="Squares around minus one and one.",
        output="score",
        d_chance=reach**2,
        g_chance=reach**2,
        real=lambda logits, label: squared(logits, reach),
        fake=lambda logits, label: squared(logits, -reach),
        generator=lambda logits: squared(logits, reach),
    )


def small(power: int = 2) -> Penalty:
    return Penalty(
        title="Small outputs",
        weight=0.25,
        on_real=lambda critic, real: critic(real).abs().pow(power).mean(),
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


def turned(images):
    with Path(__file__).with_name("turned").open("a") as file:
        file.write(f"{tuple(images.shape)}\\n")
    return -images


NEGATIVE = Augmentation(title="Negative", changes=(turned,))


def bars(split):
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
    turn = np.linspace(0, 9, 400)
    points = np.stack([turn * np.cos(turn), turn * np.sin(turn), turn], axis=1) / 5
    return points.astype(np.float32), None


SPIRAL = Dataset(
    title="Spiral", spec=DataSpec.point(3), counts={"train": 400}, load=spiral
)


def deep(
    *, depth: Annotated[int, Meta(description="Hidden layers.", ge=1, le=8)] = 1
) -> GeneratorFamily:
    def build(spec):
        from torch import nn

        layers = [nn.Linear(spec.z_dim, 32), nn.ReLU()]
        for _ in range(depth):
            layers += [nn.Linear(32, 32), nn.ReLU()]
        last = nn.Linear(32, spec.data.values)
        return nn.Sequential(*layers, last, nn.Unflatten(1, spec.data.tensor_shape))

    return GeneratorFamily(title="Deep", help="Layers of 32 units.", takes_points=True, build=build)


def flat(spec):
    from torch import nn

    body = nn.Sequential(nn.Flatten(), nn.Linear(spec.data.values, 32), nn.LeakyReLU(0.2))
    return DiscriminatorParts(body, nn.Linear(32, 1), 32)


FLAT = DiscriminatorFamily(title="Flat", help="One layer.", takes_points=True, build=flat)
"""
FEW = {"steps": 4, "epochs": 0, "batch_size": 16, "log_every": 2}
IMAGES = {
    "recipe": "dcgan-8x8",
    "dataset": "parts.py:BARS",
    "channels": 3,
    "conditional": "projection",
    "augment": "parts.py:NEGATIVE",
}
POINTS = {
    "recipe": "ring",
    "dataset": "parts.py:SPIRAL",
    "generator": "parts.py:deep:depth=3",
    "discriminator": "parts.py:FLAT",
    "loss": "parts.py:centred:reach=2",
    "penalty": "parts.py:small:power=4",
    "keep_best": "parts.py:SPREAD",
}


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "parts.py"
    path.write_text(PARTS)
    return path


def options(settings: dict[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        yield from (f"--{name.replace('_', '-')}", str(value))


def begun(name: str, settings: dict[str, Any]) -> RunDir:
    return new_run(
        resolve({**FEW, **settings}).config, Path("checkpoints").absolute(), name=name, command=""
    )


@pytest.mark.usefixtures("warm")
def test_a_run_trains_with_them_is_judged_listed_and_resumed(parts: Path, zygote: Zygote) -> None:
    """Points, which need no judge to be trained: all kinds but an augmentation at once."""
    trained = invoke("train", *options({**POINTS, **FEW}), "--name", "own", "--quiet")
    assert trained.code == 0, trained.said
    run = RunDir(parts.parent / "checkpoints/own")
    start, *records = lines(run.journal)
    for name, value in POINTS.items():
        assert start["config"][name] == absolute(value), "found again from any folder"
    told = start["components"]["loss"][absolute("parts.py:centred:reach=2")]
    assert (told["title"], told["d_chance"]) == ("Centred squares", 4.0)
    assert told["options"] == {"reach": "Of either side. (1.0)"}
    (metrics, *_) = (record for record in records if record["kind"] == "metrics")
    assert metrics["d_loss"] > 3, "as far as the loss was told to reach"
    assert metrics["penalty"] > 0
    tensors = read_header(run.checkpoint_path(4)).tensors
    layers = [name for name in tensors if name.startswith("generator.layers.")]
    assert len([name for name in layers if name.endswith("weight")]) == 5

    nearness = ("--score", "parts.py:NEARNESS")
    scores = json.loads(invoke("judge", "own", "-n", 100, *nearness, "--json").text)
    for name in map(absolute, ("parts.py:SPREAD", "parts.py:NEARNESS")):
        assert scores[name] > 0
    assert scores["floor"][absolute("parts.py:SPREAD")] == pytest.approx(1, abs=0.3)
    table = invoke("judge", "own", "-n", 100, *nearness, "--charset", "ascii").text
    assert "spread of the features" in table
    assert "beside that of real ones, less is better" in table
    assert "nearness of the means" in table

    assert [run["name"] for run in json.loads(invoke("runs", "--json").text)] == ["own"]
    assert invoke("sample", "own", "-n", 16, "-o", "x.npy").code == 0
    assert np.load("x.npy").shape == (16, 3)
    zygote.train(run, "--steps", "6")
    assert lines(run.journal)[-1]["step"] == 6


def test_a_run_does_not_name_code_for_somebody_else(
    parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither that of another user nor one that was sent with the code inside."""
    run = begun("sent", POINTS)
    inside = run.path / "parts.py"
    prepare(run)
    run.config_file.write_text(run.config_file.read_text().replace(str(parts), str(inside)))
    parts.rename(inside)
    with pytest.raises(ConfigError, match=r"names code in its own run, .*, which is not run"):
        prepare(run)
    inside.rename(parts)
    run.config_file.write_text(run.config_file.read_text().replace(str(inside), str(parts)))
    prepare(run)
    monkeypatch.setattr("ganterm.config.recorded.is_ours", lambda path: path != run.config_file)
    with pytest.raises(ConfigError, match=r"belongs to another user and names code in .*parts.py"):
        prepare(run)


def test_images_of_theirs_are_trained_on_augmented_and_sampled(parts: Path, zygote: Zygote) -> None:
    """Their shape and classes are those of their spec; every batch of them is changed."""
    run = zygote.train(begun("own", IMAGES))
    start, *_ = lines(run.journal)
    assert start["config"]["dataset"] == absolute("parts.py:BARS")
    assert start["classes"] == ["upright", "lying"]
    assert start["components"]["augmentation"][absolute("parts.py:NEGATIVE")]["title"] == "Negative"
    seen = Path("turned").read_text().splitlines()
    assert len(seen) >= 3 * 4, "real and fake in D's step, fake in G's"
    assert {shape.partition(", ")[2] for shape in seen} == {"3, 8, 8)"}
    sampled = invoke("sample", "own", "-n", 16, "-o", "x.npy")
    assert sampled.code == 0, sampled.said
    assert np.load("x.npy").shape == (16, 3, 8, 8)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--dataset", "parts.py:LINES", "parts.py has no LINES; it has BARS, SPIRAL."),
        ("--loss", "parts.py:SQUARED", "parts.py has no SQUARED; it has centred."),
        ("--loss", "other.py:CENTRED", "other.py cannot be read (No such file or directory)."),
        ("--loss", "parts.py:centred:far=2", "far is no setting of centred; it has reach."),
        ("--loss", "parts.py:centred:reach=-1", "Expected `float` > 0.0 - at `reach`."),
        ("--penalty", "parts.py:FLAT", "and must be a Penalty of ganterm.components.penalties"),
        ("--augment", "parts.py:NEGATIVE:by=2", "NEGATIVE in parts.py has no settings of its own"),
        ("--loss", "parts.py:centred:reach", "loss must be one of minimax, "),
    ],
)
def test_what_cannot_be_had_is_refused_before_there_is_a_run(
    parts: Path, option: str, value: str, words: str
) -> None:
    config = {"recipe": "dcgan-8x8", option.removeprefix("--"): value}
    with pytest.raises(ConfigError) as refused:
        resolve_parts(resolve(config).config)
    assert words in str(refused.value).replace(f"{parts.parent}/", "")


def test_a_refusal_ends_the_command(parts: Path) -> None:
    refused = invoke("train", "--recipe", "ring", "--loss", "parts.py:SQUARED")
    assert (refused.code, "Traceback" in refused.said) == (2, False)
    assert "loss parts.py:SQUARED: " in refused.said
    assert not Path("checkpoints").exists()


def test_networks_told_apart_from_their_names_are_understood(parts: Path) -> None:
    """As runs of before have it."""
    config = resolve({"recipe": "dcgan-8x8", "generator": "parts.py:deep"}).config
    kept = {**to_mapping(config), "network_options": "depth=3, skip=true"}
    assert from_mapping(kept).generator == f"{absolute('parts.py:deep')}:depth=3,skip=true"
    assert from_mapping({**kept, "network_options": ""}) == config
    assert from_mapping(kept).discriminator == config.discriminator


def test_settings_count_on_its_facts(parts: Path) -> None:
    config = RunConfig(dataset="ring", penalty=absolute("parts.py:small"))
    assert config.penalty_strength == 1.0, "nobody has told this process"
    resolve_parts(config)
    assert config.penalty_strength == 0.25


def test_all_splits_are_loaded_where_nothing_was_known_of_them(parts: Path) -> None:
    assert len(load("parts.py:BARS", split="all", image_size=8, channels=3)) == 500


def test_its_facts_are_checked_where_its_file_may_be_run(parts: Path) -> None:
    asked = {"loss": absolute("parts.py:centred"), "real_label": 0.9}
    call = Call(rpc.Call(1, "describe", asked), lambda _: None)
    with pytest.raises(ConfigError, match="has no labels to smooth"):
        describe_config(call)


def test_a_score_that_is_no_figure_is_refused(parts: Path) -> None:
    seen: Any = None
    with pytest.raises(ConfigError, match=r"score parts\.py:BROKEN failed \(ValueError: could not"):
        measured(seen, [absolute("parts.py:BROKEN")])


def test_advice_counts_on_what_the_journal_says_of_a_score(parts: Path) -> None:
    """In a process that never runs the user's file."""
    name = absolute("parts.py:CLOSE")
    facts = {"title": "closeness", "less_is_better": True, "purpose": "closeness"}
    told = {"components": {"score": {name: facts}}, "judge": "a", "n": 9, "v": 1, "time": 1.0}
    for run, value in (("one", 2.0), ("two", 1.0)):
        path = begun(run, {"recipe": "ring"}).journal
        path.write_text(json.dumps({**told, "kind": "judged", "step": 4, name: value}) + "\n")
    found = advice([standing(RunDir(Path("checkpoints") / run)) for run in ("one", "two")])
    assert [each.runs for each in found] == [[1]], "less is better"
    assert "take two" in found[0].words


@awaited
async def test_the_form_offers_to_name_one_of_every_kind_and_shows_it(parts: Path) -> None:
    chosen = {
        "loss": "parts.py:centred:reach=2",
        "penalty": "parts.py:small",
        "generator": "parts.py:deep:depth=3",
        "discriminator": "parts.py:FLAT",
        "augment": "parts.py:NEGATIVE",
        "keep_best": "parts.py:SPREAD",
    }
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_form(app, pilot, Description(1, 1))
        for setting, name in chosen.items():
            screen.form.go_to(setting)
            await pilot.press("enter")
            await pilot.pause()
            picker = on_top(app, PickerScreen)
            assert [option.value for option in picker._options][-1] == OWN
            options = picker.query_one(OptionList)
            options.highlighted = options.option_count - 1
            await pilot.press("enter")
            await pilot.pause()
            on_top(app, PromptScreen).query_one(Input).value = name
            await pilot.press("enter")
            await pilot.pause()
            assert texts(screen)[setting] == name
            assert not screen.plan.standings[setting].trouble
        screen.plan.set("dataset", "parts.py:BARS")
        assert not screen.plan.standings["dataset"].trouble
        config = to_mapping(screen.plan.draft.config)
        assert [config[setting] for setting in chosen] == list(map(absolute, chosen.values()))
        assert describe(screen).asked[-1]["loss"] == absolute(chosen["loss"])


def test_the_list_says_what_one_of_them_can_be_told(parts: Path) -> None:
    """As soon as a process that may run its file has said so."""
    name = absolute("parts.py:centred")
    config = resolve({"recipe": "dcgan-8x8", "loss": name}).config
    learn({"loss": {name: {"help": "Squares.", "options": {"reach": "Of either side. (1.0)"}}}})
    (listed,) = (each for each in options_for("loss", config, []) if each.value == name)
    assert listed.about == "Squares. reach: Of either side. (1.0)"
