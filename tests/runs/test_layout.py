"""Runs are named safely, never share a name, and are found again by name, path or age."""

import os
import unicodedata
from pathlib import Path

import pytest

from ganterm.core.errors import ConfigError
from ganterm.core.files import in_the_making
from ganterm.runs.layout import (
    RunDir,
    create_run,
    default_runs_dir,
    find_runs,
    resolve_run,
    step_of,
)
from tests.runs.helpers import BECOME_NOBODY, Child


def made(runs_dir: Path, name: str) -> RunDir:
    """Make a run as a worker leaves it: with a configuration."""
    run = create_run(runs_dir, name, "dcgan")
    run.config_file.write_text("")
    return run


def test_every_part_of_a_run_lies_where_the_house_plan_says(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "a-run")
    parts = (run.config_file, run.journal, run.status, run.lock, run.log)
    assert [part.name for part in parts] == [
        "run.toml",
        "journal.jsonl",
        "status.json",
        "worker.lock",
        "worker.log",
    ]
    assert run.sample_path(1000) == tmp_path / "a-run/samples/step-00001000.png"
    checkpoint = run.checkpoint_path(1000)
    assert checkpoint == tmp_path / "a-run/checkpoints/step-00001000.safetensors"
    assert run.relative(checkpoint) == "checkpoints/step-00001000.safetensors"
    assert run.control == tmp_path / "a-run/control"
    assert run.name == "a-run"


def test_a_run_named_by_a_dot_still_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert RunDir(Path()).name == tmp_path.name


def test_the_step_in_a_file_name_comes_back(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    for step in (0, 7, 99_999_999, 100_000_000, 10**15 - 1):
        assert step_of(run.checkpoint_path(step)) == step
        assert step_of(run.sample_path(step)) == step
    for name in ("step-1.png", "step-0000000x.png", "x-step-00000001.png", "step-00000001"):
        assert step_of(Path(name)) is None
    assert step_of(Path("step-00000001.safetensors.damaged")) is None
    assert step_of(Path("step-\N{ARABIC-INDIC DIGIT ONE}0000001.png")) is None
    for step in (-1, 10**15):
        with pytest.raises(ValueError, match="a step is in"):
            run.sample_path(step)


def test_where_runs_go_can_be_said_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANTERM_RUNS_DIR", raising=False)
    assert default_runs_dir() == Path("checkpoints")
    monkeypatch.setenv("GANTERM_RUNS_DIR", "~/runs")
    assert default_runs_dir() == Path.home() / "runs"


def test_numbered_runs_go_on_after_the_greatest_number(tmp_path: Path) -> None:
    runs_dir = tmp_path / "deep" / "runs"
    names = [create_run(runs_dir, None, "dcgan-8x8").name for _ in range(3)]
    assert names == ["dcgan-8x8-001", "dcgan-8x8-002", "dcgan-8x8-003"]
    (runs_dir / "dcgan-8x8-041").mkdir()
    (runs_dir / "dcgan-8x8-mine").mkdir()
    assert create_run(runs_dir, None, "dcgan-8x8").name == "dcgan-8x8-042"
    assert create_run(runs_dir, None, "dcgan").name == "dcgan-001"


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        ("../../etc/passwd", "etc-passwd-001"),
        ("my recipe.toml", "my-recipe.toml-001"),
        ("\x1b[31m", "31m-001"),
        ("...", "run-001"),
        ("é", "é-001"),
        ("数" * 100, "数" * 66 + "-001"),
        ("x" * 500, "x" * 80 + "-001"),
    ],
)
def test_a_recipe_of_any_name_makes_a_safe_one(tmp_path: Path, recipe: str, name: str) -> None:
    assert create_run(tmp_path, None, recipe).path == tmp_path / name


@pytest.mark.parametrize("name", ["été-2", "数字", "Привет_мир", "नमूना", "e\u0301te\u0301"])
def test_a_name_may_be_in_any_script(tmp_path: Path, name: str) -> None:
    """It is kept composed, and found however it is typed."""
    run = create_run(tmp_path, name, "dcgan")
    run.config_file.touch()
    assert run.name == unicodedata.normalize("NFC", name)
    assert find_runs(tmp_path) == [run]
    assert resolve_run(name, tmp_path) == run


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../up", "a/b", "/abs", ".hidden", "-rf", "a\nb", "a\n", "\x1b[2J"),
        *("a b", "x" * 101, "a\0b", "\u202egnp", "数" * 67, "a\u200bb", "\u0301a", "a\ud800"),
    ],
)
def test_a_name_that_could_escape_or_confuse_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a run") as raised:
        create_run(tmp_path / "runs", name, "dcgan")
    assert str(raised.value).isprintable()
    assert not (tmp_path / "runs").exists()


def test_a_name_is_given_once(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", "dcgan")
    assert all(part.is_dir() for part in (run.samples, run.checkpoints, run.control))
    with pytest.raises(ConfigError, match="is taken"):
        create_run(tmp_path, "mine", "dcgan")


CREATOR = """
import sys
from pathlib import Path
from ganterm.runs.layout import create_run
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    print(create_run(Path(sys.argv[1]), None, "dcgan").name, flush=True)
"""


def test_runs_made_at_once_never_share_a_name(tmp_path: Path) -> None:
    with Child(CREATOR, tmp_path) as one, Child(CREATOR, tmp_path) as two:
        assert one.hear() == two.hear() == "ready"
        one.tell("go")
        two.tell("go")
        names = one.rest() + two.rest()
    assert len(names) == len(set(names)) == 40


FORBIDDEN = f"""
import os, sys
from pathlib import Path
from ganterm.core.errors import ConfigError
from ganterm.core.files import in_the_making
from ganterm.runs.layout import create_run
{BECOME_NOBODY}
become_nobody()
for runs_dir in (Path(sys.argv[1]), Path(sys.argv[1]) / "new"):
    try:
        create_run(runs_dir, None, "dcgan")
    except ConfigError as error:
        print(error)
"""


def test_a_place_that_takes_no_runs_is_named_with_the_way_out(open_dir: Path) -> None:
    open_dir.chmod(0o555)
    with Child(FORBIDDEN, open_dir) as child:
        said = child.rest()
    words = "Permission denied; choose another place with --runs-dir"
    assert said == [
        f"cannot make a run in {open_dir}: {words}",
        f"cannot make a run in {open_dir}/new: {words}",
    ]
    (open_dir / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot make a run in"):
        create_run(open_dir / "file", None, "dcgan")


def test_a_run_half_made_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_mkdir = Path.mkdir

    def mkdir(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        if path.name == "control":
            raise OSError(28, "No space left on device")
        real_mkdir(path, mode, parents, exist_ok)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(ConfigError, match="No space left"):
        create_run(tmp_path, "mine", "dcgan")
    assert list(tmp_path.iterdir()) == []


def test_what_another_process_is_making_stays(tmp_path: Path) -> None:
    making = tmp_path / ".tmp-making-0123"
    making.mkdir()
    with in_the_making(making):
        os.utime(making, (0, 0))
        create_run(tmp_path, None, "dcgan")
        assert making.is_dir()
    create_run(tmp_path, None, "dcgan")
    assert not making.exists()


def test_runs_are_found_the_last_active_first(tmp_path: Path) -> None:
    assert find_runs(tmp_path / "missing") == []
    old, new, newest = (made(tmp_path, name) for name in ("old", "new", "newest"))
    for moment, run in enumerate((old, new, newest)):
        os.utime(run.config_file, (1000 + moment, 1000 + moment))
    (tmp_path / "no-run").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "run.toml").write_text("")
    assert find_runs(tmp_path) == [newest, new, old]
    old.journal.write_text("")
    assert find_runs(tmp_path) == [old, newest, new]
    assert resolve_run(None, tmp_path) == old


def test_a_run_is_found_by_its_name_or_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(tmp_path / "runs", "dcgan-001")
    assert resolve_run("dcgan-001", tmp_path / "runs") == run
    assert resolve_run(str(run.path), tmp_path / "elsewhere") == run
    assert resolve_run(run.path, tmp_path / "elsewhere") == run
    monkeypatch.chdir(tmp_path / "runs")
    assert resolve_run("dcgan-001", tmp_path / "elsewhere").path == Path("dcgan-001")


@pytest.mark.parametrize("name", ["dcgn-001", "DCGAN-001", "dcgan-01"])
def test_a_near_miss_is_told_what_comes_near(tmp_path: Path, name: str) -> None:
    made(tmp_path, "dcgan-001")
    with pytest.raises(ConfigError, match=r"did you mean dcgan-001\?"):
        resolve_run(name, tmp_path)


@pytest.mark.parametrize("name", ["", "..", "/", "a\0b", "\x1b[2J", "x" * 5000, "/dev/null"])
def test_what_is_no_run_is_said_without_control_characters(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="there is no run") as raised:
        resolve_run(name, tmp_path)
    assert str(raised.value).isprintable()
    with pytest.raises(ConfigError, match="there are no runs in"):
        resolve_run(None, tmp_path)
