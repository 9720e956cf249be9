"""A whole run against the mock: nothing is invented, and everything that would be sent is seen."""

from pathlib import Path

import pytest

from dli import (
    DatasetAPI,
    ExecutionContext,
    ExecutionMode,
    ExecutionQueryError,
    MockExecutor,
    OutputError,
    QueryResult,
    ResultStatus,
    SpecNotFoundError,
)
from tests.projects import SEED_SPEC, write_dataset, write_project

STAGES = """\
pre_statements:
  - {name: clear, sql: "DELETE FROM t WHERE d = DATE '{{ date }}'"}
  - {name: may_fail, sql: ANALYZE t, continue_on_error: true}
post_statements:
  - {name: count, sql: SELECT count(*) FROM t}
"""


@pytest.fixture(autouse=True)
def project() -> Path:
    root = write_project(Path.cwd())
    write_dataset(root, "staged", SEED_SPEC.replace("NAME", "staged") + STAGES)
    return root


def test_mode_mock_gives_no_rows_and_says_mock() -> None:
    context = ExecutionContext(execution_mode=ExecutionMode.MOCK)
    result = DatasetAPI(context=context).run("my_dataset")
    assert (result.mode, result.engine) == (ExecutionMode.MOCK, "mock")
    assert (result.status, result.row_count, result.data) == (ResultStatus.SUCCESS, 0, [])
    assert result.sql == "SELECT 1 AS id, DATE '2024-12-31' AS d"


def test_mode_mock_still_wants_the_spec_to_exist() -> None:
    context = ExecutionContext(execution_mode=ExecutionMode.MOCK)
    with pytest.raises(SpecNotFoundError):
        DatasetAPI(context=context).run("nope")


def test_mock_mode_of_older_callers_reaches_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLI_EXECUTION_MODE", "local")
    result = DatasetAPI(context=ExecutionContext(mock_mode=True)).run("my_dataset")
    assert result.engine == "mock"


def test_the_mock_receives_every_stage_in_order() -> None:
    mock = MockExecutor(return_value=QueryResult(rows=[{"id": 1}]))
    result = DatasetAPI(executor=mock).run("staged", parameters={"date": "2025-01-01"})
    assert [call.sql for call in mock.calls] == [
        "DELETE FROM t WHERE d = DATE '2025-01-01'",
        "ANALYZE t",
        "SELECT 1 AS id, DATE '2025-01-01' AS d",
        "SELECT count(*) FROM t",
    ]
    assert [(one.phase, one.name) for one in result.statements] == [
        ("pre", "clear"),
        ("pre", "may_fail"),
        ("main", "staged"),
        ("post", "count"),
    ]


def test_the_main_statements_answer_is_the_result() -> None:
    answers = [
        QueryResult(affected_rows=3),
        QueryResult(),
        QueryResult(rows=[{"id": 7}, {"id": 8}]),
        QueryResult(rows=[{"n": 99}]),
    ]
    result = DatasetAPI(executor=MockExecutor(return_values=answers)).run("staged")
    assert (result.row_count, result.data) == (2, [{"id": 7}, {"id": 8}])
    assert result.statements[0].affected_rows == 3


def test_a_refusal_of_the_mock_ends_the_run_with_its_code() -> None:
    mock = MockExecutor(error=ExecutionQueryError("no such table"))
    with pytest.raises(ExecutionQueryError, match=r"DLI-405.*no such table"):
        DatasetAPI(executor=mock).run("staged")
    assert mock.call_count == 1


def test_a_mocks_rows_are_written_like_any_others() -> None:
    mock = MockExecutor(return_value=QueryResult(rows=[{"이름": "김", "n": 1}]))
    DatasetAPI(executor=mock).run("my_dataset", output="rows.csv")
    assert Path("rows.csv").read_text() == "이름,n\n김,1\n"
    with pytest.raises(OutputError):
        DatasetAPI(executor=mock).run("my_dataset", output="rows.csv", format="excel")
