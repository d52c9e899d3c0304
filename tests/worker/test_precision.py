"""What precision and micro_batch auto took is the run's own from its first record on."""

from pathlib import Path

from ganterm.config.runfile import read_run_toml
from ganterm.worker.job import prepare
from tests.worker.workers import Zygote, differences, kinds, make_run


def test_auto_is_settled_at_the_start_and_kept(zygote: Zygote, tmp_path: Path) -> None:
    """A run that goes on does not measure again, and its file is not taken for an edited one."""
    run = zygote.train(make_run(tmp_path / "auto", precision="auto", micro_batch="auto", steps=8))
    (start,) = kinds(run, "start")
    taken = start["config"]["precision"]
    assert taken in {"float32", "bfloat16"}
    assert start["config"]["micro_batch"] == 0
    named = zygote.train(make_run(tmp_path / "named", precision=taken, steps=8))
    assert differences(run, named) == []

    assert read_run_toml(run.config_file).precision == "auto"
    assert prepare(run, steps=9).config.precision == taken
    assert prepare(run, steps=9).config.micro_batch == 0
    zygote.train(run, "--steps", "9")
    assert kinds(run, "resume")[-1]["config"]["precision"] == taken
    assert not kinds(run, "alert")
