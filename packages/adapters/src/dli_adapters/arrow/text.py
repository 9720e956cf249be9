"""Plain Arrow columns as text columns: every digit kept, NULL stays NULL."""

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dli_adapters.arrow.calendar import (
    date_text,
    interval_text,
    seconds_text,
    time_text,
    timestamp_text,
)
from dli_domain.errors import ResultInvalidError

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # years 1 to 9999
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# Arrow writes decimals with an exponent when there are more than six zeros behind the point.
_PLAIN_SCALES = range(7)


def plain(array: pa.Array) -> pa.Array:
    """The same values without dictionary, run-end or view encoding and without extension type."""
    for belongs, decode in _DECODERS:
        if belongs(array.type):
            return plain(decode(array))
    return array


def is_nested(kind: pa.DataType) -> bool:
    """Whether the type holds other values; such a column has no plain text."""
    return bool(pa.types.is_nested(kind))


def text_of(array: pa.Array) -> pa.Array:
    """A plain, unnested column as a string column.

    Instants are ISO 8601 with the engine's precision, in UTC and with `Z` where they have a
    zone; bytes are base64; floats that are no numbers are NaN, Infinity, -Infinity.
    """
    for belongs, convert in _CONVERTERS:
        if belongs(array.type):
            return convert(array)
    raise ResultInvalidError(
        f"A column of type {array.type} has no text form",
        hint="CAST the column to VARCHAR (STRING) in the query.",
    )


def raw_integers(array: pa.Array) -> pa.Array:
    """The ticks or days behind a temporal column."""
    return array.view(pa.int32() if array.type.bit_width == 32 else pa.int64())


def _uuid(array: pa.Array) -> pa.Array:
    return _each(array.storage, lambda raw: str(uuid.UUID(bytes=raw)))


def _refuse_opaque(array: pa.Array) -> pa.Array:
    kind = array.type
    raise ResultInvalidError(
        f"Arrow cannot hold the {kind.vendor_name} type {kind.type_name!r} without loss",
        hint="CAST the column to VARCHAR (STRING) in the query.",
    )


def _each(array: pa.Array, convert: Callable[[Any], str]) -> pa.Array:
    return pa.array(
        [None if cell is None else convert(cell) for cell in array.to_pylist()], pa.string()
    )


def _cast(array: pa.Array) -> pa.Array:
    return array.cast(pa.string())


def _float(array: pa.Array) -> pa.Array:
    if pa.types.is_float16(array.type):
        array = array.cast(pa.float32())
    text = array.cast(pa.string())
    whole = pc.and_(pc.equal(pc.trunc(array), array), pc.is_finite(array))
    if pc.any(whole).as_py():
        text = pc.replace_with_mask(
            text, pc.fill_null(whole, False), _with_point(text.filter(whole))
        )
    if not pc.all(pc.is_finite(array)).as_py():
        words = pc.if_else(
            pc.is_nan(array), "NaN", pc.if_else(pc.greater(array, 0.0), "Infinity", "-Infinity")
        )
        text = pc.if_else(pc.is_finite(array), text, words)
    return text


def _with_point(text: pa.Array) -> pa.Array:
    exponent = pc.match_substring(text, "e")
    return pc.if_else(exponent, text, pc.binary_join_element_wise(text, ".0", ""))


def _decimal(array: pa.Array) -> pa.Array:
    text = array.cast(pa.string())
    scale = array.type.scale
    if scale in _PLAIN_SCALES or not pc.any(pc.match_substring(text, "E")).as_py():
        return text
    if scale < 0:
        return _each(array, lambda cell: format(cell, "f"))
    # The same integers with scale 0 have no exponent; the point is then put back.
    whole = pa.decimal256(array.type.precision, 0)
    if not pa.types.is_decimal256(array.type):
        whole = pa.decimal128(array.type.precision, 0)
        array = array.cast(pa.decimal128(array.type.precision, scale))
    signed = array.view(whole).cast(pa.string())
    digits = pc.utf8_lpad(pc.utf8_ltrim(signed, "-"), scale + 1, "0")
    sign = pc.if_else(pc.starts_with(signed, "-"), "-", "")
    head, tail = pc.utf8_slice_codeunits(digits, 0, -scale), pc.utf8_slice_codeunits(digits, -scale)
    return pc.binary_join_element_wise(sign, head, ".", tail, "")


def _date(array: pa.Array) -> pa.Array:
    if pa.types.is_date64(array.type):
        array = array.cast(pa.date32())
    days = raw_integers(array)
    if _within(days, _FIRST_DAY, _LAST_DAY):
        return array.cast(pa.string())
    return _each(days, date_text)


def _timestamp(array: pa.Array) -> pa.Array:
    unit, utc = array.type.unit, array.type.tz is not None
    ticks = raw_integers(array)
    per_day = 86_400 * _PER_SECOND[unit]
    # Nanoseconds of 64 bits end within these years, but infinity stands at their ends.
    last = min((_LAST_DAY + 1) * per_day - 1, 2**63 - 2)
    first = max(_FIRST_DAY * per_day, -(2**63) + 2)
    if not _within(ticks, first, last):
        return _each(ticks, lambda cell: timestamp_text(cell, unit, utc=utc))
    text = ticks.view(pa.timestamp(unit)).cast(pa.string())
    text = pc.binary_replace_slice(text, 10, 11, "T")
    return pc.binary_join_element_wise(text, "Z", "") if utc else text


def _time(array: pa.Array) -> pa.Array:
    unit = array.type.unit
    ticks = raw_integers(array)
    if _within(ticks, 0, 86_400 * _PER_SECOND[unit] - 1):
        return array.cast(pa.string())
    return _each(ticks, lambda cell: time_text(cell, unit))


def _within(numbers: pa.Array, first: int, last: int) -> bool:
    ends = pc.min_max(numbers)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    return low is None or (low >= first and high <= last)


def _binary(array: pa.Array) -> pa.Array:
    return _each(array, lambda raw: base64.b64encode(raw).decode("ascii"))


def _interval(array: pa.Array) -> pa.Array:
    return _each(array, lambda parts: interval_text(*parts))


def _duration(array: pa.Array) -> pa.Array:
    unit = array.type.unit
    return _each(array.view(pa.int64()), lambda ticks: f"PT{seconds_text(ticks, unit)}S")


def _nothing(array: pa.Array) -> pa.Array:
    return pa.nulls(len(array), pa.string())


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _is_a(kind: type) -> Callable[[pa.DataType], bool]:
    return lambda data_type: isinstance(data_type, kind)


def _is_other_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind) or pa.types.is_large_string(kind))


def _is_other_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary_view(kind) or pa.types.is_large_binary(kind))


_Table = tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]], ...]
# The first that fits; so a special extension type stands before the general one.
_DECODERS: _Table = (
    (_is_a(pa.UuidType), _uuid),
    (_is_a(pa.OpaqueType), _refuse_opaque),
    (_is_a(pa.BaseExtensionType), lambda array: array.storage),
    (pa.types.is_dictionary, lambda array: array.dictionary_decode()),
    (pa.types.is_run_end_encoded, pc.run_end_decode),
    (_is_other_string, _cast),
    (_is_other_binary, lambda array: array.cast(pa.binary())),
)
_CONVERTERS: _Table = (
    (pa.types.is_string, lambda array: array),
    (pa.types.is_integer, _cast),
    (pa.types.is_boolean, _cast),
    (pa.types.is_floating, _float),
    (pa.types.is_decimal, _decimal),
    (pa.types.is_date, _date),
    (pa.types.is_timestamp, _timestamp),
    (pa.types.is_time, _time),
    (_is_binary, _binary),
    (pa.types.is_interval, _interval),
    (pa.types.is_duration, _duration),
    (pa.types.is_null, _nothing),
)
