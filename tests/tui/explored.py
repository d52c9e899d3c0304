"""A process that draws, played by the test: it answers at once, with images that tell what of."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from textual.pilot import Pilot

from ganterm.client.rpc import Failure, Partial, Progress, Reply, Result
from ganterm.core.errors import ExitCode
from ganterm.runs.layout import RunDir
from ganterm.runs.places import LatentPoint, Mix, Scene, Walk, scene_from
from ganterm.tui.app import GantermApp
from ganterm.tui.screens.explorer import ExplorerScreen
from tests.tui.driving import make_app

Value = dict[str, Any]

SIDE = 8
DIRECTIONS = 24


class PlayedServer:
    """Answers as the real one does, without a process.

    Attributes:
        asked: every call, the newest last. cancelled: those that need not be answered.
        running, busy: as those of `ganterm.client.rpc.Helper`.
        classes: of the generator that is played. layers: with styles of their own.
        silent: whether it keeps its answers back.
    """

    pid = None
    classes: tuple[str, ...] = ()
    layers = 0

    def __init__(self, *_module: str, name: str = "") -> None:
        self.asked: list[tuple[str, Value]] = []
        self.cancelled: list[int] = []
        self.running = False
        self.silent = False
        self._answers: list[Reply] = []
        self._calls = 0

    @property
    def busy(self) -> bool:
        return bool(self._answers)

    def fileno(self) -> None:
        return None

    def call(self, method: str, params: dict[str, Any], *, patience: float) -> int:
        assert patience > 0
        self.running = True
        self.asked.append((method, params))
        self._calls += 1
        number = self._calls
        *pieces, last = getattr(self, f"_{method}")(params)
        self._answers += [
            Progress(number, piece) if isinstance(piece, str) else Partial(number, piece)
            for piece in pieces
        ]
        self._answers.append(Result(number, last))
        return number

    def cancel(self, *calls: int) -> None:
        self.cancelled = [*self.cancelled, *calls]

    def poll(self) -> list[Reply]:
        if self.silent:
            return []
        answers, self._answers = self._answers, []
        return answers

    def close(self) -> None:
        self.running = False
        self._answers = []

    def die(self, trouble: str) -> None:
        """Go as a process goes that crashes."""
        self.close()
        self._answers = [Failure(None, trouble, ExitCode.WORKER)]

    def _open(self, fields: Value) -> list[str | Value]:
        directions = [[f"f{number}", DIRECTIONS - number] for number in range(DIRECTIONS)]
        opened = {
            "step": fields.get("step", 400),
            "steps": [200, 400],
            "weights": "ema",
            "size": SIDE,
            "channels": 1,
            "classes": list(self.classes),
            "layers": self.layers,
            "family": "f",
            "directions": directions,
        }
        return ["loading PyTorch", opened]

    def _draw(self, fields: Value) -> list[str | Value]:
        scene = scene_from(fields["scene"])
        values = [round((number * 37 % 61) / 10 - 3, 2) for number in range(DIRECTIONS)]
        if isinstance(scene, LatentPoint):
            for key, value in scene.moves:
                values[int(key[1:])] = value
        vector = base64.b64encode(bytes(4 * SIDE)).decode()
        return [{**_sent([picture(scene)]), "vector": vector, "values": values, "label": None}]

    def _strip(self, fields: Value) -> list[str | Value]:
        return [_sent([picture(scene_from(each)) for each in fields["scenes"]])]

    def _directions(self, fields: Value) -> list[str | Value]:
        told = [[f"{fields['family']}{number}", 1.0] for number in range(DIRECTIONS)]
        return ["measuring dimension 1 of 24", {"family": fields["family"], "directions": told}]

    def _prepare(self, fields: Value) -> list[str | Value]:
        return [{}]

    def _sketch(self, fields: Value) -> list[str | Value]:
        found = {
            "count": 1,
            "width": SIDE,
            "height": SIDE,
            "channels": 1,
            "pixels": fields["pixels"],
            "vector": base64.b64encode(bytes(8)).decode(),
            "label": None,
            "steps": 150,
        }
        return [{**found, "distance": 0.09, "step": 0}, {**found, "distance": 0.0123, "step": 150}]


def picture(scene: Scene) -> bytes:
    """Return the image of a scene: as wide a stair as its seed says, brighter with moves."""
    if isinstance(scene, Walk):
        columns, grey = round(scene.at * SIDE), 255
    elif isinstance(scene, Mix):
        columns, grey = scene.crossover, 170
    else:
        moved = sum(value for _, value in scene.moves)
        columns, grey = scene.seed % SIDE + 1, min(max(round(150 + 30 * moved), 30), 255)
    stairs = ((x, y) for y in range(SIDE) for x in range(SIDE))
    return bytes(grey if 2 * x < columns + y else 0 for x, y in stairs)


def _sent(images: list[bytes]) -> Value:
    pixels = base64.b64encode(b"".join(images)).decode()
    return {"count": len(images), "width": SIDE, "height": SIDE, "channels": 1, "pixels": pixels}


async def settled(screen: ExplorerScreen, pilot: Pilot[None]) -> None:
    """Have every answer taken, and what it leads to asked and answered."""
    for _ in range(4):
        await pilot.pause()
        screen.explorer.process.poll()
    await pilot.pause()


async def explored(app: GantermApp, pilot: Pilot[None], run: RunDir) -> ExplorerScreen:
    """Open a run on the explorer's screen."""
    app.read_now()
    app.explore_run(run)
    await pilot.pause()
    assert isinstance(app.screen, ExplorerScreen)
    await settled(app.screen, pilot)
    return app.screen


@asynccontextmanager
async def exploring(
    run: RunDir, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[GantermApp, Pilot[None], ExplorerScreen]]:
    """Run an app that explores a run, and give it, its pilot and the explorer's screen."""
    app = make_app(run.path.parent)
    async with app.run_test(size=size) as pilot:
        yield app, pilot, await explored(app, pilot, run)


async def press(screen: ExplorerScreen, pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after another, each answered before the next."""
    for key in keys:
        await pilot.press(key)
        await settled(screen, pilot)


def played(screen: ExplorerScreen) -> PlayedServer:
    """Return what answers the screen."""
    return cast("PlayedServer", screen.explorer.process.server)
