"""The columns that a statement gives, and where each comes from."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.scope import Scope, build_scope

from dli_domain.analysis.sources import Sources, left_out, selected

_MAX_DEPTH = 50


class Found(NamedTuple):
    """One column of a query: its node, name, type, and what it copies or is made by."""

    node: exp.Expr
    name: str
    type: str = ""
    table: int = -1
    column: str = ""
    without: tuple[str, ...] = ()
    made_by: exp.Expr | None = None


class Outputs:
    """Reads the outputs off trees of one dialect."""

    def __init__(self, reads: Mapping[str, int], dialect: str) -> None:
        self._sources = Sources(reads)
        self._dialect = dialect
        # Every column of a query asks for the same queries below it. The scope is kept with its
        # answer, so that no other one can take its id.
        self._known: dict[int, tuple[Scope, list[Found] | None]] = {}

    def of(self, tree: exp.Expr) -> list[Found] | None:
        """The columns in order; None where they cannot be told."""
        query, names = _query_of(tree)
        scope = build_scope(query) if query is not None else None
        found = self._of_scope(scope, 0) if scope is not None else None
        if found is not None:
            found = [self._typed(one) for one in found]
        if found is None or names is None:
            return found
        if len(names) != len(found) or any(one.name == "*" for one in found):
            return None
        return [one._replace(name=name) for one, name in zip(found, names, strict=True)]

    def _of_scope(self, scope: Scope, depth: int) -> list[Found] | None:
        known = self._known.get(id(scope))
        if known is None:
            known = self._known[id(scope)] = (scope, self._read(scope, depth))
        return known[1]

    def _read(self, scope: Scope, depth: int) -> list[Found] | None:
        if scope.set_operation_scopes:
            return self._of_scope(scope.set_operation_scopes[0], depth + 1)
        query = scope.expression
        if not isinstance(query, exp.Select) or depth > _MAX_DEPTH:
            return None
        found: list[Found] = []
        for select in query.selects:
            if select.is_star:
                opened = self._opened(scope, select, depth)
                if opened is None:
                    return None
                found.extend(opened)
            else:
                found.append(self._one(scope, select, depth))
        return found

    def _opened(self, scope: Scope, select: exp.Expr, depth: int) -> list[Found] | None:
        sources = self._sources.star(scope, select)
        if sources is None:
            return None
        without = left_out(select)
        found: list[Found] = []
        for source in sources.values():
            if isinstance(source, Scope):
                inner = self._of_scope(source, depth + 1)
                if inner is None or _renames(source):
                    return None
                found.extend(one._replace(node=select) for one in inner if one.name not in without)
            else:
                number = self._sources.table(source)
                if number is None:
                    return None
                found.append(Found(select, "*", table=number, without=tuple(sorted(without))))
        return found

    def _one(self, scope: Scope, select: exp.Expr, depth: int) -> Found:
        name = select.alias_or_name
        inner = select.unalias()
        while isinstance(inner, exp.Paren):
            inner = inner.this
        if isinstance(inner, exp.Column):
            return self._copied(scope, inner, depth)._replace(node=select, name=name)
        return Found(select, name, made_by=inner)

    def _copied(self, scope: Scope, column: exp.Column, depth: int) -> Found:
        nothing = Found(column, column.name)
        if len(column.parts) > 2 or depth > _MAX_DEPTH:
            return nothing
        sources = selected(scope)
        owner = column.table.lower()
        if not owner and len(sources) == 1:
            owner = next(iter(sources))
        source = sources.get(owner)
        if isinstance(source, Scope):
            inner = None if _renames(source) else self._of_scope(source, depth + 1)
            same = [one for one in inner or () if one.name.lower() == column.name.lower()]
            return same[0] if same else nothing
        number = self._sources.table(source) if source is not None else None
        if number is None:
            return nothing
        return Found(column, column.name, "", number, column.name)

    def _typed(self, found: Found) -> Found:
        """With the type that the expression tells by itself, in the dialect's words."""
        node = found.made_by
        if node is None or isinstance(node, exp.Null):
            return found
        annotated = annotate_types(node.copy(), dialect=self._dialect)
        kind = annotated.type
        if kind is None or kind.is_type("unknown", "null") or _rests_on_columns(annotated):
            return found
        return found._replace(type=kind.sql(self._dialect))


def _rests_on_columns(node: exp.Expr) -> bool:
    """Whether the type depends on a column's that nobody knows here (a sum's, a CASE's)."""
    if isinstance(node, exp.Cast | exp.Predicate | exp.Connector | exp.Count | exp.RowNumber):
        return False
    if isinstance(node, exp.DateTrunc | exp.TimestampTrunc | exp.Sum | exp.Avg):
        return True
    return any(
        one.type is None or one.type.is_type("unknown")
        for one in node.iter_expressions()
        if isinstance(one, exp.Condition)
    )


def _query_of(tree: exp.Expr) -> tuple[exp.Query | None, list[str] | None]:
    """The query whose rows the statement gives or stores, and the names they are stored under."""
    if isinstance(tree, exp.Query):
        return tree, None
    if not isinstance(tree, exp.Insert | exp.Create) or not isinstance(tree.expression, exp.Query):
        return None, None
    target = tree.this
    if isinstance(target, exp.Schema):
        return tree.expression, [one.name for one in target.expressions]
    return tree.expression, None


def _renames(scope: Scope) -> bool:
    parent = scope.expression.parent
    alias = parent.args.get("alias") if parent is not None else None
    return isinstance(alias, exp.TableAlias) and bool(alias.args.get("columns"))
