"""Child processes for tests: each `main` speaks the protocol its first argument names."""

from __future__ import annotations

import json
import sys


def tell(**answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    {
        "echo": echo,
        "noise": noise,
        "die": die,
        "fetch": fetch,
        "fail": fail,
        "judge": judge,
        "serve": serve,
        "deaf": sys.stdin.read,
    }[sys.argv[1] if len(sys.argv) > 1 else "describe"]()


def echo() -> None:
    for line in sys.stdin:
        tell(echo=json.loads(line))


def noise() -> None:
    sys.stdout.write('not json\n[1]\n{"a": 1}\n' + "[" * 5000 + '\n{"half": ')
    sys.stdout.flush()
    sys.stdin.read()


def die() -> None:
    sys.stderr.write("first\nlast words\n\n")
    sys.exit(3)


def fetch() -> None:
    tell(what="fetching a", done=5, total=10, unit="bytes")
    tell(stored={}, notes=[])


def fail() -> None:
    tell(what="fetching a", done=5, total=None, unit="bytes")
    sys.stderr.write("ganterm: mnist could not be downloaded: check the connection.\n")
    sys.exit(3)


def judge() -> None:
    sys.stderr.write("Generating images: 3,000 images of 10,000 images\n")
    sys.stderr.flush()
    tell(step=400, fid=1.0)
    if sys.stdin.readline() == '"fail"\n':
        sys.stderr.write("ganterm: step-00000400 cannot be judged: it is not finite.\n")
        sys.exit(1)


def serve() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "die":
            die()
        if request["do"] == "open":
            tell(id=request["id"], says="loading", going=True)
        tell(**request)
