"""Runs on real engines: DuckDB here, and an emulator of BigQuery that others wrote."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dli import (
    DatasetAPI,
    ExecutionContext,
    ExecutionMode,
    ResultStatus,
    ServerUnreachableError,
)
from tests.engines.local_bigquery import BigQueryServer, bigquery_server
from tests.projects import SEED_SPEC, write_dataset, write_project

__all__ = ["bigquery_server"]

# The contract's own lines (its section 4.3), with nothing changed.
LOCAL_SNIPPET = """
from dli import DatasetAPI, ExecutionContext, ExecutionMode

# 로컬 실행
ctx = ExecutionContext(
    project_path=Path("/opt/airflow/dags/models"),
    execution_mode=ExecutionMode.LOCAL,
    dialect="bigquery",
)
api = DatasetAPI(context=ctx)
result = api.run("my_dataset", parameters={"date": "2025-01-01"})
"""
SERVER_SNIPPET = """
# 서버 실행
ctx = ExecutionContext(
    project_path=Path("/opt/airflow/dags/models"),
    execution_mode=ExecutionMode.SERVER,
    server_url="https://basecamp.example.com",
)
api = DatasetAPI(context=ctx)
result = api.run("my_dataset", parameters={"date": "2025-01-01"})
"""
BIGQUERY_YAML = """\
defaults: {dialect: bigquery}
local:
  engine: duckdb
  bigquery: {project: local, location: US}
"""
Remapped = Callable[[str], Path]


@pytest.fixture
def opt(tmp_path: Path) -> Remapped:
    """`Path`, but /opt/airflow/dags/models is a folder of this test."""
    root = tmp_path / "models"
    return lambda text: root if text == "/opt/airflow/dags/models" else Path(text)


def test_all_stages_run_in_one_session_on_a_database_file() -> None:
    stages = (
        "pre_statements: [{name: temp, sql: \"CREATE TEMP TABLE day AS SELECT DATE '{{ date }}' AS d\"}]\n"
        "post_statements: [{name: more, sql: INSERT INTO days SELECT d + 1 FROM day}]\n"
    )
    spec = SEED_SPEC.replace("NAME", "stages").replace("SELECT\ntags", "DML\ntags")
    spec = spec.replace(
        "SELECT 1 AS id, DATE '{{ date }}' AS d", "INSERT INTO days SELECT d FROM day"
    )
    root = write_project(
        Path.cwd(),
        dli_yaml="defaults: {dialect: duckdb}\n"
        "local: {engine: duckdb, duckdb: {path: days.duckdb}}\n",
    )
    write_dataset(root, "stages", spec + stages)
    with duckdb.connect("days.duckdb") as connection:
        connection.execute("CREATE TABLE days (d DATE)")
    result = DatasetAPI().run("stages", parameters={"date": "2025-01-01"})
    assert (result.status, result.row_count, result.affected_rows) == (ResultStatus.SUCCESS, 1, 1)
    assert [one.affected_rows for one in result.statements][1:] == [1, 1]
    with duckdb.connect("days.duckdb") as connection:
        assert connection.execute("FROM days ORDER BY d").fetchall() == [
            (date(2025, 1, 1),),
            (date(2025, 1, 2),),
        ]


def test_a_spec_for_trino_runs_on_duckdb() -> None:
    spec = SEED_SPEC.replace("NAME", "trino").replace(
        "SELECT 1 AS id, DATE '{{ date }}' AS d",
        "SELECT date_diff('day', DATE '2025-01-01', date_add('month', 1, DATE '2025-01-01')) AS n",
    )
    root = write_project(Path.cwd())
    write_dataset(root, "trino", spec + "execution: {dialect: trino}\n")
    assert DatasetAPI().run("trino").data == [{"n": 31}]


def test_the_contracts_server_snippet_says_that_its_server_cannot_be_reached(
    tmp_path: Path, opt: Remapped
) -> None:
    write_project(tmp_path / "models")
    names = {
        "Path": opt,
        "DatasetAPI": DatasetAPI,
        "ExecutionContext": ExecutionContext,
        "ExecutionMode": ExecutionMode,
    }
    with pytest.raises(ServerUnreachableError) as caught:
        exec(SERVER_SNIPPET, names)  # noqa: S102 - the contract's own text
    assert caught.value.code == "DLI-501"
    assert caught.value.context["Server"] == "https://basecamp.example.com"


@pytest.mark.xdist_group("bigquery")
class TestBigQuery:
    """The unmodified client of Google against the emulator."""

    @pytest.fixture(autouse=True)
    def project(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        bigquery_server: BigQueryServer,
    ) -> Path:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery_server.endpoint)
        return write_project(tmp_path / "models", dli_yaml=BIGQUERY_YAML)

    def test_the_contracts_local_snippet_runs_as_it_stands(self, opt: Remapped) -> None:
        names: dict[str, object] = {"Path": opt}
        exec(LOCAL_SNIPPET, names)  # noqa: S102 - the contract's own text
        result = names["result"]
        assert result.engine == "bigquery"  # type: ignore[attr-defined]  # the snippet's own name
        assert result.data == [{"id": 1, "d": date(2025, 1, 1)}]  # type: ignore[attr-defined]  # as above

    def test_types_arrive_whole_and_the_job_is_told(self, project: Path) -> None:
        spec = SEED_SPEC.replace("NAME", "types").replace(
            "SELECT 1 AS id, DATE '{{ date }}' AS d",
            "SELECT NUMERIC '12345678901234567890.123456789' AS n, [1, 2] AS a, '김' AS t",
        )
        write_dataset(project, "types", spec)
        api = DatasetAPI(context=ExecutionContext(project_path=project, engine="bigquery"))
        result = api.run("types")
        assert result.data == [
            {"n": Decimal("12345678901234567890.123456789"), "a": [1, 2], "t": "김"}
        ]
        assert [column.type for column in result.columns] == ["NUMERIC", "ARRAY<INT64>", "STRING"]
        assert result.stats.job_id == f"dli_{result.run_id}_1"

    def test_the_engine_is_chosen_by_the_contracts_rule(self, project: Path) -> None:
        def engine(**context: str) -> str:
            return (
                DatasetAPI(context=ExecutionContext(project_path=project, **context))
                .run_sql("SELECT 1 AS one")
                .engine
            )

        assert engine() == "duckdb"
        assert engine(dialect="bigquery") == "bigquery"
        assert engine(dialect="bigquery", engine="duckdb") == "duckdb"

    def test_test_connection_reaches_it(self, project: Path) -> None:
        context = ExecutionContext(project_path=project, engine="bigquery")
        assert DatasetAPI(context=context).test_connection() is True

    def test_nobody_listening_is_a_no(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "127.0.0.1:1")
        context = ExecutionContext(project_path=project, engine="bigquery", timeout=5)
        assert DatasetAPI(context=context).test_connection() is False
