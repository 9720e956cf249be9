"""A project's datasets as DAGs of a real Airflow that really builds them."""

import time
from typing import Any

import duckdb
import pytest

from tests.airflow.conftest import AHEAD_END, FlowProject
from tests.engines.airflow import RunningAirflow

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.timeout(600)]
DAYS, LATER, WRONG = "db_main_days", "db_main_later_days", "db_main_refused"
SLOW, AHEAD, BEHIND = "db_main_heavy", "db_main_ahead", "db_main_behind"
# a safety limit only
LIMIT = 180.0


@pytest.fixture(scope="module", autouse=True)
def _one_writer(airflow: RunningAirflow) -> None:
    """DuckDB has one writer at a time: a pool of one slot makes tasks take turns."""
    pool = {"name": "duckdb", "slots": 1, "include_deferred": False}
    status, answer = airflow.request("POST", "/api/v2/pools", pool)
    assert status in {201, 409}, answer


def _run(
    airflow: RunningAirflow, dag_id: str, logical_date: str | None, **conf: object
) -> tuple[str, dict[str, dict[str, Any]]]:
    airflow.wait_for_dag(dag_id)
    run_id = airflow.trigger(dag_id, logical_date, conf=conf)
    state = airflow.wait_for_run(dag_id, run_id)["state"]
    return state, airflow.tasks(dag_id, run_id)


def _scheduled(airflow: RunningAirflow, dag_id: str) -> dict[str, Any]:
    """The run that the schedule made by itself, once it has ended."""
    airflow.wait_for_dag(dag_id)
    limit = time.monotonic() + LIMIT
    while not (runs := airflow.get(f"dags/{dag_id}/dagRuns?run_type=scheduled")["dag_runs"]):
        assert time.monotonic() < limit
        time.sleep(0.3)
    return airflow.wait_for_run(dag_id, runs[0]["dag_run_id"])


def test_each_dataset_with_an_enabled_schedule_is_a_dag(
    airflow: RunningAirflow, flow: FlowProject
) -> None:
    dag = airflow.wait_for_dag(DAYS)
    assert dag["timetable_summary"] == "30 2 1 1 *"
    assert dag["owners"] == ["kim@example.com"]
    assert sorted(tag["name"] for tag in dag["tags"]) == ["daily", "dli"]
    assert not dag["is_paused"]
    ids = {one["dag_id"] for one in airflow.get("dags?limit=100")["dags"]}
    assert {DAYS, LATER, WRONG, "db_main_broken"} <= ids
    assert not {"db_main_resting", "db_main_unscheduled"} & ids
    assert airflow.get("importErrors")["total_entries"] == 0
    details = airflow.get(f"dags/{DAYS}/details")
    assert details["timezone"] in {"UTC", "Asia/Seoul"}
    assert details["default_args"]["retries"] == 9


def test_a_broken_spec_does_not_take_the_others_away_and_tells_what_is_wrong(
    airflow: RunningAirflow, flow: FlowProject
) -> None:
    airflow.wait_for_dag("db_main_broken")
    details = airflow.get("dags/db_main_broken/details")
    assert details["timetable_summary"] is None
    assert "broken" in {tag["name"] for tag in details["tags"]}
    assert "'schedule.cron'" in details["doc_md"]


def test_the_day_of_the_logical_date_reaches_the_rows(
    airflow: RunningAirflow, flow: FlowProject
) -> None:
    # 17:30 in UTC is 02:30 of the next day in Seoul
    state, _ = _run(airflow, DAYS, "2025-01-03T17:30:00Z", parameters={"note": "o'clock"})
    assert state == "success"
    found = flow.rows("SELECT d::VARCHAR, ds, note FROM db.main.days WHERE note = 'o''clock'")
    assert found == [("2025-01-04", "2025-01-04", "o'clock")]


def test_the_conf_of_a_trigger_may_name_the_day(airflow: RunningAirflow, flow: FlowProject) -> None:
    state, tasks = _run(
        airflow, DAYS, None, execution_date="2024-02-29", parameters={"note": "conf"}
    )
    assert state == "success"
    assert flow.rows("SELECT ds FROM db.main.days WHERE note = 'conf'") == [("2024-02-29",)]
    assert list(tasks) == ["run"]


def test_a_scheduled_run_waits_for_its_upstream(airflow: RunningAirflow, flow: FlowProject) -> None:
    """Airflow makes the latest scheduled run of each DAG by itself."""
    run = _scheduled(airflow, LATER)
    (up,) = airflow.get(f"dags/{DAYS}/dagRuns?run_type=scheduled")["dag_runs"]
    later = airflow.tasks(LATER, run["dag_run_id"])
    assert run["state"] == "success"
    assert up["state"] == "success"
    assert later["run"]["start_date"] >= up["end_date"]


def test_a_run_that_airflow_left_out_is_not_waited_for(
    airflow: RunningAirflow, flow: FlowProject
) -> None:
    """As for a DAG that is new after its upstream fired, and before it fires itself."""
    run = _scheduled(airflow, BEHIND)
    run_id = run["dag_run_id"]
    assert run["state"] == "failed"
    left_out = AHEAD_END.replace(year=AHEAD_END.year - 2).isoformat()
    log = airflow.log_of(BEHIND, run_id, "upstream")
    assert f"{AHEAD} has no run of {left_out}" in log
    # what the log says to do
    assert _run(airflow, AHEAD, left_out)[0] == "success"
    again = {"dag_run_id": run_id, "dry_run": False, "reset_dag_runs": True}
    status, answer = airflow.request("POST", f"/api/v2/dags/{BEHIND}/clearTaskInstances", again)
    assert status == 200, answer
    assert airflow.wait_for_run(BEHIND, run_id)["state"] == "success"


def test_a_failing_quality_test_fails_the_run(airflow: RunningAirflow, flow: FlowProject) -> None:
    bad, tasks = _run(airflow, LATER, "2025-01-02T18:00:00Z", parameters={"value": 11})
    states = {name: task["state"] for name, task in tasks.items()}
    assert bad == "failed"
    assert states == {"upstream": "success", "run": "success", "quality": "failed"}
    assert flow.rows('SELECT v FROM db.main."later-days"') == [(11,)]
    log = airflow.log_of(LATER, tasks["quality"]["dag_run_id"], "quality")
    assert "FAIL small: 1 of 1 rows failed" in log


def test_what_the_engine_refuses_is_not_tried_again(
    airflow: RunningAirflow, flow: FlowProject
) -> None:
    state, tasks = _run(airflow, WRONG, "2025-01-01T00:00:00Z")
    last = tasks["run"]["try_number"]
    assert state == "failed"
    # earlier ones may have found the file in use by another task
    assert last < 9
    assert "[DLI-405]" in airflow.log_of(WRONG, tasks["run"]["dag_run_id"], "run", last)


def test_what_did_not_run_is_tried_again(airflow: RunningAirflow, flow: FlowProject) -> None:
    airflow.wait_for_dag(LATER)
    with duckdb.connect(str(flow.root / "data.duckdb")):
        run_id = airflow.trigger(WRONG, "2025-01-02T00:00:00Z")
        limit = time.monotonic() + LIMIT
        # Airflow shows `up_for_retry` for a second only; it counts the next try when it begins
        while True:
            task = airflow.tasks(WRONG, run_id)["run"]
            if task["state"] == "up_for_retry" or task["try_number"] >= 2:
                break
            assert time.monotonic() < limit
            time.sleep(0.2)
    airflow.wait_for_run(WRONG, run_id)
    assert airflow.tasks(WRONG, run_id)["run"]["try_number"] >= 2
    assert "[DLI-403]" in airflow.log_of(WRONG, run_id, "run", 1)


def test_a_stopped_run_cancels_its_query(airflow: RunningAirflow, flow: FlowProject) -> None:
    airflow.wait_for_dag(SLOW)
    run_id = airflow.trigger(SLOW)
    # a log is whole in the API only once its task has ended
    _until_logged(airflow, "db.main.heavy for")
    time.sleep(2)
    path = f"/api/v2/dags/{SLOW}/dagRuns/{run_id}"
    status, _ = airflow.request("PATCH", path, {"state": "failed"})
    assert status == 200
    _until_logged(airflow, "[DLI-406]")


def _until_logged(airflow: RunningAirflow, text: str) -> None:
    limit, logs = time.monotonic() + LIMIT, airflow.home / "logs" / f"dag_id={SLOW}"
    while not any(text in log.read_text() for log in logs.rglob("*.log")):
        assert time.monotonic() < limit, [log.read_text() for log in logs.rglob("*.log")]
        time.sleep(0.3)
