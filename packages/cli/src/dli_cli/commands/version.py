"""Versions of dli, Python, and the engines' drivers."""

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from dli_cli import __version__
from dli_cli.options import Json, OnScreen

_DRIVERS = {"duckdb": "duckdb", "bigquery": "google-cloud-bigquery"}


def version(*, json: Json = False, screen: OnScreen) -> None:
    """Print the versions of dli, Python and the engines' drivers."""
    engines = {engine: _installed(package) for engine, package in _DRIVERS.items()}
    if json:
        screen.envelope(version=__version__, python=platform.python_version(), engines=engines)
        return
    screen.print(f"dli {__version__}")
    screen.print(f"Python {platform.python_version()}")
    for engine, found in engines.items():
        screen.print(f"{engine} {found or 'not installed'}")


def _installed(package: str) -> str | None:
    try:
        return installed(package)
    except PackageNotFoundError:
        return None
