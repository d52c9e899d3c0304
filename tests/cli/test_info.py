"""What `ganterm info` finds, and why it says so."""

from __future__ import annotations

import json
import platform
import shutil
from pathlib import Path

import pytest

from ganterm import __version__
from ganterm.cli.settings import unknown_variables
from ganterm.config import FIELDS
from ganterm.engine import precision
from ganterm.render.colour import characters_of, colours_of
from ganterm.runs.layout import RunDir
from ganterm.runs.status import Status, write_status
from tests.cli.invoke import invoke
from tests.runs.helpers import LockHolder
from tests.worker.workers import make_run


def test_json_has_versions_terminal_directories_and_devices(trained: RunDir) -> None:
    """Every section stands in the JSON, the devices with the CPU last."""
    found = json.loads(invoke("info", "--json", "--runs-dir", trained.path.parent).text)
    assert found["versions"]["ganterm"] == __version__
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["torch"]
    assert found["terminal"]["colour"] == "none"
    assert found["terminal"]["isatty"] is False
    runs = found["directories"]["runs"]
    assert runs == {"path": str(trained.path.parent), "exists": True, "count": 1}
    assert found["devices"][-1]["device"] == "cpu"
    assert found["devices"][-1]["bfloat16_gain"] > 0


@pytest.mark.parametrize(
    ("gain", "words"), [(2.6, "is 2.6 times as quick as float32"), (0.0, "is not there")]
)
def test_devices_say_how_quick_they_are_at_bfloat16(
    gain: float, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What precision auto goes by."""
    monkeypatch.setattr(precision, "bfloat16_gain", lambda device: gain)
    assert f"bfloat16 {words}, in products of matrices" in invoke("info").text


def test_devices_can_be_skipped(tmp_path: Path) -> None:
    """--no-devices leaves them out, in text and in JSON."""
    assert "Devices" not in invoke("info", "--no-devices").text
    assert json.loads(invoke("info", "--no-devices", "--json").text)["devices"] is None


def test_variables_in_effect_and_unknown_ones_are_told() -> None:
    """A variable that changes something is listed; a misspelt one is flagged with near names."""
    env = {"GANTERM_LR_G": "1e-3", "GANTERM_RUN_DIR": "x", "GANTERM_COLOR": "256"}
    outcome = invoke("info", "--no-devices", env=dict(env))
    assert "GANTERM_LR_G=1e-3" in outcome.text
    assert "GANTERM_RUN_DIR is no variable of ganterm's" in outcome.text
    assert "did you mean GANTERM_RUNS_DIR" in outcome.text
    assert "256 (GANTERM_COLOR=256)" in outcome.text


def test_every_setting_has_a_known_variable() -> None:
    """No setting's own variable is ever flagged as unknown."""
    env = {spec.variable: "" for spec in FIELDS.values()}
    known = dict.fromkeys(env, "")
    assert unknown_variables(env, known) == {}
    assert unknown_variables({"HOME": "/", "GANTERM_X": ""}, known).keys() == {"GANTERM_X"}


@pytest.mark.parametrize(
    ("env", "isatty", "colour", "reason"),
    [
        ({"GANTERM_COLOR": "16", "NO_COLOR": "1"}, True, "16", "GANTERM_COLOR=16"),
        ({"NO_COLOR": "1", "FORCE_COLOR": "3"}, True, "none", "NO_COLOR is set"),
        ({"FORCE_COLOR": "0", "TERM": "xterm"}, True, "none", "FORCE_COLOR=0"),
        ({"FORCE_COLOR": "2", "TERM": "xterm"}, False, "256", "FORCE_COLOR=2"),
        ({"FORCE_COLOR": "2", "TERM": "kitty"}, False, "truecolor", "TERM=kitty"),
        ({"FORCE_COLOR": "3", "TERM": "xterm"}, True, "truecolor", "FORCE_COLOR=3"),
        ({"CLICOLOR": "0", "TERM": "kitty"}, True, "none", "CLICOLOR=0"),
        ({"TERM": "xterm-256color"}, False, "none", "no terminal"),
        ({"TERM": "xterm-256color"}, True, "256", "TERM=xterm-256color"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, True, "truecolor", "COLORTERM=truecolor"),
        ({"TERM": "xterm-kitty"}, True, "truecolor", "TERM=xterm-kitty"),
        ({"TERM": "xterm", "TERM_PROGRAM": "vscode"}, True, "truecolor", "TERM_PROGRAM=vscode"),
        ({"TERM": "screen", "STY": "1", "COLORTERM": "truecolor"}, True, "256", "GNU screen"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, True, "none", "TERM=dumb"),
        ({}, True, "none", "TERM is not set"),
    ],
)
def test_the_reason_for_the_colours_is_the_one_that_decided(
    env: dict[str, str], isatty: bool, colour: str, reason: str
) -> None:
    """Each source of the choice is named when it is the one that speaks."""
    mode, why = colours_of(env, isatty=isatty)
    assert mode.value == colour
    assert reason in why


def test_the_reason_for_the_characters_is_the_one_that_decided() -> None:
    """The variable, else the locale's encoding, is named."""
    assert characters_of({"GANTERM_CHARSET": "ascii"}, encoding="utf-8")[1].endswith("=ascii")
    charset, why = characters_of({}, encoding="ANSI_X3.4-1968")
    assert charset.value == "ascii"
    assert "ANSI_X3.4-1968" in why


def test_a_run_is_told_with_its_scores_alerts_and_layers(trained: RunDir) -> None:
    """What it is, how it stands, and each layer's largest singular value, of both networks."""
    outcome = invoke("info", trained.path)
    assert outcome.code == 0, outcome.said
    assert outcome.text.startswith(f"{trained.name} has finished")
    assert "recipe" in outcome.text
    assert "No alert stands." in outcome.text
    assert "Largest singular value of each layer:" in outcome.text
    found = json.loads(invoke("info", trained.path, "--json").text)
    assert found["run"]["state"] == "finished"
    assert found["checkpoints"]
    assert set(found["layers"]) == {"generator", "discriminator"}
    assert all(value > 0 for values in found["layers"].values() for value in values.values())
    assert json.loads(invoke("info", trained.path, "--json", "--no-layers").text)["layers"] is None


def test_a_run_that_trains_is_told_with_its_pace_and_where(tmp_path: Path) -> None:
    run = make_run(tmp_path, "dcgan-8x8")
    status = Status(state="running", step=7, steps=9, images_per_s=1234.5, device="2 x cpu")
    write_status(run.status, status)
    with LockHolder(run.lock):
        told = invoke("info", run.path, "--no-layers").text
    assert ", 1,234 images/s on 2 x cpu; " in told


def test_a_run_without_a_checkpoint_is_told_without_its_layers(
    trained: RunDir, tmp_path: Path
) -> None:
    shutil.copytree(trained.path, tmp_path / "bare")
    shutil.rmtree(tmp_path / "bare" / "checkpoints")
    outcome = invoke("info", tmp_path / "bare")
    assert outcome.code == 0
    assert "Its layers are not known:" in outcome.said
    (tmp_path / "bare" / "run.toml").write_text("[run")
    damaged = invoke("info", tmp_path / "bare")
    assert damaged.code == 0
    assert damaged.text.splitlines()[2:] == outcome.text.splitlines()[2:]
    assert f"Run file {tmp_path / 'bare' / 'run.toml'} is not" in damaged.said
    assert invoke("info", "nobody", "--runs-dir", tmp_path).code == 2
