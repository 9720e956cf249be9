"""An injected executor wins over whatever the settings name, and is really called."""

from collections.abc import Mapping
from pathlib import Path
from typing import final

import pytest

from dli import (
    DatasetAPI,
    ExecutionContext,
    ExecutionMode,
    ExecutorFactory,
    MetricAPI,
    MockExecutor,
    QueryExecutor,
    QueryResult,
)
from dli_domain.model.result import Estimate
from dli_domain.model.run import CancelOutcome
from tests.projects import SEED_SPEC, write_dataset, write_project

# The contract's own lines (its section 4.3), with nothing changed.
DI_SNIPPET = """
# 테스트 시 Mock executor 주입 (DI)
mock_executor = MockExecutor(return_value=QueryResult(rows=[{"id": 1}]))
api = DatasetAPI(context=ctx, executor=mock_executor)
result = api.run("test_dataset")

# 결과 접근
print(f"Rows: {result.row_count}")
print(f"Duration: {result.duration_ms}ms")
for row in result.data:
    print(row)
"""


@pytest.fixture(autouse=True)
def project() -> Path:
    return write_project(Path.cwd())


@pytest.mark.parametrize("mode", list(ExecutionMode))
def test_an_injected_executor_is_called_whatever_the_mode(mode: ExecutionMode) -> None:
    mock = MockExecutor(return_value=QueryResult(rows=[{"id": 1}]))
    context = ExecutionContext(execution_mode=mode, server_url="https://basecamp.example.com")
    result = DatasetAPI(context=context, executor=mock).run("my_dataset")
    assert (mock.call_count, result.data, result.mode) == (1, [{"id": 1}], mode)


def test_the_contracts_snippet_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    names = {
        "ctx": ExecutionContext(project_path=Path.cwd(), execution_mode=ExecutionMode.SERVER),
        "DatasetAPI": DatasetAPI,
        "MockExecutor": MockExecutor,
        "QueryResult": QueryResult,
    }
    exec(DI_SNIPPET, names)  # noqa: S102 - the contract's own text
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Rows: 1"
    assert lines[1].startswith("Duration: ")
    assert lines[2:] == ["{'id': 1}"]


@final
class Doubler(QueryExecutor):
    """A user's own double: it answers with the length of what it is sent."""

    def __init__(self) -> None:
        self.closed = False

    @property
    def engine(self) -> str:
        return "bigquery"

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        return QueryResult(rows=[{"sent": sql}])

    def estimate(self, sql: str) -> Estimate:
        return Estimate(bytes_processed=len(sql))

    def check(self) -> None:
        """Always well."""

    def cancel(self) -> CancelOutcome:
        return CancelOutcome.NOTHING_RUNNING

    def close(self) -> None:
        self.closed = True


def test_a_double_of_the_users_own_gets_sql_in_its_engines_dialect() -> None:
    spec = SEED_SPEC.replace("NAME", "dialects").replace(
        "SELECT 1 AS id, DATE '{{ date }}' AS d", "SELECT CAST(1 AS VARCHAR) AS id"
    )
    write_dataset(Path(), "dialects", spec)
    double = Doubler()
    result = DatasetAPI(executor=double).run("dialects")
    assert " ".join(result.sql.split()) == "SELECT CAST(1 AS STRING) AS id"
    assert result.data == [{"sent": result.sql}]
    assert result.engine == "bigquery"
    assert not double.closed


def test_an_injected_executor_answers_for_estimate_and_connection() -> None:
    api = DatasetAPI(executor=Doubler())
    assert api.estimate("my_dataset").estimate.bytes_processed == len(api.render_sql("my_dataset"))
    assert api.test_connection() is True
    assert MetricAPI(executor=Doubler()).test_connection() is True


def test_one_session_can_serve_many_runs() -> None:
    make = SEED_SPEC.replace("NAME", "make").replace(
        "SELECT 1 AS id, DATE '{{ date }}' AS d", "CREATE TEMP TABLE kept AS SELECT 5 AS n"
    )
    read = SEED_SPEC.replace("NAME", "read").replace(
        "SELECT 1 AS id, DATE '{{ date }}' AS d", "SELECT n FROM kept"
    )
    write_dataset(Path(), "make", make)
    write_dataset(Path(), "read", read)
    context = ExecutionContext()
    with ExecutorFactory.create(ExecutionMode.LOCAL, context) as session:
        api = DatasetAPI(context=context, executor=session)
        api.run("make")
        assert api.run("read").data == [{"n": 5}]
        with api.stream("read") as stream:
            assert list(stream.rows()) == [{"n": 5}]
        assert session.execute("SELECT n + 1 AS n FROM kept").rows == ({"n": 6},)
