"""Python values as typed query parameters."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias

from google.cloud.bigquery import (
    ArrayQueryParameter,
    ScalarQueryParameter,
    StructQueryParameter,
)

from dli_domain.errors import ExecutionQueryError

Parameter: TypeAlias = ArrayQueryParameter | ScalarQueryParameter | StructQueryParameter

_INT64 = range(-(2**63), 2**63)
# bool before int and datetime before date: each is a child of the other
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "BOOL"),
    (float, "FLOAT64"),
    (str, "STRING"),
    (bytes, "BYTES"),
    (date, "DATE"),
    (time, "TIME"),
)


def query_parameters(params: Mapping[str, object]) -> list[Parameter]:
    """One parameter for each name, its type told by the value.

    Raises:
        ExecutionQueryError: BigQuery has no type for a value.
    """
    return [_parameter(name, value) for name, value in params.items()]


def _parameter(name: str, value: Any) -> Parameter:
    if isinstance(value, Mapping):
        return StructQueryParameter(name, *(_parameter(str(k), v) for k, v in value.items()))
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return _array(name, value)
    return ScalarQueryParameter(name, _type(name, value), value)


def _array(name: str, values: Sequence[object]) -> ArrayQueryParameter:
    if any(value is None for value in values):
        raise ExecutionQueryError(
            f"parameter {name!r} holds a NULL, which no array of BigQuery may hold"
        )
    if values and all(isinstance(value, Mapping) for value in values):
        return ArrayQueryParameter(name, "STRUCT", [_parameter("", value) for value in values])
    kinds = {_type(name, value) for value in values} or {"STRING"}
    if kinds <= {"INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64"} and len(kinds) > 1:
        kinds = {_widest(kinds)}
    if len(kinds) > 1:
        raise ExecutionQueryError(
            f"parameter {name!r} mixes {', '.join(sorted(kinds))} in one array"
        )
    return ArrayQueryParameter(name, kinds.pop(), list(values))


def _widest(kinds: set[str]) -> str:
    return next(kind for kind in ("FLOAT64", "BIGNUMERIC", "NUMERIC") if kind in kinds)


def _type(name: str, value: object) -> str:
    if value is None:
        return "STRING"
    if isinstance(value, datetime):
        return "DATETIME" if value.tzinfo is None else "TIMESTAMP"
    if isinstance(value, int) and not isinstance(value, bool):
        return "INT64" if value in _INT64 else _decimal_type(name, Decimal(value))
    if isinstance(value, Decimal):
        return _decimal_type(name, value)
    for python, kind in _TYPES:
        if isinstance(value, python):
            return kind
    raise ExecutionQueryError(
        f"parameter {name!r} is a {type(value).__name__}, for which BigQuery has no type"
    )


def _decimal_type(name: str, value: Decimal) -> str:
    if not value.is_finite():
        raise ExecutionQueryError(f"parameter {name!r} is {value}, which is no number")
    exponent = value.normalize().as_tuple().exponent
    scale = max(0, -int(exponent))
    whole = max(0, value.adjusted() + 1)
    if scale <= 9 and whole <= 29:
        return "NUMERIC"
    if scale <= 38 and whole <= 38:
        return "BIGNUMERIC"
    raise ExecutionQueryError(f"parameter {name!r} has more digits than a BIGNUMERIC holds")
