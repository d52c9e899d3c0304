"""Which of how many processes `ganterm train` is, as torchrun and srun say."""

from __future__ import annotations

from typing import Any

import pytest

from ganterm.cli.launched import agree_to_meet, place_among, starts_again
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


TORCHRUN = {"RANK": "1", "WORLD_SIZE": "2"}
MET = {"MASTER_ADDR": "n1", "MASTER_PORT": "20007"}


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({**TORCHRUN, **MET}, {**TORCHRUN, **MET}),
        (
            {**SRUN, "MASTER_ADDR": "n1", "SLURM_JOB_ID": "7"},
            {"RANK": "3", "WORLD_SIZE": "4", **MET},
        ),
        # in a container there is no scontrol, and one machine needs none
        ({**SRUN, "SLURM_STEP_NODELIST": "n1", "SLURM_JOB_ID": "7"}, MET),
        (TORCHRUN, None),
        ({**SRUN, "SLURM_STEP_NODELIST": "n[1-2]"}, None),
        (SRUN, None),
    ],
)
def test_processes_know_where_they_meet_or_say_what_is_missing(
    environment: dict[str, str], found: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    if found is None:
        with pytest.raises(ConfigError, match="MASTER_ADDR"):
            agree_to_meet(environment)
    else:
        agree_to_meet(environment)
        assert environment.items() >= found.items()
