"""A generator as a program that runs without ganterm: an ONNX model, or one of `torch.export`.

What it takes and gives is the same in every format.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any, Final

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from ganterm import __version__
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


_EXPORTS_SINCE: Final = (2, 7)
"""The exporter of PyTorch 2.6 fails at batch norms, and ties style generators to one batch."""


def encode_onnx(trained: Trained, *, about: dict[str, str] | None = None) -> bytes:
    """Return the generator as one ONNX file, weights within; the batch axis is free.

    Inputs are `z` (N, z_dim), and `labels` (N,) where it has classes; the output is `images`.
    `about` goes into the model's metadata. Raises `ConfigError` where the exporter's libraries,
    the extra `onnx`, are not installed, or PyTorch's own part of it is too old.
    """
    try:
        import onnxscript  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: F401, PLC0415
    except ImportError:
        raise ConfigError(
            "ONNX needs two more libraries; install them with `pip install 'ganterm[onnx]'`."
        ) from None
    if tuple(map(int, torch.__version__.split(".")[:2])) < _EXPORTS_SINCE:
        raise old_exporter("as ONNX")
    with _quiet(), _undisturbed():
        made = torch.onnx.export(
            for_export(trained),
            example_inputs(trained),
            dynamo=True,
            dynamic_shapes=free_batch(trained),
            input_names=input_names(trained),
            output_names=[OUTPUT],
            verbose=False,
        )
    model: Any = made.model_proto  # type: ignore[union-attr]  # None only for the old exporter
    _forget_sources(model)
    model.producer_name, model.producer_version = "ganterm", __version__
    for key, value in (about or {}).items():
        model.metadata_props.add(key=key, value=value)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _forget_sources(model: Any) -> None:
    """Remove what the exporter noted of source files on this machine."""
    del model.metadata_props[:]
    graphs = [model.graph, *model.functions]
    for graph in graphs:
        del graph.metadata_props[:]
        for item in [*graph.node, *graph.value_info]:
            del item.metadata_props[:]
    for item in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del item.metadata_props[:]


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Have PyTorch's compiler keep its files in a new directory of ours alone.

    Its own lies in the temporary folder under a name that anybody may have taken before.
    """
    variable = "TORCHINDUCTOR_CACHE_DIR"
    before = os.environ.get(variable)
    with tempfile.TemporaryDirectory(prefix="ganterm-", ignore_cleanup_errors=True) as place:
        os.environ[variable] = place
        try:
            yield
        finally:
            del os.environ[variable]
            if before is not None:
                os.environ[variable] = before


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's progress and warnings, meant for its makers, off the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def export_program(trained: Trained) -> ExportedProgram:
    """Return the generator's forward pass for any number of images at once.

    It says nothing of where its source lies on this machine. Raises `ConfigError` where PyTorch's
    exporter is too old for the generator.
    """
    with warnings.catch_warnings(), _undisturbed():
        warnings.simplefilter("ignore")  # torch's words to those who work on it
        from torch._dynamo.exc import UserError  # noqa: PLC0415 - takes seconds

        try:
            program = torch.export.export(
                for_export(trained), example_inputs(trained), dynamic_shapes=free_batch(trained)
            )
        except UserError as error:
            raise old_exporter("as a program") from error
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                node.meta.pop("stack_trace", None)
    return program


def encode_program(trained: Trained) -> bytes:
    """Return the generator as a .pt2 file, for `torch.export.load(path).module()`."""
    buffer = io.BytesIO()
    program = export_program(trained)
    with _undisturbed():
        torch.export.save(program, buffer)
    return buffer.getvalue()
