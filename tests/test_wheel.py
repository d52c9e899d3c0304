"""The wheel, installed where nothing of the repository is, does what README says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as pip does."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(place), str(ROOT)]
    subprocess.run(build, check=True)
    (found,) = place.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def ganterm(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment that lends all else from this one; its command."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    python = place / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True)
    (packages,) = place.glob("lib/python3*/site-packages")
    lent = [place for place in sys.path if place.endswith("site-packages")]
    (packages / "lent.pth").write_text("\n".join(lent) + "\n")
    return place / "bin" / "ganterm"


def test_the_packages_page_has_whole_addresses(wheel: Path) -> None:
    """Pictures and links of README lead somewhere from a page that is not beside them."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    description = metadata.get_payload()
    assert isinstance(description, str)
    assert metadata["Description-Content-Type"] == "text/markdown"
    places = re.findall(r"\]\(([^)]+)\)", description)
    assert len(places) > 10
    assert [place for place in places if not place.startswith("https://")] == []
    assert sum("//raw." in place for place in places) == 6


def test_the_judges_come_with_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [each for each in archive.namelist() if "/judges/" in each]
    assert [Path(name).name.split("-")[0] for name in sorted(names)] == ["digits", "mnist"]


def test_readmes_commands_run_from_another_directory(ganterm: Path, tmp_path: Path) -> None:
    """Train, watch, steer, judge, explore, keep: each by the installed command."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("GANTERM_", "PYTHON"))
    }
    environment["XDG_CACHE_HOME"] = environment["HOME"] = str(tmp_path / "home")
    (tmp_path / "home").mkdir()

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [str(ganterm), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    python = ganterm.with_name("python")
    where = [str(python), "-c", "import ganterm; print(ganterm.__file__)"]
    found = subprocess.run(
        where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(str(ganterm.parents[1]))
    run("train", "--name", "quick", "--steps", "60")
    assert [each["name"] for each in json.loads(run("runs", "--json"))] == ["quick"]
    run("recipes")
    assert "\nlr_g = " in run("recipes", "show", "dcgan")
    assert "# Classes" in run("help", "classes")
    run("attach")
    run("resume", "quick", "--steps", "80")
    run("branch", "quick", "--step", "60", "--name", "other", "--steps", "90")
    run("sample", "quick", "-n", "8", "-o", "digits.png")
    assert run("show", "digits.png").count("\n") > 4
    assert json.loads(run("judge", "quick", "--json"))
    run("explore", "quick")
    run("interpolate", "quick", "-o", "walk.gif")
    run("export", "quick", "-o", "generator.onnx")
    run("export", "quick", "-o", "generator.safetensors")
    run("info")
    run("config", "reference")
    run("app", "--plain")
