"""`dli workflow` through a real server on a real Airflow that really builds the datasets."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from urllib.parse import urlsplit

import pytest

from tests.faults.proxy import Swallow, fault_proxy
from tests.workflows.conftest import CRON, LIMIT, Flows
from tests.workflows.saying import dli, dli_process

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.timeout(900)]
# The schedule made the run of yesterday by itself.
_OLD = "WHERE d < DATE '2026-01-01'"
_WEEK = [date(2025, 1, day) for day in range(1, 8)]


def _until(there: Callable[[], bool]) -> None:
    limit = time.monotonic() + LIMIT
    while not there():
        assert time.monotonic() < limit
        time.sleep(0.2)


def _log(flows: Flows, dag_id: str, run_id: str) -> str:
    """What the tasks of a run have logged by now; the API tells it only once they ended."""
    logs = flows.airflow.home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}"
    return "".join(log.read_text() for log in logs.rglob("*.log"))


def test_a_run_is_followed_to_its_end_and_its_rows_are_there(flows: Flows) -> None:
    ran = flows.dli(
        "run", "db.main.daily", "--ds", "2024-12-31", "-p", "note=한글", "--wait", "--json"
    )
    assert (ran.code, ran.err.count("[DLI-")) == (0, 0), ran.err
    assert ran.json["run_status"] == "SUCCESS"
    assert ran.json["day"] == "2024-12-31"
    assert flows.rows(f"FROM db.main.daily {_OLD}") == [(date(2024, 12, 31), "한글")]

    again = flows.dli("run", "db.main.daily", "--ds", "2024-12-31", "-p", "note=한글", "--json")
    assert (again.code, again.json["existing"]) == (0, True)
    assert again.json["run_id"] == ran.json["run_id"]
    other = flows.dli("run", "db.main.daily", "--ds", "2024-12-31", "-p", "note=else")
    assert (other.code, other.err.split()[0]) == (3, "[DLI-804]")
    assert "note: asked for 'else', the run has '한글'" in other.err
    assert len(flows.runs("db_main_daily")) == 1

    listed = flows.dli("history", "-d", "db.main.daily", "--json").json["items"]
    assert [run["run_type"] for run in listed] == ["manual", "scheduled"]
    assert (listed[0]["run_id"], listed[0]["run_status"]) == (ran.json["run_id"], "SUCCESS")
    workflows = {one["dataset_name"]: one for one in flows.dli("list", "--json").json["items"]}
    assert workflows["db.main.daily"]["last_run_status"] == "SUCCESS"
    assert workflows["db.main.daily"]["schedule"] == CRON
    assert "db.main.by_hand" not in workflows


def test_a_failed_run_ends_in_4_and_tells_what_the_task_said(flows: Flows) -> None:
    ran = flows.dli("run", "db.main.wrong", "--wait")
    assert ran.code == 4
    assert "Status: FAILED" in ran.out
    assert ran.err.strip().splitlines()[0].startswith("Started dli__db.main.wrong__manual__")
    assert "[DLI-802]" in ran.err
    assert "nowhere" in ran.err


def test_a_run_is_stopped(flows: Flows) -> None:
    # the schedule's own run, whose size is 1
    assert flows.rows("FROM db.main.slow") == [(1,)]
    ran = flows.dli("run", "db.main.slow", "-p", "size=100000000000", "--json")
    assert (ran.code, ran.json["run_status"]) == (0, "PENDING")
    run_id = ran.json["run_id"]
    _until(lambda: flows.dli("status", run_id, "--json").json["run_status"] == "RUNNING")
    # the task, too: its run is counted as running from before it begins
    _until(lambda: "db.main.slow for" in _log(flows, "db_main_slow", run_id))
    stopped = flows.dli("stop", run_id, "--reason", "too slow", "--json")
    assert (stopped.code, stopped.json["run_status"]) == (0, "STOPPED"), stopped.err
    found = flows.dli("status", run_id, "--json").json
    assert found["run_status"] == "STOPPED"
    assert "too slow" in found["error_message"]
    assert flows.dli("stop", run_id).code == 0
    assert flows.rows("FROM db.main.slow") == [(1,)]


def test_seven_days_are_filled_each_once(flows: Flows) -> None:
    days = ("--start", "2025-01-01", "--end", "2025-01-07")
    plan = flows.dli("backfill", "db.main.filled", *days, "--dry-run", "--json").json
    assert [day["action"] for day in plan["days"]] == ["create"] * 7
    assert (plan["dry_run"], plan["state"]) == (True, None)
    assert flows.runs("db_main_filled") == []

    filled = flows.dli("backfill", "db.main.filled", *days, "--parallel", "2", "--wait", "--json")
    assert (filled.code, filled.json["state"]) == (0, "SUCCESS"), filled.err
    assert [day["run_status"] for day in filled.json["days"]] == ["SUCCESS"] * 7
    assert flows.rows(f"SELECT d FROM db.main.filled {_OLD} ORDER BY d") == [
        (day,) for day in _WEEK
    ]

    again = flows.dli("backfill", "db.main.filled", *days, "--wait", "--json")
    assert [day["action"] for day in again.json["days"]] == ["keep"] * 7
    assert again.code == 0
    assert len(flows.runs("db_main_filled")) == 7
    assert flows.rows(f"SELECT count(*) FROM db.main.filled {_OLD}") == [(7,)]


def test_a_backfill_goes_on_after_its_server_was_killed(flows: Flows) -> None:
    days = ("--start", "2025-02-01", "--end", "2025-02-03")
    before = len(flows.runs("db_main_filled"))
    started = flows.dli("backfill", "db.main.filled", *days, "--json")
    assert started.json["state"] == "RUNNING"
    _until(lambda: len(flows.runs("db_main_filled")) >= before + 2)
    assert flows.server is not None
    flows.server.stop(signal.SIGKILL)
    flows.start()
    # The same asking again joins the one that goes on.
    filled = flows.dli("backfill", "db.main.filled", *days, "--wait", "--json")
    assert (filled.code, filled.json["backfill_id"]) == (0, started.json["backfill_id"]), filled.out
    assert [day["run_status"] for day in filled.json["days"]] == ["SUCCESS"] * 3
    february = "WHERE d BETWEEN DATE '2025-02-01' AND DATE '2025-02-28'"
    assert flows.rows(f"SELECT d FROM db.main.filled {february} ORDER BY d") == [
        (date(2025, 2, day),) for day in range(1, 4)
    ]


def test_a_paused_workflow_starts_nothing(flows: Flows) -> None:
    assert flows.dli("pause", "db.main.daily").code == 0
    refused = flows.dli("run", "db.main.daily")
    assert (refused.code, refused.err.split()[0]) == (3, "[DLI-807]")
    assert "dli workflow unpause db.main.daily" in refused.err
    listed = flows.dli("list", "-d", "main.daily", "--json").json["items"]
    assert [(one["paused"], one["status"]) for one in listed] == [(True, "PAUSED")]
    assert flows.dli("unpause", "db.main.daily").code == 0


def test_a_dataset_without_a_schedule_is_registered_runs_and_is_taken_back(flows: Flows) -> None:
    unknown = flows.dli("run", "db.main.by_hand")
    assert (unknown.code, unknown.err.split()[0]) == (3, "[DLI-800]")
    wrong = flows.dli("register", "db.main.by_hand", "--cron", "61 * * * *")
    assert (wrong.code, wrong.err.split()[0]) == (3, "[DLI-805]")
    done = flows.dli("register", "db.main.by_hand", "--cron", CRON, "-tz", "Asia/Seoul")
    assert done.code == 0, done.err
    assert (
        flows.dli("register", "db.main.by_hand", "--cron", "7 7 * * *").err.split()[0]
        == "[DLI-804]"
    )
    # It is in no pool: two runs at once would both want to write the file.
    assert flows.wait_for_scheduled("db_main_by_hand") == "success"
    ran = flows.dli("run", "db.main.by_hand", "-p", "execution_date=2025-03-01", "--wait")
    assert ran.code == 0, ran.err
    assert flows.rows(f"FROM db.main.by_hand {_OLD}") == [(date(2025, 3, 1), "none")]
    assert flows.dli("unregister", "db.main.by_hand").code == 0
    assert flows.dli("run", "db.main.by_hand").err.split()[0] == "[DLI-800]"
    assert not (flows.airflow.dags_folder / "dli_db_main_by_hand.py").exists()
    kept = flows.dli("unregister", "db.main.daily")
    assert (kept.code, kept.err.split()[0]) == (3, "[DLI-808]")


def test_many_at_once_start_one_run(flows: Flows) -> None:
    assert flows.server is not None
    environ = flows.server.environ()

    def ask(_: int) -> str:
        found = dli_process(environ, "run", "db.main.daily", "--ds", "2025-02-01", "--json")
        assert found.code == 0, found.err
        return str(found.json["run_id"])

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(ask, range(4)))
    assert len(ids) == 1
    found = [run for run in flows.runs("db_main_daily") if run["dag_run_id"] in ids]
    assert len(found) == 1


def test_an_answer_of_the_server_that_is_lost_makes_no_second_run(flows: Flows) -> None:
    assert flows.server is not None
    before = len(flows.runs("db_main_daily"))
    with fault_proxy(urlsplit(flows.server.url).port or 0) as proxy:
        proxy.on("POST", r"/run$", Swallow(reset=True), times=1)
        environ = {**flows.server.environ(), "DLI_SERVER_URL": proxy.url}
        ran = dli(environ, "run", "db.main.daily", "--json")
        assert (ran.code, proxy.count("POST", r"/run$")) == (0, 2), ran.err
    assert len(flows.runs("db_main_daily")) == before + 1
