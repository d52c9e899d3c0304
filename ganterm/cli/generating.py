"""What the commands that use a trained generator have in common: options, and its loading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ganterm.cli import completion
from ganterm.cli.narrate import Waiting, say
from ganterm.cli.options import Characters, Color, RunsDir, StepOfRun, own_parameters, signed
from ganterm.cli.outputs import Delivery, OutputForm
from ganterm.core.errors import ConfigError

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    from ganterm.client.checkpoints import CheckpointChoice
    from ganterm.components.networks.stylegan_networks import StyleGenerator
    from ganterm.inference.load import Trained

Target = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN|CHECKPOINT|DIRECTORY",
        help="A run by name or path, a checkpoint, or a folder of checkpoints; by default the "
        "newest run.",
        show_default=False,
        autocompletion=completion.runs,
    ),
]
Averaged = Annotated[
    bool | None,
    typer.Option(
        "--ema/--no-ema",
        help="Take the averaged weights, or the plain ones.",
        show_default="averaged where there are any",
    ),
]
Output = Annotated[
    str | None,
    typer.Option("-o", "--output", metavar="FILE", help="Where to write; - is standard output."),
]
FormOption = Annotated[
    OutputForm | None,
    typer.Option(
        "--format",
        help="A drawing for this terminal, a PNG grid, a directory of PNG files, a uint8 array "
        "(N, C, H, W), a film, a drawing in colour codes, or in plain characters.",
        show_default="what FILE ends in, else term",
    ),
]
Device = Annotated[
    str,
    typer.Option(
        envvar="GANTERM_DEVICE",
        help="cpu, cuda, cuda:N, mps or auto.",
        autocompletion=completion.devices,
    ),
]
Truncation = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=2.0,
        metavar="PSI",
        help="How far from the mean of all latents to go: below 1 fewer kinds of images, but "
        "rarely a bad one; 0 is the mean, 1 changes nothing.",
    ),
]
OneClass = Annotated[
    str | None,
    typer.Option(
        "--class",
        metavar="CLASS",
        help="Which class to make, by name or number; of a run trained on labels.",
        show_default="the first",
    ),
]
Seeds = Annotated[
    list[int] | None,
    typer.Option(
        "--seed",
        min=0,
        max=2**63 - 1,
        help="Where to go: the first image that `ganterm sample` draws with this seed; may be "
        "repeated.",
        show_default=False,
    ),
]
Fps = Annotated[
    float, typer.Option(min=0.1, max=50.0, help="Frames a second, of films and in the terminal.")
]


@dataclass(frozen=True)
class OpenedGenerator:
    """A generator, and which checkpoint it is of."""

    choice: CheckpointChoice
    trained: Trained

    @property
    def title(self) -> str:
        """Return whose generator it is, in words."""
        weights = "averaged" if self.trained.weights == "ema" else "plain"
        chosen = self.trained.generator.default_class
        one = "" if chosen is None else f", class {self.trained.data.classes[chosen]}"
        return f"{self.choice.origin} at step {self.choice.step}, {weights} weights{one}"

    @property
    def style_generator(self) -> StyleGenerator | None:
        """The generator where it is style-based."""
        from ganterm.components.networks.stylegan_networks import StyleGenerator  # noqa: PLC0415

        found = self.trained.generator
        return found if isinstance(found, StyleGenerator) else None

    def stand_for(self, wanted: str | None) -> None:
        """Have a conditional generator make one class throughout: that called so, or the first.

        Raises ConfigError for a class that it does not have.
        """
        from ganterm.inference.load import label_of  # noqa: PLC0415 - imports PyTorch

        if wanted is not None:
            self.trained.generator.default_class = label_of(self.trained, wanted)
        elif self.trained.data.classes:
            self.trained.generator.default_class = 0

    def needs_images(self, what: str) -> None:
        """Raise ConfigError where the generator makes points in place of images."""
        if self.trained.data.is_points:
            raise ConfigError(
                f"{self.choice.origin} makes points of the plane, not images, so there is nothing "
                f"to {what}; choose a run of images."
            )


@dataclass(frozen=True)
class Given:
    """Which weights of a generator are meant and where its images go, by the options for both."""

    step: StepOfRun = None
    ema: Averaged = None
    output: Output = None
    form: FormOption = None
    color: Color = None
    charset: Characters = None
    device: Device = "cpu"
    runs_dir: RunsDir = None

    def delivery(self) -> Delivery:
        """Decide the form; raises ConfigError where form and output do not go together."""
        return Delivery.choose(self.form, self.output, colour=self.color, charset=self.charset)

    def open(self, target: str | None) -> OpenedGenerator:
        """Load the generator meant by `target`, telling what there is to tell about the choice.

        Raises GantermError as `choose_checkpoint` and `load_generator` do.
        """
        from ganterm.client.checkpoints import choose_checkpoint  # noqa: PLC0415
        from ganterm.config import parse_value  # noqa: PLC0415

        choice = choose_checkpoint(target, self.runs_dir, step=self.step)
        for note in choice.notes:
            say(note)
        name = str(parse_value("device", self.device))
        with Waiting("Loading the generator"):
            from ganterm.engine.build import choose_device  # noqa: PLC0415
            from ganterm.inference.load import load_generator  # noqa: PLC0415 - imports PyTorch

            trained = load_generator(choice.path, ema=self.ema, device=choose_device(name))
        return OpenedGenerator(choice, trained)


def with_generator_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options of `Given`, which it takes together as its keyword `given`."""
    hints = get_type_hints(Given, include_extras=True)
    keyword = Parameter.KEYWORD_ONLY
    common = [
        Parameter(field.name, keyword, default=field.default, annotation=hints[field.name])
        for field in fields(Given)
    ]

    @wraps(command)
    def wrapper(**arguments: Any) -> None:
        given = Given(**{each.name: arguments.pop(each.name) for each in common})
        command(given=given, **arguments)

    return signed(wrapper, [*own_parameters(command, "given"), *common])


def rendered(
    opened: OpenedGenerator,
    points: torch.Tensor,
    *,
    labels: torch.Tensor | None = None,
    as_array: bool = False,
) -> npt.NDArray[Any]:
    """Return images (N, C, H, W), uint8, of latent points (N, ...) and the classes in `labels`.

    Of a generator of points there is one image, a scatter, or for an array float32 (N, 2).
    """
    from ganterm.inference.sample import generate, pictures_of, points_beside  # noqa: PLC0415

    trained = opened.trained
    samples = generate(trained.generator, points, labels)
    if not as_array:
        samples = pictures_of(samples, trained.data, points_beside(trained.config))
    images: npt.NDArray[Any] = samples.numpy()
    return images
