"""The command, as its own tests call it."""

from tests.cli.conftest import dli

__all__ = ["dli"]
