"""What a statement writes: INSERT, MERGE, UPDATE, DELETE, CREATE, or the rows of a query."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from dli_domain.lineage.queries import QueryReader
from dli_domain.lineage.reading import Ctes, Schemas
from dli_domain.lineage.relations import FromReading
from dli_domain.lineage.scopes import From, Scope
from dli_domain.lineage.tables import table_parts, target_table
from dli_domain.lineage.values import Field, Filters, Relation, Rest, Value, filter_by, merged
from dli_domain.model.lineage import TableAction


@dataclass(frozen=True, slots=True)
class Change:
    """The columns a statement gives or writes, and whether it writes a table."""

    action: TableAction
    relation: Relation
    writes: bool = False
    understood: bool = True


def changes_of(statement: exp.Expr, reader: QueryReader, schemas: Schemas) -> Change:
    """What `statement` gives or writes."""
    for kind, read in _READERS:
        if isinstance(statement, kind):
            return read(statement, reader, schemas)
    if isinstance(statement, exp.Command | exp.Execute):
        reader.notes.doubt(f"what {statement.name.upper()} does is not known")
        return Change(TableAction.READ, Relation(), understood=False)
    return Change(TableAction.READ, Relation())


def _query(statement: exp.Expr, reader: QueryReader, _: Schemas) -> Change:
    return Change(TableAction.READ, reader.query(statement, {}))


def _insert(statement: exp.Expr, reader: QueryReader, schemas: Schemas) -> Change:
    ctes = reader.with_ctes(statement, {})
    source = statement.args.get("expression")
    given = reader.query(source, ctes) if isinstance(source, exp.Expr) else Relation()
    listed = _listed_columns(statement.this)
    by_name = statement.args.get("by_name")
    relation = given if by_name else _placed(given, listed, _known(statement, schemas), reader)
    relation = _on_conflict(statement, reader, relation)
    return Change(TableAction.INSERT, relation, writes=True)


def _on_conflict(statement: exp.Expr, reader: QueryReader, relation: Relation) -> Relation:
    """ON CONFLICT ... DO UPDATE SET: `excluded` is the row that came."""
    conflict = statement.args.get("conflict")
    if not isinstance(conflict, exp.OnConflict):
        return relation
    table = target_table(statement)
    scope = reader.scope()
    scope.sources.append(From("excluded", relation))
    if table is not None:
        scope.sources.append(From(table.name.lower(), reader.table(table, {})))
    filters = _own(relation.filters)
    fields = list(relation.fields)
    for name, value in _assignments(conflict.expressions, reader, scope, {}, filters):
        fields.append(Field(name, value))
    return Relation(_united(fields), relation.rest, filters)


def _merge(statement: exp.Expr, reader: QueryReader, schemas: Schemas) -> Change:
    ctes = reader.with_ctes(statement, {})
    scope = reader.scope()
    filters: Filters = {}
    taken = FromReading(reader, scope, ctes, filters)
    taken.add(statement.this)
    source = taken.add(statement.args["using"])[0].relation
    on = statement.args.get("on")
    if isinstance(on, exp.Expr):
        filter_by(filters, reader.value(on, scope, ctes, filters), "merge")
    for name in statement.args.get("using_cond") or ():
        for one in scope.sources:
            value = Scope(sources=[one]).column((name.name.lower(),))
            filter_by(filters, value or Value(), "merge")
    fields: list[Field] = []
    rest: tuple[Rest, ...] = ()
    known = _known(statement, schemas)
    for when in statement.args["whens"].expressions:
        condition = when.args.get("condition")
        if isinstance(condition, exp.Expr):
            filter_by(filters, reader.value(condition, scope, ctes, filters), "merge")
        then = when.args.get("then")
        whole = _takes_whole_row(then)
        if whole:
            by_position = isinstance(then, exp.Insert)
            placed = _placed(source, [], known, reader) if by_position else source
            fields += placed.fields
            rest += placed.rest
        elif isinstance(then, exp.Update):
            pairs = _assignments(then.expressions, reader, scope, ctes, filters)
            fields += [Field(name, value) for name, value in pairs]
        elif isinstance(then, exp.Insert):
            fields += _inserted(then, known, reader, scope, ctes, filters)
    return Change(TableAction.MERGE, Relation(_united(fields), rest, filters), writes=True)


def _takes_whole_row(then: object) -> bool:
    """`INSERT ROW`, `INSERT *`, `UPDATE SET *`, and both without anything after."""
    if isinstance(then, exp.Insert):
        return not isinstance(then.expression, exp.Tuple)
    return isinstance(then, exp.Update) and (
        not then.expressions or isinstance(then.args.get("expressions"), exp.Star)
    )


def _inserted(
    then: exp.Insert,
    known: Sequence[str] | None,
    reader: QueryReader,
    scope: Scope,
    ctes: Ctes,
    filters: Filters,
) -> list[Field]:
    values = [reader.value(one, scope, ctes, filters) for one in then.expression.expressions]
    listed = [one.name for one in then.this.expressions] if isinstance(then.this, exp.Tuple) else []
    given = Relation([Field(f"#{at + 1}", value, False) for at, value in enumerate(values)])
    return _placed(given, listed, known, reader).fields


def _update(statement: exp.Expr, reader: QueryReader, _: Schemas) -> Change:
    ctes = reader.with_ctes(statement, {})
    filters: Filters = {}
    scope = reader.scope()
    taken = FromReading(reader, scope, ctes, filters)
    taken.add(statement.this)
    taken.select(statement)
    fields = [
        Field(name, value)
        for name, value in _assignments(statement.expressions, reader, scope, ctes, filters)
    ]
    _where(statement, reader, scope, ctes, filters)
    return Change(TableAction.UPDATE, Relation(_united(fields), (), filters), writes=True)


def _delete(statement: exp.Expr, reader: QueryReader, _: Schemas) -> Change:
    ctes = reader.with_ctes(statement, {})
    filters: Filters = {}
    scope = reader.scope()
    taken = FromReading(reader, scope, ctes, filters)
    if isinstance(statement.this, exp.Table):
        taken.add(statement.this)
    for other in statement.args.get("using") or ():
        taken.add(other)
    _where(statement, reader, scope, ctes, filters)
    return Change(TableAction.DELETE, Relation([], (), filters), writes=True)


def _create(statement: exp.Expr, reader: QueryReader, _: Schemas) -> Change:
    kind = str(statement.args.get("kind") or "").upper()
    if kind not in ("TABLE", "VIEW", "MATERIALIZED VIEW"):
        return Change(TableAction.CREATE, Relation())
    action = TableAction.CREATE_VIEW if "VIEW" in kind else TableAction.CREATE
    ctes = reader.with_ctes(statement, {})
    source = statement.args.get("expression")
    listed = _listed_columns(statement.this)
    if isinstance(source, exp.Query | exp.Values | exp.Pivot):
        relation = reader.query(source, ctes).renamed(listed)
        return Change(action, relation, writes=True)
    copied = _copied(statement)
    if copied is not None:
        table, with_rows = copied
        relation = reader.table(table, {})
        if not with_rows:
            relation = Relation([Field(f.name, Value()) for f in relation.fields], relation.rest)
        return Change(action, relation, writes=True)
    if isinstance(source, exp.Expr):
        reader.notes.doubt(f"what CREATE {kind} makes is not known")
        return Change(action, Relation(), writes=True, understood=False)
    return Change(action, Relation([Field(name, Value()) for name in listed]), writes=True)


def _copied(statement: exp.Expr) -> tuple[exp.Table, bool] | None:
    """The table that CLONE or LIKE names, and whether its rows come too."""
    clone = statement.args.get("clone")
    if isinstance(clone, exp.Clone) and isinstance(clone.this, exp.Table):
        return clone.this, True
    properties = statement.args.get("properties")
    for one in properties.expressions if isinstance(properties, exp.Properties) else ():
        if isinstance(one, exp.LikeProperty) and isinstance(one.this, exp.Table):
            return one.this, False
    return None


def _copy(statement: exp.Expr, reader: QueryReader, _: Schemas) -> Change:
    this = statement.this
    if statement.args.get("kind"):
        reader.notes.doubt("which columns a file has is not known")
        return Change(TableAction.COPY, Relation(), writes=True, understood=False)
    if isinstance(this, exp.Table):
        return Change(TableAction.COPY, reader.table(this, {}))
    return Change(TableAction.COPY, reader.query(this, {}))


def _export(statement: exp.Expr, reader: QueryReader, _: Schemas) -> Change:
    source = statement.args.get("this")
    if not isinstance(source, exp.Expr):
        reader.notes.doubt("what EXPORT writes is not known")
        return Change(TableAction.COPY, Relation(), understood=False)
    return Change(TableAction.COPY, reader.query(source, {}))


def _placed(
    given: Relation, listed: list[str], known: Sequence[str] | None, reader: QueryReader
) -> Relation:
    """The columns under the names of the target's: listed, or in the target's own order."""
    names = listed or list(known or ())
    if given.rest:
        if not names:
            return given
        reader.notes.doubt("which column goes where cannot be told: a star's columns are not known")
        unknown = given.whole().doubted()
        return Relation([Field(name, unknown) for name in names], (), given.filters)
    if not names:
        reader.notes.doubt("the target's columns are not known: values are told by position")
    fields = [
        Field(names[at], one.value)
        if at < len(names)
        else Field(f"#{at + 1}", one.value, named=False)
        for at, one in enumerate(given.fields)
    ]
    return Relation(fields, (), given.filters)


def _known(statement: exp.Expr, schemas: Schemas) -> Sequence[str] | None:
    table = target_table(statement)
    return schemas(table_parts(table)) if table is not None else None


def _listed_columns(node: exp.Expr) -> list[str]:
    return [one.name for one in node.expressions] if isinstance(node, exp.Schema) else []


def _assignments(
    nodes: Iterable[exp.Expr], reader: QueryReader, scope: Scope, ctes: Ctes, filters: Filters
) -> Iterable[tuple[str, Value]]:
    """The (column, value) pairs of SET; `(a, b) = (x, y)` is two."""
    for node in nodes:
        left, right = node.this, node.args.get("expression")
        if not isinstance(node, exp.EQ) or not isinstance(right, exp.Expr):
            reader.notes.doubt(f"what {node.sql()[:60]} sets is not known")
            continue
        if not isinstance(left, exp.Tuple):
            yield left.name, reader.value(right, scope, ctes, filters)
        elif isinstance(right, exp.Tuple) and len(right.expressions) == len(left.expressions):
            for name, one in zip(left.expressions, right.expressions, strict=True):
                yield name.name, reader.value(one, scope, ctes, filters)
        else:
            yield from _from_row(left, right, reader, scope, ctes, filters)


def _from_row(
    left: exp.Tuple,
    right: exp.Expr,
    reader: QueryReader,
    scope: Scope,
    ctes: Ctes,
    filters: Filters,
) -> Iterable[tuple[str, Value]]:
    """`(a, b) = (SELECT x, y ...)`."""
    query = right.unnest()
    if not isinstance(query, exp.Query):
        value = reader.value(right, scope, ctes, filters).doubted()
        yield from ((name.name, value) for name in left.expressions)
        return
    relation = reader.query(query, ctes, parent=scope)
    for key, clauses in relation.filters.items():
        filters.setdefault(key, set()).update(clauses)
    names = [name.name for name in left.expressions]
    for field in relation.renamed(names).fields:
        yield field.name, field.value


def _where(
    statement: exp.Expr, reader: QueryReader, scope: Scope, ctes: Ctes, filters: Filters
) -> None:
    where = statement.args.get("where")
    if isinstance(where, exp.Where):
        filter_by(filters, reader.value(where.this, scope, ctes, filters), "where")


def _united(fields: list[Field]) -> list[Field]:
    """One field for each name, made of all of its values."""
    by_name: dict[str, list[Field]] = {}
    for one in fields:
        by_name.setdefault(one.name.lower(), []).append(one)
    return [
        Field(same[0].name, merged(one.value for one in same), same[0].named)
        for same in by_name.values()
    ]


def _own(filters: Filters) -> Filters:
    return {key: set(clauses) for key, clauses in filters.items()}


_Read = Callable[[exp.Expr, QueryReader, Schemas], Change]
_READERS: tuple[tuple[type[exp.Expr], _Read], ...] = (
    (exp.Insert, _insert),
    (exp.Merge, _merge),
    (exp.Update, _update),
    (exp.Delete, _delete),
    (exp.Create, _create),
    (exp.Copy, _copy),
    (exp.Export, _export),
    (exp.Query, _query),
    (exp.Values, _query),
    (exp.Pivot, _query),
)
