"""A run goes on under the configuration it began with."""

from pathlib import Path

import pytest

from ganterm.config import RunConfig
from ganterm.config.recorded import recorded_config
from ganterm.config.runfile import render_run_toml, to_mapping
from ganterm.core.errors import ConfigError
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from tests.records import record as record_of


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    """Give a run that no worker has begun."""
    run = create_run(tmp_path, "any", "any")
    run.config_file.write_text(render_run_toml(RunConfig(lr_g=3e-4), {}))
    return run


def test_before_a_worker_began_the_file_counts(run: RunDir) -> None:
    assert recorded_config(run) == RunConfig(lr_g=3e-4)


def test_afterwards_the_journal_counts(run: RunDir) -> None:
    """Even with the file gone."""
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("start", 0, config=to_mapping(RunConfig(lr_g=5e-4))))
    assert recorded_config(run) == RunConfig(lr_g=5e-4)
    run.config_file.unlink()
    assert recorded_config(run) == RunConfig(lr_g=5e-4)


@pytest.mark.parametrize("config", [{}, {"bogus": 1}])
def test_a_journal_that_makes_no_sense_is_refused(run: RunDir, config: object) -> None:
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("start", 0, config=config))
    with pytest.raises(ConfigError):
        recorded_config(run)
