"""Which of how many processes `ganterm train` is, as torchrun and srun say."""

from __future__ import annotations

from typing import Any

import pytest

from ganterm.cli.launched import place_among, starts_again
from ganterm.core.errors import ConfigError

SRUN = {"SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "4"}


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({}, (0, 1)),
        ({"RANK": "1", "WORLD_SIZE": "2"}, (1, 2)),
        ({"RANK": "0", "WORLD_SIZE": "1"}, (0, 1)),
        ({"RANK": "one", "WORLD_SIZE": "2"}, (0, 1)),
        (SRUN, (3, 4)),
        # a batch script, in which nothing is started by srun
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, (0, 1)),
        # torchrun on each of two machines, started by srun
        ({**SRUN, "RANK": "9", "WORLD_SIZE": "16"}, (9, 16)),
    ],
)
def test_a_launcher_says_which_process_this_is(
    environment: dict[str, str], place: tuple[int, int]
) -> None:
    assert place_among(environment) == place


def test_a_run_that_torchrun_starts_again_needs_a_name() -> None:
    again: dict[str, Any] = {"TORCHELASTIC_MAX_RESTARTS": "2", "TORCHELASTIC_RESTART_COUNT": "1"}

    assert starts_again(again, "mine")
    assert not starts_again({**again, "TORCHELASTIC_RESTART_COUNT": "0"}, "mine")
    assert not starts_again({}, None)
    with pytest.raises(ConfigError, match="--name"):
        starts_again(again, None)
