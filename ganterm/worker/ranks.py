"""One of the processes that train together: `ganterm.worker.ranks RUN`, started by an agent.

The agent, torchrun's or ours, says in the environment which one it is. The first does a worker's
work; the others train along, and know of nothing but the settings and the state they are told.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ganterm.core.errors import DataError, ExitCode, GantermError, PeerLostError
from ganterm.worker.__main__ import work_of_first
from ganterm.worker.beats import HOME, beat, verdict_of

if TYPE_CHECKING:
    from ganterm.engine.parallel import Group

_FIRST_SECONDS: Final = 10.0


def main() -> NoReturn:
    """Train as the process that the environment says this is, and exit."""
    rank, home = int(os.environ["RANK"]), os.environ.get(HOME)
    # The first one decides what becomes of a signal; our own agent tells it by a file.
    others = [signal.SIGTERM] if rank or home else []
    for number in (signal.SIGHUP, signal.SIGINT, *others):
        signal.signal(number, signal.SIG_IGN)
    beat(Path(home) if home else None, rank)
    try:
        if rank == 0:
            code, words = work_of_first(Path(home) if home else None, join)
            if home:
                verdict_of(Path(home)).write_text(json.dumps([code, words]))
                code = ExitCode.OK
        else:
            code = _work()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the agent says it
        code = tell_why(error)
        if home and rank and isinstance(error, GantermError):
            _let_first_say(Path(home), error)
    sys.stdout.flush()
    sys.stderr.flush()
    # Transfers that wait for a process that is gone would keep this one.
    os._exit(code)


def tell_why(error: BaseException) -> ExitCode:
    """Leave a sentence for the agent on why this process ends, and return its exit code.

    One that ends because another is gone has nothing to say.
    """
    text = str(error) if isinstance(error, GantermError) else f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        text = "it ran out of memory."
    sys.stderr.write(f"process {os.environ['RANK']}: {text}\n")
    if isinstance(error, PeerLostError):
        return ExitCode.WORKER
    if not isinstance(error, GantermError):
        traceback.print_exception(error)
    if path := os.environ.get("TORCHELASTIC_ERROR_FILE"):
        told = {"message": text, "timestamp": int(time.time())}
        with contextlib.suppress(OSError):
            Path(path).write_text(json.dumps(told))
    return ExitCode.TRAINING


def _let_first_say(home: Path, error: GantermError) -> None:
    """Give the first process, which meets the same error, time to end the run by it."""
    until = time.monotonic() + (0 if isinstance(error, PeerLostError) else _FIRST_SECONDS)
    while time.monotonic() < until and not verdict_of(home).exists():
        time.sleep(0.05)


def join() -> Group:
    """Join the processes of this training, once all have come."""
    import torch  # noqa: PLC0415 - takes its time
    import torch.distributed as dist  # noqa: PLC0415
    from torch._C._distributed_c10d import PrefixStore  # noqa: PLC0415
    from torch.distributed.rendezvous import rendezvous  # noqa: PLC0415

    from ganterm.engine.parallel import Group  # noqa: PLC0415

    each = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    own_gpus = torch.cuda.is_available() and torch.cuda.device_count() >= each
    store, rank, size = next(rendezvous("env://"))
    # The store outlives processes that start again, which must not find where those before were.
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if own_gpus else "gloo",
        store=PrefixStore(f"ganterm-{attempt}", store),
        rank=rank,
        world_size=size,
    )
    return Group()


def _train(group: Group, told: dict[str, Any]) -> None:
    """Train along on what the first process trains on."""
    import torch  # noqa: PLC0415

    from ganterm.config.fields import resolve_parts  # noqa: PLC0415
    from ganterm.config.runfile import from_mapping  # noqa: PLC0415
    from ganterm.engine.follow import cannot_share, follow, share_state  # noqa: PLC0415
    from ganterm.worker.assembly import assemble  # noqa: PLC0415

    config = from_mapping(told["config"])
    resolve_parts(config)
    torch.set_num_threads(told["threads"])
    trainer, _, images = assemble(config, group=group)
    if images.crc32 != told["crc32"]:
        raise DataError(
            f"The images of {config.dataset} are not those that the first process has; bring the "
            "same to every machine."
        )
    share_state(trainer)
    if not cannot_share(trainer):  # of which the first process tells
        follow(trainer)


def _work() -> ExitCode:
    """Train along with the first process as long as it says so."""
    group = join()
    while message := group.hear():
        _train(group, json.loads(message))
    return ExitCode.OK
