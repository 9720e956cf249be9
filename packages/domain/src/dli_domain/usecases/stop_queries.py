"""Stop a query at a server, or all that an account has running there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dli_domain.errors import ErrorCode, QueryHistoryError
from dli_domain.model.history import (
    QueryCancelled,
    QueryDetail,
    QueryFilter,
    QueryInfo,
    QueryScope,
    QueryState,
)
from dli_domain.ports.query_history import QueryHistory

_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StopQueries:
    """Chooses first, so that a plan can be shown, and stops then.

    Args:
        history: The queries that the caller may see and stop.
    """

    history: QueryHistory

    def one(self, query_id: str, *, force: bool) -> tuple[QueryDetail, ...]:
        """The one query.

        Raises:
            QueryHistoryError: there is none (DLI-780); it has ended, or it changes data and
                `force` is not said (DLI-782).
        """
        found = self.history.query(query_id)
        if found.info.state.ended:
            raise QueryHistoryError(
                f"The query {found.query_id!r} cannot be stopped: it is "
                f"{found.info.state.value} already",
                code=ErrorCode.QUERY_CANCEL_FAILED,
                hint=f"Run 'dli query show {found.query_id}' to see how it ended.",
            )
        return _unless_writing((found,), force=force)

    def of_account(self, account: str, *, force: bool) -> tuple[QueryDetail, ...]:
        """All that an account has waiting or running.

        Raises:
            QueryHistoryError: others' queries are not to be seen (DLI-783), or some change data
                and `force` is not said (DLI-782).
        """
        found = tuple(self.history.query(one.query_id) for one in self._running(account))
        return _unless_writing(found, force=force)

    def stopped(
        self, chosen: Sequence[QueryDetail], reason: str | None
    ) -> tuple[QueryCancelled | QueryHistoryError, ...]:
        """What became of each; one that ended meanwhile is told by its failure."""
        return tuple(self._stopped(one, reason) for one in chosen)

    def _running(self, account: str) -> Iterator[QueryInfo]:
        for state in (QueryState.PENDING, QueryState.RUNNING):
            wanted = QueryFilter(scope=QueryScope.ALL, account=account, state=state)
            page = self.history.queries(wanted, limit=_MOST_AT_ONCE)
            yield from (q for q in page.queries if q.account.casefold() == account.casefold())

    def _stopped(
        self, detail: QueryDetail, reason: str | None
    ) -> QueryCancelled | QueryHistoryError:
        try:
            return self.history.cancel(detail.query_id, reason)
        except QueryHistoryError as error:
            # It ended while the others were stopped, which is as good.
            if error.code is ErrorCode.QUERY_CANCEL_FAILED:
                return error
            raise


def _unless_writing(chosen: tuple[QueryDetail, ...], *, force: bool) -> tuple[QueryDetail, ...]:
    writing = [one.query_id for one in chosen if one.writes]
    if writing and not force:
        count = "1 query" if len(writing) == 1 else f"{len(writing)} queries"
        raise QueryHistoryError(
            f"{count} to be stopped may change data: {', '.join(writing)}",
            code=ErrorCode.QUERY_CANCEL_FAILED,
            causes=("What it has done outside of a transaction stays done",),
            hint="Add --force (force=True) to stop it nevertheless.",
        )
    return chosen
