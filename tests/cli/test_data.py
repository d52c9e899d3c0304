"""Holds `ganterm data`: data to standard output, narration to standard error, names made safe."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from ganterm.cli.data import ProgressLines, app
from ganterm.components.datasets import DATASETS
from ganterm.core.errors import ConfigError, DataError, GantermError
from ganterm.data import fetch
from tests.data.files import some_images, some_labels, write_pair

RUN = CliRunner()


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "home"))
    for name in ("GANTERM_COLOR", "GANTERM_CHARSET", "FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write_pair(tmp_path / "files", "t10k", some_images(30), some_labels(30))
    return tmp_path / "files"


def run(*words: str) -> tuple[str, str]:
    """Run a command that goes well; give its standard output and standard error."""
    result = RUN.invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout, result.stderr


def test_list_says_what_is_here(files: Path) -> None:
    run("import", "mnist", str(files))
    lines = {line.split()[0]: line for line in run("list")[0].splitlines()}
    assert " built in " in lines["digits"]
    assert " test " in lines["mnist"]
    assert " - " in lines["kmnist"]


def test_list_as_json_is_the_catalogue(files: Path) -> None:
    run("import", "mnist", str(files))
    described = {entry["name"]: entry for entry in json.loads(run("list", "--json")[0])}
    assert list(described) == list(DATASETS.names)
    assert (described["ring"]["shape"], described["ring"]["image_size"]) == ([2], None)
    assert described["mnist"]["here"] == ["test"]
    assert described["mnist"]["train"] == 60_000
    assert described["digits"]["here"] == ["train"]


def test_import_prints_the_stored_paths_and_says_the_rest(files: Path, data_home: Path) -> None:
    out, err = run("import", "mnist", str(files))
    assert out == f"{data_home / 'mnist' / 'test.safetensors'}\n"
    assert "Stored 30 images of mnist test." in err
    assert "is not the published 9fb629c4189551a2d022fa330f9573f3" in err
    assert "train-images-idx3-ubyte" in err


@pytest.mark.parametrize(
    "words",
    [
        ("import", "mnist", "/no/such/place"),
        ("import", "nothing", "."),
        ("show", "mnist"),
        ("show", "digits", "--split", "test"),
        ("show", "ring", "--split", "test"),
        ("show", "digits", "--class", "cat"),
        ("fetch", "digits"),
    ],
)
def test_what_goes_wrong_is_an_error_for_the_user(words: tuple[str, ...]) -> None:
    result = RUN.invoke(app, list(words))
    assert isinstance(result.exception, GantermError)
    assert result.stdout == ""
    assert "\n" not in str(result.exception)


def test_fetch_offline_is_a_data_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(request: object, timeout: float) -> None:
        raise OSError(101, os.strerror(101))

    monkeypatch.setattr(fetch, "urlopen", offline)
    result = RUN.invoke(app, ["fetch", "usps"])
    assert isinstance(result.exception, DataError)
    assert "Network is unreachable" in str(result.exception)


def test_fetch_of_what_is_here_prints_where(
    tmp_path: Path, data_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for prefix in ("train", "t10k"):
        write_pair(tmp_path / "both", prefix, some_images(3), some_labels(3))
    run("import", "mnist", str(tmp_path / "both"))
    out, err = run("fetch", "mnist")
    assert out.splitlines() == [
        str(data_home / "mnist" / f"{split}.safetensors") for split in ("train", "test")
    ]
    assert "stored already" in err


def test_show_draws_the_same_samples_for_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    first, err = run("show", "digits", "-n", "6", "--seed", "5")
    assert first == run("show", "digits", "-n", "6", "--seed", "5")[0]
    assert first != run("show", "digits", "-n", "6", "--seed", "6")[0]
    assert len(first.splitlines()) > 8
    assert all(len(line) <= 80 for line in first.splitlines())
    assert "6 of 1,797 images of digits train, 8x8." in err
    assert "\x1b" not in first


def test_show_of_one_class_names_it_in_every_place() -> None:
    err = run("show", "digits", "-n", "4", "--class", "7")[1]
    named = err.split("Row by row: ")[1].splitlines()[0]
    assert [word for word in named if word.isdigit()] == ["7"] * 4


def test_show_as_json_sums_the_set_up(files: Path) -> None:
    run("import", "mnist", str(files))
    out, _ = run("show", "mnist", "--split", "test", "-n", "2", "--json")
    described = json.loads(out)
    assert (described["count"], described["image_size"], described["channels"]) == (30, 28, 1)
    assert described["mean"] == pytest.approx(some_images(30).mean() / 255)
    assert [entry["count"] for entry in described["classes"]] == [3] * 10
    assert len(described["shown"]) == 2
    assert described["survey"]["counts"] == {"train": 60_000, "test": 10_000}


def test_show_says_what_is_there_and_what_trains_on_it(tmp_path: Path) -> None:
    """Of a folder, of a dataset by name, and of points, which are not drawn."""
    Image.new("RGB", (9, 9), (250, 10, 10)).save(tmp_path / "a.png")
    for name, words in (
        (str(tmp_path), "1 image file: 1 PNG; 1 colour."),
        ("digits", "1,797 train samples"),
        ("ring", "8,192 train samples, 2-D, 8 classes."),
    ):
        out, err = run("show", name)
        assert words in err
        command = err.splitlines()[-1].partition(": ")[2]
        assert command.startswith("ganterm train --recipe ")
        assert bool(out) == (name != "ring")
        described = json.loads(run("show", name, "--json")[0])
        assert described["survey"]["command"] == command
        assert described["count"] > 0


def test_show_of_all_splits_of_a_folder_is_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (9, 9), (250, 10, 10)).save(tmp_path / "a.png")
    monkeypatch.delattr("ganterm.data.folder._decode")
    result = RUN.invoke(app, ["show", str(tmp_path), "--split", "all"])
    assert isinstance(result.exception, ConfigError)
    assert "no split called 'all'" in str(result.exception)


def test_show_of_a_folder_never_lets_its_names_reach_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "f\x1b[2Jolder"
    for name in ("cl\x1b]0;hiass", "b"):
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (9, 9), (250, 10, 10)).save(folder / name / "x.png")
    (folder / "b" / "bro\x1b[31mken\u202e.png").write_bytes(b"x")
    out, err = run("show", str(folder), "--class", "cl\x1b]0;hiass")
    assert "\x1b" not in out + err
    assert "\u202e" not in err
    assert "1 file (b/bro\\x1b[31mken" in err
    assert "1 of 2 images" in err
    assert "\x1b" not in run("show", str(folder), "--json")[0]


def test_colours_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTERM_COLOR", "truecolor")
    assert "\x1b[" in run("show", "digits", "-n", "1")[0]


@pytest.mark.parametrize("words", [(), ("list",), ("import",), ("fetch",), ("show",)])
def test_help_of_every_command(words: tuple[str, ...]) -> None:
    assert "Usage" in run(*words, "--help")[0]


def test_lines_are_few_and_the_end_is_always_told(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    progress = ProgressLines(lambda: now[0])
    for done in range(1, 101):
        now[0] += 0.01
        progress("fetching a", done, 100, "bytes")
    progress("storing", 1, None, "images")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[0] == {"what": "fetching a", "done": 1, "total": 100, "unit": "bytes"}
    assert 10 <= len(told) <= 13
    assert told[-2]["done"] == 100
    assert told[-1] == {"what": "storing", "done": 1, "total": None, "unit": "images"}


def test_fetch_tells_programs_where_the_splits_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """`data fetch --json` ends with the paths of the stored splits."""
    monkeypatch.setattr("ganterm.data.fetch.fetch_dataset", lambda *_, **__: None)
    last = json.loads(run("fetch", "mnist", "--json")[0].splitlines()[-1])
    assert last["stored"]["train"].endswith("train.safetensors")
    assert last["notes"] == []
