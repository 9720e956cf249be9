"""A typed value as SQL text of a dialect: as a literal, inside quotes, or as a name."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dli_domain.model.values import Digits, Identifier, IsoDate

_MAX_DUCKDB_DIGITS = 38
_NUMERIC_INTEGER_DIGITS, _NUMERIC_SCALE = 29, 9


class UnplaceableError(ValueError):
    """A value has no form here; the message says why, `fix` what to write instead."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def literal(value: object, dialect: str, *, typed_by: str = "") -> str:
    """The literal of `value`, always of one shape for one type.

    `typed_by` is the bare word before it: `DATE {{ d }}` needs the quoted text alone.

    Raises:
        UnplaceableError: the type has no literal in this dialect.
    """
    if value is None:
        return "NULL"
    for kind, spell in _LITERALS:
        if isinstance(value, kind):
            return spell(value, dialect, typed_by)
    raise UnplaceableError(
        f"a {type(value).__name__} has no SQL literal",
        "Use a string, a number, a boolean, a date, a timestamp or a list of these.",
    )


def plain_text(value: object) -> str:
    """The text of `value` for a place inside quotes.

    Raises:
        UnplaceableError: null and lists have none.
    """
    if value is None:
        raise UnplaceableError(
            "a null cannot stand inside quotes", "Give a value, or write it bare, without quotes."
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return _timestamp_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (str, int)):
        return str(value)
    raise UnplaceableError(
        f"a {type(value).__name__} cannot stand inside quotes",
        "Write it bare, without the quotes around it.",
    )


def quoted(text: str, quote: str, dialect: str) -> str:
    """`text` as a whole string literal."""
    return quote + escaped(text, quote, dialect) + quote


def escaped(text: str, quote: str, dialect: str) -> str:
    """`text` for a place inside `quote`, so that it cannot end it.

    BigQuery escapes with backslashes; the others only double the quote
    (https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences).
    """
    if dialect != "bigquery":
        return text.replace(quote, quote * 2)
    return _BIGQUERY_SPECIAL.sub(lambda match: _BIGQUERY_ESCAPES[match[0]], text)


_BIGQUERY_ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "`": "\\`",
    "\n": "\\n",
    "\r": "\\r",
}
_BIGQUERY_SPECIAL = re.compile("[" + re.escape("".join(_BIGQUERY_ESCAPES)) + "]")

_COMMENT_MARKS = re.compile(r"\*+/|/\*+|\s|[\x00-\x1f\x7f\x85\u2028\u2029]")


def commented(value: object) -> str:
    """`value` for a place inside a comment: on one line, with nothing that could end it."""
    if isinstance(value, (list, tuple)):
        return ", ".join(commented(item) for item in value)
    text = "NULL" if value is None else plain_text(value)
    # An asterisk or slash at either end could join the comment's own.
    return _COMMENT_MARKS.sub(" ", text).strip("*/ ") or "-"


def name(identifier: Identifier, dialect: str) -> str:
    """The identifier with every part quoted, so that no part is read as a keyword."""
    quote = "`" if dialect == "bigquery" else '"'
    return ".".join(f"{quote}{part}{quote}" for part in identifier.parts)


def glued(value: object) -> str:
    """The text of `value` as a piece of a bare word, such as the suffix of a table's name.

    Raises:
        UnplaceableError: only digits and single plain identifiers keep the word one word.
    """
    if isinstance(value, (Digits, Identifier)) and re.fullmatch(r"\w+", value):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    raise UnplaceableError(
        f"{_kind(value)} cannot be a piece of a name",
        "Declare the parameter with 'type: identifier', or put white space around it.",
    )


def inside_name(value: object, quote: str, dialect: str) -> str:
    """The text of `value` inside a quoted name.

    Raises:
        UnplaceableError: it is no name, or its dots would become part of one name.
    """
    if isinstance(value, Identifier):
        if len(value.parts) > 1 and dialect != "bigquery":
            raise UnplaceableError(
                f"the dots of {str(value)!r} would become part of one name",
                f"Write it bare, without the {quote} around it.",
            )
        return str(value)
    return glued(value)


def _kind(value: object) -> str:
    if value is None:
        return "a null"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, int) and not isinstance(value, bool):
        return "a negative number"
    return f"a {type(value).__name__}"


def _integer(value: int) -> str:
    """In brackets when negative: `a-{{ x }}` must not become a comment, `{{ x }}::T` not -(x::T)."""
    return str(value) if value >= 0 else f"({value})"


def _float(value: float) -> str:
    """With an exponent always: `1.5` alone would be a DECIMAL in Trino and DuckDB.

    And with its sign always: sqlglot 30 reads `1e0-1` as one number.
    """
    text = repr(value)
    if "e" not in text:
        text += "e+0"
    return text if not text.startswith("-") else f"({text})"


def _decimal(value: Decimal, dialect: str, typed_by: str) -> str:
    text = format(value, "f")
    digits = text.lstrip("-")
    whole, _, fraction = digits.partition(".")
    if dialect == "duckdb":
        if len(whole.lstrip("0")) + len(fraction) > _MAX_DUCKDB_DIGITS:
            raise UnplaceableError(
                f"{text} has more than {_MAX_DUCKDB_DIGITS} digits, which DuckDB cannot hold",
                "Use fewer digits, or type: float.",
            )
        text = text if fraction else f"{text}.0"
        return f"({text})" if text.startswith("-") else text
    if dialect == "trino":
        return _prefixed("DECIMAL", text, typed_by)
    small = len(whole.lstrip("0")) <= _NUMERIC_INTEGER_DIGITS and len(fraction) <= _NUMERIC_SCALE
    return _prefixed("NUMERIC" if small else "BIGNUMERIC", text, typed_by)


def _timestamp_type(value: datetime, dialect: str) -> str:
    if dialect == "bigquery":
        return "DATETIME" if value.tzinfo is None else "TIMESTAMP"
    if dialect == "duckdb" and value.tzinfo is not None:
        return "TIMESTAMPTZ"
    return "TIMESTAMP"


def _timestamp_text(value: datetime) -> str:
    text = value.replace(tzinfo=None).isoformat(sep=" ")
    if value.tzinfo is None:
        return text
    offset = value.strftime("%z") or "+0000"
    return f"{text}{offset[:3]}:{offset[3:5]}"


def _prefixed(type_name: str, text: str, typed_by: str) -> str:
    """`DATE '...'`; the quoted text alone where the template already names the type."""
    if typed_by in (type_name, "DATE", "TIMESTAMP", "DATETIME", "TIMESTAMPTZ"):
        return f"'{text}'"
    return f"{type_name} '{text}'"


# In order: a bool is an int, a datetime a date, Digits and IsoDate are str.
_LITERALS: tuple[tuple[type, Callable[[Any, str, str], str]], ...] = (
    (bool, lambda value, _dialect, _typed_by: "TRUE" if value else "FALSE"),
    (int, lambda value, _dialect, _typed_by: _integer(value)),
    (float, lambda value, _dialect, _typed_by: _float(value)),
    (Decimal, _decimal),
    (
        datetime,
        lambda value, dialect, typed_by: _prefixed(
            _timestamp_type(value, dialect), _timestamp_text(value), typed_by
        ),
    ),
    (date, lambda value, _dialect, typed_by: _prefixed("DATE", value.isoformat(), typed_by)),
    (IsoDate, lambda value, _dialect, typed_by: _prefixed("DATE", str(value), typed_by)),
    (Digits, lambda value, _dialect, _typed_by: str(value)),
    (str, lambda value, dialect, _typed_by: quoted(value, "'", dialect)),
)
