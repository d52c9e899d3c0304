"""Nothing in any file, name, checkpoint or error steers a terminal, whichever command meets it."""

from __future__ import annotations

import json
import re
import struct
from typing import Any

import pytest
import torch
from PIL import Image, PngImagePlugin

from ganterm.cli.app import _PLACES
from ganterm.runs.layout import RunDir
from tests.cli.pty_session import ForkedSession
from tests.quick import slow_unless

STEERING = (
    *(
        "\x1b]0;",
        "\x1b[5;31;45m",
        "\x1bP",
        "\x9b5m",
        "\x9d0;",
        "\x90",
        "\x07",
        "\x08",
        "\r",
        "\x0e",
    ),
    *("\x7f", "\x85", "\xad", "\u034f", "\u061c", "\u200b", "\u200d", "\u200e", "\u2028", "\u202e"),
    *("\u2066", "\u3164", "\ufeff", "\ufff9", "\U000e0041"),
)
FOUL = "x".join(f"{each}PWN" for each in STEERING)
HIT = re.compile("|".join(re.escape(f"{each}PWN") for each in STEERING))
_KEPT = {"kind", "config", "state", "generator", "discriminator", "components"}


def fouled(value: Any) -> Any:
    """Return JSON with the foul string in each text but those that say what kind of thing it is."""
    if isinstance(value, str):
        return value + FOUL
    if isinstance(value, list):
        return list(map(fouled, value))
    if isinstance(value, dict):
        told = {key: each if key in _KEPT else fouled(each) for key, each in value.items()}
        return {**told, f"new{FOUL}": FOUL}
    return value


def foul_run(trained: RunDir, run: RunDir, *, config: bool) -> None:
    """Make a run of another's, with foul strings wherever it has any; in `config` as well."""
    for directory in (run.path, run.samples, run.checkpoints, run.control):
        directory.mkdir(parents=True)
    text = trained.config_file.read_text()
    run.config_file.write_text(text + f'note = "{FOUL.encode("unicode_escape").decode()}"\n')
    lines = [fouled(json.loads(line)) for line in trained.journal.read_text().splitlines()]
    for line in lines:
        if config and "config" in line:
            line["config"] = {**line["config"], "dataset": f"d{FOUL}", "recipe": f"r{FOUL}"}
    extra: list[dict[str, Any]] = [
        {"kind": "alert", "code": f"stall{FOUL}", "message": FOUL, "since": 2, "remedies": []},
        {"kind": "judged", "fid": 3.0, "n": 64, "judge": FOUL, "classes": [FOUL, "b"]},
        {"kind": "control", "command": "set", "changes": {f"lr_g{FOUL}": FOUL}, "error": FOUL},
        {"kind": f"other{FOUL}", "message": FOUL},
    ]
    lines[-1:-1] = [{"v": 1, "step": 6, "time": 1.0, **each} for each in extra]
    run.journal.write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    status = {**fouled(json.loads(trained.status.read_text())), "state": "failed"}
    run.status.write_text(json.dumps(status))
    run.log.write_text(f"Traceback{FOUL}\n{FOUL}\n")
    (run.path / "note.txt").write_text(FOUL)
    for path in trained.checkpoints.iterdir():
        data = path.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        about = header["__metadata__"]
        about |= {"classes": json.dumps([FOUL, "b"]), f"new{FOUL}": FOUL}
        told = json.dumps(header).encode()
        (run.checkpoints / path.name).write_bytes(
            struct.pack("<Q", len(told)) + told + data[8 + length :]
        )
    for path in trained.samples.iterdir():
        with Image.open(path) as image:
            words = PngImagePlugin.PngInfo()
            for key, value in image.info.items():
                if isinstance(value, str):
                    words.add_itxt(key, value)
            words.add_itxt("Comment", FOUL)
            image.save(run.samples / path.name, pnginfo=words)


COMMANDS: dict[str, tuple[str, ...]] = {
    "runs": ("runs", "runs --json", "runs --runs-dir FOUL"),
    "attach": ("attach RUN", "attach CONFIG", "attach RUN --json", "attach FOUL"),
    "info": ("info RUN --no-layers", "info CONFIG --no-layers", "info RUN --json --no-layers"),
    "ctl": ("ctl RUN stop", "ctl RUN set FOUL=1", "ctl RUN remedy", "ctl RUN FOUL"),
    "show": ("show RUN", "show PICTURE", "show NONE", "show TEXT --json", "show CHECKPOINT"),
    "compare": ("compare RUN CONFIG", "compare RUN CONFIG --json", "compare RUN FOUL"),
    "note": ("note RUN", "note FOUL"),
    "rename": ("rename RUN FOUL", "rename FOUL b"),
    "delete": ("delete RUN FOUL", "delete RUN"),
    "recipes": ("recipes", "recipes show FOUL", "recipes show RECIPE", "recipes --json"),
    "config": (
        "config show --config FOUL",
        "config show --config RECIPE",
        "config show --set FOUL=1",
    ),
    "data": (
        "data list",
        "data import FOUL FOUL",
        "data show FOUL",
        "data show FOLDER",
        "data fetch FOUL",
    ),
    "help": ("help FOUL", "help data"),
    "train": (
        *("train --FOUL", "train FOUL", "train --recipe FOUL", "train --dataset FOUL --dry-run"),
        *("train --dataset FOLDER --dry-run", "train --name FOUL", "train --steps FOUL"),
    ),
    "bench": ("bench FOUL",),
    "app": ("app --plain RUN", "app --plain CONFIG", "app --theme FOUL"),
    "import": ("import WEIGHTS --recipe dcgan-8x8 --json", "import FOUL --recipe mlp"),
    "queue": ("queue", "queue drop FOUL", "queue move RUN FOUL", "queue limit FOUL"),
    "resume": ("resume RUN", "resume FOUL"),
    "branch": ("branch RUN --step 6 --set FOUL=1", "branch RUN --step FOUL"),
    "sample": (
        "sample RUN -n 2",
        "sample RUN -n 2 --class FOUL",
        "sample RUN -o OUT.npy",
        "sample TEXT",
    ),
    "interpolate": ("interpolate RUN --from NONE", "interpolate RUN -o OUT.gif --steps 2"),
    "explore": ("explore RUN --from NONE", "explore TEXT"),
    "mix": ("mix RUN",),
    "project": ("project RUN PICTURE --search-steps 1", "project RUN TEXT"),
    "judge": ("judge RUN -n 100", "judge RUN --all --json", "judge --images TEXT"),
    "export": ("export RUN -o OUT.safetensors", "export RUN -o FOUL/x.onnx"),
    "NONE": ("FOUL", "--FOUL", "runs --FOUL"),
}
"""What is said of each, with words for the places of `Place`."""
QUICK = {"runs", "attach RUN", "show NONE", "train --FOUL", "FOUL", "app --plain RUN"}


@pytest.fixture(scope="module")
def places(trained: RunDir, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return foul files by the words of `COMMANDS`, all in one directory."""
    here = tmp_path_factory.mktemp("foul")
    for word, config in (("RUN", False), ("CONFIG", True)):
        foul_run(trained, RunDir(here / "checkpoints" / f"{word}{FOUL}"), config=config)
    picture = here / f"picture{FOUL}.png"
    Image.new("L", (8, 8)).save(picture)
    folder = here / f"folder{FOUL}"
    for name in ("a", "b"):
        (folder / f"{name}{FOUL}").mkdir(parents=True)
        for index in range(40):
            Image.new("L", (8, 8), index).save(folder / f"{name}{FOUL}" / f"{index}{FOUL}.png")
        (folder / f"{name}{FOUL}" / f"bad{FOUL}.png").write_text(FOUL)
    text = here / f"text{FOUL}"
    text.write_text(FOUL)
    words = json.dumps(f"t{FOUL}")
    (here / f"recipe{FOUL}.toml").write_text(
        f"version = 2\n[about]\ntitle = {words}\npurpose = {words}\n[settings]\nnothing = {words}\n"
    )
    torch.save({f"main.{index}{FOUL}": torch.zeros(3) for index in range(3)}, here / f"w{FOUL}.pth")
    return {
        "FOUL": FOUL,
        "NONE": str(here / f"none{FOUL}"),
        "HERE": str(here),
        "RUN": f"RUN{FOUL}",
        "CONFIG": f"CONFIG{FOUL}",
        "PICTURE": str(picture),
        "FOLDER": str(folder),
        "TEXT": str(text),
        "OUT": str(here / f"out{FOUL}"),
        "RECIPE": str(here / f"recipe{FOUL}.toml"),
        "WEIGHTS": str(here / f"w{FOUL}.pth"),
        "CHECKPOINT": str(
            here / "checkpoints" / f"RUN{FOUL}" / "checkpoints" / "step-00000006.safetensors"
        ),
    }


def test_every_command_is_tried() -> None:
    """A command that is new is to be added to the table."""
    assert {"NONE", *_PLACES} == COMMANDS.keys()


@pytest.mark.parametrize(
    "words",
    slow_unless(
        lambda each: each in QUICK, [each for all_of in COMMANDS.values() for each in all_of]
    ),
)
def test_no_foreign_character_steers_the_terminal(
    words: str, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a command on a terminal: neither what it gives nor what it says."""
    monkeypatch.chdir(places["HERE"])
    monkeypatch.setenv("GANTERM_DATA_DIR", f"{places['HERE']}/data")

    def place(found: re.Match[str]) -> str:
        return places[found[0]]

    names = "|".join(sorted(places, key=len, reverse=True))
    arguments = [re.sub(rf"\b(?:{names})\b", place, word) for word in words.split()]
    session = ForkedSession(arguments, columns=200)
    if "--plain" in words:
        session.type("list\nscores\nevents\nsettings\nremedies\nlog\nnote\nquit\n")
    if words.startswith("delete"):
        session.type("n\n")
    code = session.wait()
    shown = session.output.decode(errors="replace")
    assert not HIT.search(shown), shown
    assert code in range(5), shown
    assert "Traceback (" not in shown
    if "--json" in words:
        assert shown.isascii(), shown


@pytest.mark.slow
def test_the_app_shows_a_foul_run(places: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The list, the monitor with its log, the judge and a comparison."""
    monkeypatch.chdir(places["HERE"])
    session = ForkedSession([], columns=160, rows=50)
    session.wait_for("PWN")
    for keys in ("\r", "l", "e", "j", "\x1b", "\x1b", " ", "c", "q", "q", "q"):
        session.type(keys)
        session._read(0.7)
    session.hang_up()
    shown = session.output.decode(errors="replace")
    assert not HIT.search(shown)
