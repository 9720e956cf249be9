"""The files of an audit log, in the order of their lines."""

import os
from pathlib import Path

import msgspec

from dli_server.audit.head import FIRST, Head, digest_of

FOLDER = "audit"
CURRENT = "audit.jsonl"
_TAIL = 1 << 20


class _Numbered(msgspec.Struct):
    number: int


def log_files(folder: Path) -> tuple[Path, ...]:
    """The files that are full, the oldest first, and the one that is written to."""
    full = sorted(folder.glob("audit-*.jsonl"))
    current = folder / CURRENT
    return (*full, current) if current.exists() else tuple(full)


def put_aside(folder: Path) -> None:
    """Keep the full file under the number of its first line."""
    current = folder / CURRENT
    with current.open("rb") as file:
        first = msgspec.json.decode(file.readline(), type=_Numbered)
    current.rename(folder / f"audit-{first.number:012}.jsonl")


def mended(folder: Path, descriptor: int) -> Head:
    """The last whole line of the log; the half line of a crash is cut off.

    Whatever a half line told of did not happen: it was not on the disk yet.
    """
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
    whole, newline, half = tail.rpartition(b"\n")
    if half:
        os.ftruncate(descriptor, size - len(half))
        os.fsync(descriptor)
    if newline:
        return _head_of(whole.rpartition(b"\n")[2])
    full = sorted(folder.glob("audit-*.jsonl"))
    if not full:
        return Head(0, FIRST)
    with full[-1].open("rb") as file:
        file.seek(max(0, full[-1].stat().st_size - _TAIL))
        return _head_of(file.read().rstrip(b"\n").rpartition(b"\n")[2])


def _head_of(line: bytes) -> Head:
    try:
        return Head(msgspec.json.decode(line, type=_Numbered).number, digest_of(line))
    except msgspec.DecodeError:
        # Somebody wrote into it; the chain goes on from what stands there, and shows it.
        return Head(0, digest_of(line))
