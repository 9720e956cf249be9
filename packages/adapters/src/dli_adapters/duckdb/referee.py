"""How DuckDB's own parser reads a statement."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import duckdb

from dli_adapters.duckdb.errors import Sent, translated
from dli_domain.model.policy import Opinion, TablePath
from dli_domain.ports.sql_referee import SqlReferee

# The parts of a query as DuckDB's parser names them; expressions have a class as well. What is
# not here, such as SHOW_REF for SHOW and DESCRIBE, is told as foreign.
_PARTS = frozenset(
    {
        "SELECT_NODE",
        "SET_OPERATION_NODE",
        "RECURSIVE_CTE_NODE",
        "CTE_NODE",
        "BASE_TABLE",
        "EMPTY",
        "EXPRESSION_LIST",
        "JOIN",
        "PIVOT",
        "SUBQUERY",
        "TABLE_FUNCTION",
        "DISTINCT_MODIFIER",
        "LIMIT_MODIFIER",
        "LIMIT_PERCENT_MODIFIER",
        "ORDER_MODIFIER",
        "ASCENDING",
        "DESCENDING",
        "ORDER_DEFAULT",
    }
)


@final
class DuckDbReferee(SqlReferee):
    """Parses on a connection of its own beside the session's, so that no open result ends.

    Args:
        connection: The session; the engine behind it is asked.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def opinion(self, sql: str, params: Mapping[str, object] | None = None) -> Opinion:
        del params  # parsing binds none
        try:
            with self._connection.cursor() as beside:
                statements = beside.extract_statements(sql)
                kinds = [statement.type.name for statement in statements]
                if kinds != ["SELECT"]:
                    return Opinion(statement=kinds[0] if kinds else "", count=len(kinds))
                row = beside.execute(
                    "SELECT json_serialize_sql($sql, skip_null := true, skip_empty := true)",
                    {"sql": sql},
                ).fetchone()
        except duckdb.Error as error:
            raise translated(error, Sent(sql)) from error
        return _told(str(row[0]) if row else "{}")


@dataclass(slots=True)
class _Seen:
    tables: set[TablePath] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)


def _told(document: str) -> Opinion:
    try:
        tree = json.loads(document)
    except RecursionError:
        return Opinion(statement="SELECT", foreign=frozenset({"TOO_DEEP"}))
    if tree.get("error") or "statements" not in tree:
        return Opinion(statement="SELECT", foreign=frozenset({"UNSERIALIZABLE"}))
    statements = tree["statements"]
    seen = _Seen()
    # a stack of our own: each part with the names of the query's own WITH that it can see
    waiting: list[tuple[Any, frozenset[str]]] = [(statements, frozenset())]
    while waiting:
        part, names = waiting.pop()
        if isinstance(part, list):
            waiting.extend((item, names) for item in part)
        elif isinstance(part, dict):
            _look(part, names, seen)
            waiting.extend(_below(part, names))
    return Opinion(
        statement="SELECT",
        count=len(statements),
        tables=frozenset(seen.tables),
        functions=frozenset(seen.functions),
        foreign=frozenset(seen.foreign),
    )


def _look(part: Mapping[str, Any], names: frozenset[str], seen: _Seen) -> None:
    kind = part.get("type")
    if kind == "BASE_TABLE":
        path = tuple(str(name) for name in part["qualified_name"]["path"] if name)
        if len(path) != 1 or path[0].lower() not in names:
            seen.tables.add(path)
    elif isinstance(kind, str) and "class" not in part and kind not in _PARTS:
        seen.foreign.add(kind)
    if "function_name" in part and part.get("class") in {"FUNCTION", "WINDOW"}:
        # with its schema, if it has one: then it is no built-in function
        spelled = part.get("qualified_name", {}).get("path") or [part["function_name"]]
        seen.functions.add(".".join(map(str, spelled)).lower())


def _below(part: Mapping[str, Any], names: frozenset[str]) -> Iterator[tuple[Any, frozenset[str]]]:
    """What the part holds, each with the names it can see."""
    for entry in part.get("cte_map", {}).get("map", ()):
        yield entry["value"], names
        names |= {str(entry["key"]).lower()}
    recursive = str(part["cte_name"]).lower() if part.get("type") == "RECURSIVE_CTE_NODE" else None
    for key, value in part.items():
        if key == "cte_map":
            continue
        own = recursive is not None and key == "right"
        yield value, names | {recursive} if own and recursive else names
