"""The process that draws for the app, one generator at a time: `python -m ganterm.worker.explore`.

- `open` with `run`, a path, and perhaps `step`: loads the newest whole checkpoint, or that of the
  step; answered by what the generator is, and its directions.
- `draw` with a `scene` and the `family` of directions: one image, its point and where that is.
- `strip` with `scenes`: as many images.
- `directions` with the `family`: them in the order of their strength.
- `sketch` with the `pixels` of an image: ever nearer images that the generator makes.
- `prepare`: gets ready for sketches, so that the first is answered as soon as the others.

It computes on one thread, so that its images come at once also while a training run has every core.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ganterm.core.errors import ConfigError, DataError
from ganterm.runs import checkpoints
from ganterm.runs.layout import RunDir, step_of
from ganterm.runs.places import LatentPoint, place_from, scene_from
from ganterm.worker.rpc import Call, Method, Steps, serve

if TYPE_CHECKING:
    from torch import Tensor

    from ganterm.inference.directions import Ranking
    from ganterm.inference.explorer import Explorer
    from ganterm.inference.projection import Projection

MOST_SCENES: Final = 64
"""Images in one strip at most."""
DIMENSION: Final = "d"
"""The family of directions that are single dimensions."""
_TELL_EVERY: Final = 5
"""Steps of that search between two images of it."""

Fields = dict[str, Any]


def main() -> None:
    """Draw until the app is gone."""
    serve(Explorations().methods)


class Explorations:
    """Answers calls; before a generator was opened there is nothing to draw with."""

    def __init__(self) -> None:
        self._explorer: Explorer | None = None

    @property
    def methods(self) -> dict[str, Method]:
        """What can be called, the most urgent first."""
        return {
            "open": self._open,
            "draw": self._draw,
            "strip": self._strip,
            "directions": self._directions,
            "sketch": self._sketch,
            "prepare": self._prepare,
        }

    @property
    def _opened(self) -> Explorer:
        if self._explorer is None:
            raise ConfigError("There is no generator yet; open one first.")
        return self._explorer

    def _open(self, call: Call) -> Steps:
        path, steps = _checkpoint(call.params.get("run"), call.params.get("step"))
        self._explorer = None
        call.progress("loading PyTorch")
        yield
        import torch  # noqa: PLC0415 - what it is at is told first

        from ganterm.inference.explorer import Explorer  # noqa: PLC0415
        from ganterm.inference.load import load_generator  # noqa: PLC0415

        torch.set_num_threads(1)
        call.progress(f"loading {path.name}")
        yield
        trained = load_generator(path)
        if trained.data.is_points:
            raise ConfigError("This run makes points of the plane, not images to explore.")
        explorer = self._explorer = Explorer(trained)
        return {
            "step": trained.step,
            "steps": steps,
            "weights": trained.weights,
            "size": trained.data.size.setting,
            "channels": trained.data.channels,
            "classes": list(trained.data.classes),
            "layers": explorer.layers,
            **_told(explorer.family, explorer.ranking),
        }

    def _draw(self, call: Call) -> Fields:
        explorer = self._opened
        (view,) = explorer.views([scene_from(call.params.get("scene"))])
        family = call.params.get("family", explorer.family)
        return {
            **_pixels(view.image[None]),
            "vector": view.vector,
            "values": explorer.values(view.point, str(family)),
            "label": view.label,
        }

    def _strip(self, call: Call) -> Fields:
        given = call.params.get("scenes")
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_SCENES:
            raise ConfigError(f"A strip is of 1 to {MOST_SCENES} scenes.")
        views = self._opened.views([scene_from(each) for each in given])
        import torch  # noqa: PLC0415

        return _pixels(torch.stack([view.image for view in views]))

    def _directions(self, call: Call) -> Steps:
        explorer = self._opened
        if call.params.get("family") != DIMENSION:
            return _told(explorer.family, explorer.ranking)
        measuring = explorer.measuring(explorer.label_of(_classed(call)))
        while True:
            try:
                done, total = next(measuring)
            except StopIteration as end:
                return _told(DIMENSION, end.value)
            call.progress("measuring dimension", done, total)
            yield

    def _prepare(self, call: Call) -> Fields:
        self._opened.prepare_search()
        return {}

    def _sketch(self, call: Call) -> Steps:
        explorer = self._opened
        target = _target(call.params.get("pixels"), explorer)
        # What was drawn a moment ago is there, before the search begins, for as long as it takes.
        yield
        search = explorer.search(target)
        while not search.over:
            if search.step % _TELL_EVERY == 0:
                call.partial(_found(explorer, search))
            search.advance()
            yield
        return _found(explorer, search)


def _checkpoint(run: object, step: object) -> tuple[Path, list[int]]:
    """Return the checkpoint that is meant, verified, and the steps of all there are."""
    if not isinstance(run, str):
        raise ConfigError("A generator is opened by the path of its run.")
    found = RunDir(Path(run))
    paths = checkpoints.list_checkpoints(found.checkpoints)
    steps = [known for path in paths if (known := step_of(path)) is not None]
    if not steps:
        raise DataError(
            f"{found.name} has no checkpoint yet; wait for the first, or write one with k in the "
            "monitor."
        )
    if step is not None:
        if step not in steps:
            raise ConfigError(f"{found.name} has no checkpoint of step {step}.")
        return found.checkpoint_path(step), steps
    newest, damaged = checkpoints.newest_valid(found.checkpoints)
    if newest is None:
        path, reason = damaged[0]
        raise DataError(f"No checkpoint of {found.name} is whole ({path.name}: {reason}).")
    return newest, steps


def _target(pixels: object, explorer: Explorer) -> Tensor:
    """Return a drawing of one byte a pixel, in base64, as (C, H, W) in [-1, 1]."""
    import torch  # noqa: PLC0415

    data_spec = explorer.trained.data
    size = data_spec.size
    try:
        data = base64.b64decode(pixels, validate=True) if isinstance(pixels, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != size.height * size.width:
        raise ConfigError(f"A sketch is {size} pixels of one byte, in base64.")
    grey = torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(1, *size)
    return grey.float().div(127.5).sub(1).expand(data_spec.channels, -1, -1)


def _classed(call: Call) -> LatentPoint:
    """Return a place of the class that a call names."""
    return place_from({"label": call.params.get("label")})


def _pixels(images: Tensor) -> Fields:
    """Return images (N, C, H, W), uint8, as they are sent: height, width, channels last."""
    from ganterm.render.raster import from_nchw  # noqa: PLC0415

    count, channels, height, width = images.shape
    rasters = from_nchw(images.contiguous().numpy().tobytes(), images.shape)
    sent = base64.b64encode(b"".join(each.pixels for each in rasters)).decode()
    return {"count": count, "width": width, "height": height, "channels": channels, "pixels": sent}


def _told(family: str, ranking: Ranking) -> Fields:
    numbers = ranking.dimensions or range(len(ranking.strengths))
    return {
        "family": family,
        "directions": [
            [f"{family}{number}", round(strength, 5)]
            for number, strength in zip(numbers, ranking.strengths.tolist(), strict=True)
        ],
    }


def _found(explorer: Explorer, search: Projection) -> Fields:
    from ganterm.inference.sample import to_uint8  # noqa: PLC0415

    best = search.best
    return {
        **_pixels(to_uint8(best.image)[None]),
        "vector": explorer.vector_of(best),
        "label": best.label,
        "distance": round(best.error, 5),
        "step": search.step,
        "steps": search.settings.steps,
    }


if __name__ == "__main__":
    main()
