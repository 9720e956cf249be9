"""The command, as the tests of the terminal run it."""

from tests.cli.conftest import dli

__all__ = ["dli"]
