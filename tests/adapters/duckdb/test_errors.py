"""Every failure of the driver has a row, and its place in the user's SQL."""

import pickle
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from dli_adapters.duckdb.errors import TABLE, Sent, translated
from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_domain.errors import (
    DliError,
    ErrorCode,
    ExecutionCancelledError,
    ExecutionLimitError,
    ExecutionPermissionError,
    ExecutionQueryError,
)
from dli_domain.model.settings import DuckDbTarget
from tests.contracts.query_executor_contract import scope


def _classes(of: type[duckdb.Error]) -> Iterator[type[duckdb.Error]]:
    yield of
    for child in of.__subclasses__():
        yield from _classes(child)


@pytest.fixture
def executor() -> Iterator[DuckDbExecutor]:
    with DuckDbExecutor.connect(DuckDbTarget(), scope()) as opened:
        yield opened


def test_every_class_of_the_driver_has_a_row() -> None:
    assert set(_classes(duckdb.Error)) == set(TABLE)


@pytest.mark.parametrize("cls", list(_classes(duckdb.Error)), ids=lambda cls: str(cls.__name__))
def test_every_failure_becomes_one_that_says_duckdb_and_pickles(cls: type[duckdb.Error]) -> None:
    failure = translated(cls("Some Error: it broke"), Sent("SELECT 1"))
    assert "DuckDB" in failure.message
    assert str(pickle.loads(pickle.dumps(failure))) == str(failure)  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("sql", "position"),
    [
        ("selec 1", (1, 1)),
        ("SELECT 1,\n  nope", (2, 3)),
        ("SELECT '가나다' ||\n\t'라', nope", (2, 7)),
        ("-- 주석\nSELECT * FROM missing.t", (2, 15)),
        ("SELECT\n CAST('a' AS INT)", (2, 2)),
        ("SELECT\n CAST(x AS INT), INTERVAL 1 DAY FROM (VALUES ('a')) t(x)", (2, 2)),
        ("CREATE TABLE t AS\nSELECT nope", (2, 8)),
        (f"SELECT {', '.join(['1'] * 400)}, nope, {', '.join(['2'] * 400)}", (1, 1208)),
        ("SELECT no_such_function(1)", (1, 8)),
        ("SELECT 1 AS a;\n-- and\n ; SELECT 2", None),
        ("SELECT error('a')", None),
    ],
)
def test_a_fault_is_placed_in_lines_and_characters(
    executor: DuckDbExecutor, sql: str, position: tuple[int, int] | None
) -> None:
    with pytest.raises(ExecutionQueryError) as caught:
        executor.execute(sql).rows  # noqa: B018 - reading is what may fail
    assert caught.value.position == position


def test_a_fault_in_the_middle_of_a_stream_is_placed_too(executor: DuckDbExecutor) -> None:
    sql = "SELECT range,\n  CAST(CASE WHEN range = 3000000 THEN 'a' END AS INT) FROM range(4000000)"
    result = executor.execute(sql)
    assert result.stream is not None
    rows = result.stream.rows()
    assert next(rows)["range"] == 0
    with pytest.raises(ExecutionQueryError, match="Could not convert string 'a'") as caught:
        list(rows)
    assert caught.value.position == (2, 3)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("INSERT INTO checked VALUES (NULL)", ErrorCode.EXECUTION_QUERY),
        ("INSERT INTO checked VALUES (-1)", ErrorCode.EXECUTION_QUERY),
        ("SELECT 200::TINYINT + 1000", ErrorCode.EXECUTION_QUERY),
        ("SELECT * FROM read_csv('/no/such/file.csv')", ErrorCode.EXECUTION_QUERY),
        ("SELECT 1; SELECT 2", ErrorCode.EXECUTION_QUERY),
        ("-- nothing", ErrorCode.EXECUTION_QUERY),
        ("COMMIT", ErrorCode.EXECUTION_FAILED),
    ],
)
def test_refusals_have_their_code(executor: DuckDbExecutor, sql: str, code: ErrorCode) -> None:
    executor.execute("CREATE TABLE checked (a INT NOT NULL CHECK (a > 0))")
    with pytest.raises(DliError) as caught:
        executor.execute(sql).rows  # noqa: B018 - reading is what may fail
    assert caught.value.code is code
    assert "{" not in caught.value.message


def test_memory_that_is_used_up_is_a_limit_and_not_a_crash() -> None:
    target = DuckDbTarget(memory_limit="20MB", threads=1)
    with DuckDbExecutor.connect(target, scope()) as executor:
        executor.execute("SET temp_directory = ''")
        with pytest.raises(ExecutionLimitError) as caught:
            executor.execute("SELECT list(range) FROM range(50000000)").rows  # noqa: B018 - see above
        assert caught.value.code is ErrorCode.EXECUTION_LIMIT
        assert "memory_limit" in str(caught.value.hint)
        assert executor.execute("SELECT 1 AS a").rows == ({"a": 1},)


def test_a_locked_down_database_refuses_permission(executor: DuckDbExecutor) -> None:
    executor.execute("SET enable_external_access = false")
    with pytest.raises(ExecutionPermissionError):
        executor.execute("SELECT * FROM read_csv('/etc/passwd')").rows  # noqa: B018 - see above


def test_a_missing_extension_says_how_it_comes_in(executor: DuckDbExecutor) -> None:
    with pytest.raises(DliError) as caught:
        executor.execute("SELECT * FROM 'https://127.0.0.1:9/x.csv'")
    assert "requires the extension httpfs" in caught.value.message
    assert "INSTALL" in str(caught.value.hint)


def test_an_interrupt_is_a_cancel() -> None:
    failure: Any = translated(duckdb.InterruptException("INTERRUPT Error: Interrupted!"), Sent(""))
    assert isinstance(failure, ExecutionCancelledError)
    assert isinstance(translated(OSError("INTERRUPT Error: Interrupted!"), Sent("")), type(failure))


def test_parameters_that_do_not_fit_are_all_named(executor: DuckDbExecutor) -> None:
    with pytest.raises(ExecutionQueryError) as caught:
        executor.execute("SELECT $a, $b", {"b": 1, "z": 2})
    assert "no value for $a, the statement has no $z" in caught.value.message


def test_a_python_variable_is_never_a_table(executor: DuckDbExecutor) -> None:
    secret = duckdb.connect().sql("SELECT 'token' AS t")  # noqa: F841 - it must not be found
    with pytest.raises(ExecutionQueryError, match="secret"):
        executor.execute("SELECT * FROM secret")
