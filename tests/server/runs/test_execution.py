"""The older execution paths: one request, one answer, SUCCESS or FAILED under 200."""

from typing import Any

import pytest

from dli_server.http.scopes import Scope
from tests.server.fixtures import RunningServer
from tests.server.runs.client import RunsClient


def run(client: RunsClient, path: str, **body: Any) -> dict[str, Any]:
    answer = client.http.post(f"/execution/{path}/run", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("path", ["datasets", "metrics"])
def test_a_rendered_text_gives_its_rows(client: RunsClient, path: str) -> None:
    found = run(client, path, rendered_sql="SELECT 1 AS id, 'é' AS name, NULL AS nothing")
    assert found["status"] == "SUCCESS"
    assert found["rows"] == [{"id": 1, "name": "é", "nothing": None}]
    assert found["row_count"] == 1


def test_a_failing_text_is_told_under_200(client: RunsClient) -> None:
    found = run(client, "datasets", rendered_sql="SELECT nothing FROM nowhere")
    assert found["status"] == "FAILED"
    assert "DLI-405" in found["error"]
    assert "rows" not in found


def test_another_engine_is_told_under_200(client: RunsClient) -> None:
    found = run(client, "datasets", rendered_sql="SELECT 1", transpile_target_dialect="bigquery")
    assert (found["status"], "bigquery" in found["error"]) == ("FAILED", True)
    body = {"rendered_sql": "SELECT 1", "transpile_target_dialect": "snowflake"}
    assert client.http.post("/execution/datasets/run", json=body).status_code == 400


def test_rows_are_cut_where_it_was_asked_for_and_at_ten_thousand(client: RunsClient) -> None:
    sql = "SELECT range AS n FROM range(20000)"
    assert run(client, "datasets", rendered_sql=sql)["row_count"] == 10_000
    assert run(client, "datasets", rendered_sql=sql, execution_limit=3)["row_count"] == 3


def test_values_are_put_into_text_as_literals(client: RunsClient) -> None:
    found = run(
        client,
        "sql",
        sql="SELECT {name} AS name, {n} AS n, 2 IN ({many}) AS among, '{other}' AS other",
        parameters={"name": "it's", "n": 1.5, "many": [1, 2]},
    )
    assert found["rows"] == [{"name": "it's", "n": 1.5, "among": True, "other": "{other}"}]


def test_quality_texts_are_judged_by_their_rows(client: RunsClient) -> None:
    found = run(
        client,
        "quality",
        resource_name="x",
        tests=[
            {"name": "a", "type": "t", "rendered_sql": "SELECT 1 WHERE false"},
            {"name": "b", "type": "t", "rendered_sql": "SELECT * FROM range(500)"},
            {"name": "c", "type": "t", "rendered_sql": "SELECT * FROM nowhere"},
        ],
    )
    assert found["status"] == "FAILED"
    counts = [(one["test_name"], one["passed"], one["failed_count"]) for one in found["results"]]
    assert counts == [("a", True, 0), ("b", False, 100), ("c", False, -1)]
    assert (found["total_tests"], found["passed_tests"], found["failed_tests"]) == (3, 1, 2)


def test_a_change_of_data_needs_the_right_to_write(
    client: RunsClient, server: RunningServer
) -> None:
    sql = "CREATE OR REPLACE TABLE lake.main.classic AS SELECT 1 AS id"
    assert run(client, "datasets", rendered_sql=sql)["status"] == "SUCCESS"
    with RunsClient(server, Scope.RUN_ADHOC) as reader:
        answer = reader.http.post("/execution/datasets/run", json={"rendered_sql": sql})
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rendered_sql": " "},
        {"rendered_sql": "SELECT 1", "execution_limit": 10_001},
        {"rendered_sql": "SELECT 1", "execution_timeout": 0},
        {"rendered_sql": "SELECT 1", "parameters": None},
        {"rendered_sql": f"SELECT '{'x' * 100_000}'"},
    ],
)
def test_a_body_out_of_bounds_is_a_400(client: RunsClient, body: dict[str, Any]) -> None:
    assert client.http.post("/execution/datasets/run", json=body).status_code == 400
