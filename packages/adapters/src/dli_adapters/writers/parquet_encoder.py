"""Parquet with the engine's own types."""

import io
from collections.abc import Sequence
from typing import Any, final

import pyarrow as pa
import pyarrow.parquet as pq

from dli_adapters.arrow.text import plain, text_of
from dli_adapters.writers.encoder import Encoder, Write
from dli_adapters.writers.json_text import refuse_repeated
from dli_domain.errors import ResultInvalidError
from dli_domain.model.result import Column

GROUP_ROWS = 122_880
GROUP_BYTES = 64 * 2**20


@final
class ParquetEncoder(Encoder):
    """Row groups of GROUP_ROWS or GROUP_BYTES, whichever is first; intervals become text."""

    def __init__(self, schema: pa.Schema, columns: Sequence[Column], write: Write) -> None:
        names = [column.name for column in columns]
        refuse_repeated(names, "The result")
        self._schema = pa.schema(
            [pa.field(name, _stored(field)) for name, field in zip(names, schema, strict=True)]
        )
        self._intervals = [f.name for f in schema if pa.types.is_interval(f.type)]
        self._pipe = _Pipe(write)
        self._held: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0
        try:
            self._writer = pq.ParquetWriter(self._pipe, self._schema)
        except pa.ArrowException as error:
            raise ResultInvalidError(
                f"Parquet cannot hold this result: {error}",
                hint="CAST the column to VARCHAR (STRING) in the query, or write JSON.",
            ) from error

    def add(self, part: pa.RecordBatch) -> None:
        arrays = [
            text_of(values) if pa.types.is_interval(values.type) else values
            for values in part.columns
        ]
        self._held.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows += part.num_rows
        self._bytes += part.nbytes
        if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._write_group()

    def finish(self) -> tuple[str, ...]:
        self._write_group()
        self._writer.close()
        if not self._intervals:
            return ()
        names = ", ".join(map(repr, self._intervals))
        return (f"Parquet has no interval of months, days and time; text was written for {names}",)

    def abandon(self) -> None:
        # Closing writes a footer, to nobody.
        self._pipe.dead = True
        self._writer.close()

    def _write_group(self) -> None:
        if self._held:
            self._writer.write_table(pa.Table.from_batches(self._held), row_group_size=self._rows)
        self._held, self._rows, self._bytes = [], 0, 0


def _stored(field: pa.Field) -> pa.DataType:
    if pa.types.is_interval(field.type):
        return pa.string()
    if isinstance(field.type, pa.OpaqueType):
        plain(pa.nulls(0, field.type))
    return field.type


class _Pipe(io.RawIOBase):
    """A file object for Arrow over a write function."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._position = 0
        self.dead = False

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:
        if not self.dead:
            self._write(data)
        self._position += len(data)
        return len(data)
