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
    if run is not None:
        say(f"{run.name} trains; `ganterm attach {run.word}` follows it.")
        log = open_to_append(run.log)
        for stream in (1, 2):
            os.dup2(log, stream)
    os.execve(command[0], command, environment)  # noqa: S606 - our own


def agree_to_meet(environment: MutableMapping[str, str]) -> None:
    """See to it that the environment says where the processes meet, as torchrun's does.

    What srun says is said in torchrun's words. Raises `ConfigError` where nothing tells.
    """
    if "RANK" not in environment:
        _add_slurm(environment)
    if missing := [name for name in ("MASTER_ADDR", "MASTER_PORT") if not environment.get(name)]:
        raise ConfigError(
            f"RANK and WORLD_SIZE say that {environment['WORLD_SIZE']} processes train together, "
            f"but not where they meet: set {' and '.join(missing)}, start them with torchrun, or "
            "unset WORLD_SIZE to train in one process."
        )


def _add_slurm(environment: MutableMapping[str, str]) -> None:
    each = re.match(r"\d+", environment.get("SLURM_STEP_TASKS_PER_NODE", "1"))
    job = int(environment.get("SLURM_JOB_ID", "0"))
    found = {
        "RANK": environment["SLURM_PROCID"],
        "WORLD_SIZE": environment["SLURM_STEP_NUM_TASKS"],
        "LOCAL_RANK": environment.get("SLURM_LOCALID", "0"),
        "LOCAL_WORLD_SIZE": each.group() if each else "1",
        "MASTER_ADDR": environment.get("MASTER_ADDR") or _first_host(environment),
        "MASTER_PORT": environment.get("MASTER_PORT") or str(_PORTS + job % _PORTS),
    }
    environment.update(found)


def _first_host(environment: Mapping[str, str]) -> str:
    """Return the first machine of this Slurm step, as `scontrol` spells out its list."""
    hosts = environment.get("SLURM_STEP_NODELIST", "")
    command = ["scontrol", "show", "hostnames", hosts]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        return told.stdout.split()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        if re.fullmatch(r"[\w.-]+", hosts):
            return hosts
    raise ConfigError(
        "srun started several processes, and `scontrol show hostnames` does not say where they "
        "meet, as in a container; set MASTER_ADDR to the first one's machine."
    )
