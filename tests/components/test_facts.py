"""Faces read what every component says of itself, and load no PyTorch for it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import ganterm

PROBE = """
import sys
from ganterm.components.scores import SCORES
from ganterm.config import FIELDS
registries = [spec.registry for spec in FIELDS.values() if spec.registry]
assert SCORES in registries
for registry in registries:
    for name in registry.names:
        facts = registry.facts(name)
        assert facts.title, (registry.kind, name)
assert not {"torch", "sklearn", "numpy"} & sys.modules.keys()
"""


NAME = re.compile(r"""["']ring["']""")


def test_nothing_but_its_own_file_and_line_asks_for_the_ring() -> None:
    """What is special in it are facts, which any mixture of Gaussians may have."""
    root = Path(ganterm.__file__).parent
    found = [path for path in root.rglob("*.py") if NAME.search(path.read_text("utf-8"))]
    assert {path.relative_to(root).as_posix() for path in found} == {
        "components/datasets/__init__.py",
        "components/datasets/ring.py",
    }


def test_every_component_says_what_it_is_without_pytorch() -> None:
    subprocess.run([sys.executable, "-c", PROBE], check=True, timeout=60)
