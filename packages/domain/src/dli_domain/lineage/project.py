"""The lineage of a whole project: resources and tables, columns, and the circles in it."""

from collections.abc import Iterable, Sequence

from dli_domain.lineage.columns import no_schemas
from dli_domain.lineage.graph import cycle_in, layers
from dli_domain.lineage.naming import ResourceNames
from dli_domain.lineage.nodes import resource_node, table_node
from dli_domain.lineage.reading import Schemas
from dli_domain.lineage.resource import (
    ParsedResource,
    ResourceSql,
    Use,
    Written,
    parsed,
    statement_lineages,
    written_by,
)
from dli_domain.model.lineage import (
    ColumnEdge,
    LineageEdge,
    LineageNode,
    Making,
    NodeType,
    OutputColumn,
    StatementLineage,
)
from dli_domain.model.problems import Problem
from dli_domain.model.spec import ResourceKind, ResourceSpec

# The ends of the edge, whether it is in doubt, whether it is a filter.
_ColumnKey = tuple[str, str | None, str, str | None, bool, bool]


class ProjectLineage:
    """Everything that is known of where data comes from and goes to.

    Args:
        resources: The project's resources, rendered.
        schemas: Columns of tables that no resource builds, where somebody knows them.
        problems: What could not even be read, to be told with the rest.
    """

    def __init__(
        self,
        resources: Iterable[ResourceSql],
        *,
        schemas: Schemas = no_schemas,
        problems: Sequence[Problem] = (),
    ) -> None:
        self._given_schemas = schemas
        self._resources: dict[str, ParsedResource] = {}
        for sql in resources:
            one = parsed(sql)
            name = one.name if one.name not in self._resources else f"{one.name} ({sql.spec.kind})"
            self._resources[name] = one
        names = list(self._resources)
        self._datasets = ResourceNames(n for n in names if self._kind(n) is ResourceKind.DATASET)
        self._any = ResourceNames(names)
        self._tables: dict[str, LineageNode] = {}
        self._edges: dict[tuple[str, str], LineageEdge] = {}
        self._columns: dict[_ColumnKey, ColumnEdge] = {}
        self._known: dict[str, Sequence[str]] = {}
        self._mentioned: dict[str, dict[str, str]] = {}
        self.nodes: dict[str, LineageNode] = {}
        self.problems = [*problems, *(p for r in self._resources.values() for p in r.problems)]
        self.cycles: tuple[tuple[str, ...], ...] = ()
        self._connect()
        self._read()

    @property
    def edges(self) -> tuple[LineageEdge, ...]:
        """All edges between nodes, ordered by their ends."""
        return tuple(self._edges[key] for key in sorted(self._edges))

    @property
    def column_edges(self) -> tuple[ColumnEdge, ...]:
        """All edges between columns, in the order found."""
        return tuple(self._columns.values())

    def _kind(self, name: str) -> ResourceKind:
        return self._resources[name].sql.spec.kind

    def _connect(self) -> None:
        """The edges that the tables in the SQL and `depends_on` make."""
        for name, resource in self._resources.items():
            written = {self._node_of(use, NodeType.TABLE, name): use for use in resource.writes}
            for target, use in written.items():
                if target != name:
                    self._edge(name, target, use)
            for use in resource.reads:
                source = self._node_of(use, NodeType.EXTERNAL, name)
                if source not in written:
                    self._edge(source, name, use)
            for metric in resource.sql.metrics:
                found = self._any.find((metric,))
                if found is not None and found != name:
                    edge = LineageEdge(source=found, target=name, metric=True)
                    self._edges.setdefault((found, name), edge)
        for name, resource in self._resources.items():
            self._declare(name, resource.sql.spec)
        upstream = self._sources()
        downstream: dict[str, set[str]] = {}
        for source, target in self._edges:
            downstream.setdefault(source, set()).add(target)
        self._order = layers(upstream, sorted({*self._resources, *self._tables}))
        self.cycles = tuple(
            cycle_in(group, downstream)
            for group in self._order
            if len(group) > 1 or group[0] in downstream.get(group[0], ())
        )

    def _sources(self) -> dict[str, set[str]]:
        upstream: dict[str, set[str]] = {}
        for source, target in self._edges:
            upstream.setdefault(target, set()).add(source)
        return upstream

    def _declare(self, name: str, spec: ResourceSpec) -> None:
        places = spec.depends_on_places or (spec.location,) * len(spec.depends_on)
        for written, place in zip(spec.depends_on, places, strict=False):
            parts = tuple(written.strip().split("."))
            source = self._any.find(parts) or self._table(parts, NodeType.EXTERNAL)
            if source != name and (source, name) not in self._edges:
                edge = LineageEdge(source=source, target=name, declared=True, location=place)
                self._edges[source, name] = edge

    def _node_of(self, use: Use, type_: NodeType, reader: str) -> str:
        if use.ref.is_external:
            return self._table((use.ref.name,), NodeType.EXTERNAL)
        own = self._resources[reader].sql.spec
        if own.kind is ResourceKind.METRIC and use.ref.name.lower() == reader.lower():
            return reader
        return self._named(use.ref.parts) or self._table(use.ref.parts, type_)

    def _named(self, parts: tuple[str, ...]) -> str | None:
        return self._datasets.find(parts)

    def _table(self, parts: tuple[str, ...], type_: NodeType) -> str:
        key = ".".join(parts).lower()
        known = self._tables.get(key)
        if known is None or (known.is_external and type_ is NodeType.TABLE):
            name = known.name if known else ".".join(parts)
            self._tables[key] = LineageNode(name=name, type=type_)
        return self._tables[key].name

    def _edge(self, source: str, target: str, use: Use) -> None:
        if source != target or self._reads_itself(target):
            edge = LineageEdge(source=source, target=target, location=use.location)
            self._edges.setdefault((source, target), edge)

    def _reads_itself(self, name: str) -> bool:
        """A SELECT that reads its own table goes in a circle; a change of one's own does not."""
        return not self._resources[name].writes

    def _read(self) -> None:
        """The columns, sources before those that read them."""
        for group in self._order:
            for name in group:
                resource = self._resources.get(name)
                if resource is not None:
                    self._resource(name, resource)
        for table in self._tables.values():
            known = self._known.get(table.name)
            if known is None:
                known = self._given_schemas(tuple(table.name.split(".")))
            used = self._mentioned.get(table.name, {})
            self.nodes[table.name] = table_node(table, known, used.values())

    def _schema(self, parts: tuple[str, ...]) -> Sequence[str] | None:
        name = self._named(parts) or self._table_name(parts)
        if name in self._known:
            return self._known[name]
        resource = self._resources.get(name)
        if resource is not None and resource.sql.spec.columns:
            return [column.name for column in resource.sql.spec.columns]
        return self._given_schemas(parts)

    def _table_name(self, parts: tuple[str, ...]) -> str:
        name = ".".join(parts)
        known = self._tables.get(name.lower())
        return known.name if known else name

    def _resource(self, name: str, resource: ParsedResource) -> None:
        lineages = statement_lineages(resource, self._schema)
        written = written_by(lineages)
        own = self._own(name, written)
        for each in own:
            self._fill(name, each)
        others = [one for key, one in written.items() if key is not None and one not in own]
        for other in others:
            self._write(name, other, prefixed=len(others) > 1 or bool(own))
        for lineage in lineages:
            self._filters(name, lineage)
        columns, complete = _united(own or others)
        if own and complete and all(column.named for column in columns):
            self._known[name] = [column.name for column in columns]
        self.nodes[name] = resource_node(name, resource, lineages, columns, complete)

    def _own(self, name: str, written: dict[str | None, Written]) -> list[Written]:
        """What fills the resource's own table: statements that name it, else the query's rows."""
        found = [
            one
            for key, one in written.items()
            if key is not None and self._named(tuple(one.name.split("."))) == name
        ]
        if not found and None in written:
            found = [written[None]]
        return found

    def _fill(self, name: str, written: Written) -> None:
        for column in written.columns.values():
            self._made(name, column.name, column)
        for table in sorted(written.rest_of):
            self._column_edge(self._source_name(table), None, name, None, Making.UNKNOWN)

    def _write(self, name: str, written: Written, *, prefixed: bool) -> None:
        """A table of another name: its columns come through the resource."""
        target = self._named(tuple(written.name.split("."))) or self._table_name((written.name,))
        names = []
        for column in written.columns.values():
            label = f"{target}.{column.name}" if prefixed else column.name
            self._made(name, label, column)
            self._column_edge(name, label, target, column.name, Making.COPIED)
            names.append(column.name)
        for table in sorted(written.rest_of):
            self._column_edge(self._source_name(table), None, name, None, Making.UNKNOWN)
        if target not in self._resources and written.complete and names:
            self._known[target] = names

    def _made(self, name: str, label: str, column: OutputColumn) -> None:
        for source in column.sources:
            origin = self._source_name(source.table)
            self._column_edge(origin, source.column, name, label, source.making)

    def _filters(self, name: str, lineage: StatementLineage) -> None:
        for one in lineage.filters:
            making = Making.FILTER if one.certain else Making.UNKNOWN
            origin = self._source_name(one.table)
            self._column_edge(origin, one.column, name, None, making, one.clauses)

    def _source_name(self, table: str) -> str:
        parts = tuple(table.split("."))
        return self._named(parts) or self._table_name((table,))

    def _column_edge(
        self,
        source: str,
        source_column: str | None,
        target: str,
        target_column: str | None,
        making: Making,
        clauses: tuple[str, ...] = (),
    ) -> None:
        if source_column is not None:
            seen = self._mentioned.setdefault(source, {})
            source_column = seen.setdefault(source_column.lower(), source_column)
        is_doubt = making is Making.UNKNOWN
        key = (source, source_column, target, target_column, is_doubt, bool(clauses))
        known = self._columns.get(key)
        if known is not None:
            clauses = tuple(sorted({*known.clauses, *clauses}))
        self._columns[key] = ColumnEdge(
            source=source,
            source_column=source_column,
            target=target,
            target_column=target_column,
            making=making,
            clauses=clauses,
        )


def _united(written: list[Written]) -> tuple[list[OutputColumn], bool]:
    columns = [column for one in written for column in one.columns.values()]
    return columns, all(one.complete for one in written)
