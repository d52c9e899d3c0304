"""A process that has PyTorch imported and forks a worker, or runs a script, when it is asked to.

What it forks is a worker like any other, in a process and a session of its own; only the seconds
of importing are saved. It is asked in lines of JSON, and answers in lines of JSON.
"""

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any, NoReturn

import torch

from ganterm import recipes
from ganterm.data import load
from ganterm.worker import session  # noqa: F401 (imports what a worker imports)
from ganterm.worker.__main__ import main


def serve() -> None:
    torch.set_num_threads(1)
    # All three import more, at the first use.
    recipes.built_in()
    load("digits", image_size=8)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    for line in sys.stdin:
        asked = json.loads(line)
        answer = json.dumps(_start(asked["start"]) if "start" in asked else _wait(asked["wait"]))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _start(asked: dict[str, Any]) -> int:
    pid = os.fork()
    return pid or _become_worker(asked)


def _become_worker(asked: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        os.setsid()
        log = os.open(Path(asked["run"]) / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for descriptor, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
            os.dup2(source, descriptor)
        if asked["uid"]:
            os.setgroups([])
            os.setgid(asked["uid"])
            os.setuid(asked["uid"])
        os.environ.update(asked["env"])
        if "script" in asked:
            sys.argv = [asked["script"], *asked["arguments"]]
            runpy.run_path(asked["script"], run_name="__main__")
        else:
            sys.argv = ["ganterm.worker", asked["run"], *asked["arguments"]]
            main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 (a process has nobody to raise to)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    serve()
    os._exit(0)  # nothing of PyTorch is worth taking down
