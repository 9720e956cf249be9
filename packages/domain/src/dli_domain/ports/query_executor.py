"""The port that runs SQL."""

from collections.abc import Mapping
from typing import Protocol

from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import CancelOutcome


class QueryExecutor(Protocol):
    """Runs statements in one session of one engine, one at a time, in the order given.

    Temporary tables and settings of one statement are seen by the next. Whoever opened the
    executor closes it. Only `cancel` may be called from another thread. Every method raises
    `EngineError` or its children, with the engine's own error as `__cause__`, and nothing else.
    """

    @property
    def engine(self) -> str:
        """The engine's name as users write it: `duckdb`, `bigquery`, `mock`."""
        ...

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        """Run one statement; give its rows as a stream, all of them, or its affected rows.

        Args:
            sql: One statement in the engine's own dialect, sent as it is.
            params: Values bound by name in the engine's own way (`$name` on DuckDB, `@name`
                on BigQuery); never put into the text.

        A submitted statement is never sent twice. A result that is cut is an error.
        """
        ...

    def estimate(self, sql: str) -> Estimate:
        """What the statement would read. Nothing runs."""
        ...

    def check(self) -> None:
        """Prove that a query can run, or raise with the reason."""
        ...

    def cancel(self) -> CancelOutcome:
        """Stop the running statement at the engine; may be called from any thread, never raises."""
        ...
