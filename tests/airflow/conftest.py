"""The real Airflow, one for all tests of this folder, and projects that it reads."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.engines.airflow import RunningAirflow, airflow
from tests.engines.duckdb_file import rows_of

__all__ = ["airflow"]

HEAD = """\
name: NAME
owner: kim@example.com
team: "@data"
type: Dataset
query_type: DML
"""
DLI_YAML = """\
version: "1"
project: {name: flow}
defaults: {dialect: duckdb}
local:
  engine: duckdb
  duckdb: {path: ":memory:", attach: {db: data.duckdb}}
"""


def _midnight(days_ago: int) -> datetime:
    """Of about so many days ago, on a day that each year has."""
    moment = datetime.now(UTC) - timedelta(days=days_ago)
    day = min(moment.day, 28)
    return moment.replace(day=day, hour=0, minute=0, second=0, microsecond=0)


# Both fire once a year: the newest interval of `ahead` ended after that of `behind`.
AHEAD_END, BEHIND_END = _midnight(90), _midnight(180)


def _yearly(moment: datetime, *, retries: int) -> str:
    cron = f"{moment.minute} {moment.hour} {moment.day} {moment.month} *"
    return f'schedule: {{cron: "{cron}", retries: {retries}, retry_delay_seconds: 1}}\n'


@dataclass(frozen=True)
class FlowProject:
    """A project whose datasets are built by Airflow into `data.duckdb`."""

    root: Path
    airflow: RunningAirflow

    def dataset(self, name: str, text: str, head: str = HEAD) -> None:
        """Write a dataset's spec."""
        path = self.root / "datasets" / f"dataset.{name}.yaml"
        path.write_text(head.replace("NAME", name) + text)

    def quality(self, name: str, text: str) -> None:
        """Write the quality file of a dataset."""
        start = f"version: 1\ntarget: {{type: dataset, name: {name}}}\n"
        owner = "metadata: {owner: kim@example.com}\n"
        (self.root / "datasets" / f"quality.{name}.yaml").write_text(start + owner + text)

    def publish(self, options: str = "") -> None:
        """Let Airflow read the project."""
        text = (
            "# airflow reads files that speak of a dag\n"
            "from datetime import timedelta\n"
            "from dli.airflow import dags_of_project\n"
            f"globals().update(dags_of_project({str(self.root)!r}{options}))\n"
        )
        self.airflow.write_dag_file(f"{self.root.name}.py", text)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What stands in the DuckDB file, once no task writes it."""
        return rows_of(self.root / "data.duckdb", sql)


def project_in(airflow: RunningAirflow, name: str) -> FlowProject:
    """An empty project beside Airflow's own files."""
    root = airflow.home / name
    (root / "datasets").mkdir(parents=True)
    (root / "dli.yaml").write_text(DLI_YAML)
    duckdb.connect(str(root / "data.duckdb")).close()
    return FlowProject(root, airflow)


@pytest.fixture(scope="module")
def flow(airflow: RunningAirflow) -> FlowProject:
    """One project with all that the tests look at; its DAGs are published once."""
    project = project_in(airflow, "flow")
    project.dataset("db.main.days", DAYS)
    project.dataset("db.main.later-days", LATER)
    project.quality("db.main.later-days", TESTS)
    project.dataset("db.main.refused", WRONG)
    project.dataset("db.main.heavy", SLOW)
    project.dataset("db.main.ahead", _yearly(AHEAD_END, retries=9) + AHEAD)
    project.dataset("db.main.behind", _yearly(BEHIND_END, retries=0) + BEHIND)
    project.dataset("db.main.resting", DAYS.replace("schedule: {", "schedule: {enabled: false, "))
    project.dataset("db.main.unscheduled", "query_statement: SELECT 1\n")
    project.dataset("db.main.broken", 'query_statement: SELECT 1\nschedule: {cron: "x"}\n')
    project.publish(", poke_interval=timedelta(seconds=1), default_args={'pool': 'duckdb'}")
    return project


# Once a year and both alike: at no time of day has one a newer interval than the other.
DAYS = """\
tags: [daily]
schedule: {cron: "30 2 1 1 *", timezone: Asia/Seoul, retries: 9, retry_delay_seconds: 1}
parameters:
  - {name: note, type: string, required: false, default: none}
pre_statements:
  - {name: make, sql: "CREATE TABLE IF NOT EXISTS db.main.days (d DATE, ds VARCHAR, note VARCHAR)"}
query_statement: |
  INSERT INTO db.main.days VALUES ({{ execution_date }}, {{ ds }}, {{ note }})
"""
LATER = """\
depends_on: [db.main.days]
schedule: {cron: "30 2 1 1 *", timezone: Asia/Seoul, quality: true, retries: 9, retry_delay_seconds: 1}
parameters:
  - {name: value, type: integer, required: false, default: 1}
query_statement: |
  CREATE OR REPLACE TABLE db.main."later-days" AS SELECT {{ value }} AS v
"""
TESTS = """\
tests:
  - {name: small, type: range_check, column: v, max: 10}
"""
WRONG = """\
schedule: {cron: "30 2 1 1 *", retries: 9, retry_delay_seconds: 1}
query_statement: INSERT INTO db.main.nowhere SELECT 1
"""
AHEAD = "query_statement: CREATE OR REPLACE TABLE db.main.ahead AS SELECT 1 AS x\n"
BEHIND = """\
depends_on: [db.main.ahead]
query_statement: SELECT 1
"""
# far away, so that Airflow makes no run of it by itself
SLOW = """\
schedule: {cron: "@daily", start: 2200-01-01}
query_statement: |
  CREATE OR REPLACE TABLE db.main.heavy AS
  SELECT count(*) AS n FROM range(100000000000) AS a, range(1000000) AS b
"""
