"""`ganterm export`: a generator, a film or a model card, for the world outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganterm import __version__
from ganterm.cli.generating import Averaged, Target
from ganterm.cli.narrate import Waiting, say
from ganterm.cli.options import RunsDir, StepOfRun
from ganterm.cli.outputs import write_file
from ganterm.client.checkpoints import choose_checkpoint
from ganterm.config.recorded import classes_in, config_in, drawn_config
from ganterm.core.codec import encode
from ganterm.core.directory import is_run
from ganterm.core.errors import ConfigError
from ganterm.core.parts import Part, installed_module
from ganterm.core.published import published
from ganterm.exchange.card import picture_of, subject_of, write_card
from ganterm.exchange.exporters import EXPORTERS, Exporter, export_log
from ganterm.exchange.film import encode_film, film_of
from ganterm.render.png import encode_png
from ganterm.render.words import plural
from ganterm.runs.checkpoints import read_header
from ganterm.runs.history import effective
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir, default_runs_dir, resolve_run
from ganterm.runs.live import live_settings

if TYPE_CHECKING:
    from ganterm.client.checkpoints import CheckpointChoice
    from ganterm.inference.load import Trained


class Product(Enum):
    """What a run is exported as; the values are those of `--format`."""

    SAFETENSORS = "safetensors"
    ONNX = "onnx"
    PT2 = "pt2"
    GIF = "gif"
    APNG = "apng"
    WEBP = "webp"
    CARD = "card"
    PYTHON = "python"


_PRODUCTS = tuple(each.value for each in Product)
FORMATS = (*_PRODUCTS, *EXPORTERS.names)
_SUFFIXES = {
    {Product.CARD: ".md", Product.PYTHON: ".py"}.get(each, f".{each.value}"): each.value
    for each in Product
}
_SUFFIXES[".csv"] = "csv"
_FILMS = frozenset({Product.GIF, Product.APNG, Product.WEBP})


def _formats() -> list[str]:
    """Return what a run can be exported as, also by installed packages."""
    return [*FORMATS, *published("exporter", FORMATS).parts]


def export(
    target: Target = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write; its ending says what. A directory for tensorboard and wandb.",
            show_default="the run's name, here",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="|".join(_formats()),
            autocompletion=_formats,
            help="The generator as safetensors with JSON, as ONNX, or as a program of "
            "torch.export; a film of training as GIF, APNG or WebP; a model card in Markdown; a "
            "script of plain PyTorch that trains as the run did; what was measured as CSV, or with "
            "the sample grids for TensorBoard or Weights & Biases; or what an installed package "
            "exports.",
            show_default="what FILE ends in",
        ),
    ] = None,
    step: StepOfRun = None,
    ema: Averaged = None,
    fps: Annotated[
        float | None, typer.Option(help="Film: frames a second.", show_default="10")
    ] = None,
    hold: Annotated[
        float | None,
        typer.Option(
            min=0, max=60, help="Film: seconds that the last frame stays.", show_default="2"
        ),
    ] = None,
    scale: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Film: enlarge every pixel so often.", show_default="as can be seen"
        ),
    ] = None,
    captions: Annotated[
        bool | None,
        typer.Option(
            "--captions/--no-captions",
            help="Film: write the step under each frame.",
            show_default="captions",
        ),
    ] = None,
    runs_dir: RunsDir = None,
) -> None:
    """Write the generator for other programs, a film of its training, or its model card.

    Images, grids and arrays are what `ganterm sample` writes.
    """
    chosen = _choose(form, output)
    if isinstance(chosen, Part):
        _by_package(chosen, resolve_run(target, runs_dir or default_runs_dir()), output)
        return
    film_options = {"--fps": fps, "--hold": hold, "--scale": scale, "--captions": captions}
    if chosen not in _PRODUCTS:
        _refuse(film_options, f"{chosen} is no film")
        _refuse({"--step": step, "--ema": ema}, "It is of the whole training")
        _training(resolve_run(target, runs_dir or default_runs_dir()), chosen, output)
        return
    product = Product(chosen)
    if product in _FILMS:
        _refuse({"--step": step, "--ema": ema}, "A film is of the whole training")
        _film(
            resolve_run(target, runs_dir or default_runs_dir()),
            product,
            output,
            fps=10.0 if fps is None else fps,
            hold=2.0 if hold is None else hold,
            scale=scale,
            captions=captions is not False,
        )
        return
    _refuse(film_options, f"{product.value} is no film")
    choice = choose_checkpoint(target, runs_dir, step=step)
    for note in choice.notes:
        say(note)
    if product is Product.CARD:
        _refuse({"--ema": ema}, "A card tells of the whole checkpoint")
        _card(choice, output)
        return
    if product is Product.PYTHON:
        _refuse({"--ema": ema}, "A script begins anew")
        _script(choice, output)
        return
    _generator(choice, product, output, ema=ema)


def _choose(form: str | None, output: Path | None) -> str | Part:
    """Return the name of a product or of an exporter of ours, or a package's exporter."""
    if form is not None:
        return form if form in FORMATS else _exporter(form)
    known = ", ".join(_SUFFIXES)
    if output is None:
        raise ConfigError(f"Name a file with -o that ends in {known}, or choose with --format.")
    found = _SUFFIXES.get(output.suffix.lower())
    if found is None:
        raise ConfigError(
            f"The name {output} does not say what to write: end it in {known}, or choose with "
            "--format."
        )
    return found


def _exporter(form: str) -> Part:
    """Return what a package publishes as an exporter, whose settings may follow after a colon."""
    called, _, told = form.partition(":")
    offer = published("exporter", FORMATS)
    if called in offer.troubles:
        raise ConfigError(offer.troubles[called])
    if called not in offer.parts:
        raise ConfigError(f"There is no format {form!r}; there are {', '.join(_formats())}.")
    found = offer.parts[called]
    what = f"exporter {called} of {found.package}"
    module, _, name = found.place.partition(":")
    there = installed_module(what, module)
    if not hasattr(there, name):
        raise ConfigError(f"{what}: {module} has no {name}.")
    return Part(what, Path(there.__file__ or module), name, getattr(there, name), told)


def _by_package(exporter: Part, run: RunDir, output: Path | None) -> None:
    path = output or Path(f"{run.name}-{exporter.name}")
    records = [encode(record) for record in effective(read_journal(run.journal))]
    exporter.call({"run": run.path, "output": path, "records": records})
    if not path.exists():
        raise exporter.refusal(f"{exporter.name} returned and wrote no {path}.")
    say(f"Wrote {path}: {run.name}, by the {exporter.what}.")


def _refuse(options: Mapping[str, object], why: str) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ConfigError(f"{why}, so leave {' and '.join(given)} out.")


def _film(
    run: RunDir,
    product: Product,
    output: Path | None,
    *,
    fps: float,
    hold: float,
    scale: int | None,
    captions: bool,
) -> None:
    with Waiting("Making the film"):
        film = film_of(run, scale=scale, captions=captions)
        data = encode_film(film, f".{product.value}", fps=fps, hold=hold)
    for note in film.notes:
        say(note)
    path = output or Path(f"{run.name}.{product.value}")
    write_file(path, data)
    say(
        f"Wrote {path}: {plural(len(film.frames), 'frame')}, steps {film.steps[0]:,} to "
        f"{film.steps[-1]:,}."
    )


def _training(run: RunDir, name: str, output: Path | None) -> None:
    exporter: Exporter = EXPORTERS.resolve(name)
    exporter.require()
    path = output or Path(exporter.place.format(run=run.name))
    if exporter.encode is not None:
        write_file(path, exporter.encode(run))
    else:
        try:
            with Waiting(f"Writing for {exporter.title}"):
                export_log(run, exporter, str(path), effective(read_journal(run.journal)))
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be written: {error.strerror or error}; choose another place with "
                "-o."
            ) from None
    say(exporter.said.format(place=path, run=run.name))


def _card(choice: CheckpointChoice, output: Path | None) -> None:
    header = read_header(choice.path)
    run = _run_of(choice.path)
    config, classes = drawn_config(choice.path, header), classes_in(choice.path, header)
    subject = subject_of(_name(choice), run, header, config, classes)
    path = output or Path(f"{_name(choice)}.md")
    picture = picture_of(choice.path, run)
    beside = None
    if picture is not None:
        beside = path.with_name(f"{path.stem}-samples.png")
        write_file(beside, encode_png(picture))
    card = write_card(subject, beside.name if beside else None)
    # Names of files stay what they are, whatever their bytes.
    write_file(path, card.encode(errors="surrogateescape"))
    say(f"Wrote {path}" + (f" and {beside.name}." if beside else "; there are no samples to show."))


def _script(choice: CheckpointChoice, output: Path | None) -> None:
    header = read_header(choice.path)
    config, classes = config_in(choice.path, header), classes_in(choice.path, header)
    run, name = _run_of(choice.path), _name(choice)
    origin = f"Written by `ganterm export {name} --format python` of ganterm {__version__}"
    changes = live_settings(read_journal(run.journal)).changes if run is not None else ()
    changed = sorted({change.key for change in changes if not change.automatic})
    if changed:
        origin += f"; {', '.join(changed)} as they were at step {choice.step:,}"
        say(f"Changed while it trained, and as they were at the end: {', '.join(changed)}.")
    with Waiting("Writing the script"):
        from ganterm.exchange.script import write_script  # noqa: PLC0415 - imports PyTorch

        text = write_script(config, config.data_spec.with_classes(classes), name, origin)
    path = output or Path(f"{name}.py")
    write_file(path, text.encode())
    say(f"Wrote {path}: {name} as a script of plain PyTorch.")


def _generator(
    choice: CheckpointChoice, product: Product, output: Path | None, *, ema: bool | None
) -> None:
    name = _name(choice)
    path = output or Path(f"{name}-{choice.step}.{product.value}")
    with Waiting("Loading the generator"):
        from ganterm.inference.load import load_generator  # noqa: PLC0415 - imports PyTorch

        trained = load_generator(choice.path, ema=ema)
    with Waiting(f"Writing {path.name}"):
        data = _encoded(trained, product, name)
    wrote = str(path)
    if product is Product.SAFETENSORS:
        from ganterm.exchange.weights import describe_weights  # noqa: PLC0415

        beside = path.with_suffix(".json")
        about = describe_weights(trained, path.name, run=name)
        write_file(beside, (json.dumps(about, indent=2) + "\n").encode())
        wrote += f" and {beside.name}"
    write_file(path, data)
    weights = "averaged" if trained.weights == "ema" else "plain"
    say(f"Wrote {wrote}: the generator of {name} at step {trained.step:,}, {weights} weights.")


def _encoded(trained: Trained, product: Product, name: str) -> bytes:
    if product is Product.SAFETENSORS:
        from ganterm.exchange.weights import encode_weights  # noqa: PLC0415

        return encode_weights(trained)
    if product is Product.PT2:
        from ganterm.exchange.programs import encode_program  # noqa: PLC0415

        return encode_program(trained)
    from ganterm.exchange.programs import encode_onnx  # noqa: PLC0415

    about = {"run": name, "step": str(trained.step), "architecture": trained.config.generator}
    return encode_onnx(trained, about=about)


def _run_of(checkpoint: Path) -> RunDir | None:
    """Return the run that a checkpoint lies in; None where it was taken out of it."""
    inside = checkpoint.absolute().parent
    return RunDir(inside.parent) if inside.name == "checkpoints" and is_run(inside.parent) else None


def _name(choice: CheckpointChoice) -> str:
    run = _run_of(choice.path)
    return run.name if run is not None else choice.path.stem
