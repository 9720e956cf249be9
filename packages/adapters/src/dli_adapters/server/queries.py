"""`QueryHistory` of a server over HTTP."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import final

from dli_adapters.server.lost import LostAnswerError
from dli_adapters.server.policy import policy_of
from dli_adapters.server.transport import Transport, segment
from dli_adapters.wire.messages import EXTENSION
from dli_adapters.wire.queries import (
    MOST_QUERIES,
    QUERIES_PATH,
    STATUS_OF,
    CancelQuery,
    WireCancelled,
    WireQuery,
    WireQueryDetail,
    cancelled_of,
    query_detail_of,
    query_of,
)
from dli_domain.errors import ErrorCode, QueryHistoryError, ServerError
from dli_domain.model.history import (
    QueryCancelled,
    QueryDetail,
    QueryFilter,
    QueryInfo,
    QueryPage,
)
from dli_domain.ports.query_history import QueryHistory

# A server of the older API filters little: so many of its queries are looked through.
_MOST_LOOKED_THROUGH = 10_000


@final
class ServerQueries(QueryHistory):
    """The queries of the server behind a transport.

    What a server of the older API cannot filter is filtered here, over its latest 10,000.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def queries(self, wanted: QueryFilter, *, limit: int, offset: int = 0) -> QueryPage:
        if self._older and wanted.tags:
            raise self._unable("knows no tags of queries (--tag)")
        found = list(islice(self._each(wanted, offset, limit + 1), limit + 1))
        return QueryPage(queries=tuple(found[:limit]), has_more=len(found) > limit)

    def query(self, query_id: str) -> QueryDetail:
        path = f"{QUERIES_PATH}/{segment(query_id)}"
        told = self._transport.find(path, answer=WireQueryDetail)
        if told is None:
            raise QueryHistoryError(
                f"There is no query {query_id!r}",
                context={"Server": self._transport.target.url},
                hint="Run 'dli query list' to see your queries.",
            )
        return query_detail_of(told)

    def cancel(self, query_id: str, reason: str | None = None) -> QueryCancelled:
        before = self.query(query_id).info.state
        if before.ended:
            raise QueryHistoryError(
                f"The query {query_id!r} cannot be stopped: it is {before.value} already",
                code=ErrorCode.QUERY_CANCEL_FAILED,
                context={"Server": self._transport.target.url},
                hint=f"Run 'dli query show {query_id}' to see how it ended.",
            )
        path = f"{QUERIES_PATH}/{segment(query_id)}/cancel"
        try:
            told = self._transport.post(path, CancelQuery(reason=reason), answer=WireCancelled)
        except LostAnswerError:
            after = self.query(query_id).info
            if not after.state.ended:
                raise
            return QueryCancelled(query_id=query_id, state=after.state, reason=reason)
        return cancelled_of(told)

    @cached_property
    def _older(self) -> bool:
        return EXTENSION not in policy_of(self._transport).extensions

    def _each(self, wanted: QueryFilter, offset: int, count: int) -> Iterator[QueryInfo]:
        """The wanted queries from the offset on; `count` of them are needed."""
        if not self._older:
            size = min(count, MOST_QUERIES)
            yield from (query_of(one) for one in self._pages(wanted, offset, size))
            return
        looked = islice(self._pages(wanted, 0, MOST_QUERIES), _MOST_LOOKED_THROUGH)
        yield from islice((query_of(one) for one in looked if _fits(one, wanted)), offset, None)

    def _pages(self, wanted: QueryFilter, offset: int, size: int) -> Iterator[WireQuery]:
        asked: dict[str, str | int | bool | None] = {
            "scope": wanted.scope.value,
            "status": None if wanted.state is None else STATUS_OF[wanted.state],
            "start_date": _day(wanted.since),
            "end_date": _day(wanted.until),
        }
        if not self._older:
            asked |= {
                "account": wanted.account,
                "sql": wanted.sql,
                "tags": ",".join(wanted.tags) or None,
                "engine": wanted.engine,
                "since": _time(wanted.since),
                "until": _time(wanted.until),
            }
        while True:
            query = {**asked, "limit": size, "offset": offset}
            page = self._transport.get(QUERIES_PATH, query, answer=list[WireQuery])
            yield from page
            if len(page) < size:
                return
            offset += len(page)

    def _unable(self, what: str) -> ServerError:
        return ServerError(
            f"This server {what}",
            code=ErrorCode.SERVER_PROTOCOL,
            context={"Server": self._transport.target.url},
            hint="Leave the option out.",
        )


def _fits(one: WireQuery, wanted: QueryFilter) -> bool:
    info = query_of(one)
    return (
        (wanted.account is None or wanted.account.casefold() in info.account.casefold())
        and (wanted.sql is None or wanted.sql.casefold() in one.sql.casefold())
        and (wanted.state is None or wanted.state is info.state)
        and (wanted.engine is None or wanted.engine.casefold() == info.engine)
        and (wanted.since is None or info.submitted_at >= wanted.since)
        and (wanted.until is None or info.submitted_at < wanted.until)
    )


def _day(time: datetime | None) -> str | None:
    return None if time is None else time.date().isoformat()


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
