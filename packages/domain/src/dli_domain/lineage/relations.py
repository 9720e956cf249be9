"""What stands in FROM: tables, subqueries, joins, generated rows, pivots."""

from collections.abc import Iterable, Sequence

from sqlglot import exp

from dli_domain.lineage.pivots import pivoted
from dli_domain.lineage.reading import Ctes, Reader
from dli_domain.lineage.scopes import From, Scope
from dli_domain.lineage.tables import is_generator
from dli_domain.lineage.values import (
    COMPUTED,
    COPIED,
    Field,
    Filters,
    Relation,
    Rest,
    Value,
    add_filters,
    filter_by,
    merged,
)

_SHAPING = frozenset({"this", "using", "method", "side", "kind", "on", "hint"})


class FromReading:
    """Fills a scope with the relations of one FROM clause, left to right."""

    def __init__(self, reader: Reader, scope: Scope, ctes: Ctes, filters: Filters) -> None:
        self._reader = reader
        self._scope = scope
        self._ctes = ctes
        self._filters = filters

    def select(self, node: exp.Expr) -> None:
        """All of a SELECT's (or a DML's) FROM, joins and LATERAL VIEWs."""
        from_ = node.args.get("from_")
        if isinstance(from_, exp.From):
            self.add(from_.this)
        self.joins(node)

    def joins(self, node: exp.Expr) -> None:
        """The joins and laterals that hang on a node."""
        for join in node.args.get("joins") or ():
            self._join(join)
        for lateral in node.args.get("laterals") or ():
            self.add(lateral)

    def add(self, node: exp.Expr) -> list[From]:
        """One item of FROM; several where it is a join in brackets."""
        if isinstance(node, exp.Final):
            node = node.this
        before = len(self._scope.sources)
        if isinstance(node, exp.Subquery) and _is_bracket(node):
            self.add(node.this)
        else:
            self._take(node)
        self.joins(node)
        return self._scope.sources[before:]

    def _take(self, node: exp.Expr) -> None:
        relation = self._relation(node)
        for pivot in node.args.get("pivots") or ():
            relation = pivoted(pivot, relation, self._reader, self._ctes)
        names = [column.name for column in _alias_columns(node)]
        alias = _alias(node)
        if not isinstance(node, exp.Unnest | exp.Lateral | exp.Values):
            relation = relation.renamed(names)
        add_filters(self._filters, relation.filters)
        path: tuple[str, ...] = ()
        if isinstance(node, exp.Table) and not alias and isinstance(node.this, exp.Identifier):
            path = tuple(part.name.lower() for part in node.parts)
            alias = node.name
        pivots = node.args.get("pivots") or ()
        if pivots and pivots[-1].alias:
            alias = pivots[-1].alias
        self._scope.sources.append(From(alias.lower(), relation, path))

    def _relation(self, node: exp.Expr) -> Relation:
        if isinstance(node, exp.Table):
            is_named = isinstance(node.this, exp.Identifier | exp.Dot)
            return self._reader.table(node, self._ctes) if is_named else self._function(node)
        if isinstance(node, exp.Unnest):
            return self._unnest(node)
        if isinstance(node, exp.Lateral):
            return self._lateral(node)
        if isinstance(node, exp.Values):
            return self._values(node)
        return self._other(node)

    def _other(self, node: exp.Expr) -> Relation:
        if isinstance(node, exp.Query):
            return self._reader.query(node, self._ctes, beside=self._scope)
        self._reader.notes.doubt(f"what {type(node).__name__.upper()} gives in FROM is not known")
        return Relation([], (Rest(None, self._value(node).doubted()),))

    def _value(self, node: exp.Expr) -> Value:
        return self._reader.value(node, self._scope, self._ctes, self._filters)

    def _function(self, node: exp.Table) -> Relation:
        argument = self._value(node.this).through(COMPUTED)
        if not is_generator(node):
            table = self._reader.table(node, {})
            return Relation(
                table.fields,
                tuple(r.doubted(argument) if argument.sources else r for r in table.rest),
            )
        if isinstance(node.this, exp.GenerateSeries):
            name = "range" if node.this.args.get("is_end_exclusive") else "generate_series"
            return Relation([Field(name, argument)])
        return _generated(argument, _alias_columns(node), "")

    def _unnest(self, node: exp.Unnest) -> Relation:
        parts = [self._value(one).through(COMPUTED) for one in node.expressions]
        names = [column.name for column in _alias_columns(node)]
        alias = _alias(node)
        if not names:
            bigquery = self._reader.rules.dialect == "bigquery"
            names = [] if bigquery else ["unnest"]
        elements = parts if len(parts) == len(names) else [merged(parts)] * len(names)
        fields = [Field(name, value) for name, value in zip(names, elements, strict=True)]
        rest: tuple[Rest, ...] = ()
        if self._reader.rules.dialect == "bigquery" or not fields:
            # The fields of structs are columns too.
            rest = (Rest(None, merged(parts)),)
            if alias and not names:
                fields.append(Field(alias, merged(parts)))
        offset = node.args.get("offset")
        if offset:
            name = offset.name if isinstance(offset, exp.Expr) else "offset"
            fields.append(Field(name, Value({}, COMPUTED)))
        return Relation(fields, rest)

    def _lateral(self, node: exp.Lateral) -> Relation:
        inner = node.this
        columns = _alias_columns(node)
        if isinstance(inner, exp.Subquery):
            relation = self._reader.query(inner, self._ctes, parent=self._scope)
            return relation.renamed([column.name for column in columns])
        if isinstance(inner, exp.Unnest):
            if columns and not _alias_columns(inner):
                inner = inner.copy()
                inner.set("alias", node.args["alias"].copy())
            return self._unnest(inner)
        return _generated(self._value(inner).through(COMPUTED), columns, _alias(node))

    def _values(self, node: exp.Values) -> Relation:
        rows = [
            row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions
        ]
        names = [column.name for column in _alias_columns(node)]
        prefix = {"duckdb": "col", "trino": "_col"}.get(self._reader.rules.dialect)
        width = max((len(row) for row in rows), default=0)
        fields = []
        for at in range(width):
            value = merged(self._value(row[at]) for row in rows if at < len(row))
            name = names[at] if at < len(names) else f"{prefix}{at}"
            fields.append(Field(name, value, named=at < len(names) or prefix is not None))
        return Relation(fields)

    def _join(self, join: exp.Join) -> None:
        scope = self._scope
        left = list(scope.sources)
        right = self.add(join.this)
        names = [one.name for one in join.args.get("using") or ()]
        if str(join.args.get("method") or "").upper() == "NATURAL":
            names = self._natural(left, right)
        for name in names:
            self._merge(name, left, right, join.side.upper())
        for key, value in join.args.items():
            conditions = value if isinstance(value, list) else [value]
            if key == "on" or key not in _SHAPING:
                for condition in conditions:
                    if isinstance(condition, exp.Expr):
                        filter_by(self._filters, self._value(condition), "join")
        if join.kind.upper() in ("SEMI", "ANTI"):
            scope.sources = left
            for name in names:
                scope.merged.pop(name.lower(), None)

    def _natural(self, left: Iterable[From], right: Sequence[From]) -> list[str]:
        relations = [one.relation for one in (*left, *right)]
        if any(relation.rest for relation in relations):
            self._reader.notes.doubt("the columns of a NATURAL JOIN are not known")
            whole = merged(relation.whole() for relation in relations if relation.rest)
            filter_by(self._filters, whole.doubted(), "join")
        there = {f.name.lower() for one in right for f in one.relation.fields}
        both = [f.name for one in left for f in one.relation.fields if f.name.lower() in there]
        return list(dict.fromkeys(both))

    def _merge(self, name: str, left: list[From], right: list[From], side: str) -> None:
        """One column of USING: its value is that of the side which always has one."""
        key = name.lower()
        before = self._scope.merged.get(key)
        first = before or self._on_side(key, left)
        second = self._on_side(key, right)
        if side == "RIGHT":
            value = second
        elif side == "FULL":
            value = merged((first, second)).through(COMPUTED)
        else:
            value = first
        self._scope.merged[key] = value
        self._scope.merged_names[key] = name
        filter_by(self._filters, first, "join")
        filter_by(self._filters, second, "join")

    def _on_side(self, key: str, side: list[From]) -> Value:
        value = Scope(sources=side).column((key,))
        if value is None:
            self._reader.notes.doubt(f"nothing here has the column {key} of USING")
            return Value({}, COPIED).doubted()
        return value


def _generated(value: Value, columns: Sequence[exp.Identifier], alias: str) -> Relation:
    fields = [Field(column.name, value) for column in columns]
    if fields:
        return Relation(fields)
    if alias:
        fields = [Field(alias, value)]
    return Relation(fields, (Rest(None, value),))


def _is_bracket(node: exp.Subquery) -> bool:
    """A join in brackets: it opens no scope of its own unless it has a name."""
    return (
        isinstance(node.this, exp.Table | exp.Subquery)
        and not node.alias
        and not node.args.get("pivots")
    )


def _alias(node: exp.Expr) -> str:
    alias = node.args.get("alias")
    if isinstance(alias, exp.TableAlias):
        if alias.this is None and len(alias.columns) == 1:
            return str(alias.columns[0].name)
        return alias.name
    return alias.name if isinstance(alias, exp.Expr) else ""


def _alias_columns(node: exp.Expr) -> list[exp.Identifier]:
    alias = node.args.get("alias")
    return list(alias.columns) if isinstance(alias, exp.TableAlias) else []
