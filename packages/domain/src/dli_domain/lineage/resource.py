"""One resource's statements read together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from dli_domain.errors import DliError, SqlError
from dli_domain.lineage.columns import Session, is_temporary
from dli_domain.lineage.reading import Schemas
from dli_domain.lineage.tables import table_parts, tables_of, target_table
from dli_domain.model.lineage import (
    ColumnSource,
    Making,
    OutputColumn,
    StatementLineage,
    TableAction,
    TableRef,
)
from dli_domain.model.problems import Location, Problem
from dli_domain.model.spec import ResourceSpec
from dli_domain.rendering.parsing import parse
from dli_domain.rendering.rendered import RenderedSql

_WEIGHT: Mapping[Making, int] = {
    Making.UNKNOWN: 0,
    Making.CONSTANT: 1,
    Making.COPIED: 2,
    Making.COMPUTED: 3,
    Making.AGGREGATED: 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSql:
    """A resource with its statements rendered in its own dialect, pre, main and post in order.

    A statement that could not be rendered is its error. `metrics` are the metrics it takes
    measures from, `assumed` the sample values that were put in.
    """

    spec: ResourceSpec
    dialect: str
    statements: Sequence[RenderedSql | DliError] = ()
    metrics: Sequence[str] = ()
    assumed: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Use:
    """A table that a resource reads or changes, and where it says so first."""

    ref: TableRef
    location: Location | None


@dataclass(slots=True, kw_only=True)
class ParsedResource:
    """A resource's trees and the tables they use."""

    sql: ResourceSql
    trees: list[exp.Expr] = field(default_factory=list)
    reads: list[Use] = field(default_factory=list)
    writes: list[Use] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The resource's name."""
        return str(self.sql.spec.name)


def parsed(sql: ResourceSql) -> ParsedResource:
    """Everything of a resource that one can tell without knowing other resources."""
    resource = ParsedResource(sql=sql)
    temporary: set[str] = set()
    for statement in sql.statements:
        if isinstance(statement, DliError):
            resource.problems.extend(problems_of(statement))
            continue
        try:
            trees = parse(statement, sql.dialect).statements
        except SqlError as error:
            resource.problems.extend(problems_of(error))
            continue
        for tree in trees:
            _take(tree, statement, resource, temporary)
    return resource


def _take(tree: exp.Expr, text: RenderedSql, resource: ParsedResource, temporary: set[str]) -> None:
    resource.trees.append(tree)
    if isinstance(tree, exp.Create) and is_temporary(tree):
        table = target_table(tree)
        if table is not None:
            temporary.add(".".join(table_parts(table)).lower())
    use = tables_of(tree)
    for refs, uses in ((use.reads, resource.reads), (use.writes, resource.writes)):
        for ref in refs:
            if ref.name.lower() not in temporary:
                start = ref.start
                uses.append(Use(ref, None if start is None else text.locate_offset(start)))


def problems_of(error: DliError) -> tuple[Problem, ...]:
    """The findings that an error carries, or itself as one."""
    if error.problems:
        return error.problems
    return (
        Problem(code=error.code, message=error.message, location=error.location, fix=error.hint),
    )


@dataclass(slots=True)
class Written:
    """The columns of one table that a resource fills, merged over its statements."""

    name: str
    columns: dict[str, OutputColumn] = field(default_factory=dict)
    complete: bool = True
    rest_of: set[str] = field(default_factory=set)

    def add(self, statement: StatementLineage) -> None:
        """Take in what one more statement writes."""
        for column in statement.columns:
            key = column.name.lower()
            known = self.columns.get(key)
            self.columns[key] = _both(known, column) if known else column
        self.complete &= statement.complete
        self.rest_of.update(statement.rest_of)


def statement_lineages(resource: ParsedResource, schemas: Schemas) -> list[StatementLineage]:
    """The lineage of each statement, temporary tables looked through."""
    session = Session(resource.sql.dialect, schemas)
    lineages = []
    for tree in resource.trees:
        lineage = session.read(tree)
        target = target_table(tree) if lineage.target is not None else None
        if target is None or not session.is_temporary(table_parts(target)):
            lineages.append(lineage)
    return lineages


def written_by(lineages: Iterable[StatementLineage]) -> dict[str | None, Written]:
    """What the statements write by the folded names of their targets; None is a query's rows."""
    found: dict[str | None, Written] = {}
    for one in lineages:
        if one.action is TableAction.READ and not one.columns and one.complete:
            continue  # neither rows nor changes: SET, ANALYZE, BEGIN
        key = None if one.target is None else one.target.lower()
        found.setdefault(key, Written(one.target or "")).add(one)
    return found


def _both(one: OutputColumn, other: OutputColumn) -> OutputColumn:
    sources: dict[tuple[str, str | None], ColumnSource] = {}
    for source in (*one.sources, *other.sources):
        key = (source.table, source.column)
        known = sources.get(key)
        if known is None or _WEIGHT[known.making] < _WEIGHT[source.making]:
            sources[key] = source
    strongest = max(one.making, other.making, key=_whole_weight)
    ordered = sorted(sources.values(), key=lambda each: (each.table, each.column or ""))
    return OutputColumn(name=one.name, making=strongest, sources=tuple(ordered), named=one.named)


def _whole_weight(making: Making) -> float:
    """A doubtful copy is more than a copy and less than an expression."""
    return 2.5 if making is Making.UNKNOWN else _WEIGHT[making]
