"""The Python API: the same runs, samples and scores as the commands', from a script."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import ganterm
from ganterm.core.errors import ConfigError, DataError, TrainingError, WorkerError
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.table import metrics_table
from tests.cli.invoke import invoke
from tests.records import record

SHORT: dict[str, Any] = {
    "steps": 8,
    "batch_size": 16,
    "log_every": 2,
    "checkpoint_every": 4,
    "device": "cpu",
}


def test_import_loads_next_to_nothing() -> None:
    """What is public is told by `dir`, and imported once it is asked for; PyTorch later still."""
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, ganterm; before = set(sys.modules); assert 'train' in dir(ganterm); "
            "ganterm.train; names = {'torch', 'numpy', 'typer', 'rich', 'textual', 'PIL'}; "
            "print(before & (names | {'msgspec'}), names & set(sys.modules), ganterm.__all__)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert found.startswith("set() set() ["), found
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        ganterm.nothing  # noqa: B018


@pytest.mark.usefixtures("warm")
def test_a_run_is_trained_steered_stopped_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that Python begins is one like any other, and answers."""
    monkeypatch.chdir(tmp_path)
    run = ganterm.train("dcgan-8x8", name="mine", progress=False, **SHORT)
    assert (run.state, run.step, run.name) == ("finished", 8, "mine")
    assert run == ganterm.open_run("mine") == ganterm.open_run(run.path) == ganterm.open_run()
    assert run.config["batch_size"] == 16
    assert "mine" in invoke("runs").text
    with pytest.raises(WorkerError, match="mine is not training"):
        run.pause()
    assert not capsys.readouterr().err

    other = ganterm.start("dcgan-8x8", progress=False, **{**SHORT, "steps": 100_000})
    assert {each.name for each in ganterm.list_runs()} == {"mine", other.name}
    other.set(lr_g=1e-4, d_steps=2)
    with pytest.raises(ConfigError, match="batch_size cannot be changed while training"):
        other.set(lr_g=1e-3, batch_size=3)
    other.pause()
    assert other.state == "paused"
    with pytest.raises(ConfigError, match="stop it before it is given steps"):
        other.resume(steps=9)
    assert other.resume().state == "running"
    other.checkpoint()
    other.stop()
    assert other.state == "stopped"
    assert other.message.startswith("Stopped on command")
    changes = (other.path / "journal.jsonl").read_text()
    assert changes.count('"name":"set"') == 2

    end = other.step + 2
    assert other.resume(steps=end).wait(progress=True).step == end
    assert "finished" in capsys.readouterr().err
    assert repr(other) == f"<ganterm.Run {other.name}: finished, step {end}>"


@pytest.mark.usefixtures("warm")
def test_images_in_memory_are_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor is trained on as its files would be; the same one is kept once, by its content."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    images = torch.rand(40, 3, 8, 8) * 2 - 1
    settings = {**SHORT, "steps": 2, "conditional": "projection"}
    runs = [
        ganterm.train(
            "dcgan-8x8",
            dataset=given,
            labels=torch.arange(40) % 2,
            channels=3,
            progress=False,
            **settings,
        )
        for given in (images, images.numpy().copy())
    ]
    (kept,) = (tmp_path / "data" / "arrays").iterdir()
    assert {run.config["dataset"] for run in runs} == {str(kept)}
    assert runs[0].sample(2, classes=[1, "0"]).shape == (4, 3, 8, 8)


@pytest.mark.usefixtures("warm")
def test_a_run_that_fails_raises_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went wrong in the worker is an error here, and so is its death."""
    monkeypatch.chdir(tmp_path)
    for code, error in ((1, TrainingError), (3, DataError)):
        path = tmp_path / f"failed-{code}"
        path.mkdir()
        with JournalWriter(path / "journal.jsonl") as journal:
            journal.write(record("start", 0, steps=9))
            end = {"reason": "failed", "message": "It is broken.", "exit_code": code}
            journal.write(record("end", 4, **end))
        with pytest.raises(error, match=r"^It is broken\.$"):
            ganterm.Run(path).wait(progress=False)
    run = ganterm.start("dcgan-8x8", progress=False, **{**SHORT, "steps": 100_000})
    assert run._process is not None
    os.kill(run._process.pid, 9)
    with pytest.raises(WorkerError, match=r"died at step .*`resume\(\)` goes on"):
        run.wait(progress=False)


def test_what_a_run_has_made(
    trained: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judges: Path
) -> None:
    """Samples, weights and scores are those of the commands."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    run = ganterm.Run(trained.path)
    file = tmp_path / "drawn.npy"
    invoke("sample", trained.path, "-n", "5", "--seed", "7", "-o", file)
    drawn = run.sample(5, seed=7)
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(drawn, np.load(file))
    assert not np.array_equal(run.sample(5, seed=7, step=2), drawn)

    generator = run.generator()
    assert not generator.training
    latent = torch.randn(5, run.config["z_dim"], generator=torch.Generator().manual_seed(7))
    levels = generator(latent).add(1).mul(127.5).round()
    torch.testing.assert_close(levels, torch.as_tensor(drawn).float(), atol=1, rtol=0)

    metrics = run.metrics()
    assert metrics["step"].tolist() == [2, 4, 6]
    assert {"time", "d_loss", "g_loss"} <= metrics.keys()
    scores = ganterm.evaluate(run.sample(200), "digits", progress=False)
    assert scores["n"] == 200
    assert 0 <= scores["precision"] <= 1
    with pytest.raises(ConfigError, match="no checkpoint of step 3; it has 0, 2, 4, 6"):
        run.sample(step=3)


def test_scores_are_kept_in_the_run(
    trained: RunDir, tmp_path: Path, judges: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judgement is written down as the command's is, and equals it."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    path = tmp_path / "copy"
    shutil.copytree(trained.path, path)
    scores = ganterm.Run(path).judge(n=200, progress=False)
    by_command = invoke("judge", path, "-n", "200", "--json")
    assert f'"fid": {scores["fid"]}' in by_command.text
    assert '"kind":"judged"' in (path / "journal.jsonl").read_text()


def test_metrics_are_those_that_no_resume_took_back(tmp_path: Path) -> None:
    """The table has a row a step, NaN where a quantity is missing."""
    run = RunDir(tmp_path)
    with JournalWriter(run.journal) as journal:
        for step in range(1, 101):
            journal.write(record("metrics", step, d_loss=step / 2))
        journal.write(record("resume", 40, steps=100))
        for step in (41, 42):
            journal.write(record("metrics", step, g_loss=None))
    table = metrics_table(run)
    assert table["step"].tolist() == list(range(1, 43))
    assert table["d_loss"][:40].tolist() == [step / 2 for step in range(1, 41)]
    assert np.isnan(table["d_loss"][40:]).all()
    assert np.isnan(table["g_loss"]).all()
    assert {len(column) for column in table.values()} == {42}
    assert metrics_table(RunDir(tmp_path / "none"))["step"].tolist() == []


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ganterm.start("nope"), ConfigError, "no recipe 'nope'"),
        (lambda: ganterm.start("dcgan", stepz=3), ConfigError, "no setting 'stepz'; did you mean"),
        (lambda: ganterm.start(labels=[1, 2]), ConfigError, "give both, or neither"),
        (lambda: ganterm.start(dataset="digits", labels=[1]), ConfigError, "a path has its own"),
        (lambda: ganterm.open_run("nobody"), ConfigError, "no run 'nobody'"),
        (lambda: ganterm.show(np.zeros((2, 2, 2, 2, 2))), DataError, "These are no images"),
        (
            lambda: ganterm.evaluate(np.zeros((3, 8, 8)), "digits", progress=False),
            DataError,
            "holds 3 images",
        ),
    ],
)
def test_bad_input_is_one_sentence(
    call: Callable[[], object],
    error: type[Exception],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is made of what makes no sense."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(error, match=words):
        call()
    assert not (tmp_path / "checkpoints").exists()


@pytest.fixture
def cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], list[Any]]]:
    """Run cells in IPython as a notebook's kernel does; each returns what it displays."""
    pytest.importorskip("IPython", reason="IPython is not installed")
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415
    from IPython.utils.capture import capture_output  # noqa: PLC0415
    from traitlets.config import Config  # noqa: PLC0415

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.kernel = object()

    def run(text: str) -> list[Any]:
        with capture_output() as shown:
            shell.run_cell(text).raise_error()
        assert not shown.stdout
        return [each.data for each in shown.outputs]

    yield run
    InteractiveShell.clear_instance()


def test_images_are_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal has them drawn, tensors and arrays of any layout."""
    monkeypatch.setenv("GANTERM_CHARSET", "ascii")
    ganterm.show(torch.ones(2, 1, 4, 4))
    assert capsys.readouterr().out.count("\n") >= 4


def test_a_notebook_shows_images_and_runs(
    cell: Callable[[str], list[Any]], trained: RunDir, tmp_path: Path
) -> None:
    """Images as a picture; of a run its state, its losses and its newest samples."""
    images = "import numpy, ganterm; ganterm.show(numpy.zeros((3, 8, 8, 3), 'uint8'), columns=3)"
    (picture,) = cell(images)
    assert picture["image/png"].startswith(b"\x89PNG")
    path = tmp_path / "tiny"
    shutil.copytree(trained.path, path)
    began = time.monotonic()
    page = cell(f"ganterm.open_run({str(path)!r}).watch()")[-1]["text/html"]
    assert time.monotonic() - began < 30
    assert "tiny" in page
    assert "step 6" in page
    assert page.count("<polyline") == 2
    assert "data:image/png;base64," in page


def test_a_class_in_a_cell_draws_outside_of_its_notebook(
    cell: Callable[[str], list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a loop in a notebook saved is sampled from in another process's terms."""
    monkeypatch.chdir(tmp_path)
    cell(
        "import torch, ganterm\nfrom torch import nn\nside = 4\n"
        "class Made(nn.Linear):\n"
        "    def forward(self, z):\n"
        "        return super().forward(z).tanh().view(-1, 1, side, side)"
    )
    cell("with ganterm.init('in-cell') as run:\n    run.checkpoint(generator=Made(6, side ** 2))")
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    assert ganterm.open_run("in-cell").sample(3).shape == (3, 1, 4, 4)


def test_what_is_exported_is_what_the_command_writes(trained: RunDir, tmp_path: Path) -> None:
    """By the ending of its name, or by its format; what makes no sense is refused."""
    run = ganterm.Run(trained.path)
    made: dict[str, dict[str, Any]] = {
        "a.safetensors": {"step": 2},
        "b.gif": {"fps": 5, "captions": False},
        "c.csv": {},
        "d.md": {},
        "e": {"format": "csv"},
    }
    for name, options in made.items():
        assert run.export(tmp_path / name, **options) == tmp_path / name
        assert (tmp_path / name).stat().st_size
    assert (tmp_path / "e").read_bytes() == (tmp_path / "c.csv").read_bytes()
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("x.nothing", {}, "does not say what to write"),
        ("x", {"format": "zip"}, "There is no format 'zip'; there are safetensors"),
        ("x.csv", {"speed": 1}, "export has no option 'speed'; it has captions"),
        ("x.csv", {"fps": 1}, "csv is no film"),
    ]
    for name, options, words in refused:
        with pytest.raises(ConfigError, match=words):
            run.export(tmp_path / name, **options)


def test_a_worker_that_does_not_answer_is_told(trained: RunDir, tmp_path: Path) -> None:
    """What it was told waits for its next step."""
    run = ganterm.Run(tmp_path / "silent")
    shutil.copytree(trained.path, run.path)
    run.patience = 0.1
    with (
        WorkerLock(RunDir(run.path).lock),
        pytest.raises(WorkerError, match=r"silent has not answered within 0\.1 s"),
    ):
        run.set(lr_g=1e-4)
    assert len(list((run.path / "control").iterdir())) == 1


def test_what_the_page_names_is_there() -> None:
    """Every function and attribute of `ganterm help python`, and all that is public is there."""
    page = invoke("help", "python").text
    of_module = set(re.findall(r"ganterm\.(\w+)", page))
    assert of_module <= set(ganterm.__all__)
    assert set(ganterm.__all__) - of_module == {"Run"}
    assert {
        name for name in re.findall(r"run\.(\w+)", page) if not hasattr(ganterm.Run, name)
    } == set()
