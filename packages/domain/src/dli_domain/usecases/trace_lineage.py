"""Where a resource's data comes from and where it goes, read off the specs alone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import final

from dli_domain.analysis.facts import KnownTables
from dli_domain.errors import DliError, ParameterError, SpecInvalidError, SqlError
from dli_domain.lineage.columns import no_schemas
from dli_domain.lineage.project import ProjectLineage
from dli_domain.lineage.reading import Schemas
from dli_domain.lineage.resource import ResourceSql
from dli_domain.lineage.views import view_of, whole_view
from dli_domain.model.lineage import LineageView
from dli_domain.model.names import did_you_mean
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.ports.spec_source import SpecListing, SpecSource
from dli_domain.rendering.rendered import RenderedSql
from dli_domain.usecases.render_resource import EXECUTION_DATE, RenderResource
from dli_domain.usecases.sample_values import sample_values

# Lineage must not depend on the day it is asked for.
_SAMPLE_DAY = date(2000, 1, 1)
_METRIC_NAME = re.compile(r"\bMETRIC\s*\(\s*([\w$.-]+)\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLineage:
    """Renders every spec of the project and reads its tables and columns; nothing runs.

    Args:
        render: Renders each spec; its engine is not asked, the spec's own dialect is read.
        common: Values of parameters that the settings give to every spec that declares them.
        schemas: Columns of tables that no spec builds, where somebody knows them.
    """

    render: RenderResource
    common: Mapping[str, object] = field(default_factory=dict)
    schemas: Schemas = no_schemas

    def __call__(
        self,
        name: str | None = None,
        *,
        column: str | None = None,
        upstream: bool = True,
        downstream: bool = True,
        depth: int = -1,
        parameters: Mapping[str, object] | None = None,
    ) -> LineageView:
        """The graph around a resource or a table, or all of it where no name is said.

        A required parameter that nobody gives is rendered with a sample value of its type; the
        node tells which in `assumed`. A spec that cannot be rendered is a node with a problem.

        Args:
            name: A resource, or a table that some SQL uses.
            column: Only the paths of this column of it.
            upstream: Show what it is made of.
            downstream: Show what is made of it.
            depth: The most steps away; negative for all.
            parameters: Values for `name`, and for every spec that declares them.

        Raises:
            SpecNotFoundError: DLI-101 or 103, there is no such resource, table or column.
            SpecInvalidError: the spec of `name` itself is broken.
            ParameterError: `parameters` hold one that no spec declares.
        """
        return self.part(
            self.project(parameters),
            name,
            column=column,
            upstream=upstream,
            downstream=downstream,
            depth=depth,
        )

    def part(
        self,
        project: ProjectLineage,
        name: str | None = None,
        *,
        column: str | None = None,
        upstream: bool = True,
        downstream: bool = True,
        depth: int = -1,
    ) -> LineageView:
        """The same of a graph that is read already.

        Raises:
            SpecNotFoundError: DLI-101 or 103, there is no such resource, table or column.
            SpecInvalidError: the spec of `name` itself is broken.
        """
        if name is None:
            return whole_view(project)
        if name not in project.nodes and name in self.render.specs.names():
            self.render.specs.get(name)  # it is there and was not listed: it says why
        return view_of(
            project, name, column=column, upstream=upstream, downstream=downstream, depth=depth
        )

    def project(self, parameters: Mapping[str, object] | None = None) -> ProjectLineage:
        """The whole graph, to ask it more than once."""
        listing = self.render.specs.list()
        specs = _Listed(listing, self.render.specs)
        _refuse_unknown(parameters or {}, listing)
        given = {**self.common, **(parameters or {})}
        render = replace(self.render, specs=specs, engine=None)
        return ProjectLineage(
            [rendered(spec, render, given) for spec in listing.specs],
            schemas=self.schemas,
            problems=listing.problems,
        )


def schemas_of(known: KnownTables) -> Schemas:
    """The columns of tables that a snapshot or a database tells, by their whole names."""
    columns = {
        table.name.lower(): tuple(name for name, _ in table.columns) for table in known.tables
    }
    return lambda parts: columns.get(".".join(parts).lower())


def _refuse_unknown(parameters: Mapping[str, object], listing: SpecListing) -> None:
    declared = {one.name for spec in listing.specs for one in spec.parameters} | {EXECUTION_DATE}
    for name in parameters:
        if name not in declared:
            raise ParameterError(
                f"No spec declares the parameter {name!r}",
                hint=did_you_mean(name, declared) or "Remove it.",
            )


def rendered(
    spec: ResourceSpec, render: RenderResource, given: Mapping[str, object]
) -> ResourceSql:
    """All statements of a spec with what is given of its parameters and samples for the rest."""
    declared = {parameter.name for parameter in spec.parameters} | {EXECUTION_DATE}
    own = {name: value for name, value in given.items() if name in declared}
    samples, _ = sample_values(spec, own)
    watched = _Watched(render.specs)
    statements: list[RenderedSql | DliError] = []
    day = None if own.get(EXECUTION_DATE) is not None else _SAMPLE_DAY
    try:
        each = replace(render, specs=watched).each(spec, parameters={**own, **samples}, ds=day)
        statements.extend(made for _, made in each)
    except (SpecInvalidError, SqlError) as error:
        statements.append(error)
    return ResourceSql(
        spec=spec,
        dialect=spec.execution.dialect or render.default_dialect,
        statements=statements,
        metrics=sorted(watched.metrics | _bare_measures(spec, watched)),
        assumed=samples,
    )


def _bare_measures(spec: ResourceSpec, watched: "_Watched") -> set[str]:
    """The metrics behind METRIC() of a measure's bare name, where one was looked for."""
    if not watched.listed:
        return set()
    sources = (*spec.pre_statements, *spec.post_statements)
    texts = (spec.sql.text, *(one.sql.text for one in sources))
    names = {name for text in texts for name in _METRIC_NAME.findall(text)}
    names -= {measure.name for measure in spec.measures}
    return {
        str(metric.name)
        for metric in watched.list(ResourceKind.METRIC).specs
        for measure in metric.measures
        if measure.name in names
    }


@final
class _Listed(SpecSource):
    """The listed specs at hand, so that METRIC() and ref() read no file again."""

    def __init__(self, listing: SpecListing, inner: SpecSource) -> None:
        self._listing = listing
        self._inner = inner
        self._specs = {(str(spec.name), spec.kind): spec for spec in listing.specs}
        self._names: Sequence[str] | None = None
        self._by_kind: dict[ResourceKind, SpecListing] = {}

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        for one in (kind,) if kind else tuple(ResourceKind):
            spec = self._specs.get((name, one))
            if spec is not None:
                return spec
        return self._inner.get(name, kind)

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        if kind is not None:
            return self._inner.names(kind)
        if self._names is None:
            self._names = self._inner.names()
        return self._names

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        if kind is None:
            return self._listing
        if kind not in self._by_kind:
            specs = tuple(spec for spec in self._listing.specs if spec.kind is kind)
            self._by_kind[kind] = SpecListing(specs=specs, problems=self._listing.problems)
        return self._by_kind[kind]


@final
class _Watched(SpecSource):
    """Remembers which metrics one spec's METRIC() asked for."""

    def __init__(self, inner: SpecSource) -> None:
        self._inner = inner
        self.metrics: set[str] = set()
        self.listed = False

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        spec = self._inner.get(name, kind)
        self.metrics.add(name)
        return spec

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        return self._inner.names(kind)

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        self.listed = True
        return self._inner.list(kind)
