"""The audit log: one JSON object a line, each with the SHA-256 of the one before."""

import os
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import final

import msgspec

from dli_domain.errors import OutputError
from dli_domain.ports.clock import Clock

FOLDER = "audit"
FIRST = "0" * 64
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


def digest_of(text: str | bytes) -> str:
    """The SHA-256 of a text that the log must not hold."""
    return sha256(text.encode() if isinstance(text, str) else text).hexdigest()


@final
class AuditLog:
    """Appends to the log of a server's folder; safe for threads, one process at a time."""

    def __init__(self, state: Path, clock: Clock, max_bytes: int = MAX_BYTES) -> None:
        self._folder = state / FOLDER
        self._clock = clock
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = self._folder / "audit.jsonl"
        self._number, self._head = 0, FIRST

    def record(self, entry: AuditEntry) -> None:
        """Write it down; it is on the disk when this returns.

        Raises:
            OutputError: it could not be written, so what it tells of must not happen.
        """
        with self._lock:
            line = AuditLine(
                number=self._number + 1,
                at=self._clock.now(),
                before=self._head,
                **{name: getattr(entry, name) for name in AuditEntry.__struct_fields__},
            )
            data = msgspec.json.encode(line)
            try:
                self._append(data + b"\n")
            except OSError as error:
                raise OutputError(
                    f"The server cannot write its audit log: {error.strerror}",
                    hint="Nothing was run. Tell the operator of the server.",
                ) from error
            self._number, self._head = line.number, sha256(data).hexdigest()

    def _append(self, data: bytes) -> None:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
