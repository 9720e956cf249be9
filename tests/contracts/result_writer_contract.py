"""What every ResultWriter must do."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from dli_adapters.arrow.stream import ArrowStream
from dli_domain.errors import ExecutionConnectionError
from dli_domain.model.result import Column, QueryResult, Row
from dli_domain.ports.result_writer import ResultWriter

SCHEMA = pa.schema([("n", pa.int64()), ("name", pa.string())])
COLUMNS = (Column("n", "BIGINT"), Column("name", "VARCHAR"))


class Query:
    """A result on its way that knows how far it was read and how often it was closed."""

    def __init__(self, rows: int, fails_at: int | None = None) -> None:
        self._rows = rows
        self._fails_at = fails_at
        self.read = 0
        self.closed = 0

    def result(self) -> QueryResult:
        return QueryResult(stream=ArrowStream(SCHEMA, self._batches(), COLUMNS, self._close))

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for first in range(0, self._rows, 100):
            if self._fails_at is not None and first >= self._fails_at:
                raise ExecutionConnectionError("the connection was lost")
            numbers = range(first, min(first + 100, self._rows))
            names = [f"name {n}" for n in numbers]
            yield pa.record_batch([pa.array(numbers), pa.array(names)], schema=SCHEMA)
            self.read += len(numbers)

    def _close(self) -> None:
        self.closed += 1


class ResultWriterContract:
    """A subclass makes the writer and tells what is left outside when writing failed."""

    def writer(self) -> ResultWriter:
        raise NotImplementedError

    def traces(self) -> list[str]:
        """What the writer left where it writes."""
        return []

    def test_every_row_is_read_and_counted(self) -> None:
        query = Query(1050)
        assert self.writer().write(query.result()).row_count == 1050
        assert query.read == 1050

    def test_the_result_is_closed_once_at_the_end(self) -> None:
        query = Query(250)
        self.writer().write(query.result())
        assert query.closed == 1

    def test_a_failing_engine_passes_through_and_leaves_nothing(self) -> None:
        before = self.traces()
        query = Query(1000, fails_at=500)
        with pytest.raises(ExecutionConnectionError, match="the connection was lost"):
            self.writer().write(query.result())
        assert query.closed == 1
        assert self.traces() == before

    def test_no_rows_are_counted_as_none(self) -> None:
        assert self.writer().write(Query(0).result()).row_count == 0

    def test_rows_that_are_held_are_taken_too(self) -> None:
        rows: list[Row] = [{"n": 1, "name": "a"}, {"n": None, "name": None}]
        assert self.writer().write(QueryResult(rows=rows)).row_count == 2

    def test_a_statement_without_rows_is_taken_as_no_rows(self) -> None:
        assert self.writer().write(QueryResult(affected_rows=7)).row_count == 0

    def test_kept_rows_are_the_first_ones_with_the_engines_types(self) -> None:
        table = self.writer().write(Query(1050).result()).table
        assert table is not None
        assert table.columns == COLUMNS
        kept = list(table.rows())
        assert len(kept) == len(table)
        assert kept == [{"n": n, "name": f"name {n}"} for n in range(len(kept))]

    def test_preparing_twice_and_writing_after_it_works(self) -> None:
        writer = self.writer()
        writer.prepare()
        writer.prepare()
        assert writer.write(Query(3).result()).row_count == 3
