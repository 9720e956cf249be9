"""Rows that are held, as Arrow."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal

import pyarrow as pa

from dli_adapters.arrow.cells import unique_names
from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.arrow.table import ArrowTable
from dli_domain.errors import ResultInvalidError
from dli_domain.model.result import Column, QueryResult, Row

_INT64 = range(-(2**63), 2**63)


def stream_of(result: QueryResult) -> ArrowStream:
    """The result's rows as Arrow batches, whatever it holds; none for a change of data.

    Closing it closes the result.

    Raises:
        ResultInvalidError: rows that are held have no common Arrow type in a column.
    """
    stream = result.stream
    if isinstance(stream, ArrowStream):
        return stream
    if stream is not None:
        reader = pa.RecordBatchReader.from_stream(stream)
        return ArrowStream(reader.schema, reader, result.columns, stream.close)
    table = table_of(result.rows, result.columns).to_arrow()
    return ArrowStream(table.schema, iter(table.to_batches()), result.columns)


def table_of(rows: Sequence[Row], columns: Sequence[Column]) -> ArrowTable:
    """The rows as a table; each column gets the narrowest Arrow type that holds all its cells.

    Raises:
        ResultInvalidError: the cells of a column have no common type, or a row has a cell
            that no column names.
    """
    keys = unique_names([column.name for column in columns])
    _refuse_strangers(rows, keys)
    arrays = [
        _array([row.get(key) for row in rows], column.name)
        for key, column in zip(keys, columns, strict=True)
    ]
    schema = pa.schema(
        [pa.field(c.name, array.type) for c, array in zip(columns, arrays, strict=True)]
    )
    if not arrays:
        return ArrowTable(schema.empty_table(), ())
    return ArrowTable(pa.Table.from_arrays(arrays, schema=schema), columns)


def _refuse_strangers(rows: Iterable[Row], keys: list[str]) -> None:
    known = set(keys)
    for number, row in enumerate(rows, start=1):
        strange = [key for key in row if key not in known]
        if strange:
            raise ResultInvalidError(
                f"Row {number} has a cell {strange[0]!r} that no column names",
                hint=f"The columns are {', '.join(map(repr, keys)) or 'none'}.",
            )


def _array(cells: list[object], name: str) -> pa.Array:
    plain = [_plain(cell) for cell in cells]
    kinds = {_kind(cell) for cell in plain} - {type(None)}
    try:
        if len(kinds) > 1 and not kinds <= {int, float} and not kinds <= {int, Decimal}:
            raise pa.ArrowInvalid(f"it mixes {', '.join(sorted(map(_spelled, kinds)))}")
        if kinds == {int} and any(c is not None and c not in _INT64 for c in plain):
            return pa.array([None if c is None else Decimal(str(c)) for c in plain])
        return pa.array(plain)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError) as error:
        raise ResultInvalidError(
            f"Column {name!r} cannot be held without loss: {error}",
            hint="Give every cell of the column the same type.",
        ) from error


def _kind(cell: object) -> object:
    # Arrow would drop the zone of one of the two without a word.
    if isinstance(cell, datetime):
        return (datetime, cell.tzinfo is not None)
    if isinstance(cell, time) and cell.tzinfo is not None:
        raise ResultInvalidError(
            f"The time of day {cell.isoformat()} has a zone, which Arrow cannot hold",
            hint="Give it as text.",
        )
    return type(cell)


def _spelled(kind: object) -> str:
    if isinstance(kind, tuple):
        return "datetime with a zone" if kind[1] else "datetime without a zone"
    return getattr(kind, "__name__", str(kind))


def _plain(cell: object) -> object:
    if isinstance(cell, Mapping):
        return {str(key): _plain(value) for key, value in cell.items()}
    if isinstance(cell, Sequence) and not isinstance(cell, str | bytes | bytearray):
        return [_plain(item) for item in cell]
    return cell
