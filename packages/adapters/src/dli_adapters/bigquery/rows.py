"""Rows of the REST API as Arrow, exact: each cell is a text, and the texts are parsed here."""

import base64
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from google.cloud.bigquery import SchemaField

from dli_adapters.bigquery.types import (
    arrow_schema,
    element_type,
    is_repeated,
    kind_of,
    range_element,
    scalar_type,
)
from dli_domain.errors import ResultInvalidError

Cells = Sequence[Any]
_UNBOUNDED = "UNBOUNDED"


def batch_of(rows: Sequence[Mapping[str, Any]], schema: Sequence[SchemaField]) -> pa.RecordBatch:
    """One page of rows.

    Raises:
        ResultInvalidError: a row or a cell is not what the schema says, or has no exact form.
    """
    try:
        cells = [[cell["v"] for cell in row["f"]] for row in rows]
    except (KeyError, TypeError) as error:
        raise ResultInvalidError("BigQuery sent a row in a form that it never uses") from error
    for number, row in enumerate(cells):
        if len(row) != len(schema):
            raise ResultInvalidError(
                f"BigQuery sent a row of {len(row)} cells for {len(schema)} columns "
                f"(row {number + 1} of the page)"
            )
    arrays = [_column(field, [row[index] for row in cells]) for index, field in enumerate(schema)]
    return pa.record_batch(arrays, schema=arrow_schema(schema))


def _column(field: SchemaField, cells: Cells) -> pa.Array:
    try:
        return _values(field, cells)
    # pyarrow's own errors are children of these; so are those of base64 and of Unicode
    except (ValueError, TypeError, KeyError, ArithmeticError, pa.ArrowException) as error:
        raise ResultInvalidError(
            f"column {field.name!r} ({kind_of(field)}) holds a value that cannot be kept exactly",
            hint="CAST the column AS STRING in the query to get its text.",
        ) from error


def _values(field: SchemaField, cells: Cells) -> pa.Array:
    if not is_repeated(field):
        return _elements(field, cells)
    # BigQuery does not tell a NULL array from an empty one
    lists = [cell or [] for cell in cells]
    offsets = [0]
    for items in lists:
        offsets.append(offsets[-1] + len(items))
    flat = _elements(field, [item["v"] for items in lists for item in items])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat)


def _elements(field: SchemaField, cells: Cells) -> pa.Array:
    kind = kind_of(field)
    if kind == "STRUCT":
        return _structs(field, cells)
    if kind == "RANGE":
        return _ranges(field, cells)
    return _scalars(kind, cells)


def _structs(field: SchemaField, cells: Cells) -> pa.Array:
    missing = [cell is None for cell in cells]
    empty: Mapping[str, Any] = {"f": [{"v": [] if is_repeated(f) else None} for f in field.fields]}
    parts = [[part["v"] for part in (cell or empty)["f"]] for cell in cells]
    if any(len(part) != len(field.fields) for part in parts):
        raise ValueError("a STRUCT has parts that the schema does not name")
    arrays = [_values(f, [part[i] for part in parts]) for i, f in enumerate(field.fields)]
    return pa.StructArray.from_arrays(
        arrays, fields=list(element_type(field)), mask=pa.array(missing, pa.bool_())
    )


def _ranges(field: SchemaField, cells: Cells) -> pa.Array:
    missing = [cell is None for cell in cells]
    bounds = [(None, None) if cell is None else _bounds(cell) for cell in cells]
    element = range_element(field)
    arrays = [_scalars(element, [pair[i] for pair in bounds]) for i in (0, 1)]
    return pa.StructArray.from_arrays(
        arrays, fields=list(element_type(field)), mask=pa.array(missing, pa.bool_())
    )


def _bounds(text: str) -> tuple[str | None, str | None]:
    if not (text.startswith("[") and text.endswith(")")):
        raise ValueError("a RANGE is not written as [start, end)")
    start, end = (part.strip() for part in text[1:-1].split(","))
    return (
        None if start.upper() == _UNBOUNDED else start,
        None if end.upper() == _UNBOUNDED else end,
    )


def _scalars(kind: str, cells: Cells) -> pa.Array:
    target = scalar_type(kind)
    parse = _PARSERS.get(kind)
    return parse(cells) if parse else pa.array(cells, pa.string()).cast(target)


def _bytes(cells: Cells) -> pa.Array:
    decoded = [None if cell is None else base64.b64decode(cell, validate=True) for cell in cells]
    return pa.array(decoded, pa.binary())


def _times(cells: Cells) -> pa.Array:
    texts = pa.array(cells, pa.string())
    # pyarrow parses a moment, but no time of day
    moments = pc.binary_join_element_wise("1970-01-01", texts, " ").cast(pa.timestamp("us"))
    return moments.cast(pa.time64("us"))


def _moments(cells: Cells) -> pa.Array:
    micros = pa.array(cells, pa.string()).cast(pa.int64())
    return micros.cast(pa.timestamp("us", tz="UTC"))


_PARSERS: Mapping[str, Callable[[Cells], pa.Array]] = MappingProxyType(
    {"BYTES": _bytes, "TIME": _times, "TIMESTAMP": _moments}
)
