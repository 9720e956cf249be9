"""The mock remembers what it was asked and never invents an answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_adapters.memory.executor import MockExecutor
from dli_domain.errors import EngineError, ExecutionError, ExecutionPermissionError
from dli_domain.model.result import QueryResult
from dli_domain.model.settings import DuckDbTarget
from tests.contracts.query_executor_contract import scope


def test_without_a_value_there_are_no_rows() -> None:
    result = MockExecutor().execute("SELECT 1")
    assert (result.has_rows, result.rows, result.columns) == (True, (), ())


def test_counts_and_keeps_the_calls() -> None:
    mock = MockExecutor(return_value=QueryResult(rows=[{"id": 1}], row_count=1))
    values: dict[str, object] = {"a": 1}
    mock.execute("SELECT $a", values)
    values["a"] = 2
    mock.execute("SELECT 2")
    assert mock.call_count == 2
    assert [(call.sql, dict(call.params)) for call in mock.calls] == [
        ("SELECT $a", {"a": 1}),
        ("SELECT 2", {}),
    ]


def test_answers_in_turn_and_then_no_more() -> None:
    mock = MockExecutor(return_values=[QueryResult(affected_rows=2), QueryResult(rows=[{"id": 1}])])
    assert mock.execute("INSERT").affected_rows == 2
    assert mock.execute("SELECT").rows == ({"id": 1},)
    with pytest.raises(ExecutionError, match="given 2 answers; this is statement 3"):
        mock.execute("SELECT")


def test_raises_what_it_was_given() -> None:
    error = ExecutionPermissionError("no")
    mock = MockExecutor(error=error)
    for attempt in (lambda: mock.execute("SELECT 1"), mock.check, lambda: mock.estimate("x")):
        with pytest.raises(EngineError) as caught:
            attempt()
        assert caught.value is error


def test_refuses_two_ways_of_answering_and_streams() -> None:
    with pytest.raises(ValueError, match="give one of"):
        MockExecutor(QueryResult(rows=[]), error=ExecutionError("x"))
    with DuckDbExecutor.connect(DuckDbTarget(), scope()) as executor:
        streamed = executor.execute("SELECT 1")
        with pytest.raises(ValueError, match="read only once"):
            MockExecutor(streamed)


def test_counts_right_from_many_threads() -> None:
    mock = MockExecutor()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: mock.execute(str(number)), range(800)))
    assert sorted(int(call.sql) for call in mock.calls) == list(range(800))


def test_its_rows_can_be_read_as_arrow() -> None:
    result = MockExecutor(QueryResult(rows=[{"id": 1, "name": "가"}])).execute("SELECT")
    assert [batch.to_pylist() for batch in stream_of(result).batches()] == [
        [{"id": 1, "name": "가"}]
    ]
