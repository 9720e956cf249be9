"""Results on the server's disk, as frames, until they are fetched or too old."""

import io
import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.wire.arrow_frames import ArrowFrames
from dli_adapters.wire.frames import FrameWriter
from dli_adapters.wire.messages import ResultFacts
from dli_adapters.writers.parts import parts_of
from dli_domain.errors import ExecutionLimitError, ServerExecutionError
from dli_domain.model.result import Column, QueryResult
from dli_domain.ports.result_writer import ResultWriter, Written

_SUFFIX = ".frames"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolLimits:
    """How large a result may be."""

    rows: int
    bytes: int
    cell_bytes: int


class Spool:
    """A folder of results, readable by this user only; names cannot be guessed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def new(self) -> str:
        """A name that no other result has."""
        return f"{secrets.token_hex(16)}{_SUFFIX}"

    def path(self, name: str) -> Path:
        """Where the result of that name is, or was."""
        return self._folder / Path(name).name

    def create(self, name: str) -> io.BufferedWriter:
        """The file, open for writing."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        return os.fdopen(os.open(self.path(name), flags, 0o600), "wb")

    def remove(self, name: str) -> None:
        """Forget the result; it may be gone already."""
        with suppress(OSError):
            self.path(name).unlink()

    def sweep(self, seconds: float) -> int:
        """Remove what is older, whoever left it; tell how many there were."""
        removed = 0
        before = time.time() - seconds
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.name.endswith(_SUFFIX) and entry.stat().st_mtime < before:
                        Path(entry.path).unlink()
                        removed += 1
        return removed


@final
class SpoolWriter(ResultWriter):
    """Writes a result as frames; `facts` and `name` are there afterwards.

    Args:
        spool: Where to.
        limits: Above which the query is ended with DLI-408.
        check: Called for each part; raises when the run is to end.
    """

    def __init__(self, spool: Spool, limits: SpoolLimits, check: Callable[[], None]) -> None:
        self._spool = spool
        self._limits = limits
        self._check = check
        self.facts = ResultFacts()
        self.name: str | None = None

    def prepare(self) -> None:
        """The folder was made when the server started."""

    def write(self, result: QueryResult) -> Written:
        if not result.has_rows:
            self.facts = ResultFacts(affected_rows=result.affected_rows)
            return Written(row_count=0)
        name = self._spool.new()
        try:
            with closing(result), closing(stream_of(result)) as stream:
                rows = self._spooled(name, stream)
        except OSError as error:
            self._spool.remove(name)
            raise ServerExecutionError(
                "The server cannot keep the result: it has no room for it",
                hint="Ask who runs the server, or select less.",
            ) from error
        except BaseException:
            self._spool.remove(name)
            raise
        self.name = name
        return Written(row_count=rows)

    def _spooled(self, name: str, stream: ArrowStream) -> int:
        with self._spool.create(name) as file:
            frames = ArrowFrames(stream.schema, FrameWriter(file.write))
            for part in parts_of(stream):
                self._check()
                self._bound(frames.rows + part.num_rows, frames.offset + part.nbytes)
                self._bound_cells(part, stream.columns, frames.rows)
                frames.add(part)
            end = frames.end()
            file.flush()
            os.fsync(file.fileno())
        self.facts = ResultFacts(
            columns=stream.columns,
            has_rows=True,
            rows=end.rows,
            bytes=frames.offset,
            digest=end.digest,
        )
        return end.rows

    def _bound(self, rows: int, size: int) -> None:
        if rows > self._limits.rows:
            raise ExecutionLimitError(
                f"The result has more than {self._limits.rows:,} rows, the most this server gives",
                hint="Narrow the query, or aggregate in it.",
            )
        if size > self._limits.bytes:
            raise ExecutionLimitError(
                f"The result has more than {self._limits.bytes:,} bytes, "
                "the most this server gives",
                hint="Narrow the query, or select fewer columns.",
            )

    def _bound_cells(self, part: Any, columns: Sequence[Column], before: int) -> None:
        most = self._limits.cell_bytes
        for column, cells in zip(columns, part.columns, strict=True):
            if cells.nbytes <= most:
                continue
            for index in range(len(cells)):
                size = cells.slice(index, 1).nbytes
                if size > most:
                    raise ExecutionLimitError(
                        f"Row {before + index + 1}, column {column.name!r}: the cell has "
                        f"{size:,} bytes, more than the {most:,} of a cell",
                        hint="Leave the column out, or split it in the query.",
                    )
