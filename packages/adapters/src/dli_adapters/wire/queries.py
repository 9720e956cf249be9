"""The query history as JSON: the older API's fields, and beside them what only this server tells."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from dli_adapters.wire.messages import Message, Request
from dli_domain.model.history import (
    QueryCancelled,
    QueryDetail,
    QueryInfo,
    QueryState,
    TableUsed,
    account_type,
    preview,
)

QUERIES_PATH = "/api/v1/queries"
MOST_QUERIES = 500

STATUS_OF: Mapping[QueryState, str] = MappingProxyType(
    {
        QueryState.PENDING: "PENDING",
        QueryState.RUNNING: "RUNNING",
        QueryState.SUCCESS: "COMPLETED",
        QueryState.FAILED: "FAILED",
        QueryState.CANCELLED: "CANCELLED",
        QueryState.UNKNOWN: "UNKNOWN",
    }
)
"""What the older API calls each state; UNKNOWN is ours."""

_STATES: Mapping[str, QueryState] = MappingProxyType(
    {
        **{status: state for state, status in STATUS_OF.items()},
        "SUCCESS": QueryState.SUCCESS,
        "KILLED": QueryState.CANCELLED,
        "CANCELED": QueryState.CANCELLED,
    }
)


def state_of(status: str) -> QueryState:
    """The state behind a status, whoever spells it; a status nobody knows is UNKNOWN."""
    return _STATES.get(status.upper(), QueryState.UNKNOWN)


class QueriesQuery(Request, frozen=True, kw_only=True):
    """`GET /api/v1/queries`; from `account` on it is ours.

    `start_date` and `end_date` are days, the last one included; `since` and `until` are times.
    """

    scope: str = "my"
    status: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_QUERIES)] = 50
    offset: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    account: str | None = None
    sql: str | None = None
    tags: str | None = None
    engine: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class CancelQuery(Request, frozen=True, kw_only=True):
    """`POST /api/v1/queries/{query_id}/cancel`."""

    reason: str | None = None


class WireQuery(Message, frozen=True, kw_only=True):
    """A query in a list; from `kind` on it is ours. `sql` is its beginning."""

    query_id: str
    sql: str = msgspec.field(default_factory=lambda: "")
    status: str = msgspec.field(default_factory=lambda: "UNKNOWN")
    submitted_by: str = msgspec.field(default_factory=lambda: "")
    submitted_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_seconds: float | None = None
    rows_returned: int | None = None
    bytes_scanned: str | int | None = None
    engine: str = msgspec.field(default_factory=lambda: "")
    cost_usd: float | str | None = None
    kind: str | None = None
    name: str | None = None
    tags: tuple[str, ...] | None = None
    tables_used_count: int | None = None
    error_message: str | None = None


class WireUsed(Message, frozen=True, kw_only=True):
    """A table that a query names."""

    name: str
    operation: str = "read"
    alias: str | None = None


class WireExecution(Message, frozen=True, kw_only=True):
    """How it was executed; from `tables_used` on it is ours."""

    job_id: str | None = None
    query_plan: tuple[dict[str, Any], ...] | None = None
    tables_accessed: tuple[str, ...] | None = None
    tables_used: tuple[WireUsed, ...] | None = None
    queue_time_seconds: float | None = None
    bytes_billed: int | None = None
    rows_affected: int | None = None


class WireQueryError(Message, frozen=True, kw_only=True):
    """Why it failed."""

    code: str | None = None
    message: str | None = None
    details: Any = None


class WireQueryDetail(WireQuery, frozen=True, kw_only=True):
    """A query whole; from `writes` on it is ours."""

    execution_details: WireExecution | None = None
    error: WireQueryError | None = None
    writes: bool | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None


class WireCancelled(Message, frozen=True, kw_only=True):
    """What became of a query that was asked to stop."""

    query_id: str
    status: str
    cancelled_by: str = msgspec.field(default_factory=lambda: "")
    cancelled_at: datetime | None = None
    reason: str | None = None


def wire_query(info: QueryInfo, sql: str) -> WireQuery:
    """A query of a list, to be sent."""
    return WireQuery(**_facts(info, preview(sql)))


def wire_query_detail(detail: QueryDetail) -> WireQueryDetail:
    """A query, to be sent whole."""
    info, used = detail.info, detail.tables_used
    failed = info.error_message is not None or detail.error_code is not None
    return WireQueryDetail(
        **_facts(info, detail.query_text),
        execution_details=WireExecution(
            job_id=detail.job_id,
            tables_accessed=tuple(dict.fromkeys(one.name for one in used)),
            tables_used=tuple(
                WireUsed(name=one.name, operation=one.operation, alias=one.alias) for one in used
            ),
            queue_time_seconds=detail.queue_time_seconds,
            bytes_billed=detail.bytes_billed,
            rows_affected=detail.rows_affected,
        ),
        error=WireQueryError(code=detail.error_code, message=info.error_message)
        if failed
        else None,
        writes=detail.writes,
        cancelled_by=detail.cancelled_by,
        cancel_reason=detail.cancel_reason,
    )


def query_of(told: WireQuery) -> QueryInfo:
    """A query of a list, as it was sent."""
    return QueryInfo(
        query_id=told.query_id,
        engine=told.engine.lower(),
        state=state_of(told.status),
        account=told.submitted_by,
        submitted_at=_utc(told.submitted_at),
        kind=told.kind or "statement",
        title=told.name or "",
        first_line=first_line(told.sql),
        account_type=account_type(told.submitted_by),
        started_at=told.started_at and _utc(told.started_at),
        finished_at=told.completed_at and _utc(told.completed_at),
        duration_seconds=told.duration_seconds,
        rows_returned=told.rows_returned,
        bytes_processed=_number(told.bytes_scanned),
        tables_used_count=told.tables_used_count,
        error_message=told.error_message,
        tags=told.tags or (),
    )


def query_detail_of(told: WireQueryDetail) -> QueryDetail:
    """A query, as it was sent whole."""
    how, error = told.execution_details or WireExecution(), told.error or WireQueryError()
    used = how.tables_used or tuple(WireUsed(name=one) for one in how.tables_accessed or ())
    info = query_of(told)
    return QueryDetail(
        info=replace(info, error_message=info.error_message or error.message),
        query_text=told.sql,
        queue_time_seconds=how.queue_time_seconds,
        bytes_billed=how.bytes_billed,
        rows_affected=how.rows_affected,
        tables_used=tuple(
            TableUsed(name=one.name, operation=one.operation, alias=one.alias) for one in used
        ),
        error_code=error.code,
        job_id=how.job_id,
        writes=told.writes,
        cancelled_by=told.cancelled_by,
        cancel_reason=told.cancel_reason,
    )


def cancelled_of(told: WireCancelled) -> QueryCancelled:
    """What became of it, as it was sent."""
    return QueryCancelled(
        query_id=told.query_id,
        state=state_of(told.status),
        cancelled_by=told.cancelled_by,
        cancelled_at=told.cancelled_at and _utc(told.cancelled_at),
        reason=told.reason,
    )


def first_line(sql: str) -> str:
    """The first line of a text that says something, without its indentation."""
    lines = (" ".join(line.split()) for line in sql.split("\n"))
    return next((line for line in lines if line and not line.startswith("--")), "")


def _facts(info: QueryInfo, sql: str) -> dict[str, Any]:
    return {
        "query_id": info.query_id,
        "sql": sql,
        "status": STATUS_OF[info.state],
        "submitted_by": info.account,
        "submitted_at": info.submitted_at,
        "started_at": info.started_at,
        "completed_at": info.finished_at,
        "duration_seconds": info.duration_seconds,
        "rows_returned": info.rows_returned,
        "bytes_scanned": None if info.bytes_processed is None else str(info.bytes_processed),
        "engine": info.engine.upper(),
        "kind": info.kind,
        "name": info.title or None,
        "tags": info.tags,
        "tables_used_count": info.tables_used_count,
        "error_message": info.error_message,
    }


def _number(text: str | int | None) -> int | None:
    if isinstance(text, str):
        return int(text) if text.isascii() and text.isdigit() else None
    return text


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
