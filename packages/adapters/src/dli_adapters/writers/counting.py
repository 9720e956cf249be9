"""A writer that tells how many rows went by; imported only where somebody looks."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import final

import pyarrow as pa

from dli_adapters.arrow.stream import ArrowStream
from dli_domain.model.result import QueryResult
from dli_domain.ports.result_writer import ResultWriter, Written


@final
class CountingWriter(ResultWriter):
    """Hands the rows on to `writer` and tells `tell` of each batch."""

    def __init__(self, writer: ResultWriter, tell: Callable[[int], None]) -> None:
        self._writer = writer
        self._tell = tell

    def prepare(self) -> None:
        self._writer.prepare()

    def write(self, result: QueryResult) -> Written:
        stream = result.stream
        if isinstance(stream, ArrowStream):
            counted = self._counted(stream)
            result.stream = ArrowStream(stream.schema, counted, stream.columns, stream.close)
        return self._writer.write(result)

    def _counted(self, stream: ArrowStream) -> Iterator[pa.RecordBatch]:
        with closing(stream):
            for batch in stream.batches():
                self._tell(batch.num_rows)
                yield batch
