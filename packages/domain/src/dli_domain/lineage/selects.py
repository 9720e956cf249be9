"""One SELECT: its FROM, its list, and everything that decides about its rows."""

from collections.abc import Iterable, Iterator

from sqlglot import exp

from dli_domain.lineage.reading import Ctes, Reader
from dli_domain.lineage.relations import FromReading
from dli_domain.lineage.scopes import Aliases, From, Scope
from dli_domain.lineage.values import (
    AGGREGATED,
    COMPUTED,
    COPIED,
    Field,
    Filters,
    Relation,
    Rest,
    Value,
    filter_by,
    merged,
)


class SelectReading:
    """Reads one SELECT into the relation it gives."""

    def __init__(self, reader: Reader, node: exp.Select, ctes: Ctes, scope: Scope) -> None:
        self._reader = reader
        self._node = node
        self._ctes = ctes
        self._scope = scope
        self._filters: Filters = {}
        self._fields: list[Field] = []
        self._rest: list[Rest] = []

    def __call__(self) -> Relation:
        """The relation."""
        node, rules = self._node, self._reader.rules
        FromReading(self._reader, self._scope, self._ctes, self._filters).select(node)
        if node.args.get("match"):
            return self._unknown("what MATCH_RECOGNIZE gives is not known")
        self._windows()
        for projection in node.expressions:
            self._projection(projection)
        self._decide("where", "where", rules.in_select)
        self._group()
        self._decide("having", "having", rules.in_group)
        self._decide("qualify", "qualify", rules.in_group)
        self._distinct()
        order(self._reader, node, self._fields, self._scope, self._ctes, self._filters)
        if str(node.args.get("kind") or "").upper() == "VALUE":
            value = merged(one.value for one in self._fields)
            return Relation(self._fields, (*self._rest, Rest(None, value)), self._filters)
        return Relation(self._fields, tuple(self._rest), self._filters)

    def _unknown(self, sentence: str) -> Relation:
        self._reader.notes.doubt(sentence)
        return Relation([], (Rest(None, self._scope.row().doubted()),), self._filters)

    def _value(self, node: exp.Expr, aliases: Aliases = Aliases.HIDDEN) -> Value:
        return self._reader.value(node, self._scope, self._ctes, self._filters, aliases)

    def _windows(self) -> None:
        for window in self._node.args.get("windows") or ():
            parts = [
                self._value(part)
                for key in ("partition_by", "order")
                for part in _listed(window.args.get(key))
            ]
            self._scope.windows[window.name.lower()] = merged(parts).through(COMPUTED)

    def _decide(self, key: str, clause: str, aliases: Aliases) -> None:
        part = self._node.args.get(key)
        if isinstance(part, exp.Expr):
            filter_by(self._filters, self._value(part.this, aliases), clause)

    def _distinct(self) -> None:
        distinct = self._node.args.get("distinct")
        on = distinct.args.get("on") if isinstance(distinct, exp.Distinct) else None
        if isinstance(on, exp.Expr):
            filter_by(self._filters, self._value(on, Aliases.FIRST), "distinct")

    def _group(self) -> None:
        group = self._node.args.get("group")
        if not isinstance(group, exp.Group):
            return
        if group.args.get("all"):
            for listed in self._fields:
                if listed.value.making != AGGREGATED:
                    filter_by(self._filters, listed.value, "group")
        aliases = self._reader.rules.in_group
        for value in group.args.values():
            for one in _listed(value):
                picked = _by_position(one, self._fields)
                found = picked or self._value(one, aliases)
                filter_by(self._filters, found, "group")

    def _projection(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Star):
            self._star(node, self._scope.sources, with_merged=True)
        elif isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            self._star_of(node)
        elif isinstance(node, exp.Columns):
            self._reader.notes.doubt("which columns COLUMNS() gives is not known")
            self._rest.append(Rest(None, self._scope.row().doubted()))
        elif isinstance(node, exp.Dot) and isinstance(node.expression, exp.Star):
            self._rest.append(Rest(None, self._value(node.this).through(COMPUTED)))
        elif isinstance(node, exp.Aliases):
            value = self._value(node.this).through(COMPUTED)
            self._fields.extend(Field(alias.name, value) for alias in node.aliases)
        else:
            self._named(node)

    def _named(self, node: exp.Expr) -> None:
        value = self._lateral(node)
        name = node.alias_or_name if isinstance(node, exp.Alias | exp.Column | exp.Dot) else ""
        if isinstance(node, exp.Subquery):
            name = node.alias or node.output_name
        at = len(self._fields)
        is_named = bool(name)
        if not is_named and self._reader.rules.dialect == "trino" and not self._rest:
            name, is_named = f"_col{at}", True
        self._fields.append(Field(name or f"#{at + 1}", value, named=is_named))
        if is_named:
            self._scope.aliases.setdefault(name.lower(), value)

    def _lateral(self, node: exp.Expr) -> Value:
        return self._value(node, self._reader.rules.in_select)

    def _star_of(self, node: exp.Column) -> None:
        qualifier = tuple(part.name.lower() for part in node.parts[:-1])
        source = self._scope.source(qualifier)
        if source is not None:
            self._star(node.this, [source], with_merged=False)
            return
        value = self._scope.column(qualifier)
        if value is None:
            self._reader.notes.doubt(f"nothing here is called {'.'.join(qualifier)}")
            value = Value({}, COPIED).doubted()
        self._rest.append(Rest(None, value.through(COMPUTED)))

    def _star(self, star: exp.Expr, sources: list[From], *, with_merged: bool) -> None:
        """The columns of `*` with EXCEPT, REPLACE and RENAME done."""
        if star.args.get("ilike"):
            self._reader.notes.doubt("which columns a star with ILIKE gives is not known")
            whole = merged(source.relation.whole() for source in sources)
            self._rest.append(Rest(None, whole.doubted()))
            return
        without = {one.name.lower() for one in _listed(star.args.get("except_"))}
        replaced = {one.alias.lower(): one for one in _listed(star.args.get("replace"))}
        renames = {one.this.name.lower(): one.alias for one in _listed(star.args.get("rename"))}
        seen: set[str] = set()
        for one in self._starred(sources, with_merged=with_merged):
            key = one.name.lower()
            seen.add(key)
            if key in without:
                continue
            value = self._value(replaced[key]) if key in replaced else one.value
            self._fields.append(Field(renames.get(key, one.name), value, one.named))
        merged_away = set(self._scope.merged) if with_merged else set()
        taken = without | set(replaced) | set(renames) | merged_away
        rests = [rest.less(taken) for source in sources for rest in source.relation.rest]
        if rests:
            self._from_rest(sources, replaced, renames, seen)
        self._rest += rests

    def _from_rest(
        self,
        sources: list[From],
        replaced: dict[str, exp.Expr],
        renames: dict[str, str],
        seen: set[str],
    ) -> None:
        """Columns that only REPLACE and RENAME tell to be in an unknown table."""
        for key, node in replaced.items():
            if key not in seen:
                self._fields.append(Field(node.alias, self._value(node)))
        inner = Scope(sources=sources)
        for key, name in renames.items():
            value = None if key in seen else inner.column((key,))
            if value is not None:
                self._fields.append(Field(name, value))

    def _starred(self, sources: list[From], *, with_merged: bool) -> Iterator[Field]:
        shared = self._scope.merged if with_merged else {}
        first = not self._reader.rules.using_keeps_its_place
        shown: set[str] = set()
        if first:
            for key, value in shared.items():
                shown.add(key)
                yield Field(self._scope.merged_names[key], value)
        for source in sources:
            for one in source.relation.fields:
                key = one.name.lower()
                if key not in shared:
                    yield one
                elif key not in shown:
                    shown.add(key)
                    yield Field(one.name, shared[key])
        for key, value in shared.items():
            if key not in shown:
                yield Field(self._scope.merged_names[key], value)


def order(
    reader: Reader,
    node: exp.Expr,
    fields: list[Field],
    scope: Scope,
    ctes: Ctes,
    filters: Filters,
) -> None:
    """ORDER BY: a name of the list, a position, or any expression."""
    part = node.args.get("order")
    for ordered in _listed(part.expressions if isinstance(part, exp.Order) else None):
        key = ordered.this if isinstance(ordered, exp.Ordered) else ordered
        value = _by_position(key, fields) or _by_name(key, fields)
        if value is None:
            value = reader.value(key, scope, ctes, filters, Aliases.FIRST)
        filter_by(filters, value, "order")


def _by_position(node: exp.Expr, fields: list[Field]) -> Value | None:
    if isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit():
        at = int(node.this) - 1
        return fields[at].value if 0 <= at < len(fields) else None
    return None


def _by_name(node: exp.Expr, fields: list[Field]) -> Value | None:
    if isinstance(node, exp.Column) and not node.table:
        same = [one.value for one in fields if one.named and one.name.lower() == node.name.lower()]
        return same[0] if same else None
    return None


def _listed(value: object) -> Iterable[exp.Expr]:
    if isinstance(value, exp.Order):
        return list(value.expressions)
    items = value if isinstance(value, list) else [value]
    return [one for one in items if isinstance(one, exp.Expr)]
