"""Imported weights become a whole run, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ganterm.client.overview import overview
from ganterm.client.rpc import RemoteError
from ganterm.config import resolve
from ganterm.config.branch import branch
from ganterm.config.recorded import recorded_config
from ganterm.config.runfile import to_mapping
from ganterm.core.errors import ConfigError, ExitCode
from ganterm.inference.load import load_generator
from ganterm.inference.sample import generate, latents
from ganterm.render.sheet import load_sheet
from ganterm.runs import checkpoints
from ganterm.runs.layout import RunDir, find_runs
from ganterm.runs.state import observe
from ganterm.worker import adopt
from ganterm.worker.job import prepare
from tests.close import assert_same_images
from tests.exchange.models import trained
from tests.records import lines

CONFIG = resolve({"recipe": "dcgan-8x8", "steps": 700, "epochs": 0}).config
DCGAN = resolve({"recipe": "dcgan", "width": 0.25}).config


@pytest.fixture
def request_for(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return what makes requests; the weights are those of the 8x8 generator."""
    file = tmp_path / "generator_700.pth"
    torch.save(trained(CONFIG).generator.state_dict(), file)

    def make(**changed: Any) -> dict[str, Any]:
        return {
            "file": str(file),
            "config": to_mapping(CONFIG),
            "fixed": [],
            "runs_dir": str(tmp_path / "runs"),
            "part": None,
            "name": None,
            "step": 700,
            "eps": [],
            "command": ["ganterm", "import"],
            **changed,
        }

    return make


def test_the_run_is_whole(request_for: Callable[..., dict[str, Any]]) -> None:
    """Configuration, journal, status, checkpoint and grid agree, and the images are the file's."""
    answer = adopt.adopt(request_for(name="foreign"))
    run = RunDir(Path(answer["path"]))
    assert (answer["run"], answer["step"]) == ("foreign", 700)
    assert [record["kind"] for record in lines(run.journal)] == [
        "start",
        "sample",
        "checkpoint",
        "end",
    ]
    assert all(record["step"] == 700 for record in lines(run.journal))
    assert lines(run.journal)[0]["imported"] == "generator_700.pth"
    assert recorded_config(run) == CONFIG
    view = observe(run)
    assert (view.state, view.step, view.message) == (
        "finished",
        700,
        "Imported from generator_700.pth.",
    )
    path, damaged = checkpoints.newest_valid(run.checkpoints)
    assert path == run.checkpoint_path(700)
    assert damaged == []
    z = latents(4, CONFIG.z_dim, seed=1)
    ours, theirs = load_generator(path).generator, trained(CONFIG).generator
    assert_same_images(generate(ours, z), generate(theirs, z))
    assert len(load_sheet(run.sample_path(700))) == CONFIG.sample_grid**2


@pytest.mark.parametrize(("step", "length"), [(700, 700), (None, None)])
def test_its_length_is_the_step_it_was_trained_to(
    request_for: Callable[..., dict[str, Any]], step: int | None, length: int | None
) -> None:
    """A file that does not say its step makes a run without a length, not one that has begun."""
    run = RunDir(Path(adopt.adopt(request_for(step=step))["path"]))
    found = overview(run)
    assert (found.step, found.steps) == (step or 0, length)
    assert lines(run.journal)[0]["steps"] == (length or 0)


def test_a_network_that_grows_is_taken_at_its_full_size(
    request_for: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """Foreign weights are whole, so the images have all their detail though none were seen."""
    config = resolve({"recipe": "stylegan-8x8"}).config
    foreign = trained(config).generator
    torch.save(foreign.state_dict(), tmp_path / "style.pth")
    answer = adopt.adopt(
        request_for(file=str(tmp_path / "style.pth"), config=to_mapping(config), step=None)
    )
    path = checkpoints.newest_valid(RunDir(Path(answer["path"])).checkpoints)[0]
    assert path is not None
    z = latents(4, config.z_dim, seed=1)
    assert_same_images(generate(load_generator(path).generator, z), generate(foreign, z))


def test_it_cannot_be_trained_on(request_for: Callable[..., dict[str, Any]]) -> None:
    """Resuming, with a new length too, and branching say that there is no discriminator."""
    run = RunDir(Path(adopt.adopt(request_for())["path"]))
    for attempt in (
        lambda: prepare(run),
        lambda: prepare(run, steps=9000),
        lambda: branch(run, 700, run.path.parent, changes={"steps": 9000}),
    ):
        with pytest.raises(ConfigError, match=r"from generator_700\.pth, a generator alone"):
            attempt()
    assert [found.name for found in find_runs(run.path.parent)] == [run.name]


def test_what_does_not_fit_leaves_nothing_behind(
    request_for: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """A wrong recipe, a wrong name, garbage: the sentence, its exit code, and no run."""
    (tmp_path / "garbage.pth").write_bytes(b"PK\x03\x04")
    bare = dict(trained(DCGAN).generator.state_dict())
    torch.save({name: bare[name] for name in bare if "running" not in name}, tmp_path / "bare.pth")
    other = to_mapping(DCGAN)
    adopt.adopt(request_for(name="taken"))
    for changed, code, words in (
        ({"config": other}, ExitCode.DATA, "it is that of --recipe dcgan-8x8."),
        (
            {"config": other, "file": str(tmp_path / "bare.pth")},
            ExitCode.DATA,
            "2 of 6 layers do not fit; its layers are of the right sizes",
        ),
        ({"file": str(tmp_path / "garbage.pth")}, ExitCode.DATA, "is damaged"),
        ({"file": str(tmp_path / "none.pth")}, ExitCode.DATA, "No such file"),
        ({"name": "taken"}, ExitCode.USAGE, "is taken"),
        ({"eps": [0.8]}, ExitCode.USAGE, "has 0 normalisations"),
    ):
        with pytest.raises(RemoteError) as refused:
            adopt.adopt(request_for(**changed))
        assert words in str(refused.value)
        assert refused.value.exit_code == code
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["taken"]


@pytest.mark.parametrize("broken", ["write_grid", "save_checkpoint", "write_status"])
def test_a_full_disk_leaves_nothing_behind(
    request_for: Callable[..., dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
) -> None:
    """Whichever part cannot be written, the directory of the run goes again."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(adopt, broken, full)
    with pytest.raises(RemoteError, match="No space left on device") as refused:
        adopt.adopt(request_for())
    assert refused.value.exit_code == ExitCode.TRAINING
    assert list((tmp_path / "runs").iterdir()) == []
