"""`QueryAPI`: what was run at the server."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from dli_domain.errors import ConfigError, ErrorCode, QueryHistoryError
from dli_domain.model.history import (
    QueryCancelled,
    QueryDetail,
    QueryFilter,
    QueryInfo,
    QueryScope,
    QueryState,
    moment,
)
from dli_domain.model.paging import total_of
from dli_domain.model.run import ExecutionMode, ResultStatus
from dli_domain.usecases.stop_queries import StopQueries

if TYPE_CHECKING:
    from dli._context import ExecutionContext
    from dli_domain.ports.query_history import QueryHistory

_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryListResult:
    """Queries, newest first; `total_count` is None where there are more."""

    queries: tuple[QueryInfo, ...]
    has_more: bool = False
    total_count: int | None = None
    status: ResultStatus = ResultStatus.SUCCESS

    def __iter__(self) -> Iterator[QueryInfo]:
        return iter(self.queries)

    def __len__(self) -> int:
        return len(self.queries)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCancelResult:
    """What was chosen, and what became of each; with `dry_run` nothing was stopped.

    A query that ended by itself meanwhile is in `queries` and not in `cancelled`.
    """

    queries: tuple[QueryDetail, ...]
    cancelled: tuple[QueryCancelled, ...] = ()
    dry_run: bool = False

    @property
    def cancelled_count(self) -> int:
        """How many are stopped for certain."""
        return sum(one.state.ended for one in self.cancelled)


class QueryAPI:
    """Asks the configured server, whatever the execution mode is.

    Args:
        context: Which server; read from the environment and the configuration files where it
            says nothing. No project is needed.

    Raises:
        ConfigError: a configuration file or variable is wrong, or not to be trusted.
    """

    def __init__(self, context: "ExecutionContext | None" = None) -> None:
        # Settings and YAML come with it: an import of this module must not pay for them.
        from dli._compose import compose  # noqa: PLC0415

        self._composed = compose(context, mode=ExecutionMode.SERVER)

    def list_queries(  # noqa: PLR0913 - the contract names each filter
        self,
        *,
        scope: str = QueryScope.MY,
        account_keyword: str | None = None,
        sql_pattern: str | None = None,
        status: str | None = None,
        tags: Collection[str] = (),
        engine: str | None = None,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        limit: int = 10,
        offset: int = 0,
    ) -> QueryListResult:
        """Queries, newest first.

        Args:
            scope: `my`, `system`, `user` or `all`.
            account_keyword: Only those of accounts with this in their name.
            sql_pattern: Only those with this in their text, taken as it is.
            status: `pending`, `running`, `success`, `failed`, `cancelled` or `unknown`.
            tags: Only runs of resources with all of these tags.
            engine: Only those of this engine.
            since: Only later ones: a time, or a text such as `24h`, `7d`, `2025-01-31`.
            until: Only earlier ones.
            limit: The most to give.
            offset: How many to pass over.

        Raises:
            ConfigError: a filter means nothing.
            QueryHistoryError: DLI-781, these are for others to see.
            ServerError: there is no server (DLI-501), or it refuses.
        """
        wanted = QueryFilter(
            scope=_word(QueryScope, "scope", scope),
            account=account_keyword,
            sql=sql_pattern,
            state=None if status is None else _word(QueryState, "status", status),
            tags=tuple(tags),
            engine=engine,
            since=self._time("since", since),
            until=self._time("until", until),
        )
        with self._history() as history:
            page = history.queries(wanted, limit=limit, offset=offset)
        return QueryListResult(
            queries=page.queries,
            has_more=page.has_more,
            total_count=total_of(len(page.queries), offset, has_more=page.has_more),
        )

    def get(self, query_id: str) -> QueryDetail:
        """One query whole: its text, the tables it names, how it went.

        Raises:
            QueryHistoryError: DLI-780, there is none with this id that one may see.
            ServerError: there is no server (DLI-501), or it refuses.
        """
        with self._history() as history:
            return history.query(query_id)

    def cancel(
        self,
        query_id: str | None = None,
        *,
        user: str | None = None,
        dry_run: bool = False,
        reason: str | None = None,
        force: bool = False,
    ) -> QueryCancelResult:
        """Stop a query, or everything that an account has running.

        Args:
            query_id: The one query.
            user: Or the account.
            dry_run: Only tell what would be stopped.
            reason: Why; it is told with the query's failure.
            force: Also what may change data.

        Raises:
            ConfigError: neither or both of `query_id` and `user` are given.
            QueryHistoryError: there is no such query (DLI-780); it has ended, or it may change
                data and `force` is not said (DLI-782).
            ServerError: there is no server (DLI-501), or it refuses.
        """
        if (query_id is None) == (user is None):
            raise ConfigError(
                "cancel takes the id of a query, or user=ACCOUNT",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
            )
        with self._history() as history:
            stop = StopQueries(history=history)
            if query_id is not None:
                chosen = stop.one(query_id, force=force)
            else:
                chosen = stop.of_account(user or "", force=force)
            if dry_run:
                return QueryCancelResult(queries=chosen, dry_run=True)
            done = stop.stopped(chosen, reason)
            if query_id is not None and isinstance(done[0], QueryHistoryError):
                raise done[0]
        return QueryCancelResult(
            queries=chosen,
            cancelled=tuple(one for one in done if isinstance(one, QueryCancelled)),
        )

    def _time(self, name: str, said: str | datetime | None) -> datetime | None:
        if said is None:
            return None
        text = said.isoformat() if isinstance(said, datetime) else said
        try:
            return moment(text, self._composed.clock.now())
        except ValueError as error:
            raise ConfigError(
                f"{name}: {error}", code=ErrorCode.CONFIG_VALIDATION_FAILED
            ) from error

    @contextmanager
    def _history(self) -> "Iterator[QueryHistory]":
        from dli_adapters.registry import open_queries  # noqa: PLC0415 - as above

        composed = self._composed
        with open_queries(composed.settings, composed.clock) as history:
            yield history


def _word(kind: type[_Word], name: str, said: str) -> _Word:
    try:
        return kind(said)
    except ValueError as error:
        raise ConfigError(
            f"There is no {name} {said!r}; there are {', '.join(kind)}",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
        ) from error
