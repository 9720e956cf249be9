"""Airflow's answers are lost, late, refused: one run each, and never a false word about it."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from dli_adapters.airflow.orchestrator import AirflowOrchestrator
from dli_adapters.airflow.target import AirflowTarget
from dli_adapters.clock.system import SystemClock
from dli_domain.errors import (
    WorkflowNotFoundError,
    WorkflowPermissionError,
    WorkflowUnavailableError,
    WorkflowUnknownError,
)
from dli_domain.model.secret import Secret
from dli_domain.ports.orchestrator import DagTrigger
from tests.engines.airflow import RunningAirflow
from tests.faults.proxy import Answer, Cut, FaultProxy, Refuse, Reset, Silence, Swallow, fault_proxy

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.timeout(600)]
DAG = "lost"
RUNS = int(os.environ.get("DLI_TEST_TRIGGERS", "3"))
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
_TEXT = """\
from datetime import datetime
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG("lost", schedule=CronDataIntervalTimetable("0 0 1 1 *", timezone="UTC"),
         start_date=datetime(1970, 1, 1), catchup=False, max_active_runs=1) as dag:
    EmptyOperator(task_id="nothing")
"""


@pytest.fixture(scope="module")
def proxy(airflow: RunningAirflow) -> Iterator[FaultProxy]:
    airflow.write_dag_file("lost.py", _TEXT)
    airflow.wait_for_dag(DAG)
    with fault_proxy(urlsplit(airflow.url).port or 0) as found:
        yield found


Connect = Callable[..., AirflowOrchestrator]


@pytest.fixture
def client(airflow: RunningAirflow, proxy: FaultProxy) -> Iterator[Connect]:
    proxy.clear()
    with ExitStack() as stack:

        def connect(**rest: object) -> AirflowOrchestrator:
            who = {"username": airflow.username, "password": Secret(airflow.password)}
            told: dict[str, Any] = {"timeout": 24.0, **who, **rest}
            made = AirflowOrchestrator(AirflowTarget(url=proxy.url, **told), SystemClock())
            stack.callback(made.close)
            return made

        yield connect


def trigger(number: int, kind: str) -> DagTrigger:
    start = FIRST + timedelta(days=number)
    return DagTrigger(
        dag_id=DAG,
        run_id=f"dli__lost__{kind}__{number}",
        conf={"parameters": {"n": number}},
        interval=(start, start + timedelta(days=1)),
    )


@pytest.mark.parametrize(
    ("kind", "fault", "base"),
    [
        ("reset", Swallow(reset=True), 0),
        ("silent", Swallow(), 1000),
        ("cut", Cut(30), 2000),
        ("refused", Refuse(), 3000),
        ("gateway", Answer(503), 4000),
        ("half", Reset(200), 5000),
    ],
)
def test_each_trigger_is_one_run(
    airflow: RunningAirflow,
    proxy: FaultProxy,
    client: Connect,
    kind: str,
    fault: object,
    base: int,
) -> None:
    orchestrator = client()
    count = 1 if kind == "silent" else RUNS
    for number in range(base, base + count):
        proxy.on("POST", r"/dagRuns$", fault, times=1)  # type: ignore[arg-type]
        made = orchestrator.trigger(trigger(number, kind))
        assert made.run_id == f"dli__lost__{kind}__{number}"
        assert made.conf == {"parameters": {"n": number}}
        again = orchestrator.trigger(trigger(number, kind))
        assert again.run_id == made.run_id
    first, last = (f"{FIRST + timedelta(days=day):%Y-%m-%d}" for day in (base, base + count))
    bounds = f"logical_date_gte={first}T00:00:00Z&logical_date_lt={last}T00:00:00Z"
    ids: list[str] = []
    while page := airflow.get(f"dags/{DAG}/dagRuns?{bounds}&limit=100&offset={len(ids)}")[
        "dag_runs"
    ]:
        ids += [run["dag_run_id"] for run in page]
    assert len(ids) == len(set(ids)) == count


def test_an_answer_that_stays_lost_is_unknown_and_later_found(
    proxy: FaultProxy, client: Connect
) -> None:
    orchestrator = client(timeout=12.0)
    orchestrator.dags([DAG])
    proxy.on("POST", r"/dagRuns$", Swallow(reset=True))
    proxy.on("GET", r"/dagRuns/", Silence())
    with pytest.raises(WorkflowUnknownError):
        orchestrator.trigger(trigger(6000, "unknown"))
    proxy.clear()
    assert orchestrator.trigger(trigger(6000, "unknown")).run_id == "dli__lost__unknown__6000"


def test_the_run_of_a_day_stands_in_the_way_of_another_id(client: Connect) -> None:
    orchestrator = client()
    first = orchestrator.trigger(trigger(7000, "first"))
    other = orchestrator.trigger(trigger(7000, "second"))
    assert other.run_id == first.run_id


def test_a_token_that_ended_is_renewed_once(proxy: FaultProxy, client: Connect) -> None:
    orchestrator = client(token=Secret("ended"))
    assert DAG in orchestrator.dags([DAG])
    assert proxy.count("POST", "/auth/token") == 1
    proxy.on("GET", "/dags", Answer(401, b'{"detail": "Not authenticated"}'), times=1)
    assert DAG in orchestrator.dags([DAG])
    assert proxy.count("POST", "/auth/token") == 2


def test_who_may_only_read_is_told_so(airflow: RunningAirflow, client: Connect) -> None:
    reader = client(username=airflow.viewer, password=Secret(airflow.viewer_password))
    assert DAG in reader.dags([DAG])
    with pytest.raises(WorkflowPermissionError):
        reader.trigger(trigger(8000, "viewer"))
    wrong = client(password=Secret("wrong-password"))
    with pytest.raises(WorkflowPermissionError) as caught:
        wrong.dags([DAG])
    assert "wrong-password" not in f"{caught.value!r} {caught.value.context}"


def test_a_dag_that_is_not_there_is_not_found(client: Connect) -> None:
    orchestrator = client()
    assert orchestrator.dags(["nowhere"]) == {}
    assert orchestrator.run(DAG, "nowhere") is None
    with pytest.raises(WorkflowNotFoundError):
        orchestrator.pause("nowhere", paused=True)


@pytest.mark.parametrize(
    "fault",
    [
        Answer(500, b"<html>oops /srv/secret/path</html>"),
        Answer(302, b"", {"Location": "http://127.0.0.1:1/"}),
        Answer(200, b"<html>a login page</html>"),
        Answer(200, b'{"dags": 5}'),
        Refuse(),
    ],
)
def test_what_is_no_airflow_is_unavailable(
    proxy: FaultProxy, client: Connect, fault: object
) -> None:
    orchestrator = client(timeout=2.0)
    proxy.on("*", "/", fault)  # type: ignore[arg-type]
    began = time.monotonic()
    with pytest.raises(WorkflowUnavailableError) as caught:
        orchestrator.dags([DAG])
    assert "secret" not in str(caught.value)
    assert time.monotonic() - began < 60
