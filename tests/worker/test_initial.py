"""A run begins with the weights of others: with all of them, or with what fits where it may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ganterm.client import launching
from ganterm.client.checkpoints import choose_checkpoint
from ganterm.components.networks.growth import Stage, stage_of
from ganterm.config import RunConfig
from ganterm.config.runfile import new_run, read_made, same_weights, to_mapping
from ganterm.core.errors import ConfigError, GantermError
from ganterm.engine.loop import Trainer
from ganterm.engine.state import begin_with, export_state, restore_state
from ganterm.inference.load import load_generator
from ganterm.runs.layout import RunDir
from ganterm.worker import adopt
from ganterm.worker.checkpoint import Meta, load_tensors, read_meta, save_checkpoint
from tests.cli.invoke import invoke
from tests.engine.common import configured, trainer
from tests.worker.workers import Zygote, differences, make_run

SETTINGS: dict[str, Any] = {"steps": 6, "log_every": 1, "ema_kimg": 1.0}
Tensors = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the helper's work done here, which is the same without its start."""
    monkeypatch.setattr(launching, "ask", lambda _m, _n, params, **_: adopt.initial(params))


@pytest.fixture(scope="module")
def parent(_zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """Give a run that trained eight steps, and kept what it was half-way."""
    settings = {**SETTINGS, "steps": 8, "checkpoint_every": "4", "keep_checkpoints": 0}
    return _zygote.train(make_run(tmp_path_factory.mktemp("parent"), **settings))


def begun(source: object, runs_dir: Path, *, recipe: str = "dcgan-8x8", **settings: Any) -> RunDir:
    config = configured(recipe, **{**SETTINGS, **settings}, init_from=str(source))
    return launching.begin(config, runs_dir, lambda _: None, name=None, command="")


def first(run: RunDir) -> Tensors:
    return load_tensors(run.first_weights)


def started(config: RunConfig, tensors: Tensors) -> Trainer:
    run = trainer(config)
    begin_with(run, tensors)
    return run


def test_all_networks_begin_with_a_checkpoints(parent: RunDir, tmp_path: Path) -> None:
    """By the run's name and step, or the file; what it was is written down with its digest."""
    middle = f"{parent.path}@4"
    for source, step in ((parent.path, 8), (middle, 4), (parent.checkpoint_path(4), 4)):
        run = begun(source, tmp_path)
        there = load_tensors(parent.checkpoint_path(step))
        names = ("generator.", "discriminator.", "ema.")
        wanted = {name: value for name, value in there.items() if name.startswith(names)}
        assert first(run).keys() == wanted.keys()
        assert all(torch.equal(first(run)[name], value) for name, value in wanted.items())
        made = read_made(run.config_file)
        assert made["init_from"].endswith(f"@{step}") or made["init_from"] == str(source)
        assert len(made["init_digest"]) == 64
        state = started(configured("dcgan-8x8", **SETTINGS), first(run))
        assert torch.equal(
            state.networks.generator.state_dict()["layers.1.weight"],
            there["generator.layers.1.weight"],
        )
        assert state.ema is not None
        assert torch.equal(
            state.ema.model.state_dict()["layers.1.weight"], there["ema.layers.1.weight"]
        )


def test_an_average_begins_with_the_generator_where_there_is_none(parent: RunDir) -> None:
    """And the generator with the average where it is asked for by its name."""
    tensors = load_tensors(parent.checkpoint_path(8))
    plain = {name: value for name, value in tensors.items() if not name.startswith("ema.")}
    state = started(configured("dcgan-8x8", **SETTINGS), plain)
    assert state.ema is not None
    for mine, theirs in zip(
        state.ema.model.parameters(), state.networks.generator.parameters(), strict=True
    ):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"width": 2.0},
            r"generator\.layers\.1\.weight is 64x64x3x3 there and 64x128x3x3 here, and \d+ more",
        ),
        ({"channels": 3}, r"generator\.\S+ is 32x1x4x4 there and 32x3x4x4 here, and"),
        ({"minibatch_discrimination": True}, r"discriminator\.minibatch\S+ is absent there and "),
        ({"init_part": "netG"}, r"has no weights under 'netG'"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_by_name(
    parent: RunDir, tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        begun(parent.path, tmp_path, **settings)
    assert not any(tmp_path.iterdir())


def test_what_does_not_fit_is_left_fresh_where_it_may(parent: RunDir, tmp_path: Path) -> None:
    """A generator of other colours keeps its inner layers, and the discriminator its later ones."""
    colour: dict[str, Any] = {"channels": 3, "init_partial": True}
    run = begun(parent.path, tmp_path, **colour)
    there, taken = load_tensors(parent.checkpoint_path(8)), first(run)
    config = configured("dcgan-8x8", **SETTINGS, channels=3)
    fresh, state = trainer(config), started(config, taken)
    for name, value in state.networks.generator.state_dict().items():
        kept = f"generator.{name}" in taken
        other = there[f"generator.{name}"] if kept else fresh.networks.generator.state_dict()[name]
        assert torch.equal(value, other), name
    assert 0 < len(taken) < len(there)
    with pytest.raises(ConfigError, match=r"nothing in .* fits"):
        begun(parent.path, tmp_path, recipe="mlp", init_partial=True)


@pytest.mark.parametrize(
    ("images", "stage"), [(0, Stage(0)), (40, Stage(1, 0.75)), (10**4, Stage(2))], ids=str
)
def test_networks_that_grew_go_on_where_they_stood(
    images: int, stage: Stage, tmp_path: Path
) -> None:
    """They do not begin at their lowest resolution again, also where they are resumed."""
    settings = {"dataset": "digits", "image_size": 16, "width": 0.125, "batch_size": 8, **SETTINGS}
    settings |= {"grow_kimg": 0.016, "fade_kimg": 0.032}
    source = trainer(configured("stylegan", **settings))
    source.images_seen = images
    tensors, counters = export_state(source)
    file = tmp_path / "source.safetensors"
    save_checkpoint(file, Meta(config=source.config, counters=counters, controls=0), tensors)
    begins = begun(file, tmp_path, recipe="stylegan", **settings)
    run = trainer(source.config)
    begin_with(run, first(begins), read_meta(begins.first_weights).counters["images"])
    assert stage_of(run.networks.generator) == stage
    run.advance()
    run.flush()
    tensors, counters = export_state(run)
    resumed = trainer(source.config)
    restore_state(resumed, tensors, counters)
    file = tmp_path / "later.safetensors"
    save_checkpoint(file, Meta(config=source.config, counters=counters, controls=0), tensors)
    loaded = load_generator(file).generator
    later = [stage_of(each) for each in (run.networks.discriminator, loaded)]
    assert later == [stage_of(resumed.networks.generator)] * 2


def test_foreign_files_give_a_generator_alone(parent: RunDir, tmp_path: Path) -> None:
    tensors = load_tensors(parent.checkpoint_path(8))
    state = {
        name.removeprefix("generator."): value
        for name, value in tensors.items()
        if name.startswith("generator.")
    }
    file = tmp_path / "weights.pth"
    torch.save({"netG": state, "netD": {"w": torch.ones(3)}}, file)
    runs = tmp_path / "runs"
    run = begun(file, runs, init_part="netG")
    assert first(run).keys() == {f"generator.{name}" for name in state}
    with pytest.raises(ConfigError, match=r"weights\.pth does not fit the generator: layers\.1 "):
        begun(file, runs, init_part="netG", width=2.0)
    with pytest.raises(GantermError, match=r"keeps no weights under 'netX'"):
        begun(file, runs, init_part="netX")
    file.write_bytes(b"no weights at all")
    with pytest.raises(GantermError, match=r"weights\.pth"):
        begun(file, runs)
    assert [each.name for each in runs.iterdir()] == [run.name]


def test_a_generator_that_was_imported_gets_a_fresh_discriminator(
    parent: RunDir, tmp_path: Path
) -> None:
    """Its run trains on under another name."""
    state = {
        name: value
        for name, value in load_tensors(parent.checkpoint_path(8)).items()
        if name.startswith("generator.")
    }
    bare = {name.removeprefix("generator."): value for name, value in state.items()}
    torch.save(bare, tmp_path / "g.pth")
    config = configured("dcgan-8x8", **SETTINGS)
    request: dict[str, Any] = {
        "file": str(tmp_path / "g.pth"),
        "part": None,
        "fixed": [],
        "name": "imported",
    }
    request |= {"runs_dir": str(tmp_path), "step": 700, "eps": [], "command": ["ganterm"]}
    adopt.adopt({**request, "config": to_mapping(config)})
    run = begun("imported", tmp_path)
    assert read_made(run.config_file)["init_from"] == "imported@700"
    assert first(run).keys() == state.keys()


def test_a_run_goes_on_and_begins_anew_without_its_source(
    parent: RunDir, tmp_path: Path, zygote: Zygote
) -> None:
    """Cut at its beginning, or cut later, it ends as the one that was not."""
    frozen: dict[str, Any] = {"freeze_d": 1, "checkpoint_every": "3", "augment": "colour"}
    source = choose_checkpoint(str(parent.path)).path
    copy = tmp_path / "source.safetensors"
    copy.write_bytes(source.read_bytes())
    whole = begun(copy, tmp_path / "whole", **frozen)
    again = begun(copy, tmp_path / "again", **frozen)
    copy.unlink()
    zygote.train(whole)
    again.journal.write_bytes(b"".join(whole.journal.read_bytes().splitlines(keepends=True)[:1]))
    zygote.train(again)
    assert differences(whole, again) == []
    trained = load_tensors(whole.checkpoint_path(6))
    for name in ("body.0.weight", "body.0.bias"):
        assert torch.equal(trained[f"discriminator.{name}"], first(whole)[f"discriminator.{name}"])
        assert f"optimizer_d.{name}.exp_avg" not in trained
    assert "optimizer_d.head.weight.exp_avg" in trained
    anew = new_run(
        configured("dcgan-8x8", init_from=str(copy)),
        tmp_path / "anew",
        name=None,
        command="",
        weights=same_weights(whole),
    )
    assert first(anew).keys() == first(whole).keys()
    assert read_made(anew.config_file)["init_digest"] == read_made(whole.config_file)["init_digest"]


@pytest.mark.parametrize("part", ["netG", "ema"])
def test_a_run_is_repeated_with_the_weights_that_it_began_with(
    parent: RunDir, tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganterm.cli.starting.start_and_follow", lambda *_, **__: None)
    foreign = tmp_path / "foreign.pth"
    state = load_tensors(parent.checkpoint_path(8)).items()
    torch.save({name.replace("generator.", "netG."): value for name, value in state}, foreign)
    source = parent.path if part == "ema" else foreign
    began = begun(source, tmp_path / "began", init_part=part)
    done = invoke("train", "--repeat", began.path, "--runs-dir", tmp_path, "--name", "again")
    assert done.code == 0, done.said
    again = first(RunDir(tmp_path / "again"))
    assert again.keys() == first(began).keys()
    assert all(torch.equal(again[name], value) for name, value in first(began).items())
