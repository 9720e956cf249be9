"""A writer that takes no more rows than it was allowed; imported only where somebody asks."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import final

import pyarrow as pa

from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.arrow.stream import ArrowStream
from dli_domain.errors import ExecutionLimitError
from dli_domain.model.result import QueryResult
from dli_domain.ports.result_writer import ResultWriter, Written


@final
class LimitedWriter(ResultWriter):
    """Hands at most `most` rows on to `writer`.

    One row more ends the query with DLI-408, and what `writer` began is gone; with `truncate`
    the first `most` rows are the result, which says that it is cut.
    """

    def __init__(self, writer: ResultWriter, most: int, *, truncate: bool) -> None:
        self._writer = writer
        self._most = most
        self._truncate = truncate
        self._cut = False

    def prepare(self) -> None:
        self._writer.prepare()

    def write(self, result: QueryResult) -> Written:
        if not result.has_rows:
            return self._writer.write(result)
        stream = stream_of(result)
        bounded = ArrowStream(stream.schema, self._bounded(stream), result.columns, result.close)
        written = self._writer.write(
            QueryResult(
                columns=result.columns,
                stream=bounded,
                affected_rows=result.affected_rows,
                stats=result.stats,
            )
        )
        if not self._cut:
            return written
        warning = f"The result is cut: these are the first {self._most:,} rows, and there are more"
        return replace(written, truncated=True, warnings=(*written.warnings, warning))

    def _bounded(self, stream: ArrowStream) -> Iterator[pa.RecordBatch]:
        room = self._most
        with closing(stream):
            for batch in stream.batches():
                if batch.num_rows <= room:
                    room -= batch.num_rows
                    yield batch
                    continue
                if not self._truncate:
                    raise ExecutionLimitError(
                        f"The result has more than the {self._most:,} rows allowed",
                        hint="Narrow the query, raise --max-rows, or take the first rows with "
                        "--truncate.",
                    )
                self._cut = True
                if room:
                    yield batch.slice(0, room)
                return
