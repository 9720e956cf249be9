"""The catalog as JSON: the older API's fields, and beside them what only this server tells.

Fields of the older API that are always there are always sent; the others where they are known.
"""

from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec

from dli_adapters.wire.messages import Message, Request
from dli_domain.model.catalog import (
    MOST_TABLES,
    CatalogColumn,
    Freshness,
    Impact,
    Neighbour,
    Ownership,
    QualityHistory,
    TableDetail,
    TableInfo,
    TableUse,
    TestVerdict,
)

TABLES_PATH = "/api/v1/catalog/tables"
SEARCH_PATH = "/api/v1/catalog/search"

_NO_TEXTS = msgspec.field(default_factory=lambda: ())
_NO_TEXT = msgspec.field(default_factory=lambda: "")
_ZERO = msgspec.field(default_factory=lambda: 0)


class TablesQuery(Request, frozen=True, kw_only=True):
    """`GET /api/v1/catalog/tables`; `tags` are joined by commas."""

    project: str | None = None
    dataset: str | None = None
    owner: str | None = None
    team: str | None = None
    tags: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_TABLES)] = 50
    offset: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0


class SearchQuery(Request, frozen=True, kw_only=True):
    """`GET /api/v1/catalog/search`."""

    keyword: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]
    project: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_TABLES)] = 20


class TableQuery(Request, frozen=True, kw_only=True):
    """`GET /api/v1/catalog/tables/{name}`; `sections` are joined by commas, all by default."""

    include_sample: bool = False
    sections: str | None = None


class UsesQuery(Request, frozen=True, kw_only=True):
    """`GET /api/v1/catalog/tables/{name}/queries`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5


class WireTable(Message, frozen=True, kw_only=True):
    """A table in a list; from `kind` on it is ours."""

    name: str
    engine: str = _NO_TEXT
    owner: str = _NO_TEXT
    team: str | None = None
    tags: tuple[str, ...] = _NO_TEXTS
    row_count: int | None = None
    last_updated: datetime | None = None
    match_context: str | None = None
    kind: str | None = None
    description: str | None = None
    rows_exact: bool = True
    size_bytes: int | None = None
    registered: bool | None = None


class WireColumn(Message, frozen=True, kw_only=True):
    """A column; from `nullable` on it is ours."""

    name: str
    data_type: str = _NO_TEXT
    description: str | None = None
    is_pii: bool = msgspec.field(default_factory=lambda: False)
    fill_rate: float | None = None
    distinct_count: int | None = None
    nullable: bool | None = None
    exists: bool = True


class WireOwnership(Message, frozen=True, kw_only=True):
    """Who answers for a table."""

    owner: str = _NO_TEXT
    team: str | None = None
    stewards: tuple[str, ...] = _NO_TEXTS
    consumers: tuple[str, ...] = _NO_TEXTS


class WireFreshness(Message, frozen=True, kw_only=True):
    """How old the data is; `judged_at` is ours. What nobody knows is left out."""

    last_updated: datetime | None = None
    avg_update_lag_hours: float | None = None
    update_frequency: str | None = None
    is_stale: bool | None = None
    stale_threshold_hours: float | None = None
    judged_at: datetime | None = None


class WireVerdict(Message, frozen=True, kw_only=True):
    """A verdict of a quality test; from `severity` on it is ours."""

    test_name: str
    test_type: str = _NO_TEXT
    status: str = _NO_TEXT
    failed_rows: int | None = None
    severity: str | None = None
    rows_tested: int | None = None
    judged_at: datetime | None = None


class WireQuality(Message, frozen=True, kw_only=True):
    """The last verdicts, counted; `declared_tests` is ours."""

    score: float | None = None
    total_tests: int = _ZERO
    passed_tests: int = _ZERO
    failed_tests: int = _ZERO
    warnings: int = _ZERO
    recent_tests: tuple[WireVerdict, ...] = _NO_TEXTS
    declared_tests: int | None = None


class WireNeighbour(Message, frozen=True, kw_only=True):
    """A resource or table up or down the stream."""

    name: str
    type: str = _NO_TEXT
    owner: str | None = None
    team: str | None = None
    steps: int = msgspec.field(default_factory=lambda: 1)


class WireImpact(Message, frozen=True, kw_only=True):
    """What a table is made of, and what is made of it."""

    upstream: tuple[WireNeighbour, ...] = _NO_TEXTS
    downstream: tuple[WireNeighbour, ...] = _NO_TEXTS


class WireUse(Message, frozen=True, kw_only=True):
    """Runs that touched a table."""

    title: str = _NO_TEXT
    sql: str = _NO_TEXT
    author: str = _NO_TEXT
    run_count: int = _ZERO
    last_run: datetime | None = None


class WireTableDetail(WireTable, frozen=True, kw_only=True):
    """All that is known of a table; `impact` and `sections` are ours."""

    basecamp_url: str | None = None
    columns: tuple[WireColumn, ...] = _NO_TEXTS
    ownership: WireOwnership | None = None
    freshness: WireFreshness | None = None
    quality: WireQuality | None = None
    sample_data: tuple[dict[str, Any], ...] | None = None
    impact: WireImpact | None = None
    sections: tuple[str, ...] | None = None


def wire_table(info: TableInfo) -> WireTable:
    """A table, to be sent."""
    return WireTable(**_facts(info))


def wire_detail(detail: TableDetail, sections: tuple[str, ...]) -> WireTableDetail:
    """A table's page, to be sent."""
    ownership, freshness, quality = detail.ownership, detail.freshness, detail.quality
    return WireTableDetail(
        **_facts(detail.table),
        basecamp_url=detail.basecamp_url,
        columns=tuple(_same(one, WireColumn) for one in detail.columns),
        ownership=None if ownership is None else _same(ownership, WireOwnership),
        freshness=None if freshness is None else _same(freshness, WireFreshness),
        quality=None if quality is None else _quality(quality),
        sample_data=None if detail.sample_data is None else tuple(map(dict, detail.sample_data)),
        impact=None if detail.impact is None else _impact(detail.impact),
        sections=sections,
    )


def wire_use(use: TableUse) -> WireUse:
    """Runs that touched a table, to be sent."""
    return _same(use, WireUse)


def table_of(told: WireTable) -> TableInfo:
    """A table, as it was sent."""
    return TableInfo(
        name=told.name,
        engine=told.engine.lower(),
        # A server that says nothing of the kind lists what there is.
        kind="table" if told.kind is None and told.registered is None else told.kind or "",
        owner=told.owner,
        team=told.team or "",
        description=told.description or "",
        tags=told.tags,
        row_count=told.row_count,
        rows_exact=told.rows_exact,
        size_bytes=told.size_bytes,
        last_updated=told.last_updated,
        registered=bool(told.registered),
        match_context=told.match_context or "",
    )


def detail_of(told: WireTableDetail) -> TableDetail:
    """A table's page, as it was sent."""
    return TableDetail(
        table=table_of(told),
        columns=tuple(_back(one, CatalogColumn) for one in told.columns),
        ownership=None if told.ownership is None else _back(told.ownership, Ownership),
        freshness=None if told.freshness is None else _back(told.freshness, Freshness),
        quality=None if told.quality is None else _quality_of(told.quality),
        impact=None if told.impact is None else _impact_of(told.impact),
        sample_data=told.sample_data,
        basecamp_url=told.basecamp_url,
    )


def use_of(told: WireUse) -> TableUse:
    """Runs that touched a table, as they were sent."""
    return TableUse(**msgspec.structs.asdict(told))


def _facts(info: TableInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "engine": info.engine,
        "owner": info.owner,
        "team": info.team or None,
        "tags": info.tags,
        "row_count": info.row_count,
        "last_updated": info.last_updated,
        "match_context": info.match_context or None,
        "kind": info.kind,
        "description": info.description or None,
        "rows_exact": info.rows_exact,
        "size_bytes": info.size_bytes,
        "registered": info.registered,
    }


def _quality(history: QualityHistory) -> WireQuality:
    return WireQuality(
        score=history.score,
        total_tests=history.total_tests,
        passed_tests=history.passed_tests,
        failed_tests=history.failed_tests,
        warnings=history.warnings,
        declared_tests=history.declared_tests,
        recent_tests=tuple(_same(one, WireVerdict) for one in history.recent_tests),
    )


def _quality_of(told: WireQuality) -> QualityHistory:
    fields = msgspec.structs.asdict(told)
    return QualityHistory(
        **{**fields, "recent_tests": tuple(_back(one, TestVerdict) for one in told.recent_tests)}
    )


def _impact(impact: Impact) -> WireImpact:
    return WireImpact(
        upstream=tuple(_same(one, WireNeighbour) for one in impact.upstream),
        downstream=tuple(_same(one, WireNeighbour) for one in impact.downstream),
    )


def _impact_of(told: WireImpact) -> Impact:
    return Impact(
        upstream=tuple(_back(one, Neighbour) for one in told.upstream),
        downstream=tuple(_back(one, Neighbour) for one in told.downstream),
    )


_M = TypeVar("_M", bound=Message)
_V = TypeVar("_V")


def _same(value: object, kind: type[_M]) -> _M:
    """The value's fields of the same names; an empty optional text is left out."""
    fields = {}
    for one in msgspec.structs.fields(kind):
        found = getattr(value, one.name)
        fields[one.name] = None if found == "" and one.default is None else found
    return kind(**fields)


def _back(told: Message, kind: type[_V]) -> _V:
    """The same fields as a value; what was left out has the value's own default."""
    fields = msgspec.structs.asdict(told)
    return kind(**{name: value for name, value in fields.items() if value is not None})
