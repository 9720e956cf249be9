"""What DAGs a project gives, as a DAG file of the real Airflow's Python sees them."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.conftest import DLI_YAML, HEAD
from tests.engines.airflow import RunningAirflow

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.timeout(600)]
DAILY = 'schedule: {cron: "@daily"}\n'
_SHOW = """
import json, os, sys
from dli.airflow import dags_of_project
for options, only in json.loads(sys.argv[2]):
    if only:
        os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = only
    try:
        made = dags_of_project(sys.argv[1], **options)
        told = {name: sorted(up[0] for task in dag.tasks for up in getattr(task, "upstream", []))
                for name, dag in made.items()}
    except Exception as error:
        told = str(error)
    os.environ.pop("_AIRFLOW_PARSING_CONTEXT_DAG_ID", None)
    print("TOLD" + json.dumps(told))
"""


def _told(airflow: RunningAirflow, root: Path, *asked: tuple[dict[str, str], str]) -> list[Any]:
    environment = {**os.environ, "AIRFLOW_HOME": str(airflow.home), "HOME": str(root)}
    done = subprocess.run(
        [airflow.python, "-c", _SHOW, str(root), json.dumps(asked)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    lines = [x.removeprefix("TOLD") for x in done.stdout.splitlines() if x.startswith("TOLD")]
    assert len(lines) == len(asked), done.stderr
    return [json.loads(line) for line in lines]


def _project(root: Path, **bodies: str) -> Path:
    (root / "datasets").mkdir()
    (root / "dli.yaml").write_text(DLI_YAML)
    for table, body in bodies.items():
        name = f"db.main.{table}"
        path = root / "datasets" / f"dataset.{name}.yaml"
        path.write_text(HEAD.replace("NAME", name) + body)
    return root


def test_upstream_is_what_is_declared_or_what_the_sql_reads(
    airflow: RunningAirflow, tmp_path: Path
) -> None:
    root = _project(
        tmp_path,
        a=DAILY + "query_statement: CREATE OR REPLACE TABLE db.main.a AS SELECT 1 AS x\n",
        b=DAILY
        + "depends_on: [db.main.a, db.main.off, db.main.b, other.x.y]\n"
        + "query_statement: CREATE OR REPLACE TABLE db.main.b AS SELECT 1 AS x\n",
        c=DAILY + "query_statement: CREATE OR REPLACE TABLE db.main.c AS SELECT x FROM db.main.b\n",
        off="query_statement: SELECT 1\n",
    )
    declared, lineage, none, one, alone, missing = _told(
        airflow,
        root,
        ({}, ""),
        ({"dependencies": "lineage"}, ""),
        ({"dependencies": "none"}, ""),
        ({}, "db_main_b"),
        ({"dependencies": "lineage"}, "db_main_c"),
        ({}, "db_main_off"),
    )
    assert declared == {"db_main_a": [], "db_main_b": ["db_main_a"], "db_main_c": []}
    assert lineage == {**declared, "db_main_c": ["db_main_b"]}
    assert none == {name: [] for name in declared}
    assert one == {"db_main_b": ["db_main_a"]}
    assert alone == {"db_main_c": ["db_main_b"]}
    assert missing == {}


def test_a_circle_and_two_names_of_one_id_are_told(airflow: RunningAirflow, tmp_path: Path) -> None:
    (tmp_path / "circle").mkdir()
    (tmp_path / "twins").mkdir()
    sql = DAILY + "query_statement: SELECT 1\n"
    circle = _project(
        tmp_path / "circle",
        a=sql + "depends_on: [db.main.b]\n",
        b=sql + "depends_on: [db.main.a]\n",
    )
    twins = _project(tmp_path / "twins", **{"x-y": sql, "x_y": sql})
    (told,) = _told(airflow, circle, ({}, ""))
    assert told.startswith("[DLI-902] Scheduled datasets wait for each other: db.main.")
    (told,) = _told(airflow, twins, ({}, ""))
    assert "'db.main.x-y' and 'db.main.x_y' have one DAG id, 'db_main_x_y'" in told
