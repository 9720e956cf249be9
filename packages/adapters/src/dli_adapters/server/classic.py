"""Runs SQL on a server of the older API: one call for each statement, rows as JSON."""

from collections.abc import Mapping
from typing import Any, final

import msgspec

from dli_adapters.server.failures import printable
from dli_adapters.server.transport import Transport
from dli_adapters.wire.messages import PolicyAnswer
from dli_domain.errors import (
    ErrorCode,
    ExecutionLimitError,
    ExecutionQueryError,
    ServerError,
    ServerExecutionError,
)
from dli_domain.model.result import Estimate, QueryResult, QueryStats
from dli_domain.model.run import CancelOutcome, RunScope
from dli_domain.ports.query_executor import QueryExecutor

RUN_PATH = "/api/v1/execution/datasets/run"
MAX_ROWS = 10_000
"""As many rows as a server of this API gives at most, without a word that there were more."""
MAX_SQL = 100_000
_ANSWER_LIMIT = 128 << 20
_LONGEST_SECONDS = 3600
_DONE = frozenset({"SUCCESS", "COMPLETED"})


class _Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    # A key that is not needed is left out: this API refuses an explicit null for some.
    rendered_sql: str
    execution_timeout: int
    transpile_source_dialect: str
    transpile_target_dialect: str
    resource_name: str
    execution_limit: int | None = None


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    execution_id: str = ""
    rows: list[dict[str, Any]] | None = None
    row_count: int | None = None
    error: str | None = None


@final
class ClassicExecutor(QueryExecutor):
    """A server that runs each statement by itself and answers when it has ended.

    It has no sessions, cannot be cancelled, and takes no bound values. A result is cut at
    10,000 rows without a word, so one that reaches them is an error here, unless `truncate`
    allows it.
    """

    def __init__(
        self,
        transport: Transport,
        policy: PolicyAnswer,
        scope: RunScope,
        dialect: str,
        *,
        truncate: bool = False,
    ) -> None:
        self._truncate = truncate
        self._transport = transport
        self._policy = policy
        self._scope = scope
        self._dialect = dialect
        self._running = False
        self._job_id: str | None = None

    @property
    def engine(self) -> str:
        return self._dialect

    @property
    def job_id(self) -> str | None:
        """The execution at the server of the statement that ended last."""
        return self._job_id

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        if params:
            raise ExecutionQueryError(
                f"The server cannot bind values such as {next(iter(params))!r}: its API has no "
                "place for them",
                hint="Use a server that offers 'runs/1', such as dli-server.",
            )
        if len(sql) > MAX_SQL:
            raise ExecutionLimitError(
                f"The statement has {len(sql):,} characters; the server takes {MAX_SQL:,}"
            )
        self._running = True
        try:
            answer = self._answered(sql)
        finally:
            self._running = False
        self._job_id = answer.execution_id or None
        return self._result(answer)

    def estimate(self, sql: str) -> Estimate:  # noqa: ARG002 - the port names it
        return Estimate(bytes_processed=None, plan="the server's API foretells nothing")

    def check(self) -> None:
        self.execute("SELECT 1 AS one")

    def cancel(self) -> CancelOutcome:
        return CancelOutcome.UNCONFIRMED if self._running else CancelOutcome.NOTHING_RUNNING

    def _answered(self, sql: str) -> _Answer:
        transport = self._transport
        left = self._scope.deadline.remaining(transport.line.clock.monotonic())
        seconds = min(max(int(left), 1), _LONGEST_SECONDS, self._policy.max_query_duration_seconds)
        request = _Request(
            rendered_sql=sql,
            execution_timeout=seconds,
            transpile_source_dialect=self._dialect,
            transpile_target_dialect=self._dialect,
            resource_name=self._scope.resource,
        )
        return transport.post(
            RUN_PATH,
            request,
            answer=_Answer,
            within=seconds + transport.target.timeout,
            limit=_ANSWER_LIMIT,
        )

    def _result(self, answer: _Answer) -> QueryResult:
        context = {"Server": self._transport.target.url, "Execution": answer.execution_id}
        if answer.status == "FAILED":
            raise ServerExecutionError(
                f"The server ran the statement and it failed: {printable(answer.error or 'no reason')}",
                context=context,
            )
        if answer.status not in _DONE:
            raise ServerError(
                f"The server answered the status {printable(answer.status)!r}",
                code=ErrorCode.SERVER_PROTOCOL,
                context=context,
            )
        rows = answer.rows or []
        if answer.row_count is not None and answer.row_count != len(rows):
            raise ServerError(
                f"The server tells of {answer.row_count:,} rows and sent {len(rows):,}",
                code=ErrorCode.RESULT_INVALID,
                context=context,
            )
        if len(rows) < self._most_rows:
            return QueryResult(rows=rows)
        if not self._truncate:
            raise ExecutionLimitError(
                f"The server gives {self._most_rows:,} rows at most, and gave as many: "
                "there may be more",
                context=context,
                hint="Select fewer rows, take these with --truncate, or use a server that offers "
                "'runs/1'.",
            )
        note = f"The server gives {len(rows):,} rows at most, and gave as many: there may be more"
        return QueryResult(rows=rows, stats=QueryStats(notes=(note,)))

    @property
    def _most_rows(self) -> int:
        return min(self._policy.max_result_rows or MAX_ROWS, MAX_ROWS)
