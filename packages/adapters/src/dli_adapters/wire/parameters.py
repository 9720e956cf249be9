"""Values of parameters as JSON that keeps their types, and back.

Texts, truth values, NULL and whole numbers of 64 bits are JSON's own, lists are lists. Anything
else is an object of one member whose name tells the type: `{"$date": "2025-01-01"}`, and so is a
mapping: `{"$map": {...}}`.
"""

import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from dli_domain.errors import ParameterError

_WIDE = 2**63
_READ: Mapping[str, Callable[[str], object]] = {
    "$bytes": lambda text: b64decode(text, validate=True),
    "$date": date.fromisoformat,
    "$datetime": datetime.fromisoformat,
    "$decimal": Decimal,
    "$float": float,
    "$int": int,
    "$time": time.fromisoformat,
    "$microseconds": lambda text: timedelta(microseconds=int(text)),
    "$uuid": UUID,
}
# datetime is a date: the narrower type comes first
_WRITTEN: tuple[tuple[type, str, Callable[[Any], str]], ...] = (
    (datetime, "$datetime", datetime.isoformat),
    (date, "$date", date.isoformat),
    (time, "$time", time.isoformat),
    (timedelta, "$microseconds", lambda value: str(value // timedelta(microseconds=1))),
    (Decimal, "$decimal", str),
    (UUID, "$uuid", str),
    (bytes, "$bytes", lambda value: b64encode(value).decode()),
    (bytearray, "$bytes", lambda value: b64encode(value).decode()),
)


def encoded(params: Mapping[str, object] | None) -> dict[str, Any]:
    """The values, ready for JSON.

    Raises:
        ParameterError: a value has a type that no engine binds.
    """
    return {name: _encoded(value, name) for name, value in (params or {}).items()}


def decoded(params: Mapping[str, Any]) -> dict[str, object]:
    """The values as they were before `encoded`.

    Raises:
        ParameterError: a value is none that `encoded` makes.
    """
    return {name: _decoded(value, name) for name, value in params.items()}


def _encoded(value: Any, name: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # JSON is written of plain texts only, and a name of a column is one with a meaning.
        return str(value)
    if isinstance(value, int):
        return value if -_WIDE <= value < _WIDE else {"$int": str(value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(value)}
    for kind, tag, text in _WRITTEN:
        if isinstance(value, kind):
            return {tag: text(value)}
    return _nested(value, name)


def _nested(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return {"$map": {str(key): _encoded(item, name) for key, item in value.items()}}
    if isinstance(value, Sequence):
        return [_encoded(item, name) for item in value]
    raise ParameterError(
        f"The parameter {name!r} is a {type(value).__name__}, which no engine binds"
    )


def _decoded(value: Any, name: str) -> object:
    if isinstance(value, list):
        return [_decoded(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    tag, held = next(iter(value.items())) if len(value) == 1 else ("", None)
    if tag == "$map" and isinstance(held, dict):
        return {key: _decoded(item, name) for key, item in held.items()}
    read = _READ.get(tag)
    if read is None or not isinstance(held, str):
        raise _unreadable(name)
    try:
        return read(held)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise _unreadable(name) from error


def _unreadable(name: str) -> ParameterError:
    return ParameterError(f"The value of the parameter {name!r} cannot be read")
