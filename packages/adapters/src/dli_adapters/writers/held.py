"""Writers that keep rows in memory: all of them, or the first ones."""

from contextlib import closing
from typing import final

import pyarrow as pa

from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.arrow.table import ArrowTable
from dli_adapters.writers.parts import parts_of
from dli_domain.model.result import QueryResult
from dli_domain.ports.result_writer import ResultWriter, Written


@final
class TableWriter(ResultWriter):
    """Keeps every row."""

    def prepare(self) -> None:
        """Memory needs nothing."""

    def write(self, result: QueryResult) -> Written:
        with closing(result), closing(stream_of(result)) as stream:
            parts = list(parts_of(stream))
            table = ArrowTable(pa.Table.from_batches(parts, stream.schema), stream.columns)
        return Written(row_count=len(table), table=table)


@final
class PreviewWriter(ResultWriter):
    """Keeps the first `limit` rows and counts all of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def prepare(self) -> None:
        """Memory needs nothing."""

    def write(self, result: QueryResult) -> Written:
        with closing(result), closing(stream_of(result)) as stream:
            kept, rows = Head(stream, self._limit), 0
            for part in parts_of(stream):
                kept.add(part)
                rows += part.num_rows
            return Written(row_count=rows, table=kept.table())


class Head:
    """The first rows of a stream, copied out so that the batches they came in can go."""

    def __init__(self, stream: ArrowStream, limit: int) -> None:
        self._schema, self._columns = stream.schema, stream.columns
        self._room = limit
        self._parts: list[pa.RecordBatch] = []

    def add(self, part: pa.RecordBatch) -> None:
        if self._room > 0:
            first = part.slice(0, self._room)
            self._room -= first.num_rows
            self._parts.append(first.take(pa.array(range(first.num_rows), pa.int64())))

    def table(self) -> ArrowTable:
        return ArrowTable(pa.Table.from_batches(self._parts, self._schema), self._columns)
