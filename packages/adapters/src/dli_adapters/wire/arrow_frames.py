"""Arrow batches as frames: one for the schema, one for each batch, one for the end; and back."""

import io
from collections.abc import Iterator, Sequence
from typing import Any, final

import pyarrow as pa

from dli_adapters.arrow.cells import rows_of
from dli_adapters.wire.frames import FrameReader, FrameWriter, ResultEnd, Source
from dli_domain.model.result import Column, Row


@final
class ArrowFrames:
    """Writes batches of one schema; `rows` counts them.

    Args:
        schema: Of every batch.
        frames: Where they go; its `offset` tells how many bytes there are.
    """

    def __init__(self, schema: pa.Schema, frames: FrameWriter) -> None:
        self._frames = frames
        self._sink = io.BytesIO()
        self._arrow = pa.ipc.new_stream(self._sink, schema)
        self.rows = 0
        self._flush()

    @property
    def offset(self) -> int:
        """How many bytes were written."""
        return self._frames.offset

    def add(self, batch: pa.RecordBatch) -> None:
        """One batch more."""
        self._arrow.write_batch(batch)
        self.rows += batch.num_rows
        self._flush()

    def end(self) -> ResultEnd:
        """Write the end of the stream and of the frames."""
        self._arrow.close()
        self._flush()
        return self._frames.end(self.rows)

    def _flush(self) -> None:
        payload = self._sink.getvalue()
        if payload:
            self._frames.arrow(payload)
            self._sink.seek(0)
            self._sink.truncate()


def rows_in(source: Source, columns: Sequence[Column], limit: int) -> list[Row]:
    """The first rows of a framed result, as mappings.

    Raises:
        ResultInvalidError: the frames are cut or altered.
    """
    payloads = FrameReader(source).payloads()
    reader = pa.ipc.open_stream(io.BufferedReader(Joined(payloads), 1 << 16))
    rows: list[Row] = []
    for batch in reader:
        rows.extend(rows_of(batch.slice(0, limit - len(rows)), columns))
        if len(rows) >= limit:
            break
    return rows


@final
class Joined(io.RawIOBase):
    """Parts of bytes as one file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._parts, b""))
        count = min(len(buffer), len(self._rest))
        memoryview(buffer).cast("B")[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
