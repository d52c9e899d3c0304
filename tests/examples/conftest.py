"""Workers that start at once, as tests of commands have them."""

from tests.cli.conftest import warm

__all__ = ["warm"]
