"""Specs at a server: the older API's fields, and beside them the spec as its author wrote it.

Datasets have field names in camelCase, metrics and quality in snake_case: so the older API.
"""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec

from dli_adapters.wire.messages import Message, Request
from dli_domain.model.problems import Problem
from dli_domain.ports.spec_registry import BundleKind, SpecBundle

MAX_PAGE = 500
WITH_SPEC = "spec"
"""The value of `include` that asks for whole specs in a list."""

PROBLEMS_PATH = "/api/v1/specs/problems"

Limit: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]
Offset: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Depth: TypeAlias = Annotated[int, msgspec.Meta(ge=-1, le=10)]

PATHS = {
    BundleKind.DATASET: "/api/v1/datasets",
    BundleKind.METRIC: "/api/v1/metrics",
    BundleKind.QUALITY: "/api/v1/quality",
}


class WireBundle(Message, frozen=True, kw_only=True):
    """The files of a spec; `dialect` and `timeout_seconds` are those of its author's project."""

    path: str
    files: dict[str, str]
    dialect: str
    timeout_seconds: int | None = None


class WireSchedule(Message, frozen=True, kw_only=True):
    """When a dataset is built."""

    cron: str
    timezone: str = "UTC"


class ResourceQuery(Message, frozen=True, kw_only=True):
    """Which datasets or metrics: `tag` exact, `owner` a part, `search` in any of their words."""

    tag: str | None = None
    owner: str | None = None
    search: str | None = None
    limit: Limit = 50
    offset: Offset = 0
    include: str | None = None


class QualityQuery(Message, frozen=True, kw_only=True, rename="camel"):
    """Which quality specs; `resource_type` is DATASET or METRIC."""

    resource_type: str | None = None
    tag: str | None = None
    limit: Limit = 50
    offset: Offset = 0
    include: str | None = None


def _yes() -> bool:
    return True


# A value from a factory is sent also where it is the usual one: the older API leaves out nulls,
# and nothing else.
class Summary(Message, frozen=True, kw_only=True):
    """What every answer about a resource tells."""

    name: str
    type: str = msgspec.field(default_factory=lambda: "")
    owner: str = msgspec.field(default_factory=lambda: "")
    team: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = msgspec.field(default_factory=lambda: ())
    sql: str | None = None
    dependencies: tuple[str, ...] | None = None
    version: str | None = None
    spec: WireBundle | None = None


class DatasetAnswer(Summary, frozen=True, kw_only=True, rename="camel"):
    """A dataset; `sql` and what follows only where one is asked for, or `include` says so."""

    created_at: datetime | None = None
    updated_at: datetime | None = None
    schedule: WireSchedule | None = None


class MetricAnswer(Summary, frozen=True, kw_only=True):
    """A metric."""

    source_table: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class WireTest(Message, frozen=True, kw_only=True):
    """A test of a quality spec."""

    name: str
    test_type: str
    description: str | None = None
    target_columns: tuple[str, ...] = msgspec.field(default_factory=lambda: ())
    config: dict[str, Any] | None = None
    enabled: bool = msgspec.field(default_factory=_yes)
    created_at: datetime | None = None


class WireQualityRun(Message, frozen=True, kw_only=True):
    """A run of a quality spec that is over."""

    run_id: str
    resource_name: str
    status: str
    overall_status: str | None = None
    passed_tests: int = msgspec.field(default_factory=int)
    failed_tests: int = msgspec.field(default_factory=int)
    duration_seconds: float | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    executed_by: str | None = None


class QualityAnswer(Message, frozen=True, kw_only=True):
    """The quality files of one resource."""

    name: str
    resource_name: str
    resource_type: str
    owner: str = msgspec.field(default_factory=lambda: "")
    team: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = msgspec.field(default_factory=lambda: ())
    schedule_cron: str | None = None
    schedule_timezone: str = msgspec.field(default_factory=lambda: "UTC")
    enabled: bool = msgspec.field(default_factory=_yes)
    test_count: int = msgspec.field(default_factory=int)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    tests: tuple[WireTest, ...] | None = None
    recent_runs: tuple[WireQualityRun, ...] | None = None
    version: str | None = None
    spec: WireBundle | None = None


class Registration(Request, frozen=True, kw_only=True):
    """A spec to keep: `spec` holds it whole; without it, what the plain fields say counts."""

    name: str
    owner: str = ""
    team: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    sql: str | None = None
    spec: WireBundle | None = None
    force: bool = False


class DatasetRegistration(Registration, frozen=True, kw_only=True, rename="camel"):
    """`POST /api/v1/datasets`."""

    dependencies: tuple[str, ...] = ()
    schedule: WireSchedule | None = None


class MetricRegistration(Registration, frozen=True, kw_only=True):
    """`POST /api/v1/metrics`."""

    source_table: str | None = None


class QualityRegistration(Registration, frozen=True, kw_only=True):
    """`POST /api/v1/quality`; needs `spec`."""


class RegisteredAnswer(Message, frozen=True, kw_only=True):
    """What became of a registration."""

    message: str
    name: str
    version: str | None = None
    unchanged: bool = False
    warnings: tuple[str, ...] = ()


def wired(bundle: SpecBundle) -> WireBundle:
    """The bundle's files, ready to be sent."""
    return WireBundle(
        path=bundle.path,
        files=dict(bundle.files),
        dialect=bundle.dialect,
        timeout_seconds=bundle.timeout_seconds,
    )


def bundled(kind: BundleKind, name: str, sent: WireBundle) -> SpecBundle:
    """The bundle that was sent, without what it says beside its files."""
    return SpecBundle(
        kind=kind,
        name=name,
        path=sent.path,
        files=sent.files,
        dialect=sent.dialect,
        timeout_seconds=sent.timeout_seconds,
    )


class ProblemsQuery(Message, frozen=True, kw_only=True):
    """`kind` is dataset, metric or quality; None for datasets and metrics."""

    kind: BundleKind | None = None


class ProblemsAnswer(Message, frozen=True, kw_only=True):
    """What is wrong with spec files at the server, which lists leave out."""

    problems: tuple[Problem, ...] = ()


class LineageQuery(Message, frozen=True, kw_only=True):
    """Which part of the lineage: `direction` is upstream, downstream or both; -1 is all."""

    direction: str = "both"
    depth: Depth = -1


class WireLineageNode(Message, frozen=True, kw_only=True):
    """A resource or a table; `depth` is negative upstream."""

    name: str
    type: str
    owner: str = msgspec.field(default_factory=lambda: "")
    team: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = msgspec.field(default_factory=lambda: ())
    depth: int = msgspec.field(default_factory=int)


class WireLineageEdge(Message, frozen=True, kw_only=True):
    """Data goes from `source` to `target`."""

    source: str
    target: str
    edge_type: str = msgspec.field(default_factory=lambda: "DIRECT")


class WireLineage(Message, frozen=True, kw_only=True):
    """The lineage around one node."""

    root: WireLineageNode
    nodes: tuple[WireLineageNode, ...]
    edges: tuple[WireLineageEdge, ...]
    total_upstream: int
    total_downstream: int
    total_related: int
    total_nodes: int
    total_edges: int


class LineageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope of the older API around it."""

    data: WireLineage
    timestamp: datetime
    message: str = ""
    success: bool = True
