"""The run that the command line's tests train once as well."""

from tests.cli.conftest import trained, zygote

__all__ = ["trained", "zygote"]
