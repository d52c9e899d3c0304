"""`ganterm import`: a run made of foreign weights."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganterm.cli import completion
from ganterm.cli.console import emit, emit_json, table
from ganterm.cli.narrate import Waiting, say
from ganterm.cli.options import AsJson, RunsDir
from ganterm.cli.settings import Settings, parse_settings
from ganterm.client.launching import ADOPT, GRACE_SECONDS
from ganterm.client.rpc import HelperDiedError, RemoteError, ask
from ganterm.config import FIELDS, resolve
from ganterm.config.runfile import to_mapping
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.records import MAX_STEP
from ganterm.exchange.events import event_folders
from ganterm.exchange.names import moment_in
from ganterm.runs.layout import check_name, default_runs_dir

if TYPE_CHECKING:
    from ganterm.exchange.names import Moment

MAX_EPS = 100
MAX_FOLDERS = 100
_HEADINGS = ["LAYER", "SIZE", "IN THE FILE", "HOW"]


def import_weights(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIRECTORY",
            help="A state_dict as torch.save writes it (.pth, .pt), or safetensors; or a "
            "directory of TensorBoard's event files, or of numbered samples.",
            show_default=False,
        ),
    ],
    *,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="The recipe whose generator it is, by name or path; for weights.",
            autocompletion=completion.recipes,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the run; by default the recipe's and a number.")
    ] = None,
    step: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MAX_STEP - 1,
            help="The step that the weights are of.",
            show_default="what the name of FILE says, else 0",
        ),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="In a file of several networks, the key of the generator's weights, or what their "
            "names begin with.",
            show_default="what its keys say, an average before raw weights",
        ),
    ] = None,
    settings: Settings = None,
    norm_eps: Annotated[
        str | None,
        typer.Option(
            metavar="X[,X...]",
            help="Epsilon of the batch normalisations that they were trained with, which no file "
            "says: one for all, or one for each.",
            show_default="the recipe's",
        ),
    ] = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a run of somebody else's weights, to be sampled, explored and judged like any other.

    The tensors are matched to the recipe's generator by shapes and order; what the shapes say
    otherwise (the length of z, sides, channels, widths) is taken from them. Nothing in the file is
    ever run. The run cannot be trained on, because the file has no discriminator; `ganterm train
    --init-from` begins another run with its generator and a fresh one.

    Event files of TensorBoard, and folders of samples such as sample-000100.png, become runs to
    look at: watched, compared and exported as CSV. They hold no networks.
    """
    if file.is_dir() or (file.is_file() and "tfevents" in file.name):
        others = {"--recipe": recipe, "--step": step, "--part": part, "--norm-eps": norm_eps}
        given = [option for option, value in others.items() if value is not None]
        if given or settings:
            raise ConfigError(
                f"{file} is no file of weights, so leave {' and '.join(given or ['--set'])} out."
            )
        _import_trainings(file, runs_dir or default_runs_dir(), name, as_json=as_json)
        return
    if not file.is_file():
        raise ConfigError(f"There is no file {file}; check the path.")
    if recipe is None:
        raise ConfigError(
            f"{file.name} may be the weights of any network; say which by --recipe, as `ganterm "
            "recipes` lists them."
        )
    if name is not None:
        check_name(name)
    typed = parse_settings(settings)
    moment = moment_in(file)
    at = step if step is not None else moment.step if moment else None
    length = {"steps": max(at or 0, 1), "epochs": 0}
    config = resolve({**typed, "recipe": recipe, **length}, environment=os.environ).config
    request = {
        "file": str(file.absolute()),
        "config": to_mapping(config),
        "fixed": [*typed, *_from_variables(os.environ)],
        "runs_dir": str((runs_dir or default_runs_dir()).absolute()),
        "part": part,
        "name": name,
        "step": at,
        "eps": _epsilons(norm_eps),
        "command": ["ganterm", *sys.argv[1:]],
    }
    try:
        with Waiting(f"Reading {file.name}"):
            answer = ask(ADOPT, "adopt", request, grace=GRACE_SECONDS)
    except HelperDiedError as died:
        raise DataError(f"{file} could not be imported: {died.words}.") from None
    except RemoteError as refused:
        for note in refused.data.get("notes", ()):
            say(note)
        rows = refused.data.get("rows", ())
        if not all(row["fits"] for row in rows):
            for line in _rows(rows):
                say(line)
        raise
    if as_json:
        emit_json(answer)
    else:
        emit(answer["run"])
    _tell(answer, recipe, moment=moment, guessed=step is None)
    kept = "Activations are" if norm_eps else "Activations, and the epsilon of normalisation, are"
    say(
        f"{answer['run']} is made of {file.name}: all {len(answer['rows'])} layers fit. {kept} the "
        "recipe's, because a file of weights does not hold them. Try "
        f"`ganterm sample {answer['run']}`."
    )


def _import_trainings(where: Path, runs_dir: Path, name: str | None, *, as_json: bool) -> None:
    from ganterm.exchange import logged  # noqa: PLC0415 - weights take none of it

    folders = event_folders(where)[: MAX_FOLDERS + 1]
    if len(folders) > MAX_FOLDERS:
        raise ConfigError(
            f"{where} holds event files in more than {MAX_FOLDERS} directories, and each becomes a "
            "run; name one of them."
        )
    if name is not None and len(folders) > 1:
        raise ConfigError(
            f"{where} holds {len(folders)} directories of event files, and each becomes a run, so "
            "leave --name out, or name one of them."
        )
    made = []
    for folder in folders or [where]:
        with Waiting(f"Reading {folder.name}"):
            found = (
                logged.training_in_events(folder) if folders else logged.training_in_samples(folder)
            )
            run = logged.import_training(found, runs_dir, name, ["ganterm", *sys.argv[1:]])
        for note in found.notes:
            say(note)
        if not as_json:
            emit(run.name)
        say(f"{run.name} is what {folder} tells of a training. Try `ganterm attach {run.word}`.")
        made.append({"run": run.name, "path": str(run.path), "notes": found.notes})
    if as_json:
        emit_json({"runs": made})


def _epsilons(text: str | None) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")] if text is not None else []
        if not all(0 < each < MAX_EPS for each in found):
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"--norm-eps takes numbers above 0 and below {MAX_EPS}, such as 0.8 or 1e-5,0.8,0.8; "
            f"got {text!r}."
        ) from None
    return found


def _from_variables(environment: Any) -> list[str]:
    return [field.name for field in FIELDS.values() if environment.get(field.variable)]


def _tell(answer: dict[str, Any], recipe: str, *, moment: Moment | None, guessed: bool) -> None:
    for note in answer["notes"]:
        say(note)
    if answer["changed"]:
        changes = ", ".join(f"{key} = {value}" for key, value in answer["changed"].items())
        say(f"Otherwise than in {recipe}, by the shapes in the file: {changes}.")
    odd = [row for row in answer["rows"] if row["words"] != "fits"]
    for line in _rows(odd):
        say(line)
    if guessed:
        how = "step 0, unknown"
        if moment is not None:
            named = "" if moment.unit == "step" else f", which says the {moment.unit}"
            how = f"step {moment.step:,}, by the name of the file{named}"
        say(f"The weights are taken to be of {how}; --step says otherwise.")


def _rows(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    cells = [(row["ours"], row["shape"], row["theirs"][:60], row["words"]) for row in rows]
    return table(_HEADINGS, cells)
