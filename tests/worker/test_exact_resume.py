"""A run that is killed, stopped and resumed ends exactly as if nothing had happened."""

import random
import signal
from pathlib import Path

import pytest

from ganterm.core.errors import ExitCode
from ganterm.data import load
from ganterm.runs import control
from ganterm.runs.layout import RunDir
from tests.quick import slow_unless
from tests.records import lines
from tests.worker.workers import (
    RECIPES,
    Zygote,
    differences,
    final_state,
    kill_around,
    kinds,
    last_step,
    make_run,
    told,
)


@pytest.mark.parametrize("recipe", slow_unless("dcgan-8x8".__eq__, RECIPES))
def test_every_recipe_resumes_exactly(
    zygote: Zygote, whole: RunDir, tmp_path: Path, recipe: str
) -> None:
    """After a kill -9, SIGTERM, a stop on command and a kill -9, all is bit for bit the same.

    `tests/engine/test_resume.py` cuts every recipe.
    """
    chance = random.Random(f"kills of {recipe}")
    if recipe != "dcgan-8x8":
        whole = zygote.train(make_run(tmp_path / "whole", recipe, keep_checkpoints=0))
    run = make_run(tmp_path / "broken", recipe, keep_checkpoints=0)

    assert kill_around(zygote.start(run), chance.randint(1, 12), chance) in {-signal.SIGKILL, 0}

    worker = zygote.start(run)
    worker.until_step(last_step(run) + 1)
    worker.send(signal.SIGTERM)
    assert worker.wait() in {ExitCode.SIGTERM, 0}, worker.log()

    worker = zygote.start(run)
    worker.until_step(last_step(run) + 1)
    control.post(run.control, "stop")
    assert worker.wait() == 0, worker.log()

    if lines(run.journal)[-1].get("reason") != "finished":
        kill_around(zygote.start(run), last_step(run) + 1, chance)
        if lines(run.journal)[-1].get("reason") != "finished":
            zygote.train(run)
    assert differences(whole, run) == []


def test_what_a_run_leaves_out_is_left_out_again(zygote: Zygote, tmp_path: Path) -> None:
    """A share of the images never trains, before a kill and after it; it resumes exactly."""
    whole = zygote.train(make_run(tmp_path / "whole", "dcgan-8x8", holdout=0.1))
    start = lines(whole.journal)[0]
    kept = load("digits", image_size=8).divided(0.1)[0]
    assert (start["images"], start["data_crc32"]) == (1617, kept.crc32)
    run = make_run(tmp_path / "broken", "dcgan-8x8", holdout=0.1)
    kill_around(zygote.start(run), 12, random.Random(0))
    zygote.train(run)
    assert differences(whole, run) == []


def test_what_is_compared_is_there(zygote: Zygote, whole: RunDir, tmp_path: Path) -> None:
    """The comparison covers every network, optimiser and record, and sees one changed seed."""
    run = whole
    state = final_state(run)
    prefixes = {name.partition(".")[0] for name in state}
    assert prefixes >= {"generator", "discriminator", "ema", "optimizer_g", "optimizer_d", "rng"}
    assert [record["step"] for record in told(run) if record["kind"] == "metrics"] == [
        *range(6, 32, 6),
        32,
    ]
    assert [record["epoch"] for record in told(run) if record["kind"] == "epoch"] == [1]
    other = zygote.train(make_run(tmp_path, "dcgan-8x8", seed=1))
    assert {"journal", "generator.blocks.0.weight"} & set(differences(run, other))


def test_a_kill_after_the_last_checkpoint_tells_nothing_twice(
    zygote: Zygote, trained: RunDir
) -> None:
    """All but the end was written: what is resumed only ends."""
    run = zygote.train(trained, "--steps", "35")
    before = told(run)
    assert before[-1]["step"] == 35
    *kept, _ = run.journal.read_bytes().splitlines(keepends=True)
    run.journal.write_bytes(b"".join(kept))
    zygote.train(run)
    assert told(run) == before
    assert lines(run.journal)[-1]["reason"] == "finished"


def test_a_resume_computes_with_as_many_threads(zygote: Zygote, trained: RunDir) -> None:
    """The last bits of a sum depend on them, so the first worker's number stays."""
    text = trained.journal.read_text()
    trained.journal.write_text(text.replace('"threads":1', '"threads":3'))
    zygote.train(trained, "--steps", "34")
    assert [record["threads"] for record in kinds(trained, "resume")] == [3]
