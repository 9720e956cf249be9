"""Any query: WITH, set operations, brackets, and the tables at the bottom."""

from sqlglot import exp

from dli_domain.lineage.expressions import ExpressionReading
from dli_domain.lineage.pivots import pivoted
from dli_domain.lineage.reading import Ctes, Notes, Reader, Rules, Schemas
from dli_domain.lineage.relations import FromReading
from dli_domain.lineage.scopes import Aliases, From, Scope
from dli_domain.lineage.selects import SelectReading, order
from dli_domain.lineage.tables import table_parts
from dli_domain.lineage.values import (
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


class QueryReader(Reader):
    """Reads the queries of one statement.

    Args:
        rules: What the dialect lets names mean.
        schemas: The columns of tables, where they are known.
        local: Temporary tables of the session by their keys, read through to their sources.
    """

    def __init__(
        self, rules: Rules, schemas: Schemas, local: dict[str, Relation] | None = None
    ) -> None:
        self.rules = rules
        self.notes = Notes()
        self._schemas = schemas
        self._local = local or {}

    def value(
        self,
        node: exp.Expr,
        scope: Scope,
        ctes: Ctes,
        filters: Filters,
        aliases: Aliases = Aliases.HIDDEN,
    ) -> Value:
        return ExpressionReading(self, scope, ctes, filters, aliases)(node)

    def query(
        self,
        node: exp.Expr,
        ctes: Ctes,
        *,
        parent: Scope | None = None,
        beside: Scope | None = None,
    ) -> Relation:
        ctes = self.with_ctes(node, ctes)
        if isinstance(node, exp.Select):
            scope = self.scope(parent, beside)
            return SelectReading(self, node, ctes, scope)()
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, ctes, parent, beside)
        if isinstance(node, exp.Subquery):
            return self._brackets(node, ctes, parent, beside)
        scope = self.scope(parent, beside)
        filters: Filters = {}
        if isinstance(node, exp.Pivot):
            relation = FromReading(self, scope, ctes, filters).add(node.this)[0].relation
            return pivoted(node, relation, self, ctes)
        taken = FromReading(self, scope, ctes, filters).add(node)
        return taken[0].relation

    def scope(self, parent: Scope | None = None, beside: Scope | None = None) -> Scope:
        """An empty scope of this dialect."""
        return Scope(parent=parent, beside=beside, rows=self.rules.rows_have_names)

    def table(self, node: exp.Table, ctes: Ctes) -> Relation:
        parts = table_parts(node)
        if len(parts) == 1 and not node.db:
            found = ctes.get(parts[0].lower())
            if found is not None:
                return found
        key = self.key_of(parts)
        local = self._local.get(key)
        if local is not None:
            return local
        columns = self._schemas(parts)
        if columns is None:
            return Relation([], (Rest(key),), base=key)
        fields = []
        for name in columns:
            folded = name.lower()
            self.notes.columns[(key, folded)] = name
            fields.append(Field(name, Value({(key, folded): COPIED}, COPIED)))
        return Relation(fields, base=key)

    def key_of(self, parts: tuple[str, ...]) -> str:
        """The table's key; its name as first written is noted."""
        name = ".".join(parts)
        key = self.rules.fold_table(name)
        self.notes.tables.setdefault(key, name)
        return key

    def with_ctes(self, node: exp.Expr, ctes: Ctes) -> Ctes:
        """The CTEs that `node` sees, its own among them."""
        with_ = node.args.get("with_")
        if not isinstance(with_, exp.With):
            return ctes
        seen = dict(ctes)
        for cte in with_.expressions:
            names = [column.name for column in cte.args["alias"].columns]
            if with_.recursive and isinstance(cte.this, exp.SetOperation):
                seen[cte.alias.lower()] = self._recursive(cte, names, seen)
            else:
                seen[cte.alias.lower()] = self.query(cte.this, seen).renamed(names)
        return seen

    def _recursive(self, cte: exp.CTE, names: list[str], ctes: Ctes) -> Relation:
        """The least relation that contains its first part and what it adds to itself."""
        name = cte.alias.lower()
        now = self.query(cte.this.this, self.with_ctes(cte.this, ctes)).renamed(names)
        # Sources only grow, and a column's way through the others is no longer than they are.
        for _ in range(len(now.fields) + 2):
            again = self.query(cte.this, {**ctes, name: now}).renamed(names)
            same = [f.value for f in again.fields] == [f.value for f in now.fields]
            if same and again.filters == now.filters:
                return again
            now = again
        return now

    def _brackets(
        self, node: exp.Subquery, ctes: Ctes, parent: Scope | None, beside: Scope | None
    ) -> Relation:
        if isinstance(node.this, exp.Table):
            return self._joined(node, ctes, self.scope(parent, beside))
        relation = self.query(node.this, ctes, parent=parent, beside=beside)
        if not node.args.get("order"):
            return relation
        relation = Relation(relation.fields, relation.rest, _copy(relation.filters))
        scope = self.scope()
        scope.sources.append(From("", relation))
        order(self, node, relation.fields, scope, ctes, relation.filters)
        return relation

    def _joined(self, node: exp.Subquery, ctes: Ctes, scope: Scope) -> Relation:
        """`(a JOIN b ON ...) AS t`: all columns of both."""
        filters: Filters = {}
        FromReading(self, scope, ctes, filters).add(node.this)
        fields = [one for source in scope.sources for one in source.relation.fields]
        shared = scope.merged
        kept = [one for one in fields if one.name.lower() not in shared]
        fields = [Field(scope.merged_names[key], value) for key, value in shared.items()] + kept
        rest = tuple(r.less(shared) for source in scope.sources for r in source.relation.rest)
        return Relation(fields, rest, filters)

    def _set_operation(
        self, node: exp.SetOperation, ctes: Ctes, parent: Scope | None, beside: Scope | None
    ) -> Relation:
        """A chain such as `a UNION b UNION c` goes down its left side, however long."""
        chain: list[tuple[exp.SetOperation, Ctes]] = [(node, ctes)]
        while isinstance(chain[-1][0].this, exp.SetOperation):
            inner = chain[-1][0].this
            chain.append((inner, self.with_ctes(inner, chain[-1][1])))
        relation = self.query(chain[-1][0].this, chain[-1][1], parent=parent, beside=beside)
        for operation, seen in reversed(chain):
            right = self.query(operation.expression, seen, parent=parent, beside=beside)
            relation = _combined(operation, relation, right)
            if operation.args.get("order"):
                scope = self.scope()
                scope.sources.append(From("", relation))
                order(self, operation, relation.fields, scope, seen, relation.filters)
        return relation


def _combined(node: exp.SetOperation, left: Relation, right: Relation) -> Relation:
    filters = _copy(left.filters)
    add_filters(filters, right.filters)
    if isinstance(node, exp.Except | exp.Intersect):
        clause = "except" if isinstance(node, exp.Except) else "intersect"
        filter_by(filters, right.whole(), clause)
        return Relation(left.fields, left.rest, filters)
    if node.args.get("by_name"):
        return _by_name(left, right, filters)
    if left.rest or right.rest or len(left.fields) != len(right.fields):
        # Columns go together by position, and the positions are not known.
        doubt = right.whole()
        fields = [
            Field(one.name, merged((one.value, doubt.doubted())), one.named) for one in left.fields
        ]
        return Relation(fields, tuple(rest.doubted(doubt) for rest in left.rest), filters)
    pairs = zip(left.fields, right.fields, strict=True)
    fields = [Field(a.name, merged((a.value, b.value)), a.named) for a, b in pairs]
    return Relation(fields, (), filters)


def _by_name(left: Relation, right: Relation, filters: Filters) -> Relation:
    fields = []
    for one in left.fields:
        key = one.name.lower()
        same = [other.value for other in right.named(key)] or [
            value.doubted() for value in right.others(key)
        ]
        fields.append(Field(one.name, merged((one.value, *same)), one.named))
    for one in right.fields:
        key = one.name.lower()
        if not left.named(key):
            doubts = [value.doubted() for value in left.others(key)]
            fields.append(Field(one.name, merged((one.value, *doubts)), one.named))
    names = {one.name.lower() for one in fields}
    rest = [one.less(names) for one in (*left.rest, *right.rest)]
    return Relation(fields, tuple(rest), filters)


def _copy(filters: Filters) -> Filters:
    return {key: set(clauses) for key, clauses in filters.items()}
