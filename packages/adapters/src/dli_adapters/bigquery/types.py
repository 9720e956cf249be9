"""BigQuery's types: their names as users write them, and their Arrow form."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa
from google.cloud.bigquery import SchemaField

from dli_domain.errors import ResultInvalidError
from dli_domain.model.result import Column

# The API's old names; SQL has only the new ones.
_SQL_NAMES: Mapping[str, str] = MappingProxyType(
    {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
)

# A BIGNUMERIC may have 77 digits, Arrow's widest decimal holds 76: reading such a value is an
# error, never a rounding. INTERVAL and GEOGRAPHY have no Arrow type that every reader knows.
_ARROW: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "STRING": pa.string(),
        "BYTES": pa.binary(),
        "INT64": pa.int64(),
        "FLOAT64": pa.float64(),
        "BOOL": pa.bool_(),
        "NUMERIC": pa.decimal128(38, 9),
        "BIGNUMERIC": pa.decimal256(76, 38),
        "DATE": pa.date32(),
        "TIME": pa.time64("us"),
        "DATETIME": pa.timestamp("us"),
        "TIMESTAMP": pa.timestamp("us", tz="UTC"),
        "JSON": pa.string(),
        "GEOGRAPHY": pa.string(),
        "INTERVAL": pa.string(),
    }
)


def kind_of(field: SchemaField) -> str:
    """The type's SQL name without its arguments: `NUMERIC`, `STRUCT`, `RANGE`."""
    name = str(field.field_type).upper().split("<")[0]
    return _SQL_NAMES.get(name, name)


def is_repeated(field: SchemaField) -> bool:
    """Whether the field is an ARRAY."""
    return str(field.mode).upper() == "REPEATED"


def range_element(field: SchemaField) -> str:
    """What a RANGE ranges over: `DATE`, `DATETIME` or `TIMESTAMP`."""
    element = field.range_element_type
    if element is not None:
        return str(element.element_type).upper()
    name = str(field.field_type).upper()
    return name[len("RANGE<") : -1] if name.startswith("RANGE<") else "DATE"


def type_name(field: SchemaField) -> str:
    """The type as SQL writes it, such as `NUMERIC(10,2)` or `ARRAY<STRUCT<a INT64>>`."""
    kind = kind_of(field)
    if kind == "STRUCT":
        kind = f"STRUCT<{', '.join(f'{f.name} {type_name(f)}' for f in field.fields)}>"
    elif kind == "RANGE":
        kind = f"RANGE<{range_element(field)}>"
    else:
        kind += _arguments(field)
    return f"ARRAY<{kind}>" if is_repeated(field) else kind


def _arguments(field: SchemaField) -> str:
    if field.max_length is not None:
        return f"({field.max_length})"
    if field.precision is None:
        return ""
    return f"({field.precision},{field.scale})" if field.scale else f"({field.precision})"


def columns_of(schema: Sequence[SchemaField]) -> tuple[Column, ...]:
    """The result's columns."""
    return tuple(Column(field.name, type_name(field)) for field in schema)


def scalar_type(kind: str) -> pa.DataType:
    """The Arrow form of a type without parts.

    Raises:
        ResultInvalidError: the type is not known here, so its values cannot be trusted.
    """
    try:
        return _ARROW[kind]
    except KeyError:
        raise ResultInvalidError(
            f"BigQuery gave a column of type {kind}, which dli does not know",
            hint="Cast it in the query, for example CAST(column AS STRING).",
        ) from None


def element_type(field: SchemaField) -> pa.DataType:
    """The Arrow form of a field, or of its elements if it is an ARRAY."""
    kind = kind_of(field)
    if kind == "STRUCT":
        return pa.struct([pa.field(f.name, arrow_type(f)) for f in field.fields])
    if kind == "RANGE":
        bound = scalar_type(range_element(field))
        return pa.struct([pa.field("start", bound), pa.field("end", bound)])
    return scalar_type(kind)


def arrow_type(field: SchemaField) -> pa.DataType:
    """The Arrow form of a field."""
    element = element_type(field)
    return pa.list_(element) if is_repeated(field) else element


def arrow_schema(schema: Sequence[SchemaField]) -> pa.Schema:
    """The Arrow form of a result."""
    return pa.schema([pa.field(field.name, arrow_type(field)) for field in schema])
