"""Results to write: from DuckDB, from Arrow arrays, and ones that break on the way."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.writers.files import file_writer
from dli_domain.errors import ExecutionQueryError
from dli_domain.model.result import Column, QueryResult
from dli_domain.ports.result_writer import Written


class Engine:
    """DuckDB in memory whose results are streams; counts how often one was closed."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.closed = 0

    def run(self, sql: str) -> QueryResult:
        relation = self.connection.sql(sql)
        reader = pa.RecordBatchReader.from_stream(relation)

        def close() -> None:
            self.closed += 1
            reader.close()

        columns = [Column(n, str(t)) for n, t in zip(relation.columns, relation.types, strict=True)]
        return QueryResult(stream=ArrowStream(reader.schema, reader, columns, close))

    def breaking(self, rows: int, error: BaseException | None = None) -> QueryResult:
        """A result that fails after so many rows."""
        schema = pa.schema([("n", pa.int64())])

        def batches() -> Iterator[pa.RecordBatch]:
            yield pa.record_batch([pa.array(range(rows), pa.int64())], schema=schema)
            raise error or ExecutionQueryError("the engine broke")

        return self._stream(schema, batches())

    def of_arrays(self, arrays: Sequence[pa.Array], names: Sequence[str] = ()) -> QueryResult:
        labels = list(names) or [f"c{number}" for number in range(len(arrays))]
        batch = pa.RecordBatch.from_arrays(list(arrays), names=labels)
        return self._stream(batch.schema, iter([batch]))

    def many(self, rows: int) -> QueryResult:
        return self.run(f"SELECT i AS n, 'row ' || i AS note FROM range({rows}) t(i)")

    def _stream(self, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> QueryResult:
        columns = [Column(field.name, str(field.type)) for field in schema]
        return QueryResult(stream=ArrowStream(schema, batches, columns, self._close))

    def _close(self) -> None:
        self.closed += 1


def raw_text(*cells: bytes) -> pa.Array:
    """A string column of bytes that nobody checked."""
    ends = [0]
    for cell in cells:
        ends.append(ends[-1] + len(cell))
    offsets = pa.array(ends, pa.int32()).buffers()[1]
    return pa.Array.from_buffers(
        pa.string(), len(cells), [None, offsets, pa.py_buffer(b"".join(cells))]
    )


@dataclass(frozen=True)
class Saved:
    """A file that was written and what the writer said of it."""

    text: str
    written: Written


class Save:
    """Writes a result as a format and gives the file's text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, result: QueryResult, format: str, **options: Any) -> Saved:  # noqa: A002 - as --format
        path = self._folder / f"saved.{format}"
        written = file_writer(str(path), **options).write(result)
        return Saved(path.read_bytes().decode("utf-8"), written)


def strict_json(text: str) -> Any:
    """The document as Python's own parser sees it, without its three liberties."""

    def refuse(word: str) -> Any:
        raise AssertionError(f"{word} is not JSON")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), f"a key stands twice in {pairs}"
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=unique)
