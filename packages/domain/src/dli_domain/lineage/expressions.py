"""What an expression is made of."""

from collections.abc import Callable

from sqlglot import exp

from dli_domain.lineage.reading import Ctes, Reader
from dli_domain.lineage.scopes import Aliases, Scope
from dli_domain.lineage.values import (
    AGGREGATED,
    COMPUTED,
    COPIED,
    UNKNOWN,
    Filters,
    Relation,
    Sources,
    Value,
    add_filters,
    merged,
)

_LEAVES = (
    exp.Literal,
    exp.DataType,
    exp.Var,
    exp.Identifier,
    exp.Null,
    exp.Boolean,
    exp.Placeholder,
)
_SAME = (exp.Alias, exp.Paren, exp.IgnoreNulls, exp.RespectNulls, exp.PivotAlias)

# Aggregates by their class that, over a window, give the value of one row.
_NAVIGATION = (
    exp.Lag,
    exp.Lead,
    exp.FirstValue,
    exp.LastValue,
    exp.NthValue,
    exp.First,
    exp.Last,
    exp.Rank,
    exp.DenseRank,
    exp.PercentRank,
    exp.CumeDist,
    exp.Ntile,
    exp.RowNumber,
)

Names = frozenset[str]
_NO_NAMES: Names = frozenset()

# A node, how its value is used, and the names that a lambda or a comprehension gives.
_Step = tuple[exp.Expr, int, Names]


class ExpressionReading:
    """One walk over one expression."""

    def __init__(
        self, reader: Reader, scope: Scope, ctes: Ctes, filters: Filters, aliases: Aliases
    ) -> None:
        self._reader = reader
        self._scope = scope
        self._ctes = ctes
        self._filters = filters
        self._aliases = aliases
        self._sources: Sources = {}
        self._making = 0
        self._stack: list[_Step] = []

    def __call__(self, node: exp.Expr) -> Value:
        """What `node` is made of."""
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
            return self._column(node, self._aliases)
        self._stack.append((node, COPIED, _NO_NAMES))
        while self._stack:
            self._step(*self._stack.pop())
        return Value(self._sources, self._making)

    def _step(self, node: exp.Expr, use: int, names: Names) -> None:
        if isinstance(node, exp.Column):
            self._name(node, use, names)
        elif isinstance(node, _SAME):
            self._stack.append((node.this, use, names))
        elif not isinstance(node, _LEAVES):
            for kind, take in _TAKERS:
                if isinstance(node, kind):
                    take(self, node, use, names)
                    return
            self._children(node, max(use, COMPUTED), names)

    def aggregate(self, node: exp.Expr, _: int, names: Names) -> None:
        self._making = AGGREGATED
        self._children(node, AGGREGATED, names)

    def chosen(self, node: exp.Expr, use: int, names: Names) -> None:
        """`sum(x) FILTER (WHERE ...)`, `WITHIN GROUP`: what chooses the rows is aggregated too."""
        self._stack.append((node.this, use, names))
        self._children(node.expression, AGGREGATED, names)

    def comprehension(self, node: exp.Expr, use: int, names: Names) -> None:
        variable = node.expression.name.lower() if node.expression else ""
        self._children(node, max(use, COMPUTED), names | {variable}, without="expression")

    def _children(self, node: exp.Expr, use: int, names: Names, *, without: str = "") -> None:
        for key, value in node.args.items():
            if key == without:
                continue
            if isinstance(value, exp.Expr):
                self._stack.append((value, use, names))
            elif isinstance(value, list):
                self._stack.extend((one, use, names) for one in value if isinstance(one, exp.Expr))

    def _add(self, value: Value, use: int) -> None:
        made = value.through(use)
        self._making = max(self._making, made.making)
        for source, rank in made.sources.items():
            self._sources[source] = max(rank, self._sources.get(source, UNKNOWN))

    def _name(self, node: exp.Column, use: int, names: Names) -> None:
        if isinstance(node.this, exp.Star):
            source = self._scope.source(tuple(part.name.lower() for part in node.parts[:-1]))
            self._add(source.relation.whole() if source else self._scope.row(), use)
        elif not (names and node.parts[0].name.lower() in names):
            hidden = Aliases.HIDDEN
            # An aggregate's argument means columns, never names of the select list.
            self._add(self._column(node, hidden if use == AGGREGATED else self._aliases), use)

    def _column(self, node: exp.Column, aliases: Aliases) -> Value:
        written = tuple(part.name for part in node.parts)
        value = self._scope.column(tuple(name.lower() for name in written), aliases)
        said = ".".join(written)
        if value is None:
            self._reader.notes.doubt(f"nothing here has the column {said}")
            return Value({}, 2)
        for table, column in value.sources:
            if column is not None:
                self._reader.notes.columns.setdefault((table, column), _spelled(written, column))
        tables = self._reader.notes.tables
        doubtful = {
            tables.get(table, table)
            for (table, _), rank in value.sources.items()
            if rank == UNKNOWN
        }
        if doubtful:
            maybe = " or ".join(sorted(doubtful))
            self._reader.notes.doubt(f"it cannot be told whether {said} is a column of {maybe}")
        return value

    def subquery(self, node: exp.Expr, use: int, _: Names) -> None:
        relation = self._relation(node)
        add_filters(self._filters, relation.filters)
        self._add(relation.whole(), use)

    def exists(self, node: exp.Expr, use: int, names: Names) -> None:
        """Whether rows are there depends on what decides about them, not on their columns."""
        inner = node.this
        if not isinstance(inner, exp.Query):
            self._children(node, max(use, COMPUTED), names)
            return
        relation = self._relation(inner)
        add_filters(self._filters, relation.filters)
        deciding = [
            Value({source: COMPUTED if certain else UNKNOWN}, COMPUTED)
            for source, certain in relation.filters
        ]
        self._making = max(self._making, COMPUTED)
        self._add(merged(deciding), max(use, COMPUTED))

    def _relation(self, node: exp.Expr) -> Relation:
        return self._reader.query(node, self._ctes, parent=self._scope)

    def window(self, node: exp.Expr, use: int, names: Names) -> None:
        inner = node.this
        while isinstance(inner, exp.IgnoreNulls | exp.RespectNulls | exp.Filter | exp.WithinGroup):
            inner = inner.this
        if isinstance(inner, _NAVIGATION):
            self._children(inner, max(use, COMPUTED), names)
            self._making = max(self._making, COMPUTED)
        elif isinstance(node.this, exp.Expr):
            self._stack.append((node.this, max(use, COMPUTED), names))
        self._making = max(self._making, COMPUTED)
        self._children(node, max(use, COMPUTED), names, without="this")
        alias = node.args.get("alias")
        if isinstance(alias, exp.Expr):
            window = self._scope.windows.get(alias.name.lower())
            if window is not None:
                self._add(window, max(use, COMPUTED))

    def all(self, node: exp.Expr, use: int, _: Names) -> None:
        is_counted = isinstance(node.parent, exp.Count) and isinstance(node, exp.Star)
        if not is_counted:
            row = self._scope.row()
            self._add(row.doubted() if isinstance(node, exp.Columns) else row, max(use, COMPUTED))


def _spelled(written: tuple[str, ...], folded: str) -> str:
    return next((name for name in written if name.lower() == folded), folded)


_Take = Callable[[ExpressionReading, exp.Expr, int, Names], None]
_TAKERS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], _Take], ...] = (
    (exp.Query, ExpressionReading.subquery),
    (exp.Exists, ExpressionReading.exists),
    (exp.AggFunc, ExpressionReading.aggregate),
    (exp.Window, ExpressionReading.window),
    ((exp.Filter, exp.WithinGroup), ExpressionReading.chosen),
    (exp.Comprehension, ExpressionReading.comprehension),
    ((exp.Columns, exp.Star), ExpressionReading.all),
)
