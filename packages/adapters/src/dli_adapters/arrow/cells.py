"""Arrow values as Python values, without loss.

What Python's own types cannot hold (nanoseconds, years outside 1 to 9999, infinity, 24:00,
intervals) becomes its ISO 8601 text, cell by cell.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from dli_adapters.arrow.calendar import date_text, time_text, timestamp_text
from dli_adapters.arrow.text import plain, raw_integers, text_of
from dli_domain.model.result import Cell, Column, Row

_WHOLE_DECIMAL = "HUGEINT"
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS_PER_DAY = 86_400_000_000
_PER_MICROSECOND = {"s": (10**6, 1), "ms": (10**3, 1), "us": (1, 1), "ns": (1, 10**3)}


def rows_of(batch: pa.RecordBatch, columns: Sequence[Column] = ()) -> Iterator[Row]:
    """The batch's rows as mappings; a repeated column name gets a suffix `_1`, `_2`.

    `columns` holds the engine's types: DuckDB's HUGEINT, the type of every sum of integers,
    travels as a decimal and is a whole number again here.
    """
    names = unique_names(batch.schema.names)
    values = [cells_of(column) for column in batch.columns]
    for index, column in enumerate(columns):
        if column.type == _WHOLE_DECIMAL:
            values[index] = [int(v) if isinstance(v, Decimal) else v for v in values[index]]
    for cells in zip(*values, strict=True):
        yield dict(zip(names, cells, strict=True))


def unique_names(names: list[str]) -> list[str]:
    """The names with repeated ones made different, in the same order."""
    taken: set[str] = set()
    unique = []
    for name in names:
        candidate, number = name, 0
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate)
        unique.append(candidate)
    return unique


def cells_of(array: pa.Array) -> list[Cell]:
    """The values as Python values; instants with a zone are given in UTC."""
    array = plain(array)
    for belongs, convert in _CONVERTERS:
        if belongs(array.type):
            return convert(array)
    cells: list[Cell] = array.to_pylist()
    return cells


def _dates(array: pa.Array) -> list[Cell]:
    if pa.types.is_date64(array.type):
        array = array.cast(pa.date32())
    return _each(raw_integers(array), _date)


def _date(days: int) -> Cell:
    try:
        return date.fromordinal(_EPOCH_DAY + days)
    except (ValueError, OverflowError):
        return date_text(days)


def _timestamps(array: pa.Array) -> list[Cell]:
    unit, aware = array.type.unit, array.type.tz is not None

    def cell(ticks: int) -> Cell:
        microseconds = _microseconds(ticks, unit)
        if microseconds is not None:
            try:
                moment = _EPOCH + timedelta(microseconds=microseconds)
            except OverflowError:
                pass
            else:
                return moment if aware else moment.replace(tzinfo=None)
        return timestamp_text(ticks, unit, utc=aware)

    return _each(raw_integers(array), cell)


def _times(array: pa.Array) -> list[Cell]:
    unit = array.type.unit

    def cell(ticks: int) -> Cell:
        microseconds = _microseconds(ticks, unit)
        if microseconds is None or microseconds >= _MICROSECONDS_PER_DAY:
            return time_text(ticks, unit)
        seconds, rest = divmod(microseconds, 10**6)
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest)

    return _each(raw_integers(array), cell)


def _microseconds(ticks: int, unit: str) -> int | None:
    times, per = _PER_MICROSECOND[unit]
    whole, rest = divmod(ticks * times, per)
    return None if rest else whole


def _lists(array: pa.Array) -> list[Cell]:
    return [cells_of(item.values) if item.is_valid else None for item in array]


def _fixed_lists(array: pa.Array) -> list[Cell]:
    size = array.type.list_size
    items = cells_of(array.values.slice(array.offset * size, len(array) * size))
    present = array.is_valid().to_pylist()
    return [items[i * size : (i + 1) * size] if there else None for i, there in enumerate(present)]


def _structs(array: pa.Array) -> list[Cell]:
    names = unique_names([array.type.field(i).name for i in range(array.type.num_fields)])
    fields = [cells_of(field) for field in array.flatten()]
    present = array.is_valid().to_pylist()
    return [
        {name: field[i] for name, field in zip(names, fields, strict=True)} if there else None
        for i, there in enumerate(present)
    ]


def _maps(array: pa.Array) -> list[Cell]:
    return [_map(item) if item.is_valid else None for item in array]


def _map(item: Any) -> Cell:
    keys, values = (cells_of(part) for part in item.values.flatten())
    if all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys):
        return dict(zip(keys, values, strict=True))  # type: ignore[arg-type]  # all are str
    pairs: list[Cell] = [list(pair) for pair in zip(keys, values, strict=True)]
    return pairs


def _unions(array: pa.Array) -> list[Cell]:
    return [cells_of(pa.array([item.value]))[0] if item.is_valid else None for item in array]


def _texts(array: pa.Array) -> list[Cell]:
    texts: list[Cell] = text_of(array).to_pylist()
    return texts


def _each(array: pa.Array, convert: Callable[[int], Cell]) -> list[Cell]:
    return [None if raw is None else convert(raw) for raw in array.to_pylist()]


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
    )


_CONVERTERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], list[Cell]]], ...] = (
    (pa.types.is_date, _dates),
    (pa.types.is_timestamp, _timestamps),
    (pa.types.is_time, _times),
    (pa.types.is_interval, _texts),
    (pa.types.is_duration, _texts),
    (pa.types.is_map, _maps),
    (_is_list, _lists),
    (pa.types.is_fixed_size_list, _fixed_lists),
    (pa.types.is_struct, _structs),
    (pa.types.is_union, _unions),
)
