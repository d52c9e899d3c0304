"""What an exported generator takes and gives, the same in every format."""

from __future__ import annotations

import copy
from typing import Any, Final

import torch
from torch import Tensor
from torch.export import Dim

from ganterm.components.networks.base import Generator
from ganterm.core.errors import ConfigError
from ganterm.inference.load import Trained
from ganterm.inference.sample import labels_in_turn, latents

INPUTS: Final = ("z", "labels")
"""Names of the inputs; a generator without classes has the first alone."""
OUTPUT: Final = "images"

_BATCH = 2
"""Images of an example: of 0 or 1 an exporter would take for granted that it is always so many."""


def for_export(trained: Trained) -> Generator:
    """Return a copy of the generator on the CPU with its tensors row by row, as files hold them.

    Here they may lie in another order, because that is quicker, and an exporter would keep it.
    """
    copied = copy.deepcopy(trained.generator).cpu()
    return copied.to(memory_format=torch.contiguous_format)


def example_inputs(trained: Trained) -> tuple[Tensor, ...]:
    """Return latents (2, z_dim), and labels (2,) of int64 where the generator has classes."""
    z = latents(_BATCH, trained.config.z_dim, seed=0)
    labels = labels_in_turn(_BATCH, trained.generator.classes)
    return (z,) if labels is None else (z, labels)


def free_batch(trained: Trained) -> tuple[dict[int, Dim], ...]:
    """Return which axes of the inputs are free: the first of each, one size for all, 1 or more."""
    batch = Dim("batch", min=1)
    return tuple({0: batch} for _ in example_inputs(trained))


def input_names(trained: Trained) -> list[str]:
    """Return the names of the inputs, in order."""
    return list(INPUTS[: len(example_inputs(trained))])


def old_exporter(how: str) -> ConfigError:
    """Return what to say where PyTorch's exporter is too old for a generator."""
    return ConfigError(
        f"PyTorch {torch.__version__} cannot export this generator {how}; install a newer one, or "
        "export .safetensors."
    )


def describe_interface(trained: Trained) -> dict[str, Any]:
    """Return what goes in and what comes out, as plain values; "N" is any number of images."""
    config = trained.config
    inputs: dict[str, Any] = {
        "z": {"shape": ["N", config.z_dim], "dtype": "float32", "values": "standard normal"}
    }
    if classes := trained.generator.classes:
        inputs["labels"] = {"shape": ["N"], "dtype": "int64", "values": f"0 to {classes - 1}"}
    shape: list[Any] = ["N", *trained.data.tensor_shape]
    bounds = trained.data.value_range
    values = f"{bounds[0]:g} (black) to {bounds[1]:g} (white)" if bounds else "x and y of a point"
    return {
        "inputs": inputs,
        "outputs": {OUTPUT: {"shape": shape, "dtype": "float32", "values": values}},
    }
