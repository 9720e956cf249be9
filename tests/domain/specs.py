"""Short ways to make specs and render them."""

from datetime import UTC, datetime
from typing import Any

from dli_adapters.memory.clock import FixedClock
from dli_adapters.memory.spec_source import MemorySpecSource
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.spec import (
    ExecutionSpec,
    MeasureSpec,
    QueryType,
    ResourceKind,
    ResourceSpec,
    SqlSource,
)
from dli_domain.usecases.render_resource import RenderResource

CLOCK = FixedClock(datetime(2025, 3, 1, 12, tzinfo=UTC))


def sql_source(text: str, path: str = "query.sql") -> SqlSource:
    return SqlSource(text=text, origin=Location(path))


def resource(
    name: str,
    text: str,
    *,
    kind: ResourceKind = ResourceKind.DATASET,
    dialect: str = "duckdb",
    **rest: Any,
) -> ResourceSpec:
    return ResourceSpec(
        kind=kind,
        name=ResourceName.parse(name),
        owner="kim@example.com",
        team="@shop",
        query_type=QueryType.SELECT,
        sql=sql_source(text, f"{name}.sql"),
        location=Location(f"{kind}.{name}.yaml"),
        execution=ExecutionSpec(dialect=dialect),
        **rest,
    )


def metric(name: str, *measures: MeasureSpec, text: str = "SELECT 1") -> ResourceSpec:
    return resource(name, text, kind=ResourceKind.METRIC, measures=measures)


def measure(
    name: str, aggregation: str, expression: str, *filters: str, line: int = 1
) -> MeasureSpec:
    return MeasureSpec(
        name=name,
        aggregation=aggregation,
        expression=expression,
        filters=filters,
        location=Location("metric.yaml", line, 5),
    )


def renderer(*specs: ResourceSpec, engine: str | None = "duckdb", **rest: Any) -> RenderResource:
    return RenderResource(specs=MemorySpecSource(specs), clock=CLOCK, engine=engine, **rest)
