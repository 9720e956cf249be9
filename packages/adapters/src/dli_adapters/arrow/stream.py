"""A result on its way, over pyarrow."""

from collections.abc import Callable, Iterator, Sequence
from typing import final

import pyarrow as pa

from dli_adapters.arrow.cells import rows_of
from dli_domain.errors import ResultInvalidError
from dli_domain.model.result import Column, ResultStream, Row


@final
class ArrowStream(ResultStream):
    """Record batches from an engine, read once.

    Args:
        schema: What each batch looks like.
        batches: The batches; may raise `EngineError` while they are read.
        columns: The engine's own names and types, one for each field.
        on_close: Ends the query; called once, at the end or at `close`, whichever is first.
    """

    def __init__(
        self,
        schema: pa.Schema,
        batches: Iterator[pa.RecordBatch],
        columns: Sequence[Column],
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.schema = schema
        self._batches = batches
        self._columns = tuple(columns)
        self._on_close: Callable[[], None] | None = on_close

    @property
    def columns(self) -> tuple[Column, ...]:
        return self._columns

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches that are left; closes at the end, and on any failure.

        Raises:
            ResultInvalidError: a batch has other columns than the first one, or cannot be read.
        """
        try:
            for batch in self._batches:
                if not batch.schema.equals(self.schema):
                    raise ResultInvalidError(
                        "The result changed its columns on the way: "
                        f"{_listed(self.schema)} became {_listed(batch.schema)}",
                        hint="Run it again; the engine's tables may have been replaced meanwhile.",
                    )
                yield batch
        except pa.ArrowException as error:
            raise ResultInvalidError(f"The result cannot be read to its end: {error}") from error
        finally:
            self.close()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        reader = pa.RecordBatchReader.from_batches(self.schema, self.batches())
        return reader.__arrow_c_stream__(requested_schema)

    def rows(self) -> Iterator[Row]:
        for batch in self.batches():
            yield from rows_of(batch, self._columns)

    def close(self) -> None:
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()


def _listed(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema) or "none"
