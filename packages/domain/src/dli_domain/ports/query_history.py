"""The port that tells what was run, and stops what still runs."""

from typing import Protocol

from dli_domain.model.history import QueryCancelled, QueryDetail, QueryFilter, QueryPage


class QueryHistory(Protocol):
    """The queries that somebody may see."""

    def queries(self, wanted: QueryFilter, *, limit: int, offset: int = 0) -> QueryPage:
        """A page of queries, newest first.

        Raises:
            QueryHistoryError: DLI-781, these are for others to see; DLI-783, a filter is wrong.
        """
        ...

    def query(self, query_id: str) -> QueryDetail:
        """One query whole.

        Raises:
            QueryHistoryError: DLI-780, there is none with this id that one may see.
        """
        ...

    def cancel(self, query_id: str, reason: str | None = None) -> QueryCancelled:
        """Stop it at the engine.

        Raises:
            QueryHistoryError: DLI-780 as above; DLI-782, it has ended already.
        """
        ...
