"""The audit log: one JSON object a line, each with the SHA-256 of the one before."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import final

import msgspec

from dli_domain.errors import OutputError
from dli_domain.ports.clock import Clock
from dli_server.audit.files import CURRENT, FOLDER, mended, put_aside
from dli_server.audit.head import FIRST, Head, digest_of, write_head

__all__ = ["AuditEntry", "AuditLine", "AuditLog", "digest_of"]

MAX_BYTES = 64 << 20


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened; texts that may hold data (SQL, parameters) only as SHA-256.

    Args:
        event: Such as `run.submitted`, `run.ended`, `run.refused`, `resource.registered`.
        decision: `allowed` or `refused`.
        outcome: The final state, or the code of the failure.
    """

    event: str
    key_id: str | None = None
    owner: str | None = None
    address: str | None = None
    trace_id: str | None = None
    run_id: str | None = None
    kind: str | None = None
    resource: str | None = None
    version: str | None = None
    sql_sha256: str | None = None
    parameters_sha256: str | None = None
    decision: str | None = None
    engine: str | None = None
    job_id: str | None = None
    rows: int | None = None
    bytes: int | None = None
    outcome: str | None = None
    reason: str | None = None


class AuditLine(AuditEntry, frozen=True, kw_only=True, omit_defaults=True):
    """An entry as it stands in the file; `before` is the digest of the line before it."""

    number: int
    at: datetime
    before: str


@final
class AuditLog:
    """Appends to the log of a server's folder; safe for threads and for processes.

    The chain goes on over files: a full one is put aside as `audit-<its first number>.jsonl`.
    """

    def __init__(self, state: Path, clock: Clock, max_bytes: int = MAX_BYTES) -> None:
        self._folder = state / FOLDER
        self._clock = clock
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._file = self._folder / CURRENT
        self._head = Head(0, FIRST)
        self._seen = (0, -1)

    def record(self, entry: AuditEntry) -> None:
        """Write it down; it is on the disk when this returns.

        Raises:
            OutputError: it could not be written, so what it tells of must not happen.
        """
        with self._lock:
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with _alone(self._folder):
                    self._write(entry)
            except OSError as error:
                raise OutputError(
                    f"The server cannot write its audit log: {error.strerror}",
                    hint="Nothing was run. Tell the operator of the server.",
                ) from error

    @property
    def head(self) -> str:
        """The digest of the last line; who keeps it can tell later whether lines are missing."""
        return self._head.digest

    def _write(self, entry: AuditEntry) -> None:
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            found = os.fstat(descriptor)
            if (found.st_ino, found.st_size) != self._seen:
                self._head = mended(self._folder, descriptor)
            line = AuditLine(
                number=self._head.number + 1,
                at=self._clock.now(),
                before=self._head.digest,
                **{name: getattr(entry, name) for name in AuditEntry.__struct_fields__},
            )
            data = msgspec.json.encode(line)
            _append(descriptor, data + b"\n")
            self._head = Head(line.number, digest_of(data))
            write_head(self._folder, self._head)
            found = os.fstat(descriptor)
            self._seen = (found.st_ino, found.st_size)
        finally:
            os.close(descriptor)
        if found.st_size >= self._max_bytes:
            put_aside(self._folder)


def _append(descriptor: int, data: bytes) -> None:
    size = os.fstat(descriptor).st_size
    try:
        _write_all(descriptor, data)
        os.fsync(descriptor)
    except OSError:
        # Half a line must not stand before the next one.
        os.ftruncate(descriptor, size)
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        # A disk that fills up takes a part first, and says so at the next write.
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
