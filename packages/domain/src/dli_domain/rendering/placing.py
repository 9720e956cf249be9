"""Values into their seats: by where each stands, never as raw text.

The law that everything here serves: whatever the value, the statement's syntax tree keeps the
shape it has with any other value of the same type.
"""

from dli_domain.model.values import Identifier
from dli_domain.rendering.lexicon import Seat, Within
from dli_domain.rendering.literals import (
    UnplaceableError,
    commented,
    escaped,
    glued,
    inside_name,
    literal,
    name,
    plain_text,
)

# Words behind which a bare text would be read as a name, or open a file (DuckDB).
_NAME_FOLLOWS = frozenset(
    {"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "AS", "SCHEMA", "DATABASE", "USING"}
)
_LIST_OPENERS, _LIST_CLOSERS = "([,", ")],"


class SqlList(tuple[object, ...]):
    """A list from the filter `sql_list`: always in brackets, an empty one is a single NULL."""

    __slots__ = ()


def placed(value: object, seat: Seat, text: str, dialect: str) -> str:
    """The SQL text of `value` for its seat.

    Raises:
        UnplaceableError: it has no form there.
    """
    if seat.within is Within.COMMENT:
        return commented(value)
    if seat.within is Within.OPAQUE:
        raise UnplaceableError(
            f"a value cannot stand inside {seat.quote}...",
            "Write it in a plain string ('...'), or bare.",
        )
    if seat.within is Within.NAME:
        return inside_name(value, seat.quote, dialect)
    if seat.within is Within.STRING:
        _refuse_after_backslash(seat, text, dialect)
        return escaped(plain_text(value), seat.quote[0], dialect)
    return _bare(value, seat, dialect)


def _bare(value: object, seat: Seat, dialect: str) -> str:
    if _touches(seat.before, gap=seat.gap_before) or _touches(seat.after, gap=seat.gap_after):
        return glued(value)
    if isinstance(value, Identifier):
        return name(value, dialect)
    dotted = "." in (seat.before, seat.after) and not (seat.gap_before and seat.gap_after)
    if seat.word in _NAME_FOLLOWS or dotted:
        raise UnplaceableError(
            "a name must stand here, and this is a value",
            "Declare the parameter with 'type: identifier', or use ref() for a resource.",
        )
    if isinstance(value, (list, tuple)):
        return _list(value, seat, dialect)
    return literal(value, dialect, typed_by=seat.word)


def _list(values: tuple[object, ...] | list[object], seat: Seat, dialect: str) -> str:
    items = [literal(value, dialect) for value in values]
    if isinstance(values, SqlList):
        return f"({', '.join(items or ['NULL'])})"
    if not items:
        raise UnplaceableError(
            "an empty list has no SQL form (IN () is no SQL, NOT IN (NULL) is never true)",
            "Give at least one item, or guard the condition with {% if %}.",
        )
    inside = seat.before in _LIST_OPENERS and seat.after in _LIST_CLOSERS
    joined = ", ".join(items)
    return joined if inside and seat.before and seat.after else f"({joined})"


def _touches(neighbour: str, *, gap: bool) -> bool:
    """Whether the seat is part of a longer word, quoted thing, or another seat."""
    if gap or not neighbour:
        return False
    return neighbour.isalnum() or neighbour in "_$'\"`\ue000\ue001@"


def _refuse_after_backslash(seat: Seat, text: str, dialect: str) -> None:
    if dialect != "bigquery":
        return
    before = text[: seat.start]
    if (len(before) - len(before.rstrip("\\"))) % 2:
        raise UnplaceableError(
            "the backslash before it would change what it means",
            "Double the backslash, or move the value away from it.",
        )
