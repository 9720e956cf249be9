"""Runs SQL on an embedded DuckDB."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, final

import duckdb
import pyarrow as pa

from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.duckdb.activity import Activity
from dli_adapters.duckdb.columns import columns_of, lossless
from dli_adapters.duckdb.errors import Sent, told_offset, translated
from dli_adapters.duckdb.opening import session
from dli_adapters.duckdb.plan import estimate_of
from dli_adapters.duckdb.readonly import begin_reading, end_reading, refuse_other_than_query
from dli_adapters.duckdb.referee import DuckDbReferee
from dli_adapters.duckdb.statement import Statement, parsed
from dli_domain.errors import EngineError, ExecutionQueryError
from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import CancelOutcome, RunScope
from dli_domain.model.settings import DuckDbTarget
from dli_domain.ports.query_executor import QueryExecutor

_EXPLAIN = "EXPLAIN (FORMAT JSON) "
# Of what DuckDB makes by itself, 131,072, several are held at once on the way to a file.
_BATCH_ROWS = 16_384


@final
class DuckDbExecutor(QueryExecutor):
    """One connection, one session. `$name` in SQL is bound natively.

    Args:
        connection: The session, set up.
        read_only: Whether each statement must be a query, and runs in a transaction that
            cannot write; a PolicyError else. Statements then see nothing of each other.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool = False) -> None:
        self._connection = connection
        self._read_only = read_only
        self._activity = Activity(connection.interrupt)
        self._stream: ArrowStream | None = None

    @classmethod
    @contextmanager
    def connect(
        cls, target: DuckDbTarget, scope: RunScope, *, read_only: bool = False
    ) -> Iterator["DuckDbExecutor"]:
        """An executor on the database that the settings name, closed at the end.

        Raises:
            ConfigError: a setting is wrong.
            ExecutionConnectionError: a file cannot be opened.
            ExecutionPermissionError: a file may not be opened.
        """
        with session(target, scope) as connection:
            executor = cls(connection, read_only=read_only)
            try:
                yield executor
            finally:
                executor._close_stream()

    @property
    def engine(self) -> str:
        return "duckdb"

    @property
    def referee(self) -> DuckDbReferee:
        """Who tells how this engine reads a statement."""
        return DuckDbReferee(self._connection)

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        values = dict(params or {})
        self._begin()
        with self._activity.statement(), _translating(Sent(sql)):
            statement = self._parsed(sql)
            statement.refuse_wrong_names(values)
            relation = self._bound(statement, values)
            if statement.is_stream(relation):
                return self._streamed(statement, relation, values)
            affected = statement.affected_rows(relation)
            self._activity.ended()
            return QueryResult(affected_rows=affected)

    def estimate(self, sql: str) -> Estimate:
        self._begin()
        with self._activity.statement(), _translating(Sent(sql, len(_EXPLAIN))):
            statement = self._parsed(sql)
            found = self._planned(statement)
            self._activity.ended()
            return found

    def check(self) -> None:
        self.execute("SELECT 1").close()

    def cancel(self) -> CancelOutcome:
        return self._activity.stop()

    def _parsed(self, sql: str) -> Statement:
        statement = parsed(self._connection, sql)
        if self._read_only:
            refuse_other_than_query(self.referee.opinion(sql))
        return statement

    def _planned(self, statement: Statement) -> Estimate:
        if not statement.has_plan:
            return Estimate(bytes_processed=0, plan=f"{statement.kind} reads no table")
        plan = self._connection.execute(_EXPLAIN + statement.sql).fetchall()[0][1]
        return estimate_of(self._connection, str(plan))

    def _bound(self, statement: Statement, values: dict[str, object]) -> duckdb.DuckDBPyRelation:
        try:
            return self._connection.sql(statement.sql, params=values or None)
        except duckdb.Error as error:
            failure = translated(error, Sent(statement.sql))
            if isinstance(failure, ExecutionQueryError) and failure.position is None:
                failure = self._placed(failure, statement, values)
            raise failure from error

    def _placed(
        self, failure: ExecutionQueryError, statement: Statement, values: dict[str, object]
    ) -> ExecutionQueryError:
        """The failure with its place: a relation drops it, EXPLAIN binds the same text and tells it."""
        if not statement.only_binds:
            return failure
        try:
            self._connection.execute(_EXPLAIN + statement.sql, values or None).fetchall()
        except duckdb.Error as again:
            if told_offset(again) is not None:
                told = translated(again, Sent(statement.sql, len(_EXPLAIN)))
                return told if isinstance(told, ExecutionQueryError) else failure
        return failure

    def _streamed(
        self, statement: Statement, relation: duckdb.DuckDBPyRelation, values: dict[str, object]
    ) -> QueryResult:
        columns = columns_of(relation.columns, relation.types)
        sent = Sent(statement.sql)
        carried = relation
        if relation.type == "QUERY_RELATION":
            numbered = [f"c{number}" for number in range(len(columns))]
            items = lossless(numbered, relation.columns, relation.types)
            if items:
                head = f"SELECT {items} FROM (\n"
                wrapped = f"{head}{statement.body}\n) AS q({', '.join(numbered)})"
                carried = self._connection.sql(wrapped, params=values or None)
                sent = Sent(statement.sql, len(head.encode()))
        else:
            numbered = [f"#{number}" for number in range(1, len(columns) + 1)]
            items = lossless(numbered, relation.columns, relation.types)
            carried = relation.project(items) if items else relation
        with _translating(sent):
            reader = carried.to_arrow_reader(_BATCH_ROWS)

        def close() -> None:
            reader.close()
            self._activity.ended()
            if self._read_only:
                end_reading(self._connection)

        stream = ArrowStream(reader.schema, self._batches(reader, sent), columns, on_close=close)
        self._stream = stream
        return QueryResult(stream=stream)

    def _batches(self, reader: Any, sent: Sent) -> Iterator[pa.RecordBatch]:
        while True:
            with self._activity.pull(), _translating(sent):
                batch = next(reader, None)
            if batch is None:
                return
            yield batch

    def _begin(self) -> None:
        self._close_stream()
        if self._activity.interrupted:
            # DuckDB keeps an interrupt that came just after a call had ended for the next one.
            # A reader's transaction that was interrupted says no to anything until it ends.
            with suppress(duckdb.InterruptException, duckdb.TransactionException):
                self._connection.execute("SELECT 1").fetchall()
        if self._read_only:
            with _translating(Sent("")):
                begin_reading(self._connection)

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


@contextmanager
def _translating(sent: Sent) -> Iterator[None]:
    try:
        yield
    except EngineError:
        raise
    except (duckdb.Error, OSError, pa.ArrowException) as error:
        raise translated(error, sent) from error
