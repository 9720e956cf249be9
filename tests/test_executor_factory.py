"""One executor for each mode."""

import subprocess
import sys
from pathlib import Path

import pytest

from dli import (
    ConfigError,
    ExecutionConnectionError,
    ExecutionContext,
    ExecutionMode,
    ExecutionQueryError,
    ExecutionTimeoutError,
    ExecutorFactory,
    MockExecutor,
    ServerUnreachableError,
)
from tests.projects import write_project


@pytest.fixture(autouse=True)
def project() -> Path:
    return write_project(Path.cwd())


def test_mode_mock_makes_the_mock() -> None:
    executor = ExecutorFactory.create(ExecutionMode.MOCK, ExecutionContext())
    assert isinstance(executor, MockExecutor)
    assert executor.execute("SELECT 1").rows == ()


def test_mode_local_makes_the_configured_engine() -> None:
    with ExecutorFactory.create(ExecutionMode.LOCAL, ExecutionContext()) as executor:
        assert executor.engine == "duckdb"
        assert executor.execute("SELECT 42 AS n").rows == ({"n": 42},)
        assert executor.test_connection() is True


def test_statements_share_one_session() -> None:
    with ExecutorFactory.create(ExecutionMode.LOCAL, ExecutionContext()) as executor:
        executor.execute("CREATE TEMP TABLE t AS SELECT 1 AS id")
        assert executor.execute("INSERT INTO t VALUES (2)").affected_rows == 1
        assert executor.execute("SELECT count(*) AS n FROM t").rows == ({"n": 2},)


def test_values_are_bound_and_never_put_into_the_text() -> None:
    with ExecutorFactory.create(ExecutionMode.LOCAL, ExecutionContext()) as executor:
        text = "'; DROP TABLE t; --"
        assert executor.execute("SELECT $it AS it", {"it": text}).rows == ({"it": text},)


def test_rows_come_as_a_stream() -> None:
    with ExecutorFactory.create(ExecutionMode.LOCAL, ExecutionContext()) as executor:
        result = executor.execute("SELECT * FROM range(1_000_000)")
        assert result.stream is not None
        rows = result.stream.rows()
        assert [next(rows)["range"] for _ in range(3)] == [0, 1, 2]
        result.close()
        assert executor.execute("SELECT 1 AS one").rows == ({"one": 1},)


def test_each_statement_has_the_whole_timeout() -> None:
    context = ExecutionContext(timeout=1)
    with ExecutorFactory.create(ExecutionMode.LOCAL, context) as executor:
        with pytest.raises(ExecutionTimeoutError):
            list(
                executor.execute(
                    "SELECT sum(sin(a.range * b.range)) FROM range(1000000) a, range(1000000) b"
                ).rows
            )
        assert executor.execute("SELECT 1 AS one").rows == ({"one": 1},)


def test_an_engine_error_keeps_its_code() -> None:
    with ExecutorFactory.create(ExecutionMode.LOCAL, ExecutionContext()) as executor:
        with pytest.raises(ExecutionQueryError) as caught:
            executor.execute("SELECT nothing FROM nowhere")
        assert caught.value.code == "DLI-405"


def test_a_closed_session_says_so() -> None:
    executor = ExecutorFactory.create(ExecutionMode.LOCAL, ExecutionContext())
    executor.close()
    executor.close()
    assert executor.test_connection() is False
    with pytest.raises(ExecutionConnectionError, match="closed"):
        executor.execute("SELECT 1")


def test_an_explicit_dialect_that_names_an_engine_chooses_it() -> None:
    context = ExecutionContext(dialect="bigquery")
    assert ExecutorFactory.create(ExecutionMode.LOCAL, context).engine == "bigquery"


def test_the_engine_beats_the_dialect() -> None:
    context = ExecutionContext(dialect="bigquery", engine="duckdb")
    assert ExecutorFactory.create(ExecutionMode.LOCAL, context).engine == "duckdb"


def test_connection_settings_never_come_from_parameters() -> None:
    context = ExecutionContext(parameters={"path": "other.duckdb", "project": "x"})
    with ExecutorFactory.create(ExecutionMode.LOCAL, context) as executor:
        executor.execute("SELECT 1")
    assert not Path("other.duckdb").exists()


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'local\.engine' must be one of bigquery, duckdb"):
        ExecutorFactory.create(ExecutionMode.LOCAL, ExecutionContext(engine="oracle"))


def test_mode_server_says_what_is_not_configured() -> None:
    with pytest.raises(ServerUnreachableError) as caught:
        ExecutorFactory.create(ExecutionMode.SERVER, ExecutionContext())
    assert caught.value.code == "DLI-501"
    assert "server_url" in caught.value.context["Missing"]


def test_mode_server_never_pretends() -> None:
    context = ExecutionContext(server_url="http://127.0.0.1:9", api_token="s3cr3t")
    executor = ExecutorFactory.create(ExecutionMode.SERVER, context)
    with pytest.raises(ServerUnreachableError, match="nothing was sent") as caught:
        executor.execute("SELECT 1")
    assert "s3cr3t" not in f"{caught.value} {caught.value.context}"


def test_only_the_chosen_driver_is_imported() -> None:
    code = (
        "import sys; from dli import *\n"
        "ExecutorFactory.create(ExecutionMode.LOCAL, ExecutionContext()).execute('SELECT 1')\n"
        "print('duckdb' in sys.modules, 'google.cloud.bigquery' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"
