"""Where dli keeps things on the user's machine."""

from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where dli keeps what it can find out again: `$XDG_CACHE_HOME/dli`, else `~/.cache/dli`."""
    said = environ.get("XDG_CACHE_HOME", "")
    # The standard says that a relative path must be ignored.
    return Path(said if said.startswith("/") else Path("~/.cache").expanduser(), "dli")
