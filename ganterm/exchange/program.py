"""A generator as a program of PyTorch (`torch.export`), which runs without ganterm's classes."""

from __future__ import annotations

import io
import warnings

import torch
from torch.export import ExportedProgram

from ganterm.exchange.interface import example_inputs, for_export, free_batch, old_exporter
from ganterm.inference.load import Trained


def export_program(trained: Trained) -> ExportedProgram:
    """Return the generator's forward pass for any number of images at once.

    It says nothing of where its source lies on this machine. Raises `ConfigError` where PyTorch's
    exporter is too old for the generator.
    """
    from torch._dynamo.exc import UserError  # noqa: PLC0415 - takes seconds

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's words to those who work on it
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
    torch.export.save(export_program(trained), buffer)
    return buffer.getvalue()
