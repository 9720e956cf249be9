"""A server of the older API: its oddities are known, and nothing it cuts passes for whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dli import DatasetAPI, ExecutionContext, ExecutionMode
from dli_adapters.clock.system import SystemClock
from dli_adapters.server.opening import ServerEngine
from dli_domain.errors import (
    ConfigError,
    EngineError,
    ExecutionLimitError,
    ExecutionQueryError,
    ParameterError,
    PolicyError,
    ServerError,
    ServerExecutionError,
)
from dli_domain.model.run import CancelOutcome, Deadline, RunScope
from dli_domain.model.settings import ServerTarget
from dli_domain.ports.query_executor import QueryExecutor
from tests.projects import DLI_YAML, SEED_SPEC, write_dataset, write_project
from tests.server_client.basecamp import MOST_ROWS, Basecamp, basecamp

CLASSIC_YAML = DLI_YAML.replace("dialect: duckdb", "dialect: trino")
MANY = SEED_SPEC.replace("NAME", "many").replace(
    "SELECT 1 AS id, DATE '{{ date }}' AS d", "SELECT id, name FROM t LIMIT 20000"
)


@contextmanager
def opened(
    server: Basecamp, dialect: str = "trino", *, truncate: bool = False
) -> Iterator[QueryExecutor]:
    clock = SystemClock()
    scope = RunScope(run_id="r", resource="a.b.c", deadline=Deadline(clock.monotonic() + 300, 300))
    with basecamp(server) as listener:
        engine = ServerEngine(ServerTarget(url=listener.url), dialect, clock, truncate=truncate)
        with engine.open(scope) as executor:
            yield executor


@pytest.mark.parametrize("done", ["SUCCESS", "COMPLETED"])
@pytest.mark.parametrize("policy", [True, False])
def test_rows_come_whatever_the_server_calls_success(done: str, policy: bool) -> None:
    server = Basecamp(done=done)
    server.policy = policy
    if not policy:
        with pytest.raises(ServerError, match="answered 500"), opened(server) as executor:
            executor.execute("SELECT 1")
        return
    with opened(server) as executor:
        result = executor.execute("SELECT id, name LIMIT 2")
        assert list(result.rows) == [{"id": 0, "name": "n0"}, {"id": 1, "name": "n1"}]
        assert executor.engine == "trino"
        assert getattr(executor, "job_id", None) == "exec_1_00000000"


@pytest.mark.parametrize("dialect", ["trino", "bigquery"])
def test_the_dialect_is_always_said_and_nothing_is_null(dialect: str) -> None:
    server = Basecamp()
    with opened(server, dialect) as executor:
        executor.execute("SELECT 1")
    (call,) = server.calls
    assert call["transpile_target_dialect"] == dialect
    assert call["resource_name"] == "a.b.c"
    assert 290 <= call["execution_timeout"] <= 300
    assert None not in call.values()


@pytest.mark.parametrize(
    "sql", ["INSERT INTO t SELECT 1", "-- a\nSELECT 1", "SELECT (1", "SELECT FORMAT(1)"]
)
def test_failed_under_200_is_a_failure(sql: str) -> None:
    with opened(Basecamp()) as executor, pytest.raises(ServerExecutionError) as caught:
        executor.execute(sql)
    assert caught.value.code == "DLI-504"
    assert caught.value.context["Execution"] == "exec_1_00000000"


def test_as_many_rows_as_it_ever_gives_are_an_error() -> None:
    with opened(Basecamp()) as executor:
        assert len(executor.execute(f"SELECT 1 LIMIT {MOST_ROWS - 1}").rows) == MOST_ROWS - 1
        with pytest.raises(ExecutionLimitError) as caught:
            executor.execute(f"SELECT 1 LIMIT {MOST_ROWS + 5}")
    assert caught.value.code == "DLI-408"


def test_with_truncate_they_come_and_are_said_to_be_cut() -> None:
    with opened(Basecamp(), truncate=True) as executor:
        result = executor.execute("SELECT 1 LIMIT 20000")
    assert len(result.rows) == MOST_ROWS
    assert "may be more" in result.stats.notes[0]


def test_a_status_that_nobody_knows_is_no_success() -> None:
    with opened(Basecamp(done="MAYBE")) as executor, pytest.raises(ServerError) as caught:
        executor.execute("SELECT 1")
    assert caught.value.code == "DLI-505"


def test_what_its_api_has_no_place_for_is_refused_here() -> None:
    server = Basecamp()
    with opened(server) as executor:
        with pytest.raises(ExecutionQueryError, match="bind"):
            executor.execute("SELECT @a", {"a": 1})
        with pytest.raises(ExecutionLimitError, match="characters"):
            executor.execute(f"SELECT '{'a' * 100_000}'")
        assert executor.estimate("SELECT 1").bytes_processed is None
        assert executor.cancel() is CancelOutcome.NOTHING_RUNNING
    assert server.calls == []


def test_a_dialect_that_it_does_not_run_is_refused_before_it_is_sent() -> None:
    server = Basecamp()
    with pytest.raises(EngineError, match="bigquery, trino") as caught, opened(server, "duckdb"):
        pass
    assert (caught.value.code, server.calls) == ("DLI-507", [])
    assert not isinstance(caught.value, ParameterError | PolicyError)


def test_an_empty_result_is_no_failure() -> None:
    with opened(Basecamp()) as executor:
        result = executor.execute("SELECT 1 LIMIT 0")
    assert (result.has_rows, result.rows, result.columns) == (True, (), ())


def test_the_library_takes_what_was_cut_where_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_project(tmp_path / "project", dli_yaml=CLASSIC_YAML)
    write_dataset(root, "many", MANY)
    monkeypatch.chdir(root)
    with basecamp(Basecamp()) as listener:
        context = ExecutionContext(execution_mode=ExecutionMode.SERVER, server_url=listener.url)
        api = DatasetAPI(context)
        with pytest.raises(ExecutionLimitError):
            api.run("many")
        assert api.run("many", truncate=True).row_count == MOST_ROWS
        assert api.run("many", truncate=True, max_rows=7).row_count == 7
    local = DatasetAPI(ExecutionContext(execution_mode=ExecutionMode.LOCAL))
    with pytest.raises(ConfigError, match="truncate cuts at max_rows"):
        local.run("many", truncate=True)
