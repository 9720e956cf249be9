"""Names and values of quality files as SQL of the engine; none can end its quotes."""

import re
from datetime import date, datetime

from dli_domain.model.names import ResourceName
from dli_domain.model.quality import Literal
from dli_domain.model.values import Identifier, IsoDate
from dli_domain.rendering.literals import literal, name, quoted

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


def table(resource: ResourceName, dialect: str) -> str:
    """The table of that name, every part quoted."""
    return name(Identifier(str(resource)), dialect)


def column(text: str, dialect: str) -> str:
    """The column of that name, quoted; a dot leads into a field of a struct."""
    quote = "`" if dialect == "bigquery" else '"'
    return ".".join(quoted(part, quote, dialect) for part in text.split("."))


def value(given: Literal, dialect: str) -> str:
    """The literal of a value.

    A text stays a text: DuckDB and BigQuery read it as the column's own type, a date included.
    Trino does not, so there an ISO day is a DATE.
    """
    if dialect == "trino" and isinstance(given, str) and is_day(given):
        return literal(IsoDate(given), dialect)
    return literal(given, dialect)


def text(given: str, dialect: str) -> str:
    """The text as a string literal."""
    return quoted(given, "'", dialect)


def matches(operand: str, pattern: str, dialect: str) -> str:
    """Whether the regular expression is found in the operand, read as text."""
    function = {"bigquery": "REGEXP_CONTAINS", "duckdb": "regexp_matches"}.get(
        dialect, "regexp_like"
    )
    return f"{function}({as_text(operand, dialect)}, {text(pattern, dialect)})"


def as_text(operand: str, dialect: str) -> str:
    """The operand cast to text."""
    return f"CAST({operand} AS {'STRING' if dialect == 'bigquery' else 'VARCHAR'})"


def is_day(given: str) -> bool:
    """Whether a text is a calendar day as `2025-01-31`."""
    if not _ISO_DAY.match(given):
        return False
    try:
        date.fromisoformat(given)
    except ValueError:
        return False
    return True


def is_moment(given: str) -> bool:
    """Whether a text is a day or a point in time in ISO form."""
    try:
        datetime.fromisoformat(given)
    except ValueError:
        return False
    return len(given) >= len("2025-01-31") and given[4:5] == "-"
