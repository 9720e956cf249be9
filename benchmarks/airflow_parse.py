"""What a DAG file of 1,000 scheduled datasets costs, against as many bare Airflow DAGs.

uv run python -m benchmarks.airflow_parse --datasets 1000

Each figure is the median of rounds in one process of the Airflow that tests use, after a first
round that is not counted; both kinds of DAG take turns.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.engines.airflow import airflow_environment, built_airflow
from tests.engines.peers import PeerUnavailableError

# ratios to the bare DAGs
MOST_DECLARED = 4.0
# one DAG of the project, as each start of a task reads it, as a part of all of them
MOST_ONE = 0.2
SPEC = """\
name: shop.mart.table_{n}
owner: kim@example.com
team: "@data"
type: Dataset
query_type: DML
description: Orders of one day, number {n}
tags: [daily, shop]
depends_on: [{up}]
schedule: {{cron: "{minute} 2 * * *", timezone: Asia/Seoul, quality: true, retries: 2}}
parameters:
  - {{name: region, type: string, required: false, default: kr}}
query_statement: |
  INSERT INTO shop.mart.table_{n}
  SELECT order_id, amount, region FROM {up}
  WHERE order_day = {{{{ execution_date }}}} AND region = {{{{ region }}}}
"""
_MEASURE = """
import gc, json, os, statistics, sys, time
from datetime import datetime, timedelta, timezone
from airflow.sdk import DAG, Asset, CronDataIntervalTimetable
from airflow.sdk import BaseOperator
from airflow.sdk import BaseSensorOperator
project, count, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
began = time.perf_counter()
from dli.airflow import dags_of_project
imported = time.perf_counter() - began

def bare():
    made, zone = {}, timezone.utc
    for n in range(count):
        args = {"owner": "kim@example.com", "retries": 2, "retry_delay": timedelta(seconds=300)}
        table = CronDataIntervalTimetable(f"{n % 60} 2 * * *", timezone="Asia/Seoul")
        with DAG(f"table_{n}", schedule=table, start_date=datetime(1970, 1, 1, tzinfo=zone),
                 catchup=False, tags=["daily", "shop"], default_args=args) as dag:
            wait = BaseSensorOperator(task_id="upstream", mode="reschedule")
            run = BaseOperator(task_id="run", inlets=[Asset(f"up_{n}")])
            wait >> run >> BaseOperator(task_id="quality", outlets=[Asset(f"table_{n}")])
        made[dag.dag_id] = dag
    return made

def one():
    os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = f"shop_mart_table_{count // 2}"
    try:
        return dags_of_project(project)
    finally:
        del os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"]

ways = {
    "bare": bare,
    "declared": lambda: dags_of_project(project),
    "none": lambda: dags_of_project(project, dependencies="none"),
    "one": one,
    "lineage": lambda: dags_of_project(project, dependencies="lineage"),
}
times = {name: [] for name in ways}
first = {}
for turn in range(rounds + 1):
    for name, way in ways.items():
        gc.collect()
        began = time.perf_counter()
        made = len(way())
        spent = time.perf_counter() - began
        assert made == (1 if name == "one" else count), (name, made)
        if turn:
            times[name].append(spent)
        else:
            first[name] = spent
        if not turn and name == "one":
            loaded = sorted(m for m in ("sqlglot", "duckdb", "pyarrow") if m in sys.modules)
medians = {name: statistics.median(spent) for name, spent in times.items()}
print("FIGURES" + json.dumps({"medians": medians, "first": first, "imported": imported,
                              "loaded": loaded}))
"""


def _project(folder: Path, count: int) -> None:
    (folder / "datasets").mkdir()
    (folder / "dli.yaml").write_text(
        'version: "1"\nproject: {name: shop}\ndefaults: {dialect: duckdb}\n'
        "local:\n  engine: duckdb\n"
    )
    for n in range(count):
        up = f"shop.mart.table_{n - 1}" if n % 10 else "shop.raw.orders"
        path = folder / "datasets" / f"dataset.shop.mart.table_{n}.yaml"
        path.write_text(SPEC.format(n=n, up=up, minute=n % 60))


def _measured(count: int, rounds: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="airflow-parse-") as place:
        home = Path(place)
        _project(home, count)
        peer = built_airflow()
        done = subprocess.run(
            [str(peer / "venv/bin/python"), "-c", _MEASURE, str(home), str(count), str(rounds)],
            env=airflow_environment(peer, home, 0),
            capture_output=True,
            text=True,
            check=False,
        )
    line = next((x for x in done.stdout.splitlines() if x.startswith("FIGURES")), None)
    if line is None:
        raise PeerUnavailableError(done.stderr[-2000:])
    figures: dict[str, object] = json.loads(line.removeprefix("FIGURES"))
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    try:
        figures = _measured(wanted.datasets, wanted.rounds)
    except PeerUnavailableError as error:
        print(f"no Airflow: {error}", file=sys.stderr)
        return 1
    medians, first = figures["medians"], figures["first"]
    assert isinstance(medians, dict)
    assert isinstance(first, dict)
    bare = medians["bare"]
    print(
        f"{wanted.datasets} scheduled datasets; import of dli.airflow {figures['imported']:.2f} s"
    )
    for name, seconds in medians.items():
        print(f"{name:>9}: {seconds:7.3f} s  {seconds / bare:5.2f} x  first {first[name]:.3f} s")
    declared, part = medians["declared"] / bare, medians["one"] / medians["declared"]
    print(f"declared to bare {declared:.2f} (at most {MOST_DECLARED})")
    print(f"one DAG to all {part:.3f} (at most {MOST_ONE})")
    print(f"loaded while parsing: {', '.join(figures['loaded']) or 'no SQL parser, no engine'}")  # type: ignore[arg-type]  # JSON
    within = declared <= MOST_DECLARED and part <= MOST_ONE and not figures["loaded"]
    return 0 if within else 1


if __name__ == "__main__":
    raise SystemExit(main())
