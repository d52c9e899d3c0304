"""What the app knows of runs is gathered without the app."""

import subprocess
import sys


def test_the_feed_imports_neither_textual_nor_torch() -> None:
    code = (
        "import sys, ganterm.client.feed, ganterm.tui.terminal.pace\n"
        "heavy = {'PIL', 'numpy', 'rich', 'textual', 'torch', 'typer'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
