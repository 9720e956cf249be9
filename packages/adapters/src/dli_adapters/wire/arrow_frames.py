"""Arrow batches as frames: one frame for the schema, one for each batch, one for the end."""

import io
from typing import final

import pyarrow as pa

from dli_adapters.wire.frames import FrameWriter, ResultEnd


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
