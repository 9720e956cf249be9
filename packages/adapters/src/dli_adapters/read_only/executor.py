"""Any executor, taking only what the SQL policy lets pass."""

from collections.abc import Mapping
from typing import final

from dli_domain.model.policy import CheckedQuery, ReadAccess
from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import CancelOutcome
from dli_domain.policy.agreement import check_agreement
from dli_domain.policy.judging import judge_read_only
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.ports.sql_referee import SqlReferee


@final
class ReadOnlyExecutor(QueryExecutor):
    """Judges each statement, asks the engine how it reads it, and sends the same bytes.

    Args:
        inner: Runs what has passed. It keeps the boundary that no text gets past.
        referee: The parser of the same engine.
        access: What may be read.
    """

    def __init__(self, inner: QueryExecutor, referee: SqlReferee, access: ReadAccess) -> None:
        self._inner = inner
        self._referee = referee
        self._access = access

    @property
    def engine(self) -> str:
        return self._inner.engine

    @property
    def job_id(self) -> str | None:
        """The job of the statement sent last, where the engine knows jobs."""
        found: str | None = getattr(self._inner, "job_id", None)
        return found

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        return self._inner.execute(self._checked(sql, params).sql, params)

    def estimate(self, sql: str) -> Estimate:
        return self._inner.estimate(self._checked(sql, None).sql)

    def check(self) -> None:
        self._inner.check()

    def cancel(self) -> CancelOutcome:
        return self._inner.cancel()

    def _checked(self, sql: str, params: Mapping[str, object] | None) -> CheckedQuery:
        access = self._access
        checked = judge_read_only(
            sql, self._inner.engine, tables=access.tables, metadata=access.metadata
        )
        check_agreement(checked, self._referee.opinion(checked.sql, params), access)
        return checked
