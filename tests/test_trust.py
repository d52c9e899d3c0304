"""Code of somebody else's run: nothing runs it before the user has said to trust it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from textual.widgets import Button

import ganterm
from ganterm.cli import options
from ganterm.cli.app import _RUNNING_CODE
from ganterm.client.launching import go_on
from ganterm.config import resolve
from ganterm.config.branch import branch
from ganterm.config.recorded import refuse_untrusted_run
from ganterm.config.runfile import new_run
from ganterm.core.errors import ConfigError
from ganterm.doctor.applicable import begin_with
from ganterm.runs.layout import RunDir
from ganterm.runs.parts import UntrustedError, manifest_of
from ganterm.tui.screens.dialogs import ConfirmScreen
from ganterm.worker.job import prepare
from tests.cli.invoke import invoke
from tests.tui.driving import awaited, make_app
from tests.worker.workers import Zygote

NETS = """
import math
from pathlib import Path
from torch import nn

Path({canary!r}).touch()


class Generator(nn.Sequential):
    def __init__(self, z_dim, img_shape):
        super().__init__(nn.Linear(z_dim, math.prod(img_shape)), nn.Tanh())
        self.shape = img_shape

    def forward(self, z):
        return super().forward(z).view(-1, *self.shape)
"""
COMMANDS = [
    "resume RUN --steps 9",
    "branch RUN --step 4 --steps 9",
    "train --repeat RUN --dry-run",
    "train --config RUN/run.toml --dry-run",
    "sample RUN -n 1",
    "sample RUN/checkpoints/step-00000004.safetensors -n 1",
    "interpolate RUN --steps 2",
    "explore RUN",
    "mix RUN",
    "project RUN picture.png --search-steps 1",
    "judge RUN -n 100",
    "export RUN -o out.safetensors",
    "export RUN -o out.onnx",
]
HARMLESS = [
    "compare RUN RUN",
    "runs",
    "info RUN",
    "show RUN",
    "note RUN words",
    "export RUN -o out.csv",
]


@pytest.fixture(scope="module")
def made(_zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunDir, Path]:
    """Train a run of code for six steps; give it, and the file that the code makes."""
    place = tmp_path_factory.mktemp("made")
    canary = place / "canary"
    (place / "nets.py").write_text(NETS.format(canary=str(canary)))
    config = {"recipe": "dcgan-8x8", "generator": f"{place}/nets.py:Generator", "steps": 4}
    config |= {"batch_size": 16, "sample_grid": 2, "seed": 1}
    return _zygote.train(new_run(resolve(config).config, place, name="made", command="")), canary


@pytest.fixture
def sent(
    made: tuple[RunDir, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[RunDir, Path]:
    """Give it as somebody who trusts nothing has it, in the current directory."""
    run, canary = made
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("ganterm.core.parts._LOADED", {})
    shutil.copytree(run.path, tmp_path / "checkpoints" / "RUN")
    Image.new("L", (8, 8), 99).save(tmp_path / "picture.png")
    canary.unlink(missing_ok=True)
    return RunDir(tmp_path / "checkpoints" / "RUN"), canary


def words_of(command: str) -> list[str]:
    return command.replace("RUN/", "checkpoints/RUN/").split()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_refuses_it_without_a_terminal(command: str, sent: tuple[RunDir, Path]) -> None:
    refused = invoke(*words_of(command))
    assert refused.code == 2
    assert "RUN is made of somebody else's code (nets.py), which is not run: " in refused.said
    assert "say --trust" in refused.said
    assert not sent[1].exists()
    assert sorted(path.name for path in Path("checkpoints").iterdir()) == ["RUN"]


@pytest.mark.parametrize("command", HARMLESS)
def test_what_runs_nothing_needs_no_trust(command: str, sent: tuple[RunDir, Path]) -> None:
    assert invoke(*words_of(command)).code == 0
    assert not sent[1].exists()


def test_every_command_that_runs_it_takes_the_option(sent: tuple[RunDir, Path]) -> None:
    named = {command.partition(" ")[0] for command in [*COMMANDS, "compare", "ctl"]}
    assert named == _RUNNING_CODE


def test_the_option_has_it_run_from_then_on(sent: tuple[RunDir, Path]) -> None:
    run, canary = sent
    assert invoke("sample", "RUN", "-n", 1, "--trust").code == 0
    assert canary.exists()
    assert invoke("sample", "RUN", "-n", 1).code == 0
    kept = next(run.parts.glob("*.py"))
    kept.write_text(f"{kept.read_text()}# changed\n")
    changed = invoke("sample", "RUN", "-n", 1, "--trust")
    assert (changed.code, "is not the code any more" in changed.said) == (2, True)


@pytest.mark.parametrize(("answer", "code"), [(True, 0), (False, 2)])
def test_a_terminal_is_asked(
    sent: tuple[RunDir, Path],
    monkeypatch: pytest.MonkeyPatch,
    answer: bool,
    code: int,
) -> None:
    run, canary = sent
    asked: list[str] = []

    class Terminal:
        @staticmethod
        def isatty() -> bool:
            return True

    class Sys:
        stdin = stderr = Terminal

    monkeypatch.setattr(options, "sys", Sys)
    monkeypatch.setattr(options, "say", asked.append)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: answer)
    assert invoke("sample", "RUN", "-n", 1).code == code
    assert canary.exists() == answer
    manifest = manifest_of(run)
    assert manifest is not None
    (file,) = manifest.parts[0].files
    assert f"  {file.copy}  SHA-256 {file.sha256}" in asked
    assert f"Look at it in {run.parts}." in asked


def test_python_takes_it_as_an_argument(sent: tuple[RunDir, Path]) -> None:
    with pytest.raises(ConfigError, match="--trust"):
        ganterm.open_run("RUN").sample(1)
    with pytest.raises(ConfigError, match="--trust"):
        ganterm.open_run("RUN").resume(steps=9)
    assert not sent[1].exists()
    assert ganterm.open_run("RUN", trust=True).sample(1).shape == (1, 1, 8, 8)


@awaited
async def test_the_app_asks_in_a_dialog(
    sent: tuple[RunDir, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way when it is asked is done once it is answered with yes."""
    run, canary = sent
    done: list[str] = []
    app = make_app(Path("checkpoints"))
    async with app.run_test(size=(100, 30)) as pilot:
        for answer in ("no", "yes"):
            app.trusting(run, lambda: done.append("explored"))
            app.do(lambda: refuse_untrusted_run(run), lambda _: done.append("resumed"))
            while app.screen_stack[1:] or (not done and answer == "yes"):
                await pilot.pause()
                if isinstance(app.screen, ConfirmScreen):
                    app.screen.query_one(f"#{answer}", Button).press()
            assert bool(done) == (answer == "yes")
        await app.workers.wait_for_complete()
        assert sorted(done) == ["explored", "resumed"]
    assert not canary.exists()


@pytest.mark.parametrize("setting", ["loss", "penalty", "keep_best", "generator"])
def test_a_run_names_nothing_installed_for_somebody_else(
    setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a function of Python itself that runs any command; what the user named is."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    canary = tmp_path / "canary"
    config: dict[str, Any] = {"recipe": "dcgan-8x8"}
    config[setting] = f"subprocess:getoutput:cmd=touch${{IFS}}{canary}"
    run = new_run(resolve(config).config, tmp_path / "runs", name="sent", command="")
    refuse_untrusted_run(run)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    with pytest.raises(UntrustedError, match=r"somebody else's code \(subprocess:getoutput:cmd="):
        refuse_untrusted_run(run)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("named", "large"), [("nets.py", False), ("./sub/../nets.py", False), ("nets.py", True)]
)
def test_code_beside_a_run_that_has_no_copy_of_it_is_asked_for_too(
    named: str, large: bool, made: tuple[RunDir, Path], sent: tuple[RunDir, Path]
) -> None:
    """As where an archive holds a run and a file, which the run names as seen from there.

    Where it is too large to be copied as well.
    """
    run, canary = sent
    for there in (run.parts, run.checkpoints):
        shutil.rmtree(there)
    run.journal.unlink()
    Path("nets.py").write_text(NETS.format(canary=str(canary)) + "#" * (large << 20))
    Path("sub").mkdir()
    original = str(made[0].path.parent / "nets.py")
    run.config_file.write_text(run.config_file.read_text().replace(original, named))
    for command in ("train --repeat RUN --dry-run", "resume RUN --steps 9"):
        refused = invoke(*command.split())
        assert (refused.code, "somebody else's code (nets.py)" in refused.said) == (2, True)
    with pytest.raises(UntrustedError):
        prepare(run)
    assert not canary.exists()
    assert invoke("info", "RUN", "--trust", "--no-layers").code == 0
    prepare(run)
    assert canary.exists()
    if not large:
        Path("nets.py").write_text("raise SystemExit\n")
        with pytest.raises(UntrustedError):
            prepare(run)


def test_what_a_branch_is_told_to_take_is_the_users_own_word(sent: tuple[RunDir, Path]) -> None:
    run, _ = sent
    refuse_trust = pytest.raises(UntrustedError, match=r"nets\.py")
    changes = {"optimizer": "torch.optim:NAdam", "steps": 9}
    with refuse_trust as refused:
        branch(run, 4, run.path.parent, changes=changes)
    assert "NAdam" not in str(refused.value)
    refused.value.trust()
    prepare(branch(run, 4, run.path.parent, changes=changes))


def test_what_the_journal_of_a_run_names_counts(sent: tuple[RunDir, Path]) -> None:
    """It goes on under that, and a remedy begins with it, whatever its run.toml says."""
    run, _ = sent
    looks: list[object] = []
    first, rest = run.config_file.read_text().split("generator = ", 1)
    run.config_file.write_text(f'{first}generator = "dcgan"\n{rest.partition(chr(10))[2]}')
    refuse_untrusted_run(run)
    with pytest.raises(UntrustedError):
        go_on(run, {"steps": "9"}, looks.append)
    with pytest.raises(UntrustedError):
        begin_with(run, {"seed": 5}, 4, run.path.parent, looks.append)
    assert not looks
