"""DuckDB's failures as those of the port."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import duckdb

from dli_domain.errors import (
    ExecutionCancelledError,
    ExecutionConnectionError,
    ExecutionError,
    ExecutionLimitError,
    ExecutionPermissionError,
    ExecutionQueryError,
)

# One row for every class of the driver; a test walks them and finds none without a row.
TABLE: Mapping[type[duckdb.Error], type[ExecutionError]] = MappingProxyType(
    {
        duckdb.Error: ExecutionError,
        duckdb.DatabaseError: ExecutionError,
        duckdb.DataError: ExecutionQueryError,
        duckdb.OperationalError: ExecutionError,
        duckdb.IntegrityError: ExecutionQueryError,
        duckdb.InternalError: ExecutionError,
        duckdb.ProgrammingError: ExecutionQueryError,
        duckdb.NotSupportedError: ExecutionQueryError,
        duckdb.BinderException: ExecutionQueryError,
        duckdb.CatalogException: ExecutionQueryError,
        duckdb.ConnectionException: ExecutionConnectionError,
        duckdb.ConstraintException: ExecutionQueryError,
        duckdb.ConversionException: ExecutionQueryError,
        duckdb.DependencyException: ExecutionQueryError,
        duckdb.FatalException: ExecutionError,
        duckdb.HTTPException: ExecutionError,
        duckdb.InternalException: ExecutionError,
        duckdb.InterruptException: ExecutionCancelledError,
        duckdb.InvalidInputException: ExecutionQueryError,
        duckdb.InvalidTypeException: ExecutionQueryError,
        duckdb.IOException: ExecutionQueryError,
        duckdb.NotImplementedException: ExecutionQueryError,
        duckdb.OutOfMemoryException: ExecutionLimitError,
        duckdb.OutOfRangeException: ExecutionQueryError,
        duckdb.ParserException: ExecutionQueryError,
        duckdb.PermissionException: ExecutionPermissionError,
        duckdb.ResourceInUseException: ExecutionConnectionError,
        duckdb.SequenceException: ExecutionQueryError,
        duckdb.SerializationException: ExecutionError,
        duckdb.SyntaxException: ExecutionQueryError,
        duckdb.TransactionException: ExecutionError,
        duckdb.TypeMismatchException: ExecutionQueryError,
    }
)

_HINTS: Mapping[type[ExecutionError], str] = MappingProxyType(
    {
        ExecutionLimitError: "Raise local.duckdb.memory_limit, or let the query hold less at once.",
    }
)
_NO_EXTENSION = (
    "dli loads no extension by itself: run 'INSTALL name' once in DuckDB, then 'LOAD name' as a "
    "pre statement."
)
_PREFIX = re.compile(r"([A-Z][A-Za-z ]*?|INTERRUPT|IO) Error: ", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sent:
    """A text as DuckDB got it, and how many bytes stand before the user's own SQL in it."""

    sql: str
    before: int = 0


@dataclass(frozen=True, slots=True)
class _Told:
    """What DuckDB said: kind (`Binder`), sentence, byte offset in the text it got."""

    kind: str
    message: str
    offset: int | None = None


def translated(error: Exception, sent: Sent) -> ExecutionError:
    """The port's error for the driver's, with the place in the user's SQL where DuckDB told one.

    An error in the middle of a stream reaches us through Arrow, as an OSError with DuckDB's text.
    """
    told = _told(str(error))
    driver = type(error) if isinstance(error, duckdb.Error) else _class_of(told.kind)
    kind = TABLE[next(cls for cls in driver.__mro__ if cls in TABLE)]
    if kind is ExecutionQueryError and "permission denied" in told.message.lower():
        kind = ExecutionPermissionError
    text, hint = f"DuckDB: {told.message}", _HINTS.get(kind)
    if " extension " in told.message and "INSTALL " in told.message:
        text, hint = text.split("\n", 1)[0], _NO_EXTENSION
    if kind is ExecutionQueryError:
        return ExecutionQueryError(text, position=_position(told.offset, sent), hint=hint)
    if kind is ExecutionCancelledError:
        return ExecutionCancelledError("The statement was stopped on DuckDB")
    return kind(text, hint=hint)


def told_offset(error: Exception) -> int | None:
    """The byte offset that DuckDB told with an error, if it told one."""
    return _told(str(error)).offset


def plain_message(error: Exception) -> str:
    """DuckDB's own sentence, without the wrapping that makes it machine-readable."""
    return _told(str(error)).message


def _told(text: str) -> _Told:
    prefix = _PREFIX.match(text)
    kind, rest = (prefix[1], text[prefix.end() :]) if prefix else ("", text)
    try:
        fields = json.loads(rest)
        message, offset = str(fields["exception_message"]), fields.get("position")
    except (ValueError, TypeError, KeyError):
        return _Told(kind, rest.split("\n\nLINE ", 1)[0])
    return _Told(kind, message, int(offset) if str(offset).isdecimal() else None)


def _class_of(kind: str) -> type[duckdb.Error]:
    spelled = {"INTERRUPT": "Interrupt", "IO": "IO", "Out of Memory": "OutOfMemory"}
    name = spelled.get(kind, kind.title().replace(" ", "")) + "Exception"
    found = getattr(duckdb, name, duckdb.Error)
    return found if isinstance(found, type) and issubclass(found, duckdb.Error) else duckdb.Error


def _position(offset: int | None, sent: Sent) -> tuple[int, int] | None:
    """The 1-based line and column, in characters, of a byte offset in the text that was sent."""
    if offset is None or offset < sent.before:
        return None
    text = sent.sql.encode()
    own = offset - sent.before
    if own > len(text):
        return None
    before = text[:own].decode(errors="replace")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
