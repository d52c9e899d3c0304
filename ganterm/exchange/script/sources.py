"""Code of ganterm as plain PyTorch: functions and classes by their source, layers by their calls.

What a reader of a script does not need is left out of a source: annotations, imports, words for
linters, and what only ganterm asks of a network.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from functools import cache
from typing import Any, Final

import torch
from torch import nn

from ganterm.core.errors import ConfigError

_SIMPLER: Final = {
    "Size": '''
class Size(NamedTuple):
    """Height and width in pixels."""

    height: int
    width: int
''',
    "gradients": '''
def gradients(critic, images):
    """Return each image's gradient of its own logit, flattened to (N, C·H·W), with its graph."""
    images = images.detach().requires_grad_()
    # the sum's gradient is each image's own, where no layer ties the images of a batch
    (found,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    return found.flatten(1)
''',
    "wgan_gp": '''
def wgan_gp(critic, real, fake):
    """Return the mean of (‖∇D(x̂)‖₂ - 1)² at points x̂ between real and generated images."""
    mix = torch.rand(len(real), device=real.device).view(-1, 1, 1, 1)
    between = torch.lerp(fake.detach(), real, mix)
    slopes = torch.linalg.vector_norm(gradients(critic, between), dim=1)
    return (slopes - 1).square().mean()
''',
    "_own": """
def _own(spec):
    return spec
""",
}
"""Plainer words for what has reasons here that a script has not."""
_CHANGES: Final = (
    (r"self\.labels_for\(z, labels\)", "labels"),
    (r"needed\(labels\)", "labels"),
    (r"\n +labels = labels\b", ""),
    (r"\(Generator\):", "(nn.Module):"),
    (r"super\(\).__init__\(spec\)", "super().__init__()"),
    (r"\ndef discriminator\(", "\ndef discriminator_parts("),
    (r"raw_weight\(layer\)", "layer.weight"),
    (r"str\(size\.setting\)", "str(size.height)"),
    (r"\.to\((z|images|features|self\.w_mean)\.dtype\)", ""),
    (r"whole_batch\((\w+)\)", r"\1"),
    (r"\n +# bfloat16 cannot tell.*\n.*promote_types.*", ""),
    (r'\n\n +Raises `ValueError`[^"]*?\.\n *"""', '"""'),
    (r", label: Label = [\d.]+\)", ")"),
    (r"; the label has no part in it", ""),
    (r" *# (noqa|type: ignore).*", ""),
    (r"\n    @property\n    def entrance\(.*\n.*\n.*\n", ""),
)
_IMPORTS: Final = (
    (r"\bcopy\.", "import copy"),
    (r"\bmath\.", "import math"),
    (r"@dataclass\b", "from dataclasses import dataclass"),
    (r"\bpairwise\(", "from itertools import pairwise"),
    (r"\bPath\(", "from pathlib import Path"),
    (r"\bSimpleNamespace\(", "from types import SimpleNamespace"),
    (r"\bNamedTuple\b", "from typing import NamedTuple"),
    ("", ""),
    (r"\bnp\.", "import numpy as np"),
    ("", "import torch"),
    ("ImageOps", "from PIL import Image, ImageOps"),
    (r"^(?![\s\S]*ImageOps)[\s\S]*\bImage\.", "from PIL import Image"),
    (r"\bload_digits\(", "from sklearn.datasets import load_digits"),
    (r"\bnn\.", "from torch import nn"),
    (r"\bfunctional\.", "from torch.nn import functional"),
    (r"\bspectral_norm\(", "from torch.nn.utils.parametrizations import spectral_norm"),
    (r"\bdatasets\.", "from torchvision import datasets"),
)


def imports_of(text: str) -> str:
    """Return the imports that a script of this text needs, in the order of linters."""
    found = [line for pattern, line in _IMPORTS if re.search(pattern, text)]
    return "\n".join(found).strip()


class Sources:
    """What a script has of ganterm: each definition once, after those that it uses."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, str]] = {}

    def __str__(self) -> str:
        texts = "\n\n\n".join(text for _, text in self._found.values())
        return re.sub(r"(?m)^(\w+ = .*)\n\n(?=\n\w+ = )", r"\1", texts)

    def add(self, module: str, name: str) -> str:
        """Add the definition of `name` in `module`, and what that needs; return the name.

        Raises `ConfigError` where another module's definition has the name.
        """
        module, node, source = _definition(module, name)
        if name in self._found:
            if self._found[name][0] != module:
                raise ConfigError(f"No script is written of networks that both define {name}.")
            return name
        text = _SIMPLER.get(name, "").strip() or _plain(node, source)
        self._found[name] = module, ""
        for each in ast.walk(ast.parse(text)):
            if isinstance(each, ast.Name) and each.id != name and _defines(module, each.id):
                self.add(module, each.id)
        del self._found[name]
        self._found[name] = module, text
        return name

    def add_function(self, function: Any) -> str:
        """Add a function, and what it needs; return its name."""
        return self.add(function.__module__, function.__name__)


@cache
def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(module))


_parsed: Final = cache(ast.parse)


def _definition(module: str, name: str) -> tuple[str, ast.stmt, str]:
    """Return the module that defines a name of `module`, the definition, and that module's text."""
    source = _source(module)
    for node in _parsed(source).body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        named = [each.id for each in targets if isinstance(each, ast.Name)]
        if name in named or name == getattr(node, "name", None):
            return module, node, source
        if not (isinstance(node, ast.ImportFrom) and str(node.module).startswith("ganterm")):
            continue
        if any(alias.name == name for alias in node.names):
            return _definition(str(node.module), name)
    raise LookupError(name)


def _defines(module: str, name: str) -> bool:
    try:
        _definition(module, name)
    except LookupError:
        return False
    return True


def _plain(node: ast.stmt, source: str) -> str:
    """Return the text of a definition as a script has it."""
    lines = source.split("\n")
    decorated = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorated)])
    text = "\n" + "\n".join(lines[first - 1 : node.end_lineno])
    for pattern, instead in _CHANGES:
        text = re.sub(pattern, instead, text)
    text = _unannotated(text.strip())
    signature = r"def (\w+)\(\n\s+([^()]*?),?\n\s*\):"
    return re.sub(signature, lambda found: f"def {found[1]}({' '.join(found[2].split())}):", text)


def _unannotated(text: str) -> str:
    """Return a definition without annotations, but for a dataclass's, and without imports."""
    data = text.encode()
    starts = [0]
    for line in data.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    tree = ast.parse(text)
    fields = {
        id(each)
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef)
        and (kind.decorator_list or any(ast.unparse(base) == "NamedTuple" for base in kind.bases))
        for each in kind.body
    }
    cuts: list[tuple[int, int, bytes]] = []

    def ends(node: Any) -> int:
        return int(starts[node.end_lineno - 1] + node.end_col_offset)

    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            begin = starts[node.lineno - 1] + node.col_offset + len(node.arg)
            end = ends(node.annotation)
            usual = data[end:].startswith(b" = ")
            cuts.append((begin, end + 3 * usual, b"=" * usual))
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            end = ends(node.returns)
            cuts.append((data.rindex(b" ->", 0, end), end, b""))
        elif isinstance(node, ast.AnnAssign) and id(node) not in fields:
            if node.value is None:
                cuts.append((starts[node.lineno - 1], starts[node.lineno + 1], b""))
            else:
                cuts.append((ends(node.target), ends(node.annotation), b""))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            end = starts[node.end_lineno or node.lineno]
            blank = data[end : end + 1] == b"\n"
            cuts.append((starts[node.lineno - 1], end + blank, b""))
    for begin, end, instead in sorted(cuts, reverse=True):
        data = data[:begin] + instead + data[end:]
    return data.decode()


WIDTH: Final = 100
_SQUARE: Final = frozenset({"kernel_size", "stride", "padding", "output_padding", "dilation"})


def is_plain(layers: nn.Module) -> bool:
    """Tell whether a network is a stack of PyTorch's own layers."""
    return isinstance(layers, nn.Sequential) and all(
        type(layer).__module__.startswith("torch.nn") and not list(layer.children())
        for layer in layers
    )


def layer_code(layer: nn.Module) -> str:
    """Return the call that makes a layer of PyTorch's, without what is its default anyway."""
    kind, words = type(layer), []
    for name, parameter in inspect.signature(kind).parameters.items():
        if name in ("device", "dtype") or not hasattr(layer, name):
            continue
        value, usual = getattr(layer, name), parameter.default
        if name == "bias":
            value = value is not None
        if name in _SQUARE and isinstance(value, tuple) and len(set(value)) == 1:
            value = value[0]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if usual is parameter.empty:
            words.append(f"{value!r}")
        elif value != usual:
            words.append(f"{name}={value!r}")
    return f"nn.{kind.__name__}({', '.join(words)})"


@torch.no_grad()
def stack_code(layers: nn.Sequential, given: torch.Tensor, margin: str) -> str:
    """Return a stack of layers as code, with the shapes of what each is `given` turned into."""
    lines = ["nn.Sequential("]
    for layer in layers.eval():
        before, given = given.shape, layer(given)
        line = f"{margin}    {layer_code(layer)},"
        shape = f"  # (N, {', '.join(map(str, given.shape[1:]))})"
        fits = given.shape != before and len(line + shape) <= WIDTH
        lines.append(line + shape * fits)
    return "\n".join([*lines, f"{margin})"])
