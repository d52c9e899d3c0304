"""The newest whole checkpoint is found by checking, and no crash or damage can hide it."""

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from ganterm.runs import checkpoints
from ganterm.runs.checkpoints import CheckpointDamaged, newest_valid, prune, tensor_digest, verify
from ganterm.runs.layout import RunDir, step_of
from tests.runs.helpers import Child, checkpoint_bytes, noise, safetensors_bytes, temps_in


def write_checkpoint(directory: Path, step: int) -> Path:
    path = RunDir(directory).checkpoint_path(step)
    path.parent.mkdir(exist_ok=True)
    tensors = {"generator.w": noise(step, 500), "preview": noise(-step, 64)}
    path.write_bytes(checkpoint_bytes(step, tensors, config='{"seed": 1}'))
    return path


@pytest.mark.parametrize(
    ("to", "keeps", "left", "aside"),
    [
        (20, -1, [0, 10, 20], []),
        (10, 30, [0, 10], [30]),
        (0, -1, [], []),  # the checkpoint of step 0 may be of other networks
        (0, 20, [], [20]),
        (30, -1, [0, 10, 20, 30], []),
    ],
)
def test_a_run_that_is_rewound_has_no_later_checkpoints(
    tmp_path: Path, to: int, keeps: int, left: list[int], aside: list[int]
) -> None:
    """Those beyond its step are gone, but for a sound one that no list of checkpoints has."""
    for step in (0, 10, 20, 30):
        write_checkpoint(tmp_path, step)
    directory = RunDir(tmp_path).checkpoints
    checkpoints.void(directory, to, keeps)
    steps = [step_of(path) for path in checkpoints.list_checkpoints(directory)]
    assert steps == left
    assert sorted(checkpoints.healthy_aside(directory)) == aside


def test_what_the_library_writes_is_verified(tmp_path: Path) -> None:
    path = tmp_path / "step-00000042.safetensors"
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "generator.w": np.arange(12, dtype=np.float32).reshape(3, 4),
        "discriminator.b": np.ones(3, dtype=np.float16),
        "empty": np.zeros((0,), dtype=np.int64),
    }
    names = {"float32": "F32", "float16": "F16", "int64": "I64"}
    metadata = {"step": "42", "config": '{"z_dim": 100}'}
    listed = [(key, names[str(a.dtype)], a.shape, a.tobytes()) for key, a in arrays.items()]
    metadata["digest"] = tensor_digest(listed, metadata)
    safetensors.numpy.save_file(arrays, path, metadata=metadata)
    verify(path)
    header = checkpoints.read_header(path)
    assert header.step == 42
    assert header.metadata == metadata
    assert header.tensors["generator.w"].shape == (3, 4)
    content = checkpoints.read_bytes(path, "generator.w")
    assert content == arrays["generator.w"].tobytes()


def test_the_digest_does_not_depend_on_order_but_on_everything_else() -> None:
    one = ("a", "U8", (2, 3), b"abcdef")
    two = ("b", "U8", (1,), b"x")
    words = {"step": "1", "config": "{}"}
    digest = tensor_digest([one, two], words)
    assert digest == tensor_digest(iter([two, one]), {**words, "digest": "anything"})
    others = [
        tensor_digest([one], words),
        tensor_digest([("c", *one[1:]), two], words),
        tensor_digest([("a", "I8", (2, 3), b"abcdef"), two], words),
        tensor_digest([("a", "U8", (3, 2), b"abcdef"), two], words),
        tensor_digest([("a", "U8", (2, 3), b"abcdeg"), two], words),
        tensor_digest([one, two], {**words, "step": "2"}),
        tensor_digest([one, two], {"step": "1"}),
    ]
    assert len({digest, *others}) == len(others) + 1
    with pytest.raises(ValueError, match="two tensors are named 'a'"):
        tensor_digest([one, one], words)


def test_any_flipped_bit_is_found(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, 7)
    whole = path.read_bytes()
    chance = random.Random(7)
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(CheckpointDamaged):
            verify(path)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({}, "names no step"),
        ({"step": "-1", "digest": "0"}, "names no step"),
        ({"step": "9" * 30, "digest": "0"}, "names no step"),
        ({"step": "٣", "digest": "0"}, "names no step"),
        ({"step": "3"}, "carries no digest"),
        ({"step": "3", "digest": "0"}, "does not match its digest"),
        ({"step": "4", "digest": "0"}, "it is of step 4"),
    ],
)
def test_a_file_that_is_no_checkpoint_of_this_step_is_refused(
    tmp_path: Path, metadata: dict[str, str], words: str
) -> None:
    path = tmp_path / "step-00000003.safetensors"
    path.write_bytes(safetensors_bytes(json.dumps({"__metadata__": metadata}).encode(), b""))
    with pytest.raises(CheckpointDamaged, match=words):
        verify(path)


def test_a_tensor_is_not_read_beyond_the_limit(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, 1)
    assert checkpoints.read_bytes(path, "preview", limit=64) == noise(-1, 64)
    with pytest.raises(CheckpointDamaged, match="more than 63 bytes"):
        checkpoints.read_bytes(path, "preview", limit=63)
    with pytest.raises(CheckpointDamaged, match="no tensor 'x'"):
        checkpoints.read_bytes(path, "x")


def test_a_damaged_newest_falls_back_to_the_one_before_with_the_reason(tmp_path: Path) -> None:
    directory = tmp_path / "checkpoints"
    assert newest_valid(directory) == (None, [])
    paths = [write_checkpoint(tmp_path, step) for step in (5, 10, 100_000_000)]
    assert newest_valid(directory) == (paths[2], [])
    os.truncate(paths[2], 100)
    paths[1].write_bytes(b"\0" * 4096)
    newest, damaged = newest_valid(directory)
    assert newest == paths[0]
    assert [path for path, _ in damaged] == [paths[2], paths[1]]
    assert all(reason for _, reason in damaged)
    paths[0].unlink()
    assert newest_valid(directory)[0] is None


def test_only_finished_checkpoints_are_listed_by_step(tmp_path: Path) -> None:
    directory = tmp_path / "checkpoints"
    paths = [write_checkpoint(tmp_path, step) for step in (20, 3, 100_000_000)]
    for name in (".tmp-1-ab-step-00000030.safetensors", "notes.txt", "step-00000040.png"):
        (directory / name).write_bytes(b"")
    assert checkpoints.list_checkpoints(directory) == [paths[1], paths[0], paths[2]]
    assert checkpoints.list_checkpoints(tmp_path / "missing") == []


def test_what_is_set_aside_counts_no_more(tmp_path: Path) -> None:
    good, bad = write_checkpoint(tmp_path, 1), write_checkpoint(tmp_path, 2)
    os.truncate(bad, 10)
    moved = checkpoints.set_aside(bad)
    assert moved.exists()
    assert newest_valid(good.parent) == (good, [])


def test_the_oldest_go_and_the_newest_stays(tmp_path: Path) -> None:
    directory = tmp_path / "checkpoints"
    paths = [write_checkpoint(tmp_path, step) for step in range(1, 7)]
    assert prune(directory, 0) == []
    assert prune(directory, 9) == []
    assert prune(directory, 4) == paths[:2]
    assert prune(directory, 1) == paths[2:5]
    assert prune(directory, 1) == []
    assert newest_valid(directory) == (paths[5], [])
    with pytest.raises(ValueError, match="cannot keep -1"):
        prune(directory, -1)


def test_a_damaged_one_of_a_greater_step_does_not_cost_the_one_just_written(tmp_path: Path) -> None:
    directory = tmp_path / "checkpoints"
    paths = [write_checkpoint(tmp_path, step) for step in (1000, 2000, 1500)]
    os.truncate(paths[1], 10)
    assert prune(directory, 1, newest=paths[2]) == [paths[0]]
    assert newest_valid(directory)[0] == paths[2]
    assert prune(directory, 1, newest=directory / "step-00009999.safetensors") == []


def test_one_that_is_spared_stays_and_takes_no_other_ones_place(tmp_path: Path) -> None:
    directory = tmp_path / "checkpoints"
    paths = [write_checkpoint(tmp_path, step) for step in range(1, 6)]
    assert prune(directory, 2, newest=paths[4], spared=[paths[0]]) == paths[1:3]
    assert checkpoints.list_checkpoints(directory) == [paths[0], *paths[3:]]


SAVER = """
import itertools, sys
from pathlib import Path
from ganterm.runs.checkpoints import newest_valid, prune, verify
from ganterm.core.files import remove_stale_temps, write_atomically
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from tests.runs.helpers import checkpoint_bytes, noise
run = RunDir(Path(sys.argv[1]))
with WorkerLock(run.lock):
    remove_stale_temps(run.checkpoints)
    newest, damaged = newest_valid(run.checkpoints)
    print(newest.name if newest else "none", len(damaged), flush=True)
    for step in itertools.count(int(sys.argv[2])):
        path = run.checkpoint_path(step)
        content = checkpoint_bytes(step, {"w": noise(step, 20_000)})
        write_atomically(path, content, check=lambda temp: verify(temp))
        prune(run.checkpoints, 2, newest=path)
        print(step, flush=True)
"""


def kill_savers(run: RunDir, rounds: int) -> None:
    run.checkpoints.mkdir()
    chance = random.Random(rounds)
    begin, last = 1, "none"
    for _ in range(rounds):
        with Child(SAVER, run.path, begin) as child:
            assert child.hear() == f"{last} 0"
            acknowledged = begin - 1
            for _ in range(chance.randrange(40)):
                acknowledged = int(child.hear())
            child.kill()
            acknowledged = max([acknowledged, *map(int, child.rest())])
        newest, damaged = newest_valid(run.checkpoints)
        assert damaged == []
        header = checkpoints.read_header(newest) if newest else None
        step = header.step if header else 0
        assert step >= acknowledged
        assert len(checkpoints.list_checkpoints(run.checkpoints)) <= 3
        begin, last = step + 1, newest.name if newest else "none"


def test_kill_9_loses_no_checkpoint(tmp_path: Path) -> None:
    kill_savers(RunDir(tmp_path), 4)


@pytest.mark.slow
def test_a_storm_of_kill_9_loses_no_checkpoint(tmp_path: Path) -> None:
    kill_savers(RunDir(tmp_path), 120)


FULL = """
import sys
from pathlib import Path
from ganterm.runs.checkpoints import newest_valid, prune, verify
from ganterm.core.files import write_atomically
from ganterm.runs.layout import RunDir
from tests.runs.helpers import checkpoint_bytes, noise
run = RunDir(Path(sys.argv[1]))
run.checkpoints.mkdir()
step = 0
try:
    while True:
        content = checkpoint_bytes(step, {"w": noise(step, 50_000)})
        write_atomically(run.checkpoint_path(step), content, check=verify)
        step += 1
except OSError as error:
    newest, damaged = newest_valid(run.checkpoints)
    print(error.strerror, newest == run.checkpoint_path(step - 1), damaged)
    print(len(list(run.checkpoints.iterdir())) == step)
"""


def test_a_full_disk_leaves_the_last_checkpoint_valid_and_no_temporary_file(
    tmp_path: Path, small_disk: tuple[str, ...]
) -> None:
    with Child(FULL, tmp_path, prefix=small_disk) as child:
        assert child.rest() == ["No space left on device True []", "True"]
    assert temps_in(tmp_path) == []
