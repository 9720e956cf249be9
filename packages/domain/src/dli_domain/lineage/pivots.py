"""PIVOT and UNPIVOT: what they leave, take away and add."""

from sqlglot import exp

from dli_domain.lineage.reading import Ctes, Reader
from dli_domain.lineage.scopes import From, Scope
from dli_domain.lineage.values import (
    AGGREGATED,
    CONSTANT,
    Field,
    Filters,
    Relation,
    Rest,
    Value,
    add_filters,
    filter_by,
    merged,
)


def pivoted(pivot: exp.Pivot, relation: Relation, reader: Reader, ctes: Ctes) -> Relation:
    """The relation after `pivot`; where its columns depend on the data they are unknown."""
    scope = Scope(sources=[From("", relation)])
    filters: Filters = {}
    add_filters(filters, relation.filters)

    def value(node: exp.Expr) -> Value:
        return reader.value(node, scope, ctes, filters)

    fields = pivot.args.get("fields") or []
    if pivot.args.get("unpivot") and fields:
        return _unpivoted(pivot, relation, filters)
    if not fields or not all(isinstance(one, exp.In) for one in fields):
        return _unknown(relation, filters, reader)
    columns = [column.name for column in pivot.args.get("columns") or ()]
    measures = [value(one) for one in pivot.expressions]
    keys = [value(one.this) for one in fields]
    for key in keys:
        filter_by(filters, key, "pivot")
    if not columns or not measures or len(columns) % len(measures):
        return _unknown(relation, filters, reader)
    used = _names_in([*pivot.expressions, *(one.this for one in fields)])
    # For each value of the keys the measures follow one another.
    made = [
        Field(name, merged((measures[at % len(measures)], *keys)).through(AGGREGATED))
        for at, name in enumerate(columns)
    ]
    kept = [one for one in relation.fields if one.name.lower() not in used]
    names = {name.lower() for name in columns} | used
    return Relation([*kept, *made], tuple(rest.less(names) for rest in relation.rest), filters)


def _unpivoted(pivot: exp.Pivot, relation: Relation, filters: Filters) -> Relation:
    scope = Scope(sources=[From("", relation)])
    names = [one.name for one in pivot.expressions]
    added: list[Field] = []
    used: set[str] = set()
    for field in pivot.args["fields"]:
        listed = _columns_in(field.expressions)
        used |= {name.lower() for name in listed}
        values = [scope.column((name.lower(),)) or Value({}, CONSTANT).doubted() for name in listed]
        added.append(Field(field.this.name, Value({}, CONSTANT)))
        added.extend(Field(name, merged(values)) for name in names)
    kept = [one for one in relation.fields if one.name.lower() not in used]
    gone = used | {one.name.lower() for one in added}
    return Relation([*kept, *added], tuple(rest.less(gone) for rest in relation.rest), filters)


def _unknown(relation: Relation, filters: Filters, reader: Reader) -> Relation:
    reader.notes.doubt("the columns of a PIVOT depend on the data")
    return Relation([], (Rest(None, relation.whole().doubted()),), filters)


def _columns_in(nodes: list[exp.Expr]) -> list[str]:
    return [
        column.name
        for node in nodes
        for column in node.find_all(exp.Column, exp.Identifier)
        if isinstance(column, exp.Column) or not isinstance(column.parent, exp.Column)
    ]


def _names_in(nodes: list[exp.Expr]) -> set[str]:
    return {column.name.lower() for node in nodes for column in node.find_all(exp.Column)}
