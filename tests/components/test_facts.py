"""Faces read what every component says of itself, and load no PyTorch for it."""

from __future__ import annotations

import subprocess
import sys

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


def test_every_component_says_what_it_is_without_pytorch() -> None:
    subprocess.run([sys.executable, "-c", PROBE], check=True, timeout=60)
