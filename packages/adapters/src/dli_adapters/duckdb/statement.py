"""One statement as DuckDB's own parser sees it."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from dli_domain.errors import ExecutionQueryError

_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE_INTO", "COPY"})
_PLANNED = frozenset({"SELECT", "CREATE", "MULTI", *_CHANGES})


@dataclass(frozen=True, slots=True)
class Statement:
    """A text with exactly one statement.

    Args:
        sql: The text, untouched.
        body: The same without the semicolon at its end and what follows it.
        kind: DuckDB's name of its type, such as `SELECT`.
        names: The parameters it uses, without the `$`.
        returning: Whether it is a change of data that gives rows.
    """

    sql: str
    body: str
    kind: str
    names: frozenset[str]
    returning: bool

    @property
    def has_plan(self) -> bool:
        """Whether it may read tables, so that EXPLAIN says something of it."""
        return self.kind in _PLANNED

    @property
    def only_binds(self) -> bool:
        """Whether EXPLAIN can repeat its binding."""
        return self.kind == "SELECT"

    def refuse_wrong_names(self, values: Mapping[str, object]) -> None:
        """Raise unless the values are exactly those that the statement uses.

        Raises:
            ExecutionQueryError: one is missing or unknown; all such names are told.
        """
        missing = sorted(self.names - set(values))
        unknown = sorted(set(values) - self.names)
        if missing or unknown:
            told = [f"no value for ${name}" for name in missing]
            told += [f"the statement has no ${name}" for name in unknown]
            raise ExecutionQueryError(f"DuckDB: {', '.join(told)}")

    def is_stream(self, relation: duckdb.DuckDBPyRelation) -> bool:
        """Whether the relation holds rows of the user's, not DuckDB's own answer."""
        if relation.type == "QUERY_RELATION":
            return True
        if self.kind in _CHANGES:
            return self.returning
        return self.kind != "CREATE" and relation.columns != ["Success"]

    def affected_rows(self, relation: duckdb.DuckDBPyRelation) -> int | None:
        """The rows that a change of data touched; None for any other statement."""
        if self.kind not in _CHANGES:
            return None
        counts = relation.fetchall()
        return int(counts[0][0]) if counts else None


def parsed(connection: duckdb.DuckDBPyConnection, sql: str) -> Statement:
    """The one statement of the text.

    Raises:
        ExecutionQueryError: there is none, or more than one.
        duckdb.ParserException: it does not parse.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise ExecutionQueryError(
            f"DuckDB: one statement was expected, the text holds {len(statements)}",
            hint="Put further statements into pre_statements and post_statements.",
        )
    found = statements[0]
    body, returning = _read_tokens(sql)
    return Statement(sql, body, found.type.name, frozenset(found.named_parameters), returning)


def _read_tokens(sql: str) -> tuple[str, bool]:
    """The text up to its first semicolon, and whether RETURNING stands outside all parentheses."""
    raw = sql.encode()
    tokens = duckdb.tokenize(sql)
    depth, returning = 0, False
    for start, kind in tokens:
        if kind == duckdb.token_type.operator:
            depth += {b"(": 1, b")": -1}.get(raw[start : start + 1], 0)
            if raw[start : start + 1] == b";":
                return raw[:start].decode(), returning
        elif kind == duckdb.token_type.keyword and depth == 0:
            returning |= raw[start : start + 9].lower() == b"returning"
    return sql, returning
