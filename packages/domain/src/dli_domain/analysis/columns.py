"""The columns a statement uses, each with the tables that it must come from."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from dli_domain.analysis.sources import Columns, Sources, visible
from dli_domain.lineage.tables import table_parts

# Words that some dialects write bare where others write a text: DATE_TRUNC(day, x).
_DATE_PARTS = frozenset(
    "microsecond millisecond second minute hour day dayofweek dayofyear week isoweek month "
    "quarter year isoyear date time epoch decade century millennium dow doy".split()
)
# Columns that an engine gives to each of its tables.
_GIVEN = frozenset("rowid filename file_row_number oid ctid value key element metadata".split())
_LATER = ("group", "order", "having", "qualify", "distinct", "windows", "sort", "cluster")


class Use(NamedTuple):
    """A column and the tables that one of them must have it; none where none can."""

    node: exp.Column
    column: str
    tables: tuple[int, ...]
    known: frozenset[str] = frozenset()


class ColumnUses:
    """Reads the uses off trees.

    Args:
        reads: The number of each table that the spec reads, by its lower-case name.
        dialect: Decides where a select's alias may be used.
    """

    def __init__(self, reads: Mapping[str, int], dialect: str) -> None:
        self.sources = Sources(reads)
        self._reads = reads
        self._everywhere = dialect == "duckdb"

    def of(self, tree: exp.Expr) -> Iterator[Use]:
        """Every use that can be judged; what cannot is left out."""
        for scope in traverse_scope(tree):
            if isinstance(scope.expression, exp.Select):
                yield from self._of_scope(scope)
        if isinstance(tree, exp.Delete | exp.Update | exp.Merge):
            yield from self._of_change(tree)

    def _of_scope(self, scope: Scope) -> Iterator[Use]:
        selects = scope.expression.args.get("expressions") or ()
        aliases = {one.alias.lower() for one in selects if isinstance(one, exp.Alias)}
        around = list(visible(scope))
        for node in scope.find_all(exp.Column):
            if isinstance(node.this, exp.Star) or _is_given(node):
                continue
            names = [part.name.lower() for part in node.parts]
            if len(names) == 1:
                yield from self._bare(node, names[0], around, scope, aliases)
            else:
                yield from self._qualified(node, names, around)

    def _qualified(
        self, node: exp.Column, names: list[str], around: list[dict[str, exp.Expr | Scope]]
    ) -> Iterator[Use]:
        for sources in around:
            for alias, source in sources.items():
                column = _behind(alias, source, names)
                if column is not None:
                    yield from _use(node, column, [self.sources.columns(source)])
                    return
        # No source has that name: it is a struct's column, or a mistake. Both need the first.
        if around and around[0]:
            found = [self.sources.columns(one) for part in around for one in part.values()]
            yield from _use(node, names[0], found)

    def _bare(
        self,
        node: exp.Column,
        name: str,
        around: list[dict[str, exp.Expr | Scope]],
        scope: Scope,
        aliases: set[str],
    ) -> Iterator[Use]:
        if not around or not around[0] or any(name in sources for sources in around):
            return  # a select without FROM, or a whole row such as count(t)
        if name in aliases and self._may_be_alias(node, name, scope.expression):
            return
        found = [self.sources.columns(one) for part in around for one in part.values()]
        yield from _use(node, name, found)

    def _may_be_alias(self, node: exp.Column, name: str, select: exp.Expr) -> bool:
        """Whether the select list's alias of that name may be meant there."""
        child: exp.Expr = node
        while child.parent is not None and child.parent is not select:
            child = child.parent
        if child.arg_key == "expressions":
            return self._everywhere and child.alias.lower() != name
        return self._everywhere or child.arg_key in _LATER

    def _of_change(self, tree: exp.Expr) -> Iterator[Use]:
        """Columns of UPDATE, DELETE and MERGE outside of their queries."""
        sources: dict[str, exp.Expr] = {}
        for table in _changed(tree):
            sources[(table.alias or table.name).lower()] = table
        if not sources:
            return
        found = [self.sources.columns(source) for source in sources.values()]
        for node in _outside_queries(tree):
            names = [part.name.lower() for part in node.parts]
            if _is_given(node) or isinstance(node.this, exp.Star):
                continue
            if len(names) == 1:
                yield from _use(node, names[0], found)
            elif names[0] in sources:
                yield from _use(node, names[1], [self.sources.columns(sources[names[0]])])


def _use(node: exp.Column, column: str, found: list[Columns | None]) -> Iterator[Use]:
    """The use, unless a source has the column or may have it."""
    tables: list[int] = []
    known: set[str] = set()
    for columns in found:
        if columns is None or column in columns.names:
            return
        known |= columns.names
        if column not in columns.excluded:
            tables.extend(columns.tables)
    yield Use(node, column, tuple(dict.fromkeys(tables)), frozenset(known))


def _behind(alias: str, source: exp.Expr | Scope, names: list[str]) -> str | None:
    """The column that `names` mean of this source; None where they mean another one."""
    if names[0] == alias:
        return names[1]
    if isinstance(source, exp.Table) and not source.alias:
        parts = [part.lower() for part in table_parts(source)]
        for count in range(len(parts), 1, -1):
            if names[:-1] == parts[-count:]:
                return names[-1]
    return None


def _is_given(node: exp.Column) -> bool:
    name = node.name.lower()
    if name.startswith(("$", "_")) or name in _GIVEN:
        return True
    return name in _DATE_PARTS and isinstance(node.parent, exp.Func)


def _changed(tree: exp.Expr) -> list[exp.Table]:
    if isinstance(tree, exp.Delete):
        # USING brings sources of its own; they are not looked through.
        tables = [] if tree.args.get("using") else [tree.this]
    elif isinstance(tree, exp.Update):
        tables = [] if tree.args.get("from_") else [tree.this]
    else:
        tables = [tree.this, tree.args.get("using")]
    if not all(isinstance(table, exp.Table) for table in tables):
        return []
    return tables


def _outside_queries(tree: exp.Expr) -> Iterator[exp.Column]:
    stack: list[exp.Expr] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.Column):
            yield node
        elif not isinstance(node, exp.Query | exp.With) or node is tree:
            stack.extend(
                one
                for key, value in node.args.items()
                # The columns that an INSERT of a MERGE lists are names, not uses.
                if not (isinstance(node, exp.Insert) and key == "this")
                for one in (value if isinstance(value, list) else (value,))
                if isinstance(one, exp.Expr)
            )
