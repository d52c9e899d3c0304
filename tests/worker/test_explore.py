"""What a generator is asked by the app: to be opened, to draw, to be searched."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ganterm.client import rpc
from ganterm.client.rpc import Failure, Partial, Progress, Reply, Result
from ganterm.core.errors import GantermError
from ganterm.inference import explorer
from ganterm.inference.explorer import encoded
from ganterm.inference.load import load_generator
from ganterm.inference.projection import ProjectionSettings
from ganterm.inference.sample import generate, latents
from ganterm.runs.layout import RunDir
from ganterm.worker.explore import Explorations
from ganterm.worker.rpc import Calls, work_off
from tests.cli.checkpointed import untrained


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    """Give a run with the checkpoint of a tiny generator of digits."""
    run = RunDir(tmp_path / "tiny")
    run.checkpoints.mkdir(parents=True)
    untrained(run.checkpoints, "dcgan-8x8")
    return run


@pytest.fixture
def explorations(run: RunDir) -> Explorations:
    made = Explorations()
    pieces(made, "open", run=str(run.path))
    return made


def pieces(explorations: Explorations, do: str, **fields: Any) -> list[dict[str, Any]]:
    """Return every piece of an answer, the last one last."""
    found: list[Reply] = []
    calls = Calls([do], found.append)
    calls.put(msgspec.json.encode(rpc.Call(1, do, fields)))
    work_off(calls, explorations.methods, found.append, idle=0)
    if isinstance(failure := found[-1], Failure):
        raise GantermError(failure.message)
    return [
        {"says": reply.what} if isinstance(reply, Progress) else reply.value
        for reply in found
        if isinstance(reply, Progress | Partial | Result)
    ]


def pixels(answer: dict[str, Any]) -> bytes:
    return base64.b64decode(answer["pixels"])


def test_opening_tells_what_it_is_at_and_what_the_generator_is(run: RunDir) -> None:
    """Words while PyTorch is loaded, and then all that the app has to know."""
    *words, opened = pieces(Explorations(), "open", run=str(run.path))
    assert [piece["says"] for piece in words] == [
        "loading PyTorch",
        "loading step-00000000.safetensors",
    ]
    assert opened["step"] == 0
    assert opened["steps"] == [0]
    assert (opened["size"], opened["channels"], opened["classes"]) == (8, 1, [])
    assert opened["family"] == "f"
    strengths = [strength for _, strength in opened["directions"]]
    assert strengths == sorted(strengths, reverse=True)


def test_an_image_is_the_one_that_sample_draws(explorations: Explorations, run: RunDir) -> None:
    """The same seed, the same pixels; and the point that it is of."""
    (answer,) = pieces(explorations, "draw", scene={"seed": 5})
    z = latents(16, 64, seed=5)[:1]
    trained = load_generator(run.checkpoint_path(0))
    assert pixels(answer) == generate(trained.generator, z).numpy().tobytes()
    assert answer["vector"] == encoded(z[0])
    assert len(answer["values"]) == 64


def test_a_strip_is_several_images_at_once(explorations: Explorations) -> None:
    """In their order."""
    scenes = [{"seed": seed} for seed in (1, 2, 3)]
    (strip,) = pieces(explorations, "strip", scenes=scenes)
    alone = [pixels(pieces(explorations, "draw", scene=scene)[0]) for scene in scenes]
    assert strip["count"] == 3
    assert pixels(strip) == b"".join(alone)


def test_dimensions_are_ranked_with_words_on_the_way(explorations: Explorations) -> None:
    """By what they change; those of the weights are there at once."""
    *words, told = pieces(explorations, "directions", family="d")
    assert {piece["says"] for piece in words} == {"measuring dimension"}
    assert sorted(int(key[1:]) for key, _ in told["directions"]) == list(range(64))
    (told,) = pieces(explorations, "directions", family="f")
    assert told["family"] == "f"


def test_a_sketch_finds_what_the_generator_makes(
    explorations: Explorations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ever nearer images, and a place that is the last of them."""
    monkeypatch.setattr(explorer, "SEARCH", ProjectionSettings(steps=20, starts=4))
    assert pieces(explorations, "prepare") == [{}]
    (wanted,) = pieces(explorations, "draw", scene={"seed": 3})
    found = pieces(explorations, "sketch", pixels=wanted["pixels"])
    distances = [piece["distance"] for piece in found]
    assert distances[-1] < distances[0]
    assert [piece["step"] for piece in found] == [0, 5, 10, 15, 20]
    (again,) = pieces(explorations, "draw", scene={"vector": found[-1]["vector"]})
    assert pixels(again) == pixels(found[-1])


@pytest.mark.parametrize(
    ("do", "fields", "said"),
    [
        ("open", {}, "path of its run"),
        ("open", {"run": "nowhere"}, "no checkpoint yet"),
        ("draw", {}, "a scene"),
        ("draw", {"scene": {"moves": [["f999", 1.0]]}}, "no direction 'f999'"),
        ("draw", {"scene": {"moves": [["x1", 1.0]]}}, "no directions 'x'"),
        ("draw", {"scene": {"vector": "AAAAAA=="}}, "found with another"),
        ("draw", {"scene": {"vector": "AADAfw=="}}, "not finite"),
        ("draw", {"scene": {"a": {}, "b": {}, "crossover": 1}}, "style-based"),
        ("draw", {"scene": {}, "family": "x"}, "no directions 'x'"),
        ("strip", {"scenes": []}, "1 to 64"),
        ("strip", {"scenes": [{}] * 65}, "1 to 64"),
        ("sketch", {"pixels": "AAAA"}, "8x8 pixels"),
        ("sketch", {"pixels": 7}, "8x8 pixels"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(
    explorations: Explorations, do: str, fields: dict[str, Any], said: str
) -> None:
    """Whatever is asked, nothing but a `GantermError` comes of it."""
    with pytest.raises(GantermError, match=said):
        pieces(explorations, do, **fields)


def test_a_step_that_is_not_there_and_a_damaged_checkpoint_are_told_of(run: RunDir) -> None:
    """By name; an older one is taken where no step is asked for."""
    path = run.checkpoint_path(0)
    with pytest.raises(GantermError, match="no checkpoint of step 7"):
        pieces(Explorations(), "open", run=str(run.path), step=7)
    path.with_name("step-00000009.safetensors").write_bytes(b"half of one")
    assert pieces(Explorations(), "open", run=str(run.path))[-1]["step"] == 0
    path.unlink()
    with pytest.raises(GantermError, match="No checkpoint of tiny is whole"):
        pieces(Explorations(), "open", run=str(run.path))


def test_a_run_of_points_has_no_images_to_explore(tmp_path: Path) -> None:
    """It is said so at once."""
    run = RunDir(tmp_path / "ring")
    run.checkpoints.mkdir(parents=True)
    untrained(run.checkpoints, "ring")
    with pytest.raises(GantermError, match="points of the plane"):
        pieces(Explorations(), "open", run=str(run.path))
