"""A generator as an ONNX model, for any runtime that reads that."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any, Final

import torch

from ganterm import __version__
from ganterm.core.errors import ConfigError
from ganterm.exchange.interface import (
    OUTPUT,
    example_inputs,
    for_export,
    free_batch,
    input_names,
    old_exporter,
)
from ganterm.inference.load import Trained

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
    with _quiet():
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
