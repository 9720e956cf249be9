"""A report in a file: whole, or not there."""

from collections.abc import Sequence
from pathlib import Path

from dli_adapters.writers.atomic_file import AtomicFile
from dli_adapters.writers.streams import SpecialFile
from dli_adapters.writers.target import Target


def target_of(path: str) -> Target:
    """Where the bytes go: a pipe or device directly, anything else as a whole file."""
    there = Path(path)
    if there.exists() and not there.is_file() and not there.is_dir():
        return SpecialFile(path)
    return AtomicFile(path)


def write_whole(path: str, text: str) -> Sequence[str]:
    """Write it; give what the user should know.

    Raises:
        OutputError: it cannot be written; an old file is untouched.
    """
    with target_of(path).open() as sink:
        sink.write(text.encode())
        return sink.commit()
