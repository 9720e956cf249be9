"""A real Airflow, a server that drives it, and the command `dli` that asks the server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.engines.airflow import RunningAirflow, airflow
from tests.engines.duckdb_file import rows_of
from tests.server.fixtures import RunningServer, start_server
from tests.workflows.saying import Said, dli

__all__ = ["airflow"]

DLI_YAML = """\
version: "1"
project: {name: flows}
defaults: {dialect: duckdb}
local:
  engine: duckdb
  duckdb: {path: ":memory:", attach: {db: data.duckdb}}
"""
HEAD = 'owner: kim@example.com\nteam: "@data"\ntype: Dataset\nquery_type: DML\n'
DAYS = """\
schedule: {cron: "0 6 * * *", timezone: Asia/Seoul, retries: 9, retry_delay_seconds: 1}
parameters: [{name: note, type: string, required: false, default: none}]
pre_statements:
  - {name: make, sql: "CREATE TABLE IF NOT EXISTS db.main.HERE (d DATE, note VARCHAR)"}
query_statement: INSERT INTO db.main.HERE VALUES ({{ execution_date }}, {{ note }})
"""
SPECS = {
    "db.main.daily": DAYS.replace("HERE", "daily"),
    "db.main.filled": DAYS.replace("HERE", "filled"),
    "db.main.by_hand": DAYS.replace("HERE", "by_hand").split("\n", 1)[1],
    "db.main.wrong": (
        'schedule: {cron: "0 3 * * *", retries: 0}\n'
        "query_statement: INSERT INTO db.main.nowhere SELECT 1\n"
    ),
    "db.main.slow": (
        'schedule: {cron: "0 3 * * *", retries: 0}\n'
        "parameters: [{name: size, type: integer, required: false, default: 1}]\n"
        "query_statement: INSERT INTO db.main.slow SELECT count(*) FROM range({{ size }})\n"
        "pre_statements:\n"
        "  - {name: make, sql: CREATE TABLE IF NOT EXISTS db.main.slow (n BIGINT)}\n"
    ),
}


@dataclass
class Flows:
    """A project that Airflow and the server share."""

    root: Path
    airflow: RunningAirflow
    server: RunningServer | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def start(self, **options: Any) -> None:
        """A server over the project, or the same one again."""
        settings = {
            "url": self.airflow.url,
            "username": self.airflow.username,
            "password": self.airflow.password,
            "dags_folder": str(self.airflow.dags_folder),
            **options,
        }
        state = self.root.parent / f"{self.root.name}-state"
        self.server = start_server(self.root, state, airflow=settings)

    def dli(self, *words: str) -> Said:
        """Run `dli workflow ...` without a project, against the server."""
        assert self.server is not None
        return dli(self.server.environ(), *words)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What stands in the DuckDB file, once no task writes it."""
        return rows_of(self.root / "data.duckdb", sql)

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """What Airflow has, without the run that the schedule made by itself."""
        path = f"dags/{dag_id}/dagRuns?limit=100&run_type=manual"
        found: list[dict[str, Any]] = self.airflow.get(path)["dag_runs"]
        return found


@contextmanager
def flows_in(airflow: RunningAirflow, name: str) -> Iterator[Flows]:
    """The project, published, with a server that is ended at the end."""
    root = airflow.home / name
    (root / "datasets").mkdir(parents=True)
    (root / "dli.yaml").write_text(DLI_YAML)
    for dataset, text in SPECS.items():
        path = root / "datasets" / f"dataset.{dataset}.yaml"
        path.write_text(f"name: {dataset}\n{HEAD}{text}")
    duckdb.connect(str(root / "data.duckdb")).close()
    # DuckDB has one writer at a time: a pool of one slot makes tasks take turns.
    airflow.request(
        "POST", "/api/v2/pools", {"name": "duckdb", "slots": 1, "include_deferred": False}
    )
    airflow.write_dag_file(
        f"{name}.py",
        "# airflow reads files that speak of a dag\n"
        "from dli.airflow import dags_of_project\n"
        f"globals().update(dags_of_project({str(root)!r}, default_args={{'pool': 'duckdb'}}))\n",
    )
    flows = Flows(root, airflow)
    try:
        flows.start()
        airflow.wait_for_dag("db_main_daily")
        yield flows
    finally:
        if flows.server is not None:
            flows.server.stop()


@pytest.fixture(scope="module")
def flows(airflow: RunningAirflow) -> Iterator[Flows]:
    with flows_in(airflow, "flows") as found:
        yield found
