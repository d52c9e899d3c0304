"""`ganterm train` under torchrun or srun: this process becomes one of those that train together."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from typing import Final, NoReturn

from ganterm.cli.narrate import say
from ganterm.core.errors import ConfigError
from ganterm.core.files import open_to_append
from ganterm.runs.launch import command_of
from ganterm.runs.layout import RunDir

_PORTS: Final = 20_000
"""From which port on the processes of a Slurm job meet, by the job's number."""


def place_among(environment: Mapping[str, str]) -> tuple[int, int]:
    """Return which of how many processes this is, as torchrun or srun say; (0, 1) without them."""
    for rank, size in (("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")):
        # In a batch script without srun there is no step.
        found = environment.get(rank, ""), environment.get(size, "")
        if all(each.isdecimal() for each in found) and int(found[1]) > 1:
            return int(found[0]), int(found[1])
    return 0, 1


def starts_again(environment: Mapping[str, str], name: str | None) -> bool:
    """Tell whether torchrun has started this run before, which goes by its name.

    Raises `ConfigError` where it might and there is no name.
    """
    if int(environment.get("TORCHELASTIC_MAX_RESTARTS", "0")) and not name:
        raise ConfigError(
            "torchrun --max-restarts starts this command again, which would begin another run; "
            "give the run its --name."
        )
    return int(environment.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0


def become(run: RunDir | None, arguments: list[str]) -> NoReturn:
    """Train `run`, or along with the process that does, in place of this command."""
    place = "-" if run is None else str(run.path.absolute())
    given = [place, f"--started-by={json.dumps(sys.argv)}", *arguments]
    words = os.dup(2)
    os.set_inheritable(words, True)
    command, environment = command_of("ganterm.worker.ranks", *given, f"--last-words={words}")
    _add_slurm(environment)
    if run is not None:
        say(f"{run.name} trains; `ganterm attach {run.word}` follows it.")
        log = open_to_append(run.log)
        for stream in (1, 2):
            os.dup2(log, stream)
    os.execve(command[0], command, environment)  # noqa: S606 - our own


def _add_slurm(environment: MutableMapping[str, str]) -> None:
    """Say in the environment what torchrun would, from what srun says."""
    if "RANK" in environment or "SLURM_PROCID" not in environment:
        return
    hosts = subprocess.run(  # noqa: S603 - no shell
        ["scontrol", "show", "hostnames", environment["SLURM_STEP_NODELIST"]],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    each = re.match(r"\d+", environment.get("SLURM_STEP_TASKS_PER_NODE", "1"))
    job = int(environment.get("SLURM_JOB_ID", "0"))
    environment.update(
        {
            "RANK": environment["SLURM_PROCID"],
            "WORLD_SIZE": environment["SLURM_STEP_NUM_TASKS"],
            "LOCAL_RANK": environment.get("SLURM_LOCALID", "0"),
            "LOCAL_WORLD_SIZE": each.group() if each else "1",
            "MASTER_ADDR": hosts[0],
            "MASTER_PORT": str(_PORTS + job % _PORTS),
        }
    )
