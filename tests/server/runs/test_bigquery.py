"""Runs on BigQuery survive the server: their jobs are found again by id, and run once."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.local_bigquery import BigQueryServer, bigquery_server
from tests.projects import write_dataset
from tests.server.fixtures import start_server
from tests.server.runs.client import RunsClient
from tests.server.runs.project import SPEC

__all__ = ["bigquery_server"]
pytestmark = pytest.mark.xdist_group("bigquery")

DLI_YAML = """\
version: "1"
project: {name: runs}
defaults: {dialect: bigquery}
local:
  engine: bigquery
  bigquery: {project: local}
"""
TIMES = 6


@pytest.fixture
def table(bigquery_server: BigQueryServer) -> Iterator[str]:
    name = f"runs_{time.time_ns()}"
    with bigquery_server.client() as client:
        client.create_dataset(name)
        client.query_and_wait(f"CREATE TABLE {name}.done (n INT64)")
        yield f"local.{name}.done"
        client.delete_dataset(name, delete_contents=True)


def test_jobs_are_found_again_after_a_kill(
    bigquery_server: BigQueryServer, table: str, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    (project / "datasets").mkdir(parents=True)
    (project / "dli.yaml").write_text(DLI_YAML)
    number = "parameters:\n  - {name: n, type: integer, required: true}\n"
    sql = f"INSERT INTO `{table}` (n) VALUES ({{{{ n }}}})"
    text = SPEC.format(name="add", type="Dataset", query_type="DML", rest=number, sql=sql)
    write_dataset(project, "lake.marts.add", text)
    environ = {"BIGQUERY_EMULATOR_HOST": bigquery_server.endpoint}
    dice = random.Random(7)  # noqa: S311 - instants, no secrets
    server = start_server(project, tmp_path / "state", environ=environ)
    token = server.key()
    try:
        with RunsClient(server, token=token) as client:
            asked = [
                client.by_name("lake.marts.add", parameters={"n": n}, attached=False).json()
                for n in range(TIMES)
            ]
            time.sleep(dice.uniform(0.1, 0.4))
        server.process.kill()
        server.process.wait(10)
        assert server.process.stdout is not None
        server.process.stdout.close()
        server = start_server(project, tmp_path / "state", environ=environ)
        with RunsClient(server, token=token) as client:
            ended = [client.awaited(one["run_id"]) for one in asked]
    finally:
        server.stop()
        assert server.process.stdout is not None
        server.process.stdout.close()
    assert [one["state"] for one in ended] == ["DONE"] * TIMES, ended
    assert [one["job_id"] for one in ended] == [f"dli_{one['run_id']}_1" for one in asked]
    with bigquery_server.client() as client:
        rows = client.query_and_wait(f"SELECT n, COUNT(*) AS c FROM `{table}` GROUP BY n")
        assert sorted((row.n, row.c) for row in rows) == [(n, 1) for n in range(TIMES)]
