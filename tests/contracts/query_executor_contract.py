"""What every QueryExecutor must do; facts about an engine are class attributes of the subclass."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import ClassVar

import pyarrow as pa
import pytest

from dli_domain.errors import EngineError, ExecutionCancelledError, ExecutionQueryError
from dli_domain.model.result import Cell, Column, QueryResult
from dli_domain.model.run import CancelOutcome, Deadline, RunScope
from dli_domain.ports.query_executor import QueryExecutor

HOSTILE = "'); DROP TABLE t; -- \" ` \\ \\' {{ x }} $a @a ? \n\t가나다 \U0001f600 ''"

ROWS = "SELECT 1 AS id, 'a' AS name UNION ALL SELECT 2 AS id, NULL AS name ORDER BY id"
NO_ROWS = "SELECT * FROM (SELECT 1 AS id, 'a' AS name) AS t WHERE t.id > 5"
FAULT = "SELECT nope FROM (SELECT 1 AS id) AS t"


def scope(seconds: float = 60, *, now: float = 0.0, run_id: str = "contract-run") -> RunScope:
    """A scope that ends `seconds` after `now`."""
    return RunScope(
        run_id=run_id, resource="lake.mart.x", deadline=Deadline(now + seconds, seconds)
    )


class AnyExecutorContract:
    """What holds for the mock as well."""

    engine: ClassVar[str]

    def answering(
        self, sql: str, result: QueryResult | EngineError
    ) -> AbstractContextManager[QueryExecutor]:
        """An executor that answers `sql` with `result`; an engine does so by itself."""
        raise NotImplementedError

    def test_says_its_engine(self) -> None:
        with self.answering(ROWS, QueryResult(rows=[])) as executor:
            assert executor.engine == self.engine

    def test_gives_all_rows_in_order(self) -> None:
        held = QueryResult(rows=[{"id": 1, "name": "a"}, {"id": 2, "name": None}])
        with self.answering(ROWS, held) as executor:
            result = executor.execute(ROWS)
            assert [column.name for column in result.columns] == ["id", "name"]
            assert result.has_rows
            assert result.affected_rows is None
            assert list(result.rows) == [{"id": 1, "name": "a"}, {"id": 2, "name": None}]

    def test_gives_a_result_without_rows_its_columns(self) -> None:
        held = QueryResult(rows=[], columns=[Column("id"), Column("name")])
        with self.answering(NO_ROWS, held) as executor:
            result = executor.execute(NO_ROWS)
            assert [column.name for column in result.columns] == ["id", "name"]
            assert result.has_rows
            assert result.rows == ()

    def test_raises_what_the_engine_refuses(self) -> None:
        with (
            self.answering(FAULT, ExecutionQueryError("nope")) as executor,
            pytest.raises(ExecutionQueryError, match="nope") as caught,
        ):
            executor.execute(FAULT).rows  # noqa: B018 - reading is what may fail
        assert str(caught.value).startswith("[DLI-405]")

    def test_proves_that_a_query_can_run(self) -> None:
        with self.answering("SELECT 1", QueryResult(rows=[])) as executor:
            executor.check()

    def test_cancel_without_a_statement_says_so(self) -> None:
        with self.answering(ROWS, QueryResult(rows=[])) as executor:
            assert executor.cancel() is CancelOutcome.NOTHING_RUNNING

    def test_can_be_read_twice_one_statement_after_the_other(self) -> None:
        held = QueryResult(rows=[{"id": 1, "name": "a"}, {"id": 2, "name": None}])
        with self.answering(ROWS, held) as executor:
            first = executor.execute(ROWS).rows
            assert executor.execute(ROWS).rows == first


class QueryExecutorContract(AnyExecutorContract):
    """What holds for an engine that runs SQL.

    `parameter` is the sign before a bound name, `integer` the engine's 64-bit type, and
    `tells_positions` whether it says where in the SQL a fault is.
    """

    parameter: ClassVar[str]
    integer: ClassVar[str]
    tells_positions: ClassVar[bool] = True
    has_sessions: ClassVar[bool] = True
    big: ClassVar[int] = 1_000_000
    # SQL expression, the engine's name of its type, the cell.
    corpus: ClassVar[Sequence[tuple[str, str, Cell]]] = ()

    def opened(self) -> AbstractContextManager[QueryExecutor]:
        """An open executor, closed at the end."""
        raise NotImplementedError

    def series(self, count: int) -> str:
        """A query for the numbers 1 to `count` in a column `n`."""
        raise NotImplementedError

    def slow(self) -> str:
        """A query that would run for minutes before its first row."""
        raise NotImplementedError

    @contextmanager
    def answering(self, sql: str, result: QueryResult | EngineError) -> Iterator[QueryExecutor]:
        with self.opened() as executor:
            yield executor

    @pytest.fixture
    def executor(self) -> Iterator[QueryExecutor]:
        with self.opened() as opened:
            yield opened

    def bound(self, name: str) -> str:
        return f"{self.parameter}{name}"

    def test_a_refusal_keeps_the_engines_error_and_its_place(self, executor: QueryExecutor) -> None:
        with pytest.raises(ExecutionQueryError) as caught:
            executor.execute("SELECT 1 AS a,\n  '가' AS b, nope AS c").rows  # noqa: B018 - see above
        assert caught.value.__cause__ is not None
        if self.tells_positions:
            assert caught.value.position == (2, 13)

    @pytest.mark.parametrize("text", [HOSTILE, "", "' OR 1=1 --", "007", "NULL"])
    def test_binds_values_that_never_enter_the_text(
        self, executor: QueryExecutor, text: str
    ) -> None:
        sql = f"SELECT {self.bound('a')} AS a, {self.bound('b')} AS b, {self.bound('a')} AS c"
        rows = executor.execute(sql, {"a": text, "b": 7}).rows
        assert list(rows) == [{"a": text, "b": 7, "c": text}]

    def test_refuses_a_value_that_is_missing(self, executor: QueryExecutor) -> None:
        with pytest.raises(EngineError, match="gone"):
            executor.execute(f"SELECT {self.bound('gone')} AS a", {}).rows  # noqa: B018 - see above

    def test_a_stream_can_be_read_as_arrow(self, executor: QueryExecutor) -> None:
        result = executor.execute(self.series(1000))
        assert result.stream is not None
        table = pa.RecordBatchReader.from_stream(result.stream).read_all()
        assert table.column("n").to_pylist() == list(range(1, 1001))

    def test_gives_a_big_result_whole(self, executor: QueryExecutor) -> None:
        result = executor.execute(self.series(self.big))
        assert result.stream is not None
        reader = pa.RecordBatchReader.from_stream(result.stream)
        count = total = 0
        for batch in reader:
            count += batch.num_rows
            total += sum(batch.column(0).to_pylist())
        assert (count, total) == (self.big, self.big * (self.big + 1) // 2)

    def test_a_stream_may_be_closed_early(self, executor: QueryExecutor) -> None:
        result = executor.execute(self.series(self.big))
        assert result.stream is not None
        assert next(iter(result.stream.rows()))["n"] == 1
        result.close()
        result.close()
        assert list(executor.execute("SELECT 1 AS one").rows) == [{"one": 1}]

    def test_goes_on_after_a_refusal(self, executor: QueryExecutor) -> None:
        with pytest.raises(ExecutionQueryError):
            executor.execute(FAULT).rows  # noqa: B018 - see above
        assert list(executor.execute("SELECT 1 AS one").rows) == [{"one": 1}]

    def test_keeps_columns_of_one_name_apart(self, executor: QueryExecutor) -> None:
        result = executor.execute("SELECT 1 AS a, 2 AS b")
        assert [column.name for column in result.columns] == ["a", "b"]

    def test_foretells_without_running(self, executor: QueryExecutor) -> None:
        assert executor.estimate(ROWS).bytes_processed is not None
        with pytest.raises(ExecutionQueryError):
            executor.estimate(FAULT)

    def test_statements_share_a_session(self, executor: QueryExecutor) -> None:
        if not self.has_sessions:
            pytest.skip(f"{self.engine} has no sessions")
        made = executor.execute(f"CREATE TEMP TABLE kept (id {self.integer})")
        assert (made.has_rows, made.affected_rows) == (False, None)
        changed = executor.execute("INSERT INTO kept (id) SELECT 1 UNION ALL SELECT 2")
        assert (changed.has_rows, changed.affected_rows) == (False, 2)
        assert list(executor.execute("SELECT COUNT(*) AS n FROM kept").rows) == [{"n": 2}]
        assert executor.execute("DELETE FROM kept WHERE id = 2").affected_rows == 1
        assert executor.execute("UPDATE kept SET id = 3 WHERE id = 9").affected_rows == 0

    def test_can_be_cancelled_from_another_thread(self, executor: QueryExecutor) -> None:
        failures: list[BaseException] = []
        runner = threading.Thread(target=_catching(failures, executor, self.slow()), daemon=True)
        runner.start()
        runner.join(1.0)
        assert executor.cancel() is CancelOutcome.CONFIRMED
        runner.join(10)
        assert [type(failure) for failure in failures] == [ExecutionCancelledError]

    def test_holds_every_type_without_loss(self, executor: QueryExecutor) -> None:
        if not self.corpus:
            pytest.skip(f"{self.engine} has no corpus of types here")
        items = ", ".join(f"{sql} AS c{n}" for n, (sql, *_) in enumerate(self.corpus))
        result = executor.execute(f"SELECT {items}")
        types = [column.type for column in result.columns]
        (row,) = result.rows
        told = [
            (sql, *rest) for (sql, *_), *rest in zip(self.corpus, types, row.values(), strict=True)
        ]
        wrong = [
            f"{got} instead of {meant}"
            for got, meant in zip(told, self.corpus, strict=True)
            if repr(got) != repr(meant)
        ]
        assert wrong == [], "\n".join(wrong)


def _catching(
    failures: list[BaseException], executor: QueryExecutor, sql: str
) -> Callable[[], None]:
    def run() -> None:
        try:
            executor.execute(sql).rows  # noqa: B018 - reading is what may fail
        except BaseException as error:  # noqa: BLE001 - the test judges it
            failures.append(error)

    return run
