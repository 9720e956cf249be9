"""The three stages of a run: their order, what may fail, and what the result tells."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from dli_adapters.writers.held import TableWriter
from dli_domain.errors import (
    DliError,
    EngineError,
    ExecutionConnectionError,
    ExecutionLimitError,
    ExecutionQueryError,
)
from dli_domain.model.problems import Location
from dli_domain.model.requests import RunRequest
from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import (
    CancelOutcome,
    ExecutionMode,
    ExecutionResult,
    Phase,
    ResultStatus,
    RunScope,
)
from dli_domain.model.spec import ExecutionSpec, ResourceKind, ResourceSpec, StatementSpec
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.usecases.run_resource import RunResource
from tests.domain.specs import CLOCK, renderer, resource, sql_source

ROWS = QueryResult(rows=[{"id": 1}, {"id": 2}], row_count=2)
NONE = QueryResult(affected_rows=3)


class Failing(QueryExecutor):
    """A mock that fails at the statements that hold a word."""

    def __init__(self, word: str, error: EngineError, foretold: int | None = 0) -> None:
        self._word = word
        self._error = error
        self._foretold = foretold
        self.sent: list[str] = []

    @property
    def engine(self) -> str:
        return "mock"

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        self.sent.append(sql)
        if self._word in sql:
            raise self._error
        return ROWS if sql.startswith("SELECT") else NONE

    def estimate(self, sql: str) -> Estimate:
        return Estimate(bytes_processed=self._foretold)

    def check(self) -> None:
        return

    def cancel(self) -> CancelOutcome:
        return CancelOutcome.NOTHING_RUNNING


def statement(name: str, text: str, *, may_fail: bool = False) -> StatementSpec:
    return StatementSpec(name=name, sql=sql_source(text, f"{name}.sql"), continue_on_error=may_fail)


DATASET = resource(
    "a.b.c",
    "SELECT id,\n  {{ ds }} AS d FROM t",
    pre_statements=(
        statement("clean", "DELETE FROM t"),
        statement("index", "CREATE x", may_fail=True),
    ),
    post_statements=(statement("stats", "ANALYZE t"),),
)

QUERY_ERROR = ExecutionQueryError("no such column", position=(2, 15))


def run(executor: QueryExecutor, spec: ResourceSpec = DATASET, **request: Any) -> ExecutionResult:
    @contextmanager
    def opened(scope: RunScope) -> Iterator[QueryExecutor]:
        scopes.append(scope)
        yield executor

    scopes: list[RunScope] = []
    use = RunResource(
        render=renderer(spec),
        open_executor=opened,
        clock=CLOCK,
        mode=ExecutionMode.LOCAL,
        new_run_id=lambda: "run-1",
    )
    result = use(RunRequest(name="a.b.c", kind=ResourceKind.DATASET, **request), TableWriter())
    seconds.append(scopes[0].deadline.seconds)
    return result


seconds: list[float] = []


def test_pre_main_and_post_run_in_order_and_main_is_the_result() -> None:
    executor = Failing("nothing", QUERY_ERROR)
    result = run(executor)
    assert executor.sent == [
        "DELETE FROM t",
        "CREATE x",
        "SELECT id,\n  DATE '2025-03-01' AS d FROM t",
        "ANALYZE t",
    ]
    assert result.status is ResultStatus.SUCCESS
    assert (result.row_count, result.data) == (2, [{"id": 1}, {"id": 2}])
    assert [(r.phase, r.name, r.affected_rows) for r in result.statements] == [
        (Phase.PRE, "clean", 3),
        (Phase.PRE, "index", 3),
        (Phase.MAIN, "a.b.c", None),
        (Phase.POST, "stats", 3),
    ]


def test_a_statement_that_may_fail_is_reported_and_passed_over() -> None:
    result = run(Failing("CREATE", QUERY_ERROR))
    assert [r.status for r in result.statements] == [
        ResultStatus.SUCCESS,
        ResultStatus.FAILURE,
        ResultStatus.SUCCESS,
        ResultStatus.SUCCESS,
    ]
    assert result.statements[1].error == "[DLI-405] no such column"


def test_a_lost_connection_ends_the_run_also_where_failing_is_allowed() -> None:
    executor = Failing("CREATE", ExecutionConnectionError("gone"))
    with pytest.raises(ExecutionConnectionError):
        run(executor)
    assert executor.sent == ["DELETE FROM t", "CREATE x"]


def test_a_failed_pre_statement_keeps_main_from_running_and_is_named() -> None:
    executor = Failing("DELETE", ExecutionQueryError("locked"))
    with pytest.raises(ExecutionQueryError) as info:
        run(executor)
    assert executor.sent == ["DELETE FROM t"]
    assert info.value.context["Statement"] == "pre · clean"
    assert info.value.location == Location("clean.sql")


def test_an_engines_error_is_placed_in_the_template() -> None:
    with pytest.raises(DliError) as info:
        run(Failing("SELECT", ExecutionQueryError("no such column", position=(2, 31))))
    assert info.value.location == Location("a.b.c.sql", 2, 22)


def test_stages_can_be_skipped() -> None:
    executor = Failing("nothing", QUERY_ERROR)
    result = run(executor, skip_pre=True, skip_post=True)
    assert len(executor.sent) == 1
    assert [r.status for r in result.statements].count(ResultStatus.SKIPPED) == 3


def test_affected_rows_are_the_count_of_a_change() -> None:
    spec = resource("a.b.c", "INSERT INTO t SELECT 1")
    result = run(Failing("nothing", QUERY_ERROR), spec)
    assert (result.row_count, result.affected_rows, result.data) == (3, 3, [])


@pytest.mark.parametrize(
    ("foretold", "words"), [(11, "would read 11 bytes"), (None, "cannot foretell")]
)
def test_a_byte_limit_refuses_before_anything_is_sent(foretold: int | None, words: str) -> None:
    executor = Failing("nothing", QUERY_ERROR, foretold)
    with pytest.raises(ExecutionLimitError, match=words):
        run(executor, max_bytes=10)
    assert executor.sent == []


def test_the_deadline_is_the_requests_then_the_specs_then_300_seconds() -> None:
    own = resource("a.b.c", "SELECT 1")
    timed = replace(own, execution=ExecutionSpec(dialect="duckdb", timeout_seconds=900))
    executor = Failing("nothing", QUERY_ERROR)
    seconds.clear()
    run(executor, own)
    run(executor, timed)
    run(executor, timed, timeout=7)
    assert seconds == [300, 900, 7]


def test_the_text_of_an_error_tells_its_place_to_a_log_that_prints_nothing_else() -> None:
    with pytest.raises(DliError) as info:
        run(Failing("SELECT", ExecutionQueryError("no such column", position=(2, 31))))
    assert str(info.value) == "[DLI-405] no such column (at a.b.c.sql:2:22)"
