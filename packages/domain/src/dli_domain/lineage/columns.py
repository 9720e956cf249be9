"""Column lineage of statements, one after another as a session runs them."""

from collections.abc import Sequence

from sqlglot import exp

from dli_domain.lineage.changes import Change, changes_of
from dli_domain.lineage.queries import QueryReader
from dli_domain.lineage.reading import Notes, Rules, Schemas
from dli_domain.lineage.tables import table_parts, target_table
from dli_domain.lineage.values import (
    SOURCE_MAKINGS,
    VALUE_MAKINGS,
    Field,
    Filters,
    Relation,
    Value,
    merged,
)
from dli_domain.model.lineage import (
    ColumnSource,
    FilterUse,
    OutputColumn,
    StatementLineage,
    TableAction,
)


def no_schemas(_: tuple[str, ...]) -> Sequence[str] | None:
    """The schemas of one who knows none."""
    return None


def columns_of(
    statement: exp.Expr, dialect: str, schemas: Schemas = no_schemas
) -> StatementLineage:
    """The lineage of one statement alone, parsed and not qualified; the tree is not changed.

    Args:
        statement: The tree as parsed.
        dialect: The dialect it was parsed in: names mean different things in each.
        schemas: Gives the columns of a table, None where they are not known.
    """
    return Session(dialect, schemas).read(statement)


class Session:
    """Statements that run one after another: tables made by one are known to the next.

    Tables that the session itself fills from the start are looked through: what reads them has
    their sources.
    """

    def __init__(self, dialect: str, schemas: Schemas = no_schemas) -> None:
        self._rules = Rules(dialect)
        self._schemas = schemas
        self._filled: dict[str, Relation] = {}
        self._temporary: set[str] = set()
        self._made: dict[str, list[str] | None] = {}

    def is_temporary(self, parts: tuple[str, ...]) -> bool:
        """Whether the name means a temporary table that an earlier statement made."""
        return self._key(parts) in self._temporary

    def columns(self, parts: tuple[str, ...]) -> Sequence[str] | None:
        """The columns of a table as they are by now."""
        key = self._key(parts)
        if key in self._made:
            return self._made[key]
        return self._schemas(parts)

    def read(self, statement: exp.Expr) -> StatementLineage:
        """The lineage of the next statement."""
        reader = QueryReader(self._rules, self.columns, self._filled)
        try:
            change = changes_of(statement, reader, self.columns)
        except RecursionError:
            reader.notes.doubt("the statement is nested too deeply to be taken apart")
            change = Change(TableAction.READ, Relation())
        table = target_table(statement) if change.writes else None
        lineage = _lineage(change, reader.notes, table)
        self._remember(statement, change, table)
        return lineage

    def _key(self, parts: tuple[str, ...]) -> str:
        return self._rules.fold_table(".".join(parts))

    def _remember(self, statement: exp.Expr, change: Change, table: exp.Table | None) -> None:
        if isinstance(statement, exp.Drop):
            for dropped in statement.args.get("tables") or ():
                self._filled.pop(self._key(table_parts(dropped)), None)
        elif isinstance(statement, exp.Alter) and isinstance(statement.this, exp.Table):
            self._alter(statement)
        elif isinstance(statement, exp.Create) and table is not None:
            self._create(statement, change, table_parts(table))
        elif table is not None:
            key = self._key(table_parts(table))
            if key in self._filled:
                self._filled[key] = _grown(self._filled[key], change.relation)

    def _create(self, statement: exp.Create, change: Change, parts: tuple[str, ...]) -> None:
        key, relation = self._key(parts), change.relation
        may_exist = bool(statement.args.get("exists"))
        if is_temporary(statement):
            self._temporary.add(key)
        if not may_exist or is_temporary(statement):
            self._filled[key] = relation
        if relation.rest or not change.understood:
            self._made[key] = None
        elif not may_exist or self.columns(parts) is None:
            self._made[key] = [one.name for one in relation.fields]

    def _alter(self, statement: exp.Alter) -> None:
        parts = table_parts(statement.this)
        before = self.columns(parts)
        added = []
        for action in statement.args.get("actions") or ():
            if not isinstance(action, exp.ColumnDef):
                self._made[self._key(parts)] = None
                return
            added.append(action.name)
        if before is not None:
            self._made[self._key(parts)] = [*before, *added]


def is_temporary(statement: exp.Create) -> bool:
    """Whether the table that is made ends with the session."""
    properties = statement.args.get("properties")
    return isinstance(properties, exp.Properties) and any(
        isinstance(one, exp.TemporaryProperty) for one in properties.expressions
    )


def _grown(before: Relation, more: Relation) -> Relation:
    """A temporary table after rows came into it."""
    fields = []
    for one in before.fields:
        same = [other.value for other in more.named(one.name.lower())]
        fields.append(Field(one.name, merged((one.value, *same)), one.named))
    filters: Filters = {key: set(clauses) for key, clauses in before.filters.items()}
    for key, clauses in more.filters.items():
        filters.setdefault(key, set()).update(clauses)
    return Relation(fields, before.rest, filters)


def _lineage(change: Change, notes: Notes, table: exp.Table | None) -> StatementLineage:
    relation = change.relation
    rest_of = {source[0] for rest in relation.rest for source in rest.whole().sources}
    return StatementLineage(
        action=change.action,
        target=".".join(table_parts(table)) if table is not None else None,
        columns=tuple(
            OutputColumn(
                name=one.name,
                making=VALUE_MAKINGS[one.value.making],
                sources=_sources(one.value, notes),
                named=one.named,
            )
            for one in relation.fields
        ),
        filters=_filters(relation.filters, notes),
        complete=not relation.rest and change.understood,
        rest_of=tuple(sorted(notes.tables.get(key, key) for key in rest_of)),
        unknown=tuple(notes.unknown),
    )


def _sources(value: Value, notes: Notes) -> tuple[ColumnSource, ...]:
    found = [
        ColumnSource(
            table=notes.tables.get(table, table),
            column=None if column is None else notes.columns.get((table, column), column),
            making=SOURCE_MAKINGS[rank],
        )
        for (table, column), rank in value.sources.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.table, one.column or "")))


def _filters(filters: Filters, notes: Notes) -> tuple[FilterUse, ...]:
    found = []
    for ((table, column), certain), clauses in filters.items():
        known = set() if certain else filters.get(((table, column), True), set())
        left = clauses - known
        if left:
            found.append(
                FilterUse(
                    table=notes.tables.get(table, table),
                    column=None if column is None else notes.columns.get((table, column), column),
                    clauses=tuple(sorted(left)),
                    certain=certain,
                )
            )
    return tuple(sorted(found, key=lambda one: (one.table, one.column or "", not one.certain)))
