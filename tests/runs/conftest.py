"""Directories for the tests of runs."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """Give a directory that other users can enter, unlike pytest's own, but not write."""
    directory = Path(tempfile.mkdtemp(prefix="ganterm-test-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> tuple[str, ...]:
    """Give the beginning of a command that sees a full-able file system of 256 kB at tmp_path."""
    mount = f'mount -t tmpfs -o size=256k none {tmp_path} && exec "$@"'
    command = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    try:
        tried = subprocess.run([*command, "true"], check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if tried.returncode:
        pytest.skip("this machine lets no user mount a tmpfs")
    return command
