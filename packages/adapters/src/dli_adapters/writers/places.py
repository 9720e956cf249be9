"""Which kind of target a path names, and texts that go there whole."""

import stat
from pathlib import Path
from typing import BinaryIO

from dli_adapters.writers.atomic_file import AtomicFile
from dli_adapters.writers.streams import SpecialFile, StandardOutput, own_descriptor
from dli_adapters.writers.target import Target


def target_of(path: str, stdout: BinaryIO | None) -> Target:
    """The target that a path names: a file, a FIFO or device, or `stdout` for `-`."""
    if path == "-":
        return StandardOutput(stdout)
    if own_descriptor(path) is not None or _is_special(path):
        return SpecialFile(path)
    return AtomicFile(path)


def write_text(path: str, text: str, stdout: BinaryIO | None) -> tuple[str, ...]:
    """Put a text there, as UTF-8 and whole or not at all; give what the user should know.

    Raises:
        OutputError: it cannot be written.
        BrokenPipeError: the reader of a pipe went away.
    """
    with target_of(path, stdout).open() as sink:
        sink.write(text.encode("utf-8", "backslashreplace"))
        return sink.commit()


def _is_special(path: str) -> bool:
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        # What is wrong with it, `prepare` will say.
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
