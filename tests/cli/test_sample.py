"""Sampling: which checkpoint, which weights, and every form of output."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ganterm.core.errors import ExitCode
from ganterm.render.png import load_image
from ganterm.render.sheet import load_sheet, rows_of_sheet
from ganterm.runs.layout import RunDir
from ganterm.worker.checkpoint import load_tensors, read_meta, save_checkpoint
from tests.cli.checkpointed import untrained
from tests.cli.invoke import invoke
from tests.cli.pty_session import ForkedSession
from tests.close import assert_same_images

NAMES = ("nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def copied(run: RunDir, place: Path) -> RunDir:
    return RunDir(Path(shutil.copytree(run.path, place / run.name)))


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(data)


def test_the_same_seed_gives_the_same_bytes(trained: RunDir, tmp_path: Path) -> None:
    """A seed decides every byte, in a file as on standard output; another gives others."""
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    assert invoke("sample", trained.path, "--seed", 7, "-o", first).code == 0
    assert invoke("sample", trained.path, "--seed", 8, "-o", second).code == 0
    again = invoke("sample", trained.path, "--seed", 7, "-o", "-", "--format", "png")
    assert again.data == first.read_bytes()
    assert again.data != second.read_bytes()


def test_a_run_a_folder_and_a_file_name_the_same_checkpoint(trained: RunDir) -> None:
    """A run by name or path, its checkpoints' folder and the file give the same images."""
    runs_dir = ("--runs-dir", trained.path.parent)
    names = [
        (trained.name, *runs_dir),
        (trained.path,),
        (trained.checkpoints,),
        (trained.checkpoint_path(6),),
        runs_dir,
    ]
    made = {invoke("sample", *name, "-o", "-", "--format", "npy").data for name in names}
    assert len(made) == 1
    assert len(made.pop()) > 1024


def test_a_step_picks_its_checkpoint(trained: RunDir) -> None:
    """--step takes that checkpoint; one that is not there is refused naming those that are."""
    early = invoke("sample", trained.path, "--step", 2, "-o", "-")
    assert "at step 2" in early.said
    assert early.data == invoke("sample", trained.checkpoint_path(2), "-o", "-").data
    assert early.data != invoke("sample", trained.path, "-o", "-").data
    missing = invoke("sample", trained.path, "--step", 3)
    assert missing.code == ExitCode.USAGE
    assert "it has 0, 2, 4, 6." in missing.said
    twice = invoke("sample", trained.checkpoint_path(2), "--step", 2)
    assert twice.code == ExitCode.USAGE
    assert "leave --step out" in twice.said


def test_a_damaged_newest_checkpoint_falls_back_with_a_word(
    trained: RunDir, tmp_path: Path
) -> None:
    """The newest checkpoint that is whole is sampled, and the damaged newer one is named."""
    run = copied(trained, tmp_path)
    damage(run.checkpoint_path(6))
    outcome = invoke("sample", run.path, "-o", "-")
    assert "step-00000006.safetensors is damaged" in outcome.said
    assert "at step 4" in outcome.said
    assert outcome.data == invoke("sample", trained.path, "--step", 4, "-o", "-").data
    assert invoke("sample", run.path, "--step", 6).code == ExitCode.DATA


def test_no_whole_checkpoint_is_an_error_in_one_sentence(trained: RunDir, tmp_path: Path) -> None:
    """A run whose checkpoints are all damaged, or that has none, says so with exit code 3."""
    run = copied(trained, tmp_path)
    for path in run.checkpoints.iterdir():
        damage(path)
    outcome = invoke("sample", run.path)
    assert outcome.code == ExitCode.DATA
    assert "No checkpoint of tiny is whole" in outcome.said
    for path in run.checkpoints.iterdir():
        path.unlink()
    outcome = invoke("sample", run.path)
    assert outcome.code == ExitCode.DATA
    assert "has no checkpoint; while it trains" in outcome.said


def test_averaged_or_plain_weights_as_asked(trained: RunDir) -> None:
    """The averaged weights are taken where there are any, and --no-ema takes the plain ones."""
    default = invoke("sample", trained.path, "-o", "-")
    plain = invoke("sample", trained.path, "--no-ema", "-o", "-")
    assert default.data == invoke("sample", trained.path, "--ema", "-o", "-").data
    assert default.data != plain.data
    assert "averaged weights" in default.said
    assert "plain weights" in plain.said


def test_a_png_is_a_grid_with_two_pixels_between(trained: RunDir, tmp_path: Path) -> None:
    """16 images of 8x8 make a square of 38 pixels; --columns lays them out otherwise."""
    path = tmp_path / "grid.png"
    invoke("sample", trained.path, "-o", path)
    picture = load_image(path)
    assert (picture.width, picture.height) == (4 * 8 + 3 * 2, 4 * 8 + 3 * 2)
    assert picture.crop(8, 0, 2, 38).pixels == bytes(2 * 38)
    assert len(load_sheet(path)) == 16
    invoke("sample", trained.path, "-n", 5, "--columns", 5, "-o", path)
    picture = load_image(path)
    assert (picture.width, picture.height) == (5 * 8 + 4 * 2, 8)


def test_arrays_files_and_grids_hold_the_same_images(trained: RunDir, tmp_path: Path) -> None:
    """An array is (N, C, H, W) uint8; numbered files and the grid show the very same pixels."""
    assert invoke("sample", trained.path, "-n", 3, "-o", tmp_path / "a.npy").code == 0
    assert invoke("sample", trained.path, "-n", 3, "-o", f"{tmp_path}/new/files/").code == 0
    assert invoke("sample", trained.path, "-n", 3, "-o", tmp_path / "a.png").code == 0
    array = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert array.shape == (3, 1, 8, 8)
    assert array.dtype == np.uint8
    files = sorted((tmp_path / "new" / "files").iterdir())
    assert [path.name for path in files] == ["0000.png", "0001.png", "0002.png"]
    pixels = [image.tobytes() for image in array]
    assert [load_image(path).pixels for path in files] == pixels
    before = [path.read_bytes() for path in files]
    again = invoke("sample", trained.path, "-n", 2, "-o", tmp_path / "new" / "files")
    assert again.code == ExitCode.USAGE
    assert "files holds 3 numbered images already, 0000.png to 0002.png" in again.said
    assert [path.read_bytes() for path in files] == before
    assert [raster.pixels for raster in load_sheet(tmp_path / "a.png")] == pixels


def test_drawings_in_files_do_not_depend_on_the_terminal(trained: RunDir, tmp_path: Path) -> None:
    """ANSI is truecolour half blocks, text is ASCII without escapes, whatever the environment."""
    env: dict[str, str | None] = {"NO_COLOR": "1", "COLUMNS": "30", "TERM": "dumb"}
    made = []
    for name, changed in (("a.ansi", env), ("b.ansi", {}), ("a.txt", env), ("b.txt", {})):
        assert invoke("sample", trained.path, "-o", tmp_path / name, env=changed).code == 0
        made.append((tmp_path / name).read_text())
    assert made[0] == made[1]
    assert "\x1b[38;2;" in made[0] or "\x1b[48;2;" in made[0]
    assert made[2] == made[3]
    assert made[2].isascii()
    assert "\x1b" not in made[2]
    assert max(map(len, made[2].splitlines())) <= 80


def test_a_gpu_checkpoint_opens_on_a_cpu(trained: RunDir, tmp_path: Path) -> None:
    """A checkpoint whose run trained on CUDA gives the same images here."""
    source, path = trained.checkpoint_path(6), tmp_path / "step-00000006.safetensors"
    meta = read_meta(source)
    tensors = load_tensors(source)
    meta = dataclasses.replace(meta, config=msgspec.structs.replace(meta.config, device="cuda:3"))
    save_checkpoint(path, meta, {**tensors, "rng.cuda": tensors["rng.cpu"][:16].clone()})
    outcome = invoke("sample", path, "-o", "-")
    assert outcome.code == 0
    assert outcome.data == invoke("sample", source, "-o", "-").data


def test_a_device_that_is_not_there_is_refused(trained: RunDir) -> None:
    """A wrong device name, or one this machine lacks, is one sentence with exit code 2."""
    assert invoke("sample", trained.path, "--device", "gpu").code == ExitCode.USAGE
    outcome = invoke("sample", trained.path, "--device", "cuda:99")
    assert outcome.code == ExitCode.USAGE
    assert "not on this machine" in outcome.said


def test_output_that_cannot_be_is_refused(trained: RunDir, tmp_path: Path) -> None:
    """An unknown ending, files to standard output, a missing directory: exit code 2 and why."""
    for arguments, words in (
        (("-o", tmp_path / "a.jpg"), "does not say what to write"),
        (("-o", "-", "--format", "files"), "needs a directory"),
        (("--format", "files"), "needs a directory"),
        (("-o", tmp_path / "missing" / "a.png"), "No such file or directory"),
    ):
        outcome = invoke("sample", trained.path, *arguments)
        assert outcome.code == ExitCode.USAGE
        assert words in outcome.said
        assert outcome.data == b""


def test_a_pipe_is_written_to_and_not_replaced(trained: RunDir, tmp_path: Path) -> None:
    """A named pipe, or a device, given with -o gets the bytes and stays what it is."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        invoke("sample", trained.path, "-n", 1, "-o", pipe, "--format", "npy")
        assert os.read(reader, 65536).startswith(b"\x93NUMPY")
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("form", ["png", "npy"])
def test_binary_data_never_goes_to_a_terminal(trained: RunDir, form: str) -> None:
    """On a terminal `-o -` of binary data is refused, before anything else is done."""
    session = ForkedSession(["sample", str(trained.path), "-o", "-", "--format", form])
    assert session.wait() == ExitCode.USAGE
    assert "is binary and standard output is a terminal" in session.text


def test_a_terminal_gets_half_blocks_that_fit_it(trained: RunDir) -> None:
    """Without -o images are drawn in the terminal's colours, all on the screen."""
    session = ForkedSession(
        ["sample", str(trained.path)], columns=60, rows=24, env={"COLORTERM": "truecolor"}
    )
    assert session.wait() == 0
    assert b"\x1b[48;2;" in session.output or b"\x1b[38;2;" in session.output
    drawn = session.text.split("seed 0.\r\n")[1].splitlines()
    assert 4 <= len(drawn) <= 23
    assert max(map(len, drawn)) <= 60


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Give a conditional generator of ten classes that have names."""
    return untrained(tmp_path, "dcgan-8x8", classes=NAMES, image_size=8)


def test_a_class_is_chosen_by_name_or_number(digits: Path, tmp_path: Path) -> None:
    """All images are of it, and other classes give others."""
    made = {}
    for wanted in ("seven", "7", "SEVEN", "six"):
        outcome = invoke("sample", digits, "--class", wanted, "-o", tmp_path / "made.npy")
        assert outcome.code == 0, outcome.said
        made[wanted] = np.load(tmp_path / "made.npy")
    assert "16 images of" in outcome.said
    assert "class six, seed 0." in outcome.said
    assert np.array_equal(made["seven"], made["7"])
    assert np.array_equal(made["seven"], made["SEVEN"])
    assert not np.array_equal(made["seven"], made["six"])


def test_several_classes_have_a_row_each_of_the_same_latents(digits: Path, tmp_path: Path) -> None:
    """In the order asked for; the file says what its rows are, and `show` tells it."""
    path = tmp_path / "rows.png"
    invoke("sample", digits, "--class", "two", "--class", "nine", "-n", 3, "-o", path)
    images = load_sheet(path)
    assert (len(images), rows_of_sheet(path)) == (6, ("two", "nine"))
    assert load_image(path).width == 3 * 8 + 2 * 2
    for row, name in enumerate(("two", "nine")):
        invoke("sample", digits, "--class", name, "-n", 3, "-o", tmp_path / "one.png")
        alone = [np.frombuffer(each.pixels, np.uint8) for each in load_sheet(tmp_path / "one.png")]
        beside = [np.frombuffer(each.pixels, np.uint8) for each in images[3 * row : 3 * row + 3]]
        assert_same_images(np.stack(alone), np.stack(beside))
    assert "a row each of two, nine" in invoke("show", path).said


def test_all_classes_are_eight_of_each_unless_more_are_asked_for(
    digits: Path, tmp_path: Path
) -> None:
    """A row for every class; without any choice they come in turn."""
    invoke("sample", digits, "--class", "all", "-o", tmp_path / "all.npy")
    rows = np.load(tmp_path / "all.npy").reshape(10, 8, 8, 8)
    outcome = invoke("sample", digits, "-n", 8, "-o", tmp_path / "turn.npy")
    turns = np.load(tmp_path / "turn.npy")
    assert_same_images(turns[range(8), 0], rows[range(8), range(8)])
    assert ", class" not in outcome.said
    assert invoke("sample", digits, "--class", "all", "-n", 20_000, "-o", "-").code == 2


def test_a_class_that_is_not_there_is_refused_in_a_sentence(digits: Path, trained: RunDir) -> None:
    """With those there are; and where there are none, with what to do."""
    outcome = invoke("sample", digits, "--class", "sevn")
    assert outcome.code == ExitCode.USAGE
    assert "There is no class 'sevn': there are nought, one, two" in outcome.said
    outcome = invoke("sample", trained.path, "--class", "7")
    assert outcome.code == ExitCode.USAGE
    assert "trained without labels" in outcome.said
    assert outcome.data == b""


def test_classes_in_turn_are_truncated_as_styles(tmp_path: Path) -> None:
    """Of a conditional style generator of which no class was chosen."""
    path = untrained(tmp_path, "stylegan-8x8", classes=tuple("0123456789"))
    outcome = invoke("sample", path, "-n", 4, "--truncation", 0.5, "-o", tmp_path / "cut.npy")
    assert outcome.code == 0, outcome.said
    assert np.load(tmp_path / "cut.npy").shape == (4, 1, 8, 8)
