"""What a reader of an engine may do, what was checked, and what the engine itself says of it."""

from dataclasses import dataclass

TablePath = tuple[str, ...]
"""A table's name as it was written, one part an element: catalog, schema, table or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAccess:
    """What text from outside may read.

    Args:
        tables: Patterns such as `nyc.*`; None for every table.
        metadata: Whether INFORMATION_SCHEMA and the engine's own catalogs may be read.
        max_bytes: The most that one statement may read, where the engine can foretell it.
    """

    tables: tuple[str, ...] | None = None
    metadata: bool = False
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedQuery:
    """A text that the policy let pass.

    Args:
        sql: The text, byte for byte as it came; this and nothing else may be sent.
        dialect: The language it was read in.
        tables: The tables it reads, in no order; names of its own WITH are none.
    """

    sql: str
    dialect: str
    tables: frozenset[TablePath]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """How the engine's own parser reads a statement. Nothing ran.

    Args:
        statement: Its kind, `SELECT` for a query.
        count: How many statements the text holds.
        tables: The tables it reads; None where the engine does not tell.
        functions: The functions it calls, in lower case; None where the engine does not tell.
        foreign: What else it holds that no query needs, such as `SHOW_REF`.
        default: What stands before a shorter table name: catalog, or catalog and schema.
        through_views: Whether `tables` are those behind a view instead of the view.
        bytes_processed: What it would read; None where the engine does not tell.
    """

    statement: str
    count: int = 1
    tables: frozenset[TablePath] | None = None
    functions: frozenset[str] | None = None
    foreign: frozenset[str] = frozenset()
    default: TablePath = ()
    through_views: bool = False
    bytes_processed: int | None = None
