"""A real Airflow, a server that drives it, and the command `dli` that asks the server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.engines.airflow import RunningAirflow, airflow
from tests.engines.duckdb_file import rows_of
from tests.server.fixtures import RunningServer, start_server
from tests.workflows.saying import Said, dli

__all__ = ["airflow"]

# only against waiting for ever: how busy the machine is must not matter
LIMIT = 180.0

DLI_YAML = """\
version: "1"
project: {name: flows}
defaults: {dialect: duckdb}
local:
  engine: duckdb
  duckdb: {path: ":memory:", attach: {db: data.duckdb}}
"""
HEAD = 'owner: kim@example.com\nteam: "@data"\ntype: Dataset\nquery_type: DML\n'
# Daily, half a day from now: no schedule fires while the tests run. The names are none of those in
# tests/airflow: both folders share one Airflow, where a DAG id has one file.
CRON = f"0 {(datetime.now(ZoneInfo('Asia/Seoul')).hour + 12) % 24} * * *"
DAYS = (
    f'schedule: {{cron: "{CRON}", timezone: Asia/Seoul, retries: 9, retry_delay_seconds: 1}}\n'
    """\
parameters: [{name: note, type: string, required: false, default: none}]
pre_statements:
  - {name: make, sql: "CREATE TABLE IF NOT EXISTS db.main.HERE (d DATE, note VARCHAR)"}
query_statement: INSERT INTO db.main.HERE VALUES ({{ execution_date }}, {{ note }})
"""
)
SPECS = {
    "db.main.daily": DAYS.replace("HERE", "daily"),
    "db.main.filled": DAYS.replace("HERE", "filled"),
    "db.main.by_hand": DAYS.replace("HERE", "by_hand").split("\n", 1)[1],
    "db.main.wrong": (
        f'schedule: {{cron: "{CRON}", timezone: Asia/Seoul, retries: 0}}\n'
        "query_statement: INSERT INTO db.main.nowhere SELECT 1\n"
    ),
    "db.main.slow": (
        f'schedule: {{cron: "{CRON}", timezone: Asia/Seoul, retries: 9, retry_delay_seconds: 1}}\n'
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
            "timeout": 120.0,
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

    def wait_for_scheduled(self, dag_id: str) -> str:
        """How the run ended that the schedule makes by itself."""
        self.airflow.wait_for_dag(dag_id)
        path = f"dags/{dag_id}/dagRuns?run_type=scheduled"
        limit = time.monotonic() + LIMIT
        while not (found := self.airflow.get(path)["dag_runs"]):
            assert time.monotonic() < limit, dag_id
            time.sleep(0.2)
        return str(self.airflow.wait_for_run(dag_id, found[0]["dag_run_id"])["state"])


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
        # What the schedules start by themselves is over: each test sees only its own runs begin.
        for dag_id in ("db_main_daily", "db_main_filled", "db_main_wrong", "db_main_slow"):
            flows.wait_for_scheduled(dag_id)
        yield flows
    finally:
        if flows.server is not None:
            flows.server.stop()


@pytest.fixture(scope="module")
def flows(airflow: RunningAirflow) -> Iterator[Flows]:
    with flows_in(airflow, "flows") as found:
        yield found
