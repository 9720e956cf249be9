"""Type names of several dialects, as far as one can be told to be wrong for another."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

_WORDS = re.compile(r"[a-z][a-z0-9_]*")


class Family(StrEnum):
    """Types that hold the same sort of value."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    BYTES = "bytes"
    ARRAY = "array"
    STRUCT = "struct"
    LOOSE = "loose"


class Fit(StrEnum):
    """How a column's type fits the declared one."""

    FITS = "fits"
    LOSES = "loses"
    DIFFERS = "differs"


_NAMES: Mapping[Family, str] = MappingProxyType(
    {
        Family.INTEGER: "tinyint smallint int integer bigint hugeint utinyint usmallint uinteger "
        "uint ubigint uhugeint int8 int16 int32 int64 int128 int2 int4 long short byteint "
        "mediumint int256 uint128",
        Family.DECIMAL: "decimal numeric bignumeric bigdecimal dec number bignum",
        Family.FLOAT: "float float4 float8 float32 float64 double real",
        Family.TEXT: "varchar char text string nvarchar nchar bpchar",
        Family.BOOLEAN: "boolean bool logical",
        Family.DATE: "date",
        Family.TIMESTAMP: "timestamp timestamptz timestampltz timestampntz datetime timestamp_s "
        "timestamp_ms timestamp_ns",
        Family.TIME: "time timetz",
        Family.BYTES: "bytes binary varbinary blob bytea",
        Family.ARRAY: "array list",
        Family.STRUCT: "struct row record object",
        Family.LOOSE: "json jsonb uuid enum variant interval map geography geometry ipaddress",
    }
)
_FAMILIES: Mapping[str, Family] = MappingProxyType(
    {word: family for family, words in _NAMES.items() for word in words.split()}
)
_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_MOMENTS = frozenset({Family.DATE, Family.TIMESTAMP})


def family_of(name: str) -> Family | None:
    """The family of a type's name, such as `decimal(18, 2)`; None where it is not known."""
    text = name.strip().lower()
    if text.endswith("[]"):
        return Family.ARRAY
    word = _WORDS.match(text)
    return _FAMILIES.get(word[0]) if word else None


def fit(found: str, declared: str) -> Fit:
    """Whether values of the type `found` can stand in a column declared as `declared`.

    A type that is not known fits everything: only what is certain is told.
    """
    have, want = family_of(found), family_of(declared)
    if have is None or want is None or have is want or Family.LOOSE in (have, want):
        return Fit.FITS
    if {have, want} <= _NUMBERS:
        return Fit.LOSES if want is Family.INTEGER else Fit.FITS
    return Fit.LOSES if {have, want} <= _MOMENTS else Fit.DIFFERS
