"""Drawing is on the ground floor: importing it imports no library."""

import subprocess
import sys


def test_rendering_imports_only_the_standard_library() -> None:
    """No module of the package imports Pillow, NumPy, torch or textual; using one may."""
    code = (
        "import importlib, pkgutil, sys, ganterm.render as render\n"
        "for module in pkgutil.iter_modules(render.__path__):\n"
        "    importlib.import_module(f'ganterm.render.{module.name}')\n"
        "heavy = {'PIL', 'numpy', 'torch', 'torchvision', 'textual', 'rich', 'typer'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
