"""The journal's records: one typed struct for each kind of line, every field explained.

Each line of `journal.jsonl` is one JSON object with `v`, `kind`, `step` and `time`, and what its
kind adds; `core.codec` translates between such objects and records. A field of a known
kind has the type that it is declared with, or the object is no record. Fields that are not declared
are kept in `extra`, and a kind that is not known is an `UnknownRecord`, so that what a later
version wrote is written again as it was; `v` grows only when a field changes its meaning.

A loss, rate or score that is not a finite number is written as null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, field

SCHEMA_VERSION: Final = 1
MAX_STEP: Final = 10**15
"""Steps are below this; what says more is no step."""

STOOD_BACK: Final = "stood-back"
"""Code of the alert that says why a worker left a run with a history as it was."""

Number = float | None
Numbers = Mapping[str, Number]
"""Measured quantities or scores by name; None is one that was not finite."""


Count = Annotated[int, Meta(ge=0, lt=1 << 53)]
"""A number of something, which every reader of JSON keeps exactly."""


def _is(words: str) -> Meta:
    return Meta(description=words)


class Record(Struct, frozen=True, kw_only=True):
    """What every record has; `time` is the writer's to set, `extra` holds undeclared fields."""

    v: Annotated[Count, _is("version of the journal's schema")] = SCHEMA_VERSION
    step: Annotated[Count, _is("optimiser steps of the generator done when this was written")]
    time: Annotated[float, _is("seconds since 1970-01-01 UTC, to the millisecond")] = 0.0
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What it tells of, one of `KINDS`, or a word of a later version."""
        return str(self.__struct_config__.tag)


class PendingChange(Struct, frozen=True):
    """A live change that is to be made again at its step."""

    id: Annotated[str, _is("name of the command that made it first")]
    step: Annotated[Count, _is("step at which it took effect")]
    args: Annotated[dict[str, Any], _is("its key and its value")]


class OpeningRecord(Record, frozen=True, kw_only=True):
    """What a worker says of itself and of its run when it begins."""

    config: Annotated[dict[str, Any], _is("the whole configuration in force, every key")] = field(
        default_factory=dict
    )
    steps: Annotated[Count, _is("steps the run is to make")] = 0
    epochs: Annotated[Count | None, _is("epochs it is to make; null if it counts steps")] = None
    images: Annotated[Count, _is("images it trains on")] = 0
    device: Annotated[str, _is("where it trains, such as cpu or cuda:0")] = ""
    threads: Annotated[Count, _is("threads of the CPU it computes with")] = 0
    mode: Annotated[str, _is("how its steps are run: eager or graphed")] = ""
    host: Annotated[str, _is("name of the machine")] = ""
    versions: Annotated[
        dict[str, str], _is("versions of ganterm, torch, numpy, python, cuda, cudnn")
    ] = field(default_factory=dict)
    packages: Annotated[
        dict[str, str] | None,
        _is("by each part, and recipe, of an installed package this package and its version"),
    ] = None
    machine: Annotated[
        dict[str, str], _is("kind of the machine's cpu, of its gpu and the gpu's driver")
    ] = field(default_factory=dict)
    code: Annotated[
        dict[str, str],
        _is("commit of git at which it was started, and whether it was dirty: yes or no"),
    ] = field(default_factory=dict)
    run: Annotated[str, _is("name of the run")] = ""
    controls: Annotated[Count | None, _is("live changes seen by the state it starts from")] = None
    pending: Annotated[
        list[PendingChange], _is("live changes that will be made again in time: id, step and args")
    ] = field(default_factory=list)
    data_crc32: Annotated[str, _is("checksum of their pixels, in hexadecimal")] = ""
    pid: Annotated[Count, _is("process id of the worker")] = 0
    command: Annotated[list[str], _is("the command line that started it")] = field(
        default_factory=list
    )


class StartRecord(OpeningRecord, frozen=True, kw_only=True, tag_field="kind", tag="start"):
    """A run began: at step 0, or at the step that a branch goes on from or its weights are of."""

    parent: Annotated[
        str | None, _is("run and step, NAME@STEP, whose checkpoint a branch goes on from")
    ] = None
    classes: Annotated[list[str] | None, _is("classes it is conditioned on, by label")] = None
    components: Annotated[
        dict[str, dict[str, Any]] | None,
        _is("what its worker knows of components in files of the user's, by kind and name"),
    ] = None
    imported: Annotated[str | None, _is("file of foreign weights that it was made of")] = None


class MetricsRecord(Record, frozen=True, kw_only=True, tag_field="kind", tag="metrics"):
    """Losses and outputs of the networks, averaged since the metrics before."""

    values: Annotated[Numbers, _is("what was measured, by quantity")]


class EpochRecord(Record, frozen=True, kw_only=True, tag_field="kind", tag="epoch"):
    """An epoch ended; the means are over all its batches."""

    epoch: Annotated[Count, _is("epochs done")]
    values: Annotated[Numbers, _is("what was measured, by quantity")]


class SampleRecord(Record, frozen=True, kw_only=True, tag_field="kind", tag="sample"):
    """The grid of the fixed latent points was drawn."""

    path: Annotated[str, _is("the image, relative to the run")] = ""


class CheckpointRecord(Record, frozen=True, kw_only=True, tag_field="kind", tag="checkpoint"):
    """A checkpoint was written, synced, verified and renamed."""

    path: Annotated[str, _is("the file, relative to the run")] = ""
    digest: Annotated[str, _is("SHA-256 over its tensors and metadata, in hexadecimal")] = ""
    bytes: Annotated[Count | None, _is("size of the file")] = None
    seconds: Annotated[float | None, _is("time it took to write, sync and verify")] = None


class JudgedRecord(Record, frozen=True, kw_only=True, tag_field="kind", tag="judged"):
    """The run was judged at a checkpoint; `step` is the checkpoint's."""

    scores: Annotated[Numbers, _is("the scores that were asked for, by name")]
    histogram: Annotated[list[Number] | None, _is("share of generated images by class")] = None
    histogram_real: Annotated[list[Number] | None, _is("share of real images by class")] = None
    floor: Annotated[Numbers | None, _is("the same scores of real images against others")] = None
    floor_deviation: Annotated[
        float | None, _is("standard deviation of the floor's Fréchet distance over draws")
    ] = None
    judge: Annotated[str, _is("the classifier whose features were compared")] = ""
    judge_name: Annotated[str | None, _is("what it is, in words: dataset and accuracy")] = None
    trust: Annotated[str | None, _is("what it sees and what it cannot tell, in words")] = None
    apart: Annotated[bool | None, _is("true: by another judge or images than the run's")] = None
    n: Annotated[Count, _is("images of each kind that were compared")] = 0
    n_real: Annotated[Count | None, _is("real images, where they were not as many")] = None
    real: Annotated[str | None, _is("which the real images were")] = None
    held_out: Annotated[bool | None, _is("whether the run did not train on these")] = None
    k: Annotated[dict[str, Count] | None, _is("neighbours in a neighbourhood, by score")] = None
    splits: Annotated[Count | None, _is("parts over which the Inception Score is averaged")] = None
    classes: Annotated[list[str] | None, _is("names of the classes, as in the histograms")] = None
    singular_values: Annotated[
        dict[str, float] | None, _is("the largest of each of D's layers that are normalised")
    ] = None
    seconds: Annotated[float | None, _is("time it took")] = None
    components: Annotated[dict[str, dict[str, Any]] | None, _is("the user's own scores")] = None
    best: Annotated[str | None, _is("picture of the most convincing samples, in the run")] = None
    worst: Annotated[str | None, _is("picture of the least convincing samples, in the run")] = None

    def score(self, name: str) -> float | None:
        """Return a score; None where it was not asked for or is not finite."""
        return self.scores.get(name)

    @property
    def caution(self) -> str:
        """How far its scores can be trusted, in sentences; foreign text, empty if not known."""
        said = f"The judge {self.trust}." if self.trust else ""
        if self.floor_deviation is None:
            return said
        wanders = (
            f"From draw to draw the Frechet distance of real images wanders by "
            f"{self.floor_deviation:.2g}: a smaller difference says nothing."
        )
        return f"{said} {wanders}".lstrip()

    def floor_of(self, name: str) -> float | None:
        """Return what real images reach in a score; None where that was not measured."""
        return (self.floor or {}).get(name)


class Remedy(Struct, frozen=True):
    """What can be done about an alert, as data: whoever shows it can apply it."""

    id: Annotated[str, _is("short name, for `ganterm ctl RUN remedy ID`")]
    label: Annotated[str, _is("what it does, in a few words")]
    settings: Annotated[dict[str, Any], _is("the settings it changes, by key")]
    live: Annotated[bool, _is("whether the run itself can change them; else it takes a branch")]


class AlertRecord(Record, frozen=True, kw_only=True, tag_field="kind", tag="alert"):
    """Something goes wrong, or deserves a word; unless an end follows, training goes on."""

    code: Annotated[str, _is("short name of the trouble")] = ""
    message: Annotated[str, _is("the trouble and its cause, in a sentence")] = ""
    remedy: Annotated[str, _is("what to do about it; empty if nothing needs doing")] = ""
    evidence: Annotated[dict[str, Any] | None, _is("the doctor's figures it rests on")] = None
    remedies: Annotated[list[Remedy] | None, _is("what can be applied, the gentlest first")] = None
    cleared: Annotated[bool | None, _is("true: the trouble of this code is over")] = None


class ControlRecord(Record, frozen=True, kw_only=True, tag_field="kind", tag="control"):
    """A command was taken at a step boundary."""

    id: Annotated[str, _is("name of the command's file, without its suffix")] = ""
    name: Annotated[
        str, _is("pause, resume, stop, checkpoint, sample, set, judged or rewind; empty if garbled")
    ] = ""
    args: Annotated[
        dict[str, Any],
        _is(
            "its arguments: for set, the key and the value; for judged, the step; for rewind, to "
            "which step, with which settings, and why"
        ),
    ] = field(default_factory=dict)
    error: Annotated[str, _is("why it was refused; empty if it was obeyed")] = ""

    @property
    def key(self) -> str:
        """The setting that it was to change; empty for every other command."""
        key = self.args.get("key") if self.name == "set" else ""
        return key if isinstance(key, str) else ""


class ResumeRecord(OpeningRecord, frozen=True, kw_only=True, tag_field="kind", tag="resume"):
    """A worker took the run up again from its state at `step`; what lay beyond is void."""

    checkpoint: Annotated[
        str | None, _is("the checkpoint, relative to the run; null: the beginning")
    ] = None
    skipped: Annotated[list[str], _is("newer checkpoints that were damaged, and why")] = field(
        default_factory=list
    )
    torn_bytes: Annotated[Count, _is("length of the unfinished line cut off the journal")] = 0


class EndRecord(Record, frozen=True, kw_only=True, tag_field="kind", tag="end"):
    """The worker left in good order; a run without it after its last start or resume crashed."""

    reason: Annotated[str, _is("how it ended: finished, stopped or failed")] = "stopped"
    message: Annotated[
        str, _is("why it stopped or failed, or what there is to say of it; may be empty")
    ] = ""
    exit_code: Annotated[
        int,
        _is(
            "exit code of the worker: 0 if it finished, or stopped because somebody asked; 1 if it "
            "failed, or the doctor stopped it; 143 if a signal did"
        ),
    ] = 0


class UnknownRecord(Record, frozen=True, kw_only=True):
    """A record of a kind that a later version writes; all that it says is in `extra`."""

    name: str

    @property
    def kind(self) -> str:
        """What it tells of."""
        return self.name


KINDS: Final[dict[str, type[Record]]] = {
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
"""The record of every kind."""

OPEN_FIELDS: Final[dict[type[Record], str]] = {
    MetricsRecord: "values",
    EpochRecord: "values",
    JudgedRecord: "scores",
}
"""The field whose items stand in the object itself, beside the declared ones."""

WITHOUT_K: Final = {
    "precision": "precision_k5",
    "recall": "recall_k5",
    "inception_score": "inception_score_splits1",
}
"""What scores of a judgement that does not say its k are called: those of 5, and of one split."""
