"""Runs through a real server on DuckDB: what one asks for, gets, and is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.projects import write_project
from tests.server.fixtures import RunningServer, running_server
from tests.server.runs.client import RunsClient

DATASET = """\
name: lake.marts.{name}
type: Dataset
owner: team@example.com
query_type: {query_type}
query_statement: |
  {sql}
"""


def dataset(sql: str, name: str, query_type: str = "SELECT") -> str:
    return DATASET.format(name=name, query_type=query_type, sql=sql)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder: Path = tmp_path_factory.mktemp("runs")
    project = write_project(folder / "project")
    with running_server(project) as found:
        yield found


@pytest.fixture
def client(server: RunningServer) -> Iterator[RunsClient]:
    with RunsClient(server) as found:
        yield found


def test_statements_of_a_session_see_each_other(client: RunsClient) -> None:
    session = client.session(writes=True)
    made = client.statement(session, "CREATE TEMP TABLE t AS SELECT 1 AS id, 'é' AS name")
    assert made["state"] == "DONE", made
    found = client.statement(session, "SELECT * FROM t")
    assert found["result"]["rows"] == 1
    assert found["result"]["columns"] == [
        {"name": "id", "type": "INTEGER"},
        {"name": "name", "type": "VARCHAR"},
    ]
    assert client.rows(found["run_id"]).to_pylist() == [{"id": 1, "name": "é"}]


def test_a_dataset_runs_by_name_with_typed_parameters(client: RunsClient) -> None:
    found = client.ended(client.by_name("my_dataset", parameters={"date": "2025-02-03"}))
    assert found["state"] == "DONE", found
    assert [one["phase"] for one in found["statements"]] == ["main"]
    assert client.rows(found["run_id"]).column_names == ["id", "d"]
    assert str(client.rows(found["run_id"])["d"][0]) == "2025-02-03"


def test_an_unknown_dataset_is_refused_with_the_nearest_name(client: RunsClient) -> None:
    answer = client.by_name("my_datset")
    assert answer.status_code == 404
    failure = answer.json()["error"]["dli"]
    assert failure["code"] == "DLI-101"
    assert "my_dataset" in failure["hint"]
