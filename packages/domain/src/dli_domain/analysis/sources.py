"""What a scope of a statement reads, and which columns each of its sources has."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from dli_domain.lineage.tables import table_kind, table_parts
from dli_domain.model.lineage import TableKind

# A table behind one of these has other columns than its own.
_RESHAPING = ("pivots", "joins", "laterals", "match_recognize", "rows_from")
_MAX_DEPTH = 50


class Columns(NamedTuple):
    """The columns of a source: those named, and all of some physical tables besides.

    `tables` count in the reads of the spec. `excluded` are left out of the tables' columns.
    """

    names: frozenset[str]
    tables: tuple[int, ...] = ()
    excluded: frozenset[str] = frozenset()


class Sources:
    """Looks through the sources of scopes.

    Args:
        reads: The number of each table that the spec reads, by its lower-case name.
    """

    def __init__(self, reads: Mapping[str, int]) -> None:
        self._reads = reads
        # Kept with its answer, so that no other source can take its id.
        self._seen: dict[int, tuple[exp.Expr | Scope, Columns | None]] = {}

    def table(self, source: exp.Expr) -> int | None:
        """The number of a physical table; None where its columns are not its own."""
        if not isinstance(source, exp.Table) or table_kind(source) is not TableKind.TABLE:
            return None
        if any(source.args.get(key) for key in _RESHAPING) or _renamed(source):
            return None
        return self._reads.get(".".join(table_parts(source)).lower())

    def columns(self, source: exp.Expr | Scope, depth: int = 0) -> Columns | None:
        """The columns of one source; None where they cannot be told."""
        seen = self._seen.get(id(source))
        if seen is None:
            seen = self._seen[id(source)] = (source, self._read(source, depth))
        return seen[1]

    def _read(self, source: exp.Expr | Scope, depth: int) -> Columns | None:
        if isinstance(source, exp.Expr):
            number = self.table(source)
            return None if number is None else Columns(frozenset(), (number,))
        expression = source.expression
        if not isinstance(expression, exp.Query) or depth > _MAX_DEPTH:
            return None
        renamed = _renamed(expression.parent)
        if renamed:
            return Columns(frozenset(renamed))
        if source.set_operation_scopes:
            return self.columns(source.set_operation_scopes[0], depth + 1)
        return self._selected(source, expression, depth)

    def _selected(self, scope: Scope, query: exp.Query, depth: int) -> Columns | None:
        names: set[str] = set()
        tables: list[int] = []
        excluded: set[str] = set()
        for select in query.selects:
            if not select.is_star:
                names.add(select.alias_or_name.lower())
                continue
            opened = self.star(scope, select)
            if opened is None:
                return None
            excluded |= left_out(select)
            for source in opened.values():
                inner = self.columns(source, depth + 1)
                if inner is None:
                    return None
                names |= inner.names - left_out(select)
                tables.extend(inner.tables)
                excluded |= inner.excluded
        return Columns(frozenset(names), tuple(tables), frozenset(excluded))

    def star(self, scope: Scope, select: exp.Expr) -> dict[str, exp.Expr | Scope] | None:
        """The sources that a star stands for; None where it renames or is not understood."""
        star = select.this if isinstance(select, exp.Column) else select
        if not isinstance(star, exp.Star) or star.args.get("rename"):
            return None
        sources = selected(scope)
        if isinstance(select, exp.Column):
            owner = select.table.lower()
            return {owner: sources[owner]} if owner in sources else None
        if any(join.args.get("using") for join in scope.expression.args.get("joins") or ()):
            # The columns of USING come once: the order is not the tables' own.
            return None
        return sources or None


def selected(scope: Scope) -> dict[str, exp.Expr | Scope]:
    """What the scope's FROM and JOINs name, by lower-case alias."""
    return {name.lower(): source for name, (_, source) in scope.selected_sources.items()}


def left_out(select: exp.Expr) -> set[str]:
    """The columns that a star leaves out."""
    star = select.this if isinstance(select, exp.Column) else select
    return {one.alias_or_name.lower() for one in star.args.get("except_") or ()}


def visible(scope: Scope) -> Iterator[dict[str, exp.Expr | Scope]]:
    """The sources of the scope, then of the scopes around it, the nearest first."""
    current: Scope | None = scope
    while current is not None:
        if isinstance(current.expression, exp.Query):
            yield selected(current)
        current = current.parent if current.is_subquery or current.can_be_correlated else None


def _renamed(node: exp.Expr | None) -> list[str]:
    alias = node.args.get("alias") if node is not None else None
    if not isinstance(alias, exp.TableAlias):
        return []
    return [column.name.lower() for column in alias.args.get("columns") or ()]
