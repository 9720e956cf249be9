"""The query history: list, show, cancel."""

from datetime import UTC, date, datetime, time, timedelta

from dli_adapters.wire.queries import (
    QUERIES_PATH,
    STATUS_OF,
    CancelQuery,
    QueriesQuery,
    WireCancelled,
    WireQuery,
    WireQueryDetail,
    wire_query,
    wire_query_detail,
)
from dli_domain.errors import ErrorCode, QueryHistoryError
from dli_domain.model.history import QueryFilter, QueryScope, QueryState
from dli_domain.model.names import did_you_mean
from dli_server.http.endpoint import Call, Endpoint
from dli_server.http.scopes import Scope

_BY_STATUS = {status: state for state, status in STATUS_OF.items()}


def queries(call: Call) -> tuple[WireQuery, ...]:
    """A page of queries, newest first."""
    query: QueriesQuery = call.query
    history = call.services.history.of(call.principal)
    page = history.queries(_filter(query), limit=query.limit, offset=query.offset)
    return tuple(wire_query(info, history.texts[info.query_id]) for info in page.queries)


def show(call: Call) -> WireQueryDetail:
    """One query whole."""
    return wire_query_detail(call.services.history.of(call.principal).query(call.path["query_id"]))


def cancel(call: Call) -> WireCancelled:
    """Stop a query."""
    done = call.services.history.of(call.principal).cancel(call.path["query_id"], call.body.reason)
    return WireCancelled(
        query_id=done.query_id,
        status=STATUS_OF[done.state],
        cancelled_by=done.cancelled_by,
        cancelled_at=done.cancelled_at,
        reason=done.reason,
    )


def _filter(query: QueriesQuery) -> QueryFilter:
    return QueryFilter(
        scope=_scope(query.scope),
        account=query.account,
        sql=query.sql,
        state=None if query.status is None else _state(query.status),
        tags=tuple(one.strip() for one in (query.tags or "").split(",") if one.strip()),
        engine=query.engine,
        since=_utc(query.since) or _day(query.start_date),
        until=_utc(query.until) or _day(query.end_date, days=1),
    )


def _scope(said: str) -> QueryScope:
    try:
        return QueryScope(said.lower())
    except ValueError:
        raise _wrong("scope", said, [one.value for one in QueryScope]) from None


def _state(said: str) -> QueryState:
    found = _BY_STATUS.get(said.upper())
    if found is None:
        raise _wrong("status", said, list(_BY_STATUS))
    return found


def _day(said: str | None, *, days: int = 0) -> datetime | None:
    """The beginning of the day, or of one so many days later."""
    if said is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(said), time(), UTC) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise QueryHistoryError(
            f"{said!r} is no date",
            code=ErrorCode.QUERY_INVALID_FILTER,
            hint="Write it as YYYY-MM-DD.",
        ) from None


def _utc(said: datetime | None) -> datetime | None:
    if said is None:
        return None
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)


def _wrong(what: str, said: str, known: list[str]) -> QueryHistoryError:
    return QueryHistoryError(
        f"There is no {what} {said!r}; there are {', '.join(known)}",
        code=ErrorCode.QUERY_INVALID_FILTER,
        hint=did_you_mean(said, known),
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path=QUERIES_PATH,
        handler=queries,
        access=Scope.CATALOG,
        summary="The key's own queries, newest first; everybody's with the scope admin.",
        query=QueriesQuery,
        answer=tuple[WireQuery, ...],
    ),
    Endpoint(
        method="GET",
        path=f"{QUERIES_PATH}/{{query_id}}",
        handler=show,
        access=Scope.CATALOG,
        summary="One query whole.",
        answer=WireQueryDetail,
    ),
    Endpoint(
        method="POST",
        path=f"{QUERIES_PATH}/{{query_id}}/cancel",
        handler=cancel,
        access=Scope.CATALOG,
        summary="Stop a query.",
        body=CancelQuery,
        answer=WireCancelled,
    ),
)
