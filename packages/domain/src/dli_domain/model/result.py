"""What a query gave: column types, rows as an Arrow stream, and what it cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

Cell: TypeAlias = (
    "bool | int | float | Decimal | str | bytes | date | datetime | time | Sequence[Cell]"
    " | Mapping[str, Cell] | None"
)
Row: TypeAlias = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """An output column; `type` is the engine's own name of its type, such as `DECIMAL(18,3)`."""

    name: str
    type: str = ""


class ResultStream(Protocol):
    """Rows on their way: read once, in the engine's order, by one reader.

    Reading may raise what the executor may raise. Whoever got the stream closes it; closing
    early ends the query at the engine.
    """

    @property
    def columns(self) -> tuple[Column, ...]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow C stream capsule (https://arrow.apache.org/docs/format/CDataInterface)."""
        ...

    def rows(self) -> Iterator[Row]:
        """The rows as mappings; repeated column names get a suffix `_1`, `_2`."""
        ...

    def close(self) -> None: ...


class ResultTable(Protocol):
    """Rows that are held: sized, and readable as often as one likes."""

    @property
    def columns(self) -> tuple[Column, ...]: ...
    def __len__(self) -> int: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def rows(self) -> Iterator[Row]: ...
    def to_arrow(self) -> Any:
        """A `pyarrow.Table`."""
        ...

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`; pandas must be installed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryStats:
    """What the engine says of one statement; None where it says nothing.

    `notes` tell what the adapter did otherwise than usual, such as a slower way to the rows.
    """

    job_id: str | None = None
    job_url: str | None = None
    bytes_processed: int | None = None
    bytes_billed: int | None = None
    cache_hit: bool | None = None
    retries: int = 0
    notes: tuple[str, ...] = ()


class QueryResult:
    """The outcome of one statement.

    Either `rows` (held, as in `QueryResult(rows=[{"id": 1}], row_count=1)`) or `stream`
    (to be read once). A statement without rows, such as an INSERT, has neither and tells
    `affected_rows` where the engine does.

    Raises:
        ValueError: `row_count` is not the number of `rows`, or both rows and stream are given.
    """

    __slots__ = ("_rows", "affected_rows", "columns", "stats", "stream")

    def __init__(
        self,
        rows: Sequence[Row] | None = None,
        row_count: int | None = None,
        *,
        columns: Sequence[Column] | None = None,
        stream: ResultStream | None = None,
        affected_rows: int | None = None,
        stats: QueryStats | None = None,
    ) -> None:
        if rows is not None and stream is not None:
            raise ValueError("give rows or a stream, not both")
        if rows is not None and row_count is not None and row_count != len(rows):
            raise ValueError(f"row_count is {row_count}, but there are {len(rows)} rows")
        if rows is None and row_count is not None:
            raise ValueError("row_count without rows; use affected_rows for a change of data")
        self._rows = None if rows is None else tuple(rows)
        self.stream = stream
        self.affected_rows = affected_rows
        self.stats = stats or QueryStats()
        if columns is None:
            columns = stream.columns if stream is not None else _columns_of(self._rows)
        self.columns = tuple(columns)

    @property
    def has_rows(self) -> bool:
        """Whether the statement gives rows at all, be it none."""
        return self.stream is not None or self._rows is not None

    @property
    def row_count(self) -> int | None:
        """How many rows are held; None while they are still a stream."""
        return None if self._rows is None else len(self._rows)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, held in memory; the stream, if there is one, is read to its end."""
        if self._rows is None:
            if self.stream is None:
                return ()
            self._rows = tuple(self.stream.rows())
            self.stream.close()
            self.stream = None
        return self._rows

    def drain(self) -> None:
        """Read the rows to their end and keep none, so that a late failure is seen."""
        if self.stream is not None:
            for _ in self.stream.rows():
                pass
            self.close()

    def close(self) -> None:
        """End the query if its rows are still on their way."""
        if self.stream is not None:
            self.stream.close()


def _columns_of(rows: tuple[Row, ...] | None) -> tuple[Column, ...]:
    names: dict[str, None] = {}
    for row in rows or ():
        names.update(dict.fromkeys(row))
    return tuple(Column(name) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a statement would read, as the engine foretells it; None where it cannot."""

    bytes_processed: int | None
    plan: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
