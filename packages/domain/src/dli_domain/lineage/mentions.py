"""Which tables a text names, for those who look back at what was run."""

import sqlglot
from sqlglot.errors import SqlglotError

from dli_domain.lineage.tables import tables_of
from dli_domain.model.catalog import Parts
from dli_domain.model.history import TableUsed

_LONGEST = 200_000


def tables_used(sql: str, dialect: str) -> tuple[TableUsed, ...]:
    """The tables that a text reads or changes, each once for every way; none where it cannot be read.

    Names are as written; files and functions are left out.
    """
    if len(sql) > _LONGEST:
        return ()
    try:
        statements = sqlglot.parse(sql, read=dialect or None)
        uses = [tables_of(one) for one in statements if one is not None]
    except (SqlglotError, RecursionError, ValueError):
        # An old text of a dialect that nobody here reads: it names nothing that can be told.
        return ()
    found = dict.fromkeys(
        (ref.name, ref.action.value)
        for use in uses
        for ref in (*use.writes, *use.reads)
        if not ref.is_external
    )
    return tuple(TableUsed(name=name, operation=action) for name, action in found)


def names_table(sql: str, dialect: str, table: Parts) -> bool:
    """Whether a text names the table, whole or by its last parts, in any case of letters."""
    whole = tuple(part.casefold() for part in table)
    names = (tuple(one.name.casefold().split(".")) for one in tables_used(sql, dialect))
    return any(whole[-len(name) :] == name for name in names)
