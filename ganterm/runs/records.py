"""The journal's schema: one typed record for each kind of line, every field explained.

Each line of `journal.jsonl` is one JSON object with `v`, `kind`, `step` and `time`, and what its
kind adds. A field's explanation is the string in its `Annotated`, so that `ganterm config schema`
can print it. Fields of a class that is not total may be missing. Readers must pass over kinds and
fields they do not know; `v` grows only when a field changes its meaning.

A loss, rate or score that is not a finite number is written as null.
"""

from typing import (
    Annotated,
    Any,
    Literal,
    TypeAlias,
    TypedDict,
    get_args,
    get_origin,
    get_type_hints,
)

SCHEMA_VERSION = 1

Record: TypeAlias = dict[str, Any]
"""A record as read from a journal: `v`, `kind`, `step` and `time` are checked, the rest is not."""

STOOD_BACK = "stood-back"
"""Code of the alert that says why a worker left a run with a history as it was."""

Number: TypeAlias = float | None


class RecordBase(TypedDict):
    """What every record has."""

    v: Annotated[int, "version of the journal's schema"]
    step: Annotated[int, "optimiser steps of the generator done when this was written"]
    time: Annotated[float, "seconds since 1970-01-01 UTC, to the millisecond"]


class OpeningRecord(RecordBase):
    """What a worker says of itself and of its run when it begins."""

    run: Annotated[str, "name of the run"]
    config: Annotated[dict[str, Any], "the whole configuration in force, every key"]
    steps: Annotated[int, "steps the run is to make"]
    epochs: Annotated[int | None, "epochs the run is to make; null if it counts steps"]
    controls: Annotated[int, "how many live changes the state it starts from has seen"]
    pending: Annotated[
        list[dict[str, Any]], "live changes that will be made again in time: id, step and args"
    ]
    images: Annotated[int, "images it trains on"]
    data_crc32: Annotated[str, "checksum of their pixels, in hexadecimal"]
    device: Annotated[str, "where it trains, such as cpu or cuda:0"]
    threads: Annotated[int, "threads of the CPU it computes with"]
    mode: Annotated[str, "how its steps are run: eager or graphed"]
    host: Annotated[str, "name of the machine"]
    pid: Annotated[int, "process id of the worker"]
    versions: Annotated[dict[str, str], "versions of ganterm, torch and python"]
    command: Annotated[list[str], "the command line that started it"]


class StartOptional(TypedDict, total=False):
    """What the beginning of a branch, or a conditional or imported run, has besides."""

    parent: Annotated[str, "run and step, NAME@STEP, whose checkpoint a branch goes on from"]
    classes: Annotated[list[str], "names of the classes it is conditioned on, by label"]
    components: Annotated[
        dict[str, dict[str, Any]],
        "what its worker knows of components in files of the user's, by kind and name",
    ]
    imported: Annotated[str, "file of foreign weights that the run was made of, not trained"]


class StartRecord(OpeningRecord, StartOptional):
    """A run began: at step 0, or at the step that a branch goes on from or its weights are of."""

    kind: Literal["start"]


class MeasuredOptional(TypedDict, total=False):
    """What some losses, penalties and settings add to what is measured."""

    d_loss_real: Annotated[Number, "the discriminator's loss on real images alone"]
    d_loss_fake: Annotated[Number, "the discriminator's loss on generated images alone"]
    wasserstein: Annotated[Number, "estimate of the Wasserstein distance: mean D(real) - D(fake)"]
    penalty: Annotated[Number, "gradient penalty before its weight"]
    grad_norm_g: Annotated[Number, "2-norm of the generator's gradient"]
    grad_norm_d: Annotated[Number, "2-norm of the discriminator's gradient"]
    diversity: Annotated[
        Number,
        "spread of a generated batch as a share of a real one's: at 1 as varied, at 0 all alike",
    ]
    modes: Annotated[Number, "Gaussians of the ring that a generated batch reaches, of 8"]


class MetricsOptional(MeasuredOptional, total=False):
    """What else metrics may have."""

    epoch: Annotated[float, "epochs so far, a fraction within one"]


class MetricsRecord(RecordBase, MetricsOptional):
    """Losses and outputs of the networks, averaged since the metrics before."""

    kind: Literal["metrics"]
    images_per_s: Annotated[Number, "real images seen per second"]
    d_loss: Annotated[Number, "loss of the discriminator"]
    g_loss: Annotated[Number, "loss of the generator"]
    d_real: Annotated[Number, "D(x): mean output on real images, a probability or a critic's score"]
    d_fake: Annotated[Number, "D(G(z)): the same on generated images"]
    acc_real: Annotated[
        Number, "share of real images that D takes for real; at 0.5 in both it cannot tell"
    ]
    acc_fake: Annotated[
        Number, "share of generated images that D takes for generated; at 1 in both it wins"
    ]


class EpochRecord(RecordBase, MeasuredOptional):
    """An epoch ended; the means are over all its batches."""

    kind: Literal["epoch"]
    epoch: Annotated[int, "epochs done"]
    d_loss: Annotated[Number, "mean loss of the discriminator"]
    g_loss: Annotated[Number, "mean loss of the generator"]
    d_real: Annotated[Number, "mean D(x)"]
    d_fake: Annotated[Number, "mean D(G(z))"]
    acc_real: Annotated[Number, "mean accuracy on real images, in [0, 1]"]
    acc_fake: Annotated[Number, "mean accuracy on generated images, in [0, 1]"]


class SampleRecord(RecordBase):
    """The grid of the fixed latent points was drawn."""

    kind: Literal["sample"]
    path: Annotated[str, "the image, relative to the run"]


class CheckpointOptional(TypedDict, total=False):
    """What the writer of a checkpoint may add."""

    bytes: Annotated[int, "size of the file"]
    seconds: Annotated[float, "time it took to write, sync and verify"]


class CheckpointRecord(RecordBase, CheckpointOptional):
    """A checkpoint was written, synced, verified and renamed."""

    kind: Literal["checkpoint"]
    path: Annotated[str, "the file, relative to the run"]
    digest: Annotated[str, "SHA-256 over its tensors and metadata, in hexadecimal"]


class JudgedOptional(TypedDict, total=False):
    """The scores that were asked for."""

    fid: Annotated[Number, "Fréchet distance between features of real and generated images"]
    inception_score: Annotated[Number, "exp of the mean KL of p(y|x) from p(y)"]
    kid: Annotated[Number, "kernel distance between features"]
    precision: Annotated[Number, "share of generated images within the real manifold, in [0, 1]"]
    recall: Annotated[Number, "share of real images within the generated manifold, in [0, 1]"]
    density: Annotated[Number, "how densely real neighbourhoods hold generated images"]
    coverage: Annotated[Number, "share of real neighbourhoods with a generated image, in [0, 1]"]
    modes: Annotated[int, "modes captured"]
    class_accuracy: Annotated[
        Number, "share of generated images that the judge takes for the class asked for, in [0, 1]"
    ]
    kl: Annotated[Number, "KL of the generated classes' distribution from the real one, in nats"]
    copies: Annotated[Number, "share of generated images that sit on a training image, in [0, 1]"]
    floor: Annotated[Any, "the same scores of real images against other real images, by name"]
    judge_name: Annotated[str, "what the judge is, in words: its dataset and accuracy"]
    classes: Annotated[list[str], "names of the classes, in the order of the histograms"]
    histogram: Annotated[list[float], "share of the generated images in each class"]
    histogram_real: Annotated[list[float], "share of the real images in each class"]
    best: Annotated[str, "picture of the most convincing samples, relative to the run"]
    worst: Annotated[str, "picture of the least convincing samples, relative to the run"]
    seconds: Annotated[float, "time it took"]


class JudgedRecord(RecordBase, JudgedOptional):
    """The run was judged at a checkpoint; `step` is the checkpoint's."""

    kind: Literal["judged"]
    judge: Annotated[str, "the classifier whose features were compared"]
    n: Annotated[int, "images of each kind that were compared"]


class Remedy(TypedDict):
    """What can be done about an alert, as data: whoever shows it can apply it."""

    id: Annotated[str, "short name, for `ganterm ctl RUN remedy ID`"]
    label: Annotated[str, "what it does, in a few words"]
    settings: Annotated[dict[str, Any], "the settings it changes, by key"]
    live: Annotated[bool, "whether the run itself can change them; else it takes a new branch"]


class AlertOptional(TypedDict, total=False):
    """What the doctor adds to an alert."""

    evidence: Annotated[dict[str, Any], "the figures it rests on, by name"]
    remedies: Annotated[list[Remedy], "what can be applied, the gentlest first"]
    cleared: Annotated[bool, "true: the trouble of this code is over"]


class AlertRecord(RecordBase, AlertOptional):
    """Something goes wrong, or deserves a word; unless an end follows, training goes on."""

    kind: Literal["alert"]
    code: Annotated[str, "short name of the trouble"]
    message: Annotated[str, "the trouble and its cause, in a sentence"]
    remedy: Annotated[str, "what to do about it; empty if nothing needs doing"]


class ControlRecord(RecordBase):
    """A command was taken at a step boundary."""

    kind: Literal["control"]
    id: Annotated[str, "name of the command's file, without its suffix"]
    name: Annotated[str, "pause, resume, stop, checkpoint, sample, set or judged; empty if garbled"]
    args: Annotated[
        dict[str, Any], "its arguments: for set, the key and the value; for judged, the step"
    ]
    error: Annotated[str, "why it was refused; empty if it was obeyed"]


class ResumeRecord(OpeningRecord):
    """A worker took the run up again from its state at `step`; what lay beyond is void."""

    kind: Literal["resume"]
    checkpoint: Annotated[str | None, "the checkpoint, relative to the run; null: the beginning"]
    skipped: Annotated[list[str], "newer checkpoints that were damaged, and why"]
    torn_bytes: Annotated[int, "length of the unfinished last line that was cut off the journal"]


class EndRecord(RecordBase):
    """The worker left in good order; a run without it after its last start or resume crashed."""

    kind: Literal["end"]
    reason: Annotated[Literal["finished", "stopped", "failed"], "how it ended"]
    message: Annotated[str, "why it stopped or failed, in a sentence; may be empty"]
    exit_code: Annotated[
        int,
        "exit code of the worker: 0 if it finished, or stopped because somebody asked; 1 if it "
        "failed, or the doctor stopped it; 143 if a signal did",
    ]


RECORDS: dict[str, Any] = {
    "start": StartRecord,
    "metrics": MetricsRecord,
    "epoch": EpochRecord,
    "sample": SampleRecord,
    "checkpoint": CheckpointRecord,
    "judged": JudgedRecord,
    "alert": AlertRecord,
    "control": ControlRecord,
    "resume": ResumeRecord,
    "end": EndRecord,
}
"""The schema of every kind, for whoever prints or checks it."""


def meanings(kind: str) -> dict[str, str]:
    """Return what each field of a kind of record means, in words."""
    hints = get_type_hints(RECORDS[kind], include_extras=True)
    return {
        name: next(said for said in get_args(hint)[1:] if isinstance(said, str))
        for name, hint in hints.items()
        if get_origin(hint) is Annotated
    }
