"""Parts of an installed package: listed without running it, trained with, and told of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import OptionList

from ganterm.cli import completion
from ganterm.client.describe import Description
from ganterm.config import FIELDS, resolve
from ganterm.config.fields import resolve_parts
from ganterm.config.runfile import new_run, to_mapping
from ganterm.core import published
from ganterm.core.errors import ConfigError
from ganterm.runs.layout import RunDir
from ganterm.tui.screens.dialogs import PickerScreen
from ganterm.worker.job import prepare
from tests.cli.invoke import invoke
from tests.records import lines
from tests.tui.driving import awaited, make_app
from tests.tui.forms import on_top, open_form, texts

MODULES = {
    "__init__": "from pathlib import Path\nPath(__file__).with_name('run').touch()\n",
    "nets": """
import math
from torch import nn


class Waves(nn.Sequential):
    def __init__(self, z_dim, img_shape, width=16):
        super().__init__(nn.Linear(z_dim, math.prod(img_shape)), nn.Tanh())
        self.shape = img_shape

    def forward(self, z):
        return super().forward(z).view(-1, *self.shape)


class Critic(nn.Sequential):
    def __init__(self, img_shape):
        super().__init__(nn.Flatten(), nn.Linear(math.prod(img_shape), 1))
""",
    "rest": """
TEXT = '''
version = 2
loss = "squared"
steps = 7
'''


class Squared:
    def __init__(self, at: float = 1.0):
        self.at = at

    def discriminator_loss(self, real, fake):
        return (real - self.at).square().mean() + fake.square().mean()

    def generator_loss(self, fake):
        return (fake - self.at).square().mean()


def brightness(images):
    return float(images.float().mean())


def listed(run, output, records, end: str = "."):
    output.write_text(f"{run.name}: {records[0]['kind']}{end}")
""",
}
DIGITS = """
version = 2
generator = "waves"
discriminator = "waves"
loss = "squared:at=0.5"
image_size = 8
steps = 4
keep_best = "brightness"

[about]
title = "Digits of waves"
"""
ENTRIES = """
[ganterm.generators]
waves = wavy.nets:Waves
mlp = wavy.nets:Waves
[ganterm.discriminators]
waves = wavy.nets:Critic
[ganterm.losses]
squared = wavy.rest:Squared
nowhere = wavy.rest:Nowhere
no name = wavy.rest:Squared
whole = wavy.rest
[ganterm.datasets]
stripes = wavy.rest:STRIPES
[ganterm.scores]
brightness = wavy.rest:brightness
[ganterm.recipes]
wavy-digits = wavy:digits.toml
wavy-text = wavy.rest:TEXT
wavy-none = wavy:none.toml
turbo = wavy:digits.toml
[ganterm.exporters]
listed = wavy.rest:listed
[console_scripts]
wavy = wavy:main
"""
OTHER = "[ganterm.losses]\nboth = other:Loss\ntwice = other:Loss\n"
THIRD = "[ganterm.losses]\ntwice = third:Loss\n"


def write_wheel(place: Path, name: str, entries: str, files: dict[str, str]) -> Path:
    """Write a wheel as a build backend would."""
    info = f"{name}-1.0.dist-info"
    wheel = place / f"{name}-1.0-py3-none-any.whl"
    called = name.replace("_", "-")
    about = {
        f"{info}/METADATA": f"Name: {called}\nMetadata-Version: 2.1\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": entries,
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, **about}.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in (*files, *about)))
    return wheel


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install three packages with pip."""
    place = tmp_path_factory.mktemp("wheels")
    files = {f"wavy/{name}.py": text for name, text in MODULES.items()}
    wheels = [
        write_wheel(place, "ganterm_wavy", ENTRIES, {**files, "wavy/digits.toml": DIGITS}),
        write_wheel(place, "other", OTHER, {}),
        write_wheel(place, "third", THIRD, {}),
    ]
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--target", str(place / "site"), *map(str, wheels)], check=True)
    return place / "site"


@pytest.fixture
def package(site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Have the packages importable, here and in processes that are started; give its folder."""
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.chdir(tmp_path)
    ran = site / "wavy" / "run"
    ran.unlink(missing_ok=True)
    forget()
    yield ran
    for name in [each for each in sys.modules if each.partition(".")[0] == "wavy"]:
        del sys.modules[name]
    monkeypatch.undo()
    forget()


def forget() -> None:
    """Look again at what is installed."""
    published.published.cache_clear()
    published._entries.cache_clear()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["recipes"], ["wavy-digits", "Digits of waves", "wavy-text"]),
        (["recipes", "show", "wavy-text", "--json"], ["wavy.rest:Squared"]),
        (["data", "list"], ["stripes", "Of the package ganterm-wavy 1.0"]),
        (["info", "--no-devices"], ["waves of ganterm-wavy 1.0, wavy.nets:Waves"]),
        (["config", "reference"], ["biggan, waves, or path/to/file.py:NAME"]),
    ],
)
def test_lists_have_them_and_run_nothing(
    package: Path, command: list[str], words: list[str]
) -> None:
    found = invoke(*command)
    assert found.code == 0
    for each in words:
        assert each in found.text
    assert not package.exists()


def test_help_and_completion_have_them_and_run_nothing(package: Path, site: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "300"}
    program = [sys.executable, "-m", "ganterm", "train", "--help"]
    page = subprocess.run(program, env=environment, capture_output=True, text=True, check=True)
    options = "".join(line[1:-1].strip() for line in page.stdout.splitlines())
    assert "|waves" in options
    assert "|squared" in options
    for setting, name in {
        "generator": "waves",
        "dataset": "stripes",
        "recipe": "wavy-text",
    }.items():
        offer = completion.values_of(FIELDS[setting])
        assert offer is not None
        assert name in [each[0] if isinstance(each, tuple) else each for each in offer()]
    assert not package.exists()


@awaited
async def test_the_form_offers_them_and_runs_nothing(package: Path) -> None:
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_form(app, pilot, Description(1, 1))
        for setting, name in {"generator": "waves", "loss": "squared"}.items():
            screen.form.go_to(setting)
            await pilot.press("enter")
            await pilot.pause()
            picker = on_top(app, PickerScreen)
            options = {each.value: each.aside for each in picker._options}
            assert options[name] == "ganterm-wavy 1.0"
            picker.query_one(OptionList).highlighted = list(options).index(name)
            await pilot.press("enter")
            await pilot.pause()
            assert texts(screen)[setting] == name
            assert not screen.plan.standings[setting].trouble
        config = screen.plan.draft.config
        assert (config.generator, config.loss) == ("wavy.nets:Waves", "wavy.rest:Squared")
        assert "wavy-digits" in [each.recipe.name for each in screen.presets.found]
    assert not package.exists()


def test_a_run_trains_with_them_and_tells_whose_they_are(package: Path) -> None:
    """It is judged by their score, and written by their exporter."""
    trained = invoke("train", "--recipe", "wavy-digits", "--name", "wavy", "--quiet")
    assert trained.code == 0, trained.said
    run = RunDir(Path("checkpoints/wavy"))
    start, *_ = lines(run.journal)
    of_nets = dict.fromkeys(["wavy.nets:Waves", "wavy.nets:Critic"], "ganterm-wavy 1.0")
    of_rest = dict.fromkeys(
        ["wavy.rest:Squared:at=0.5", "wavy.rest:brightness", "wavy-digits"], "ganterm-wavy 1.0"
    )
    assert start["packages"] == {**of_nets, **of_rest}
    assert "wavy.nets:Waves of ganterm-wavy 1.0" in invoke("info", "wavy", "--no-layers").text
    scores = json.loads(invoke("judge", "wavy", "-n", 100, "--score", "brightness", "--json").text)
    assert scores["wavy.rest:brightness"] > 0
    written = invoke("export", "wavy", "--format", "listed:end=!", "-o", "out.txt")
    assert (written.code, Path("out.txt").read_text()) == (0, "wavy: start!")
    assert "by the exporter listed of ganterm-wavy 1.0" in written.said
    unknown = invoke("export", "wavy", "--format", "lists")
    assert (unknown.code, "no format 'lists'; there are safetensors" in unknown.said) == (2, True)

    text = run.journal.read_text().replace("ganterm-wavy 1.0", "ganterm-wavy 0.9")
    run.journal.write_text(text)
    (note,) = [each for each in prepare(run, steps=9).notes if "ganterm-wavy" in each]
    assert "were those of ganterm-wavy 0.9, and ganterm-wavy 1.0 is installed now" in note


def test_a_run_is_told_what_it_lacks(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is listed all the same."""
    config = resolve({"recipe": "wavy-digits"}).config
    run = new_run(config, Path.cwd() / "checkpoints", name="wavy", command="")
    opening = {"packages": {"wavy.nets:Waves": "ganterm-wavy 1.0"}, "config": to_mapping(config)}
    record = {"v": 1, "kind": "start", "step": 0, "time": 1.0, **opening}
    run.journal.write_text(json.dumps(record) + "\n")
    monkeypatch.setattr(sys, "path", [each for each in sys.path if "wheels" not in each])
    forget()
    gone = "wavy is made of wavy.nets:Waves of ganterm-wavy 1.0, which is not installed any more"
    with pytest.raises(ConfigError, match=gone):
        prepare(run)
    assert "wavy" in invoke("runs").text
    assert "wavy.nets:Waves" in invoke("info", "wavy", "--no-layers").text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"loss": "nowhere"}, "loss wavy.rest:Nowhere of ganterm-wavy 1.0: wavy.rest has no Nowh"),
        ({"loss": "twice"}, "The loss twice of other 1.0 and third 1.0 is passed over: they all "),
        ({"loss": "no name"}, "it is called 'no name' and lies at 'wavy.rest:Squared', and that"),
        ({"loss": "whole"}, "lies at 'wavy.rest', and that must be module:NAME"),
        ({"loss": "both"}, "loss other:Loss of other 1.0: no installed package has a module other"),
        (
            {"recipe": "wavy-none"},
            "recipe wavy-none of ganterm-wavy 1.0 .*none.toml cannot be read",
        ),
    ],
)
def test_one_that_is_broken_is_told_of(package: Path, typed: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        resolve_parts(resolve(typed).config)


def test_a_broken_one_blinds_nothing_else(package: Path) -> None:
    """And what ganterm has of the same name stays what it is, which is said."""
    told = invoke("recipes").said
    assert "The recipe wavy-none of ganterm-wavy 1.0 is skipped: " in told
    assert "The recipe turbo of ganterm-wavy 1.0 is passed over: ganterm's own recipe" in told
    assert FIELDS["loss"].choices[-3:] == ("both", "nowhere", "squared")
    resolved = resolve({"generator": "mlp", "recipe": "dcgan-8x8"})
    assert resolved.config.generator == "mlp"
    assert [note for note in resolved.notes if "say wavy.nets:Waves for theirs" in note]
    assert resolve({"recipe": "dcgan-8x8"}).notes == ()
