"""Going about in the latent space of a generator: what is asked for, and what becomes of it."""

from __future__ import annotations

import contextlib
import gc
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from ganterm.core.errors import ConfigError
from ganterm.render.raster import Raster
from ganterm.render.tint import Tone
from ganterm.runs.layout import RunDir
from ganterm.runs.places import MAX_SEED, LatentPoint, Scene
from ganterm.tui.base import AppScreen
from ganterm.tui.explore.exploration import LONG_STEP, SPAN, STEP, TRUNCATION_STEP, Exploration
from ganterm.tui.explore.process import DrawingProcess, Message, OpenedRun, directions_of, images_of
from ganterm.tui.screens.dialogs import PromptScreen

_SEEDS: Final = 10**6
"""Random places have seeds below this: short enough to be told to others."""


class ExplorerController:
    """Goes about in the latent space of a generator: what is chosen is drawn by a process.

    It is given what the screen does: `show` everything, `divide` its room, have a strip to draw or
    not, tell which place and image are `seen`, and go on when a generator is `opened`.

    Attributes:
        exploration: what has been chosen.
        tone: in which colours images are painted.
        process: what draws.
    """

    def __init__(
        self,
        screen: AppScreen,
        *,
        show: Callable[[], None],
        divide: Callable[[], None],
        has_strip: Callable[[], bool],
        seen: Callable[[], tuple[LatentPoint | None, Raster | None]],
        opened: Callable[[], None],
    ) -> None:
        self.exploration = Exploration()
        self.tone = Tone()
        self.process = DrawingProcess(screen, self.prepare, self._fail)
        self._screen = screen
        self.show, self.seen = show, seen
        self._divide, self._has_strip, self._opened = divide, has_strip, opened
        self._explored: dict[RunDir, Exploration] = {}
        self._random = random.Random()

    # The generator

    def explore(self, run: RunDir) -> None:
        """Begin with a run, or go on where it was left; everything of another one is put away."""
        known, made = self._explored.get(run), _made(run)
        if known is None or known.made != made:
            known = self._explored[run] = Exploration(run, made)
        elif known is self.exploration and (known.opened or self.process.server.busy):
            return
        self.exploration = known
        self.prepare()

    def prepare(self) -> None:
        """Have the generator loaded; the place is drawn as soon as it is."""
        here = self.exploration
        if here.run is None:
            return
        here.trouble, here.saying = "", "starting"
        step = {} if here.step is None else {"step": here.step}
        self.process.ask("open", self._open, run=str(here.run.path.absolute()), **step)
        self.show()

    def _open(self, answer: Message) -> None:
        self.exploration.saying = str(answer.get("says", ""))
        if not answer.get("going"):
            self.exploration.open(OpenedRun.of(answer))
            if not self.exploration.directions or self.exploration.family == answer["family"]:
                self.exploration.take_directions(answer["family"], directions_of(answer))
            self.draw()
            self._divide()
            self._opened()
            self._settle()
        self.show()

    def step_checkpoint(self, by: int) -> None:
        """Load the generator of the checkpoint before or after; after the last, the newest."""
        opened = self.exploration.opened
        if opened is None:
            return
        found = [step for step in opened.steps if (step - opened.step) * by > 0]
        if by < 0 and not found:
            self._screen.app.say("There is no earlier checkpoint.")
            return
        self.exploration.step = found[-1 if by < 0 else 0] if found else None
        self.prepare()

    def _settle(self) -> None:
        """Have Python look through what is there by now once more, and then never again.

        It does so every few seconds while frames come and go, and stops the app for 100 ms. Tests,
        which open many apps in one process, would keep all of them.
        """
        if not self._screen.app.is_headless:
            gc.collect()
            gc.freeze()

    def _fail(self, sentence: str) -> None:
        self.exploration.trouble, self.exploration.saying = sentence, ""
        self.show()

    # Images

    def draw(self) -> None:
        """Have drawn what is chosen; of several requests in a row the newest is answered."""
        if self.exploration.opened is not None:
            scene, family = self.exploration.scene, self.exploration.family
            self.process.ask(
                "draw", partial(self._drawn, scene), scene=scene.to_json(), family=family
            )
        elif not self.process.server.busy:
            self.prepare()
        # The process is at work meanwhile.
        self.show()

    def _drawn(self, scene: Scene, answer: Message) -> None:
        images = images_of(answer)
        if not images:
            return
        here = self.exploration
        here.trouble = ""
        here.image, here.drawn = images[0], scene
        here.vector = str(answer.get("vector", ""))
        values = answer.get("values")
        if isinstance(scene, LatentPoint) and isinstance(values, list):
            here.values = {
                f"{here.family}{index}": float(value) for index, value in enumerate(values)
            }
        self.show()
        self.draw_strip()

    def draw_strip(self) -> None:
        """Have the strip drawn where it is seen, unless it is as it should be."""
        if not self._has_strip() or self.exploration.opened is None:
            return
        scenes = self.exploration.frames
        if scenes and scenes != self.exploration.striped:
            self.exploration.striped = scenes
            self.process.ask("strip", self._strip_drawn, scenes=[each.to_json() for each in scenes])

    def _strip_drawn(self, answer: Message) -> None:
        self.exploration.strip = list(images_of(answer))
        self.show()

    # Sliders

    def slide(self, index: int, value: float) -> None:
        """Put a slider somewhere, -1 to 1."""
        self.exploration.choose(index)
        self.exploration.slide(round(value * SPAN, 2))
        self.draw()

    def turn(self, index: int, by: int) -> None:
        """Choose a slider, and move it by steps."""
        self.exploration.choose(index)
        if by:
            self.exploration.nudge(by * STEP)
        self.draw()

    def choose(self, by: int) -> None:
        self.exploration.choose(self.exploration.chosen + by)
        self.show()
        self.draw_strip()

    def nudge(self, by: int, *, far: bool) -> None:
        """Move the chosen slider a step, or a long one."""
        moved = self.exploration.nudge(by * (LONG_STEP if far else STEP))
        if moved or self.exploration.opened is None:
            self.draw()

    def center(self) -> None:
        if self.exploration.slide(0.0):
            self.draw()

    def next_directions(self) -> None:
        family = "d" if self.exploration.family == "f" else "f"
        label = self.exploration.place.label
        self.process.ask("directions", self._take_directions, family=family, label=label)

    def _take_directions(self, answer: Message) -> None:
        self.exploration.saying = str(answer.get("says", ""))
        if not answer.get("going"):
            self.exploration.take_directions(answer["family"], directions_of(answer))
            self.draw()
        self.show()

    # Places

    def visit_random(self) -> None:
        self.visit_seed(self._random.randrange(_SEEDS))

    def visit_seed(self, seed: int) -> None:
        """Go to the place of a seed, truncated as one is and of the same class."""
        here = self.exploration.place
        self.exploration.visit(replace(here, seed=seed, vector="", moves=()))
        self.draw()

    def ask_seed(self) -> None:
        seed = "" if self.exploration.place.vector else str(self.exploration.place.seed)
        ask = PromptScreen("Which seed? A whole number from 0.", seed, check=_seed)
        self._screen.app.ask(ask, lambda line: self.visit_seed(_seed(line)))

    def truncate(self, by: int) -> None:
        """Stay nearer to the mean (-1), or go further from it (1)."""
        self.exploration.truncate(by * TRUNCATION_STEP)
        self.draw()

    def turn_class(self, by: int) -> None:
        if self.exploration.turn_class(by):
            self.draw()
        elif self.exploration.opened:
            self._screen.app.say(
                "This run was trained without labels, so there is no class to choose."
            )

    def undo(self) -> None:
        if self.exploration.trail.undo():
            self.exploration.showing = "place"
            self.draw()

    def redo(self) -> None:
        if self.exploration.trail.redo():
            self.exploration.showing = "place"
            self.draw()

    # How images are painted

    def next_tint(self) -> None:
        self.tone = self.tone.next_tint()
        self.show()

    def next_contrast(self) -> None:
        self.tone = self.tone.next_contrast()
        self.show()


def _made(run: RunDir) -> object:
    """Return what tells a run from another one that had its name before."""
    with contextlib.suppress(OSError):
        found = run.config_file.stat()
        return found.st_ino, found.st_mtime_ns
    return None


def _seed(line: str) -> int:
    """Return the seed that is meant; raises `ConfigError` where it is none."""
    text = line.strip().replace(",", "")
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MAX_SEED):
        raise ConfigError(f"A seed is a whole number from 0 to {MAX_SEED:,}.")
    return int(text)
