"""Rows that are held, over pyarrow."""

from collections.abc import Iterator, Sequence
from typing import Any, final

import pyarrow as pa

from dli_adapters.arrow.cells import rows_of
from dli_domain.errors import EngineNotInstalledError
from dli_domain.model.result import Column, ResultTable, Row


@final
class ArrowTable(ResultTable):
    """A `pyarrow.Table` with the engine's own column types beside it."""

    def __init__(self, table: pa.Table, columns: Sequence[Column]) -> None:
        self._table = table
        self._columns = tuple(columns)

    @property
    def columns(self) -> tuple[Column, ...]:
        return self._columns

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def rows(self) -> Iterator[Row]:
        for batch in self._table.to_batches():
            yield from rows_of(batch, self._columns)

    def to_arrow(self) -> Any:
        return self._table

    def to_pandas(self) -> Any:
        try:
            return self._table.to_pandas()
        except ModuleNotFoundError as error:
            raise EngineNotInstalledError(
                "pandas is not installed",
                hint="Run 'pip install pandas', or use to_arrow(), which needs nothing more.",
            ) from error
