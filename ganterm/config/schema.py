"""Every setting of a run, declared once.

From this declaration come the command line's options, the app's form, `run.toml`, the JSON schema
and the reference page. Settings of a component are declared beside it and joined to the rest here:
`ganterm.core.settings` says how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from ganterm.components.augmentations import AugmentationSettings
from ganterm.components.datasets import DataSettings
from ganterm.components.losses import LossSettings
from ganterm.components.networks import NetworkSettings, StyleSettings
from ganterm.components.optimizers import OptimizerSettings
from ganterm.components.penalties import PenaltySettings
from ganterm.components.scores import SCORES
from ganterm.config.cadence import CADENCE_PATTERN
from ganterm.core.settings import DATA, NETWORK, OPTIMISER, OUTPUT, STEP, about, joined


class RecipeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where all others come from."""

    recipe: Annotated[
        str, about(DATA, "Named preset the run starts from, or the path of a recipe file.")
    ] = "turbo-8x8"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to no component alone."""

    batch_size: Annotated[int, about(DATA, "Real images per batch.", "64-128", ge=1, le=65536)] = 64
    micro_batch: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=65536)] | None,
        about(
            DATA,
            "Images of a batch taken through the networks at once; 0 for all, auto for what fits.",
            "gradients add up to the batch's; batch norm takes statistics of each part",
        ),
    ] = 0
    drop_last: Annotated[bool, about(DATA, "Drop the last, smaller batch of an epoch.")] = True
    steps: Annotated[
        int, about(DATA, "Generator steps to train; 0 where epochs decides.", ge=0, le=10**9)
    ] = 10_000
    epochs: Annotated[
        int, about(DATA, "Passes over the data; 0 where steps decides.", ge=0, le=10**7)
    ] = 0
    seed: Annotated[
        int, about(DATA, "Seed of weights, batch order and noise.", ge=0, le=2**63 - 1)
    ] = 0
    device: Annotated[
        str,
        about(
            DATA,
            "auto, cpu, cuda, cuda:N or mps.",
            "auto takes CUDA, else MPS, else the CPU",
            pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,2})?)$",
        ),
    ] = "auto"
    threads: Annotated[
        int,
        about(
            DATA,
            "CPU threads of the worker; 0 measures which is best, again when training slows.",
            "one is as quick as many for images up to 16 pixels, and what 0 begins with there",
            live=True,
            ge=0,
            le=1024,
        ),
    ] = 0
    precision: Annotated[
        Literal["float32", "bfloat16", "auto"],
        about(
            DATA,
            "Number format of the networks' arithmetic.",
            "float32 is exact; auto takes bfloat16 where that is quick",
        ),
    ] = "float32"
    mode: Annotated[
        Literal["eager", "graphed", "auto"],
        about(
            DATA,
            "How steps are run: as they are, or captured as CUDA graphs.",
            "eager is the reference; auto measures at the start and takes the quickest",
        ),
    ] = "eager"

    init_from: Annotated[
        str,
        about(
            NETWORK,
            "Weights to begin with: RUN, RUN@STEP, a checkpoint, or a generator's state_dict "
            "(.pth, .safetensors); empty for fresh ones.",
            "networks of many similar images, where there are few",
            max_length=4096,
        ),
    ] = ""
    init_part: Annotated[
        str,
        about(
            NETWORK,
            "Key of the generator's weights in the file of init_from; empty for what its keys say.",
            "ema begins with the average of a run",
            max_length=256,
        ),
    ] = ""
    init_partial: Annotated[
        bool, about(NETWORK, "Leave what the weights of init_from do not fit as it is, fresh.")
    ] = False

    lr_g: Annotated[
        float,
        about(OPTIMISER, "Generator's learning rate.", "1e-4 to 2e-4", live=True, ge=0, le=1),
    ] = 2e-4
    lr_d: Annotated[
        float,
        about(
            OPTIMISER,
            "Discriminator's learning rate.",
            "1e-4 to 2e-4; lower it when the discriminator is too strong",
            live=True,
            ge=0,
            le=1,
        ),
    ] = 2e-4
    beta1: Annotated[float, about(OPTIMISER, "Adam's first-moment decay.", "0.5", ge=0, lt=1)] = 0.5
    beta2: Annotated[
        float, about(OPTIMISER, "Adam's second-moment decay.", "0.999", live=True, ge=0, lt=1)
    ] = 0.999
    lr_schedule: Annotated[
        Literal["constant", "linear", "cosine"],
        about(
            OPTIMISER,
            "How learning rates without a schedule of their own fall to zero over the run, if they "
            "do.",
        ),
    ] = "constant"

    d_steps: Annotated[
        int,
        about(
            STEP,
            "Discriminator steps per generator step.",
            "1; 5 for a Wasserstein critic; more when the generator is too strong",
            live=True,
            ge=1,
            le=100,
        ),
    ] = 1
    d_update: Annotated[
        Literal["joint", "separate"],
        about(STEP, "One optimiser step on real and fake together, or one on each."),
    ] = "joint"
    d_reduction: Annotated[
        Literal["mean", "sum"],
        about(
            STEP,
            "Discriminator's loss: the mean or the sum of its real and fake terms.",
            "d_update separate takes each term whole; only the reported loss differs",
        ),
    ] = "mean"
    reuse_fakes: Annotated[
        bool, about(STEP, "Train the generator on the very fakes the discriminator just saw.")
    ] = True
    g_batch: Annotated[
        int,
        about(
            STEP,
            "Size of the generator's fresh batch, in batches.",
            "only without reuse_fakes",
            ge=1,
            le=16,
        ),
    ] = 1
    ema_kimg: Annotated[
        float,
        about(
            STEP,
            "Half-life of the generator's averaged weights, in thousands of images; 0 is off.",
            "10 for long runs; samples of averaged weights are calmer",
            live=True,
            ge=0,
            le=10**6,
        ),
    ] = 0.0

    processes: Annotated[
        int,
        about(
            STEP,
            "Processes that each train on a share of every batch, and have the weights of one.",
            "one for each GPU; on CPUs for large networks",
            ge=1,
            le=1024,
        ),
    ] = 1
    max_restarts: Annotated[
        int,
        about(
            STEP,
            "How often to go on from the last checkpoint where a process dies or hangs.",
            part_of="processes",
            ge=0,
            le=10**6,
        ),
    ] = 0
    local_batch_norm: Annotated[
        bool,
        about(
            STEP,
            "Let each process normalise by its share of a batch alone: quicker, not what one does.",
            part_of="processes",
        ),
    ] = False

    log_every: Annotated[
        int, about(OUTPUT, "Steps averaged into one record of the journal.", ge=1, le=10**6)
    ] = 10
    sample_every: Annotated[
        str,
        about(
            OUTPUT,
            "How often the sample grid is drawn, besides steps 1, 10, 30, 100, 300, ...: '1000', "
            "'20 epochs', 0 for never.",
            live=True,
            pattern=CADENCE_PATTERN,
        ),
    ] = "500"
    sample_grid: Annotated[
        int, about(OUTPUT, "Side of the sample grid, in images.", ge=1, le=32)
    ] = 8
    checkpoint_every: Annotated[
        str,
        about(
            OUTPUT,
            "How often a checkpoint is written: '1000', '20 epochs', 0 for only the last.",
            live=True,
            pattern=CADENCE_PATTERN,
        ),
    ] = "1000"
    keep_checkpoints: Annotated[
        int, about(OUTPUT, "Newest checkpoints to keep; 0 keeps them all.", ge=0, le=10**6)
    ] = 3
    judge_every: Annotated[
        str,
        about(
            OUTPUT,
            "How often images are scored beside the training: '2000', '20 epochs', 0 for never.",
            "2000; each writes a checkpoint, and the first of a dataset trains its judge",
            live=True,
            pattern=CADENCE_PATTERN,
        ),
    ] = "0"
    judge_images: Annotated[
        int,
        about(
            OUTPUT,
            "Generated images in such a score, and as many real ones.",
            "scores of different counts cannot be compared; 10000 are exact and take longer",
            ge=100,
            le=100_000,
        ),
    ] = 2000
    keep_best: Annotated[
        str,
        about(
            OUTPUT,
            "Score whose best checkpoint is kept beside the newest ones.",
            "fid for the images as a whole; what judge_every and ganterm judge scored counts",
            registry=SCORES,
            or_none=True,
        ),
    ] = "none"
    on_alert: Annotated[
        Literal["continue", "stop", "remedy"],
        about(
            OUTPUT,
            "What the worker does when the doctor finds trouble.",
            "remedy tries what helps in turn, from the last healthy checkpoint where it must",
        ),
    ] = "continue"


if TYPE_CHECKING:

    class RunConfig(
        RecipeSettings,
        DataSettings,
        NetworkSettings,
        LossSettings,
        PenaltySettings,
        OptimizerSettings,
        Settings,
        AugmentationSettings,
        StyleSettings,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    ):
        """The whole configuration of one run."""

else:
    RunConfig = joined(
        "RunConfig",
        RecipeSettings,
        DataSettings,
        NetworkSettings,
        LossSettings,
        PenaltySettings,
        OptimizerSettings,
        Settings,
        AugmentationSettings,
        StyleSettings,
        doc="The whole configuration of one run; what a recipe does not say is as declared.",
        module=__name__,
    )


def steps_of(config: RunConfig, images: int) -> int:
    """Return the generator's steps of a whole run on `images` images; 0 if no batch is full."""
    if config.steps:
        return config.steps
    batches = batches_per_epoch(images, config.batch_size, drop_last=config.drop_last)
    return -(-batches * config.epochs // config.d_steps)


def too_few_images(images: int, batch_size: int) -> str:
    """Say that so many images do not fill a batch, and what to do."""
    remedy = "set a smaller batch_size, or drop_last = false" if images > 1 else "add more"
    return (
        f"The dataset has {images} image{'s' if images != 1 else ''}, fewer than one batch of "
        f"{batch_size}; {remedy}."
    )


def batches_per_epoch(images: int, batch_size: int, *, drop_last: bool) -> int:
    """Return how many batches so many images make; 0 if they do not fill one."""
    whole, rest = divmod(images, batch_size)
    # One image alone has no batch statistics, so a last batch of one is dropped in any case.
    return whole + (rest > 1 and not drop_last)
