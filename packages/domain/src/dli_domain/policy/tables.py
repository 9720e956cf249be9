"""Step 6: the tables a query reads, its own WITH names taken out, against a list of patterns."""

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp

from dli_domain.model.policy import ReadAccess, TablePath
from dli_domain.policy.function_names import TABLE_NAMES
from dli_domain.policy.node_names import COMMANDS
from dli_domain.policy.reading import ReadText
from dli_domain.policy.refusal import Step, refused

_PLAIN = re.compile(r"[\w@. \-]+")
_FILE = re.compile(
    r"\.(?:csv|tsv|txt|jsonl?|ndjson|geojson|parquet|arrows?|feather|ipc|avro|orc|xlsx?"
    r"|db|duckdb|ddb|sqlite3?|gz|zst|zip|lance|vortex|shp)$"
)
_QUOTE = "Quote the name, if it is a table's."
_OWN_SCHEMAS = frozenset({"information_schema", "pg_catalog", "system", "__tables__"})
_OWN_TABLES = re.compile(
    r"(?:duckdb_|pragma_|sqlite_|pg_|__).*|system|information_schema|show_databases|show_tables"
)


def tables_read(text: ReadText) -> frozenset[TablePath]:
    """Every table the query names, as written.

    Raises:
        PolicyError: something that is no plain table name stands where a table stands.
    """
    found = {_path(table, text.dialect) for table, hidden in _mentions(text) if not hidden}
    return frozenset(path for path in found if path)


def check_tables(tables: frozenset[TablePath], dialect: str, access: ReadAccess) -> None:
    """Refuse a table that the access does not cover.

    Raises:
        PolicyError: naming the table.
    """
    for path in sorted(tables):
        _check_plain(path)
        own = is_metadata(path)
        if own and not access.metadata:
            raise refused(Step.TABLES, f"{'.'.join(path)!r} is a table of the engine's own")
        if not own and not covers(access.tables, path, dialect):
            raise refused(Step.TABLES, f"the table {'.'.join(path)!r} is not among the allowed")


def is_metadata(path: TablePath) -> bool:
    """Whether the name is one of the engine's own catalog."""
    parts = [part for name in path for part in ascii_lower(name).split(".")]
    return bool(_OWN_SCHEMAS & set(parts)) or bool(_OWN_TABLES.fullmatch(parts[-1]))


def covers(patterns: Sequence[str] | None, path: TablePath, dialect: str) -> bool:
    """Whether one of the patterns names the table.

    A pattern has as many parts as the name, `*` in a part stands for any letters, and a last
    part `*` for all that follows: `nyc.*` covers `nyc.trips` and `nyc.raw.trips`, not
    `other.nyc.trips`. None covers everything. Case counts on BigQuery, where it tells tables
    apart.
    """
    if patterns is None:
        return True
    fold = str if dialect == "bigquery" else ascii_lower
    folded = tuple(fold(part) for part in path)
    return any(_matches(fold(pattern), folded) for pattern in patterns)


def ascii_lower(name: str) -> str:
    """Lower case of A to Z only: engines differ in the rest."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name)


def _matches(pattern: str, path: TablePath) -> bool:
    wanted = pattern.split(".")
    if wanted[-1] == "*":
        if len(path) < len(wanted):
            return False
        wanted, path = wanted[:-1], path[: len(wanted) - 1]
    return len(wanted) == len(path) and all(map(_part_matches, wanted, path))


def _part_matches(wanted: str, part: str) -> bool:
    letters = ".*".join(re.escape(piece) for piece in wanted.split("*"))
    return re.fullmatch(letters, part, re.DOTALL) is not None


def _check_plain(path: TablePath) -> None:
    name = ".".join(path)
    if not all(_PLAIN.fullmatch(part) for part in path):
        raise refused(Step.TABLES, f"{name[:60]!r} is no plain table name")
    if _FILE.search(ascii_lower(name)):
        raise refused(Step.TABLES, f"{name[:60]!r} reads like the name of a file")


def _mentions(text: ReadText) -> Iterator[tuple[exp.Table, bool]]:
    """Every table node, and whether a name of the query's own hides a table of the engine."""
    waiting: list[tuple[exp.Expr, frozenset[str]]] = [(text.tree, frozenset())]
    while waiting:
        node, names = waiting.pop()
        if isinstance(node, exp.Table):
            yield node, _is_own(node, names, text.dialect)
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            for body, inside in _bodies(with_, names):
                waiting.append((body, inside))
            names |= {ascii_lower(cte.alias) for cte in with_.expressions}
        waiting.extend((child, names) for child in node.iter_expressions() if child is not with_)


def _bodies(with_: exp.With, names: frozenset[str]) -> Iterator[tuple[exp.Expr, frozenset[str]]]:
    """Each named query with the names that it can see.

    In a recursive one its own name is seen in the second part of a UNION only: everywhere else
    it may be a table. So may a name that comes later.
    """
    for cte in with_.expressions:
        own = ascii_lower(cte.alias)
        body = cte.this
        if with_.recursive and isinstance(body, exp.SetOperation) and not body.args.get("with_"):
            for part in body.iter_expressions():
                yield part, names | {own} if part is body.expression else names
        else:
            yield body, names
        names |= {own}


def _is_own(table: exp.Table, names: frozenset[str], dialect: str) -> bool:
    if not isinstance(table.this, exp.Identifier) or table.args.get("catalog"):
        return False
    if not table.args.get("db"):
        return ascii_lower(table.name) in names
    # BigQuery: FROM orders AS o, o.items
    return dialect == "bigquery" and ascii_lower(table.db) in _aliases_before(table)


def _aliases_before(table: exp.Table) -> frozenset[str]:
    """What the FROM clauses in sight call the tables that stand before this one."""
    aliases: set[str] = set()
    node: exp.Expr | None = table
    while node is not None and not _starts_anew(node):
        if isinstance(node, exp.Select):
            aliases.update(_aliases(node, table))
        node = node.parent
    return frozenset(aliases)


def _starts_anew(node: exp.Expr) -> bool:
    """Whether nothing outside is in sight: a query in WITH or in FROM sees no neighbour."""
    return isinstance(node, exp.CTE) or (
        isinstance(node, exp.Subquery) and isinstance(node.parent, exp.From | exp.Join)
    )


def _aliases(select: exp.Select, until: exp.Table) -> Iterator[str]:
    start = select.args.get("from_")
    sources = [start.this] if isinstance(start, exp.From) else []
    for source in [*sources, *(join.this for join in select.args.get("joins") or ())]:
        if source is until:
            return
        yield ascii_lower(source.alias_or_name)


def _path(table: exp.Table, dialect: str) -> TablePath:
    named = [table.args.get(part) for part in ("catalog", "db", "this")]
    parts = [part for part in named if part is not None and part != ""]
    if isinstance(table.this, exp.Func):
        _check_table_function(table, len(parts), dialect)
        return ()
    path: list[str] = []
    for part in parts:
        if not isinstance(part, exp.Identifier) or not part.name:
            raise refused(Step.TABLES, "something that is no name stands where a table stands")
        path.append(part.name)
    if not parts[0].args.get("quoted") and ascii_lower(path[0]) in COMMANDS:
        # (SHOW TABLES) reads like a table SHOW that is called TABLES
        raise refused(Step.SYNTAX, f"{path[0].upper()} reads like a statement", hint=_QUOTE)
    return tuple(path)


def _check_table_function(table: exp.Table, parts: int, dialect: str) -> None:
    function = table.this
    name = ascii_lower(function.name) if isinstance(function, exp.Anonymous) else ""
    allowed = TABLE_NAMES[dialect]
    generates = isinstance(function, exp.GenerateSeries) and "generate_series" in allowed
    if parts != 1 or not (generates or name in allowed):
        shown = name or type(function).__name__.upper()
        raise refused(Step.FUNCTIONS, f"{shown}() may not stand where a table stands")
