"""The end of the chain: the number of the last line, and its digest."""

import os
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

FIRST = "0" * 64
_FILE = "head.json"


class Head(NamedTuple):
    """The last line of the log."""

    number: int
    digest: str


def digest_of(text: str | bytes) -> str:
    """The SHA-256 of a text that the log must not hold, or of a line of it."""
    return sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def read_head(folder: Path) -> Head:
    """What was noted beside the log; the start of all logs where nothing was."""
    try:
        return Head(*msgspec.json.decode((folder / _FILE).read_bytes(), type=tuple[int, str]))
    except (OSError, msgspec.DecodeError):
        return Head(0, FIRST)


def write_head(folder: Path, head: Head) -> None:
    """Note it beside the log; a crash leaves the old one or the new one."""
    new = folder / f"{_FILE}.new"
    new.write_bytes(msgspec.json.encode(head))
    os.replace(new, folder / _FILE)  # noqa: PTH105 - the atomic one
