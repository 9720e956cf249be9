"""The whole of it as a run uses it, supervised: rows A2, A3, A9, A10 and D1 of reliability.

Each test measures how far the answer came after the limit; the figure of the table is 2 s.
"""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dli_adapters.bigquery.executor import BigQueryExecutor
from dli_adapters.clock.system import SystemClock
from dli_adapters.supervision.executor import supervised
from dli_domain.errors import (
    ExecutionConnectionError,
    ExecutionTimeoutError,
    ExecutionUnknownError,
)
from dli_domain.model.run import RunScope
from dli_domain.model.settings import BigQueryTarget
from dli_domain.ports.query_executor import QueryExecutor
from tests.adapters.bigquery.conftest import new_scope
from tests.engines.local_bigquery import BigQueryServer
from tests.faults.proxy import Drip, Fault, FaultProxy, Silence

pytestmark = pytest.mark.xdist_group("bigquery")

INSERT, LOOK, RESULTS = "/jobs\\?", "/jobs/dli_", "/queries/"
SLOW = (
    "SELECT COUNT(*) AS n FROM UNNEST(GENERATE_ARRAY(1, 200000)) a, "
    "UNNEST(GENERATE_ARRAY(1, 200000)) b WHERE MOD(a * b, 7) = 3"
)


@contextmanager
def supervised_run(target: BigQueryTarget, scope: RunScope) -> Iterator[QueryExecutor]:
    opened = supervised(lambda s: BigQueryExecutor.connect(target, s), SystemClock())
    with opened(scope) as executor:
        yield executor


def overrun(target: BigQueryTarget, sql: str, seconds: float, kind: type[Exception]) -> float:
    """How many seconds after its limit the run ended, with that error."""
    began = time.monotonic()
    with pytest.raises(kind), supervised_run(target, new_scope(seconds)) as executor:
        _ = executor.execute(sql).rows
    return time.monotonic() - began - seconds


STALLS = [("*", "/", "everything"), ("POST", INSERT, "submit"), ("GET", LOOK, "watch"),
          ("GET", RESULTS, "results")]  # fmt: skip
FAULTS: list[tuple[str, Fault]] = [
    ("silence", Silence()),
    ("drip", Drip(1, 0.3)),
    ("header drip", Drip(1, 0.3, body_only=False)),
]


@pytest.mark.parametrize(("name", "fault"), FAULTS, ids=[name for name, _ in FAULTS])
@pytest.mark.parametrize(("method", "path", "place"), STALLS, ids=[s[2] for s in STALLS])
def test_a3_a9_a10_a_stalled_engine_ends_within_two_seconds_of_the_limit(
    bigquery_server: BigQueryServer,
    proxy: FaultProxy,
    method: str,
    path: str,
    place: str,
    name: str,
    fault: Fault,
) -> None:
    proxy.on(method, path, fault)
    sql = SLOW if place == "watch" else "SELECT 1 AS a"
    late = overrun(bigquery_server.target(proxy.url), sql, 1.5, ExecutionTimeoutError)
    assert late <= 2


def test_a3_a_change_of_data_that_may_still_run_is_an_unknown_outcome(
    bigquery_server: BigQueryServer, proxy: FaultProxy
) -> None:
    proxy.on("*", "/", Silence())
    sql = "INSERT INTO local.t VALUES (1)"
    late = overrun(bigquery_server.target(proxy.url), sql, 1.5, ExecutionUnknownError)
    assert late <= 2
    assert proxy.count("POST", INSERT) == 1


def test_a2_a_connect_that_is_never_taken_ends_within_the_limit() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(address)
    target = BigQueryTarget(project="local", endpoint=f"http://127.0.0.1:{address[1]}")
    began = time.monotonic()
    try:
        with (
            pytest.raises(ExecutionConnectionError),
            supervised_run(target, new_scope(60)) as executor,
        ):
            executor.execute("SELECT 1")
        assert time.monotonic() - began <= 5.5
    finally:
        for one in (*waiting, listener):
            one.close()


def test_a_job_over_the_limit_is_stopped_at_the_engine(bigquery_server: BigQueryServer) -> None:
    scope = new_scope(2)
    began = time.monotonic()
    with (
        pytest.raises(ExecutionTimeoutError),
        supervised_run(bigquery_server.target(), scope) as executor,
    ):
        executor.execute(SLOW)
    assert time.monotonic() - began <= 4
    (job,) = bigquery_server.jobs(scope.run_id)
    assert job.error_result["reason"] == "stopped"


PROGRAM = """
import sys, time
from dli_adapters.bigquery.executor import BigQueryExecutor
from dli_adapters.clock.system import SystemClock
from dli_adapters.supervision.executor import supervised
from dli_adapters.supervision.signals import die_by, signals_cancel
from dli_adapters.supervision.interrupted import RunInterrupted
from dli_domain.errors import DliError
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.settings import BigQueryTarget
endpoint, run_id, sql = sys.argv[1:]
scope = RunScope(run_id=run_id, resource="r", deadline=Deadline(time.monotonic() + 60, 60))
target = BigQueryTarget(project="local", endpoint=endpoint)
opened = supervised(lambda s: BigQueryExecutor.connect(target, s), SystemClock())
with signals_cancel() as received:
    try:
        with opened(scope) as executor:
            print("ready", flush=True)
            executor.execute(sql)
    except (DliError, RunInterrupted) as error:
        print(type(error).__name__, error, flush=True)
if received.signum:
    die_by(received.signum)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
@pytest.mark.parametrize("delay", [0.0, 0.1, 0.6], ids=str)
def test_d1_d2_a_signal_stops_the_job_at_the_engine_and_ends_by_that_signal(
    bigquery_server: BigQueryServer, number: signal.Signals, delay: float
) -> None:
    run_id = f"signal-{time.time_ns():x}"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, bigquery_server.endpoint, run_id, SLOW],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay)
        process.send_signal(number)
        sent = time.monotonic()
        said = process.stdout.read()
        assert process.wait(10) == -number
        took = time.monotonic() - sent
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert took <= 5
    # a signal before anything was sent needs no cancel
    assert said.startswith(("ExecutionCancelledError", "RunInterrupted"))
    eventually(lambda: all(job.state == "DONE" for job in bigquery_server.jobs(run_id)))
    for job in bigquery_server.jobs(run_id):
        assert job.error_result["reason"] == "stopped"


def eventually(holds: Callable[[], bool], seconds: float = 3) -> None:
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_eight_threads_do_not_mix_their_rows(bigquery_server: BigQueryServer) -> None:
    wrong: list[str] = []

    def one(number: int) -> None:
        for turn in range(3):
            with supervised_run(bigquery_server.target(), new_scope(60)) as executor:
                rows = executor.execute(f"SELECT {number} AS a, {turn} AS b").rows
                if rows != ({"a": number, "b": turn},):
                    wrong.append(repr(rows))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
