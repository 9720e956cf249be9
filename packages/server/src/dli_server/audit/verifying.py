"""Whether an audit log is as it was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dli_server.audit.files import FOLDER, log_files
from dli_server.audit.head import FIRST, Head, digest_of, read_head
from dli_server.audit.log import AuditLine


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFault:
    """A line that is not what was written, or does not follow the one before."""

    file: str
    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """What was found; without faults every line is as it was written."""

    lines: int
    head: str
    faults: tuple[AuditFault, ...]


def verify(state: Path, head: str | None = None) -> AuditVerdict:
    """Read the whole log and check each line against the one before it.

    Args:
        state: The server's folder.
        head: A digest that was printed earlier: the line that it stands for must still be there.
    """
    folder = state / FOLDER
    noted = read_head(folder)
    faults: list[AuditFault] = []
    seen: dict[str, int] = {FIRST: 0}
    last = Head(0, FIRST)
    name, at = "", 0
    for name, at, data in _lines(folder):
        what = _fault(data, last)
        if what is not None:
            faults.append(AuditFault(file=name, line=at, what=what))
        last = Head(last.number + 1, digest_of(data))
        seen[last.digest] = last.number
    if seen.get(noted.digest) != noted.number:
        what = "the end of the log is not the one that was noted: lines are missing or altered"
        faults.append(AuditFault(file=name, line=at, what=what))
    if head is not None and head not in seen:
        what = "no line has the digest that was given"
        faults.append(AuditFault(file=name, line=at, what=what))
    return AuditVerdict(lines=last.number, head=last.digest, faults=tuple(faults))


def _lines(folder: Path) -> Iterator[tuple[str, int, bytes]]:
    for path in log_files(folder):
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield path.name, number, line.removesuffix(b"\n")


def _fault(data: bytes, last: Head) -> str | None:
    try:
        line = msgspec.json.decode(data, type=AuditLine, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "it is no record"
    if line.number != last.number + 1:
        return f"it has the number {line.number} where {last.number + 1} must stand"
    if line.before != last.digest:
        return "it does not follow the line before it: that one was altered, or lines are missing"
    return None
