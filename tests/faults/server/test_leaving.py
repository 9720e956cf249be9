"""Clients that are stopped or killed: what they began at the server ends (D1, D2, H8)."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.server.opening import ServerEngine
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.secret import Secret
from dli_domain.model.settings import ServerTarget
from tests.faults.server.clients import begin
from tests.faults.server.conftest import LIMITS
from tests.faults.server.project import write_counting_project
from tests.server.fixtures import RunningServer, running_server
from tests.server.runs.client import RunsClient

LEAVING = int(os.environ.get("DLI_LEAVING", "3"))
DEEP = bool(os.environ.get("DLI_DEEP"))
AT_ONCE = 3
pytestmark = pytest.mark.timeout(3600)
FINAL = {"DONE", "FAILED", "CANCELLED", "UNKNOWN"}


@contextmanager
def journal(server: RunningServer) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(server.state / "server.db", timeout=30)) as opened:
        yield opened


def left_open(server: RunningServer) -> list[str]:
    with journal(server) as opened:
        found = opened.execute("SELECT run_id, state FROM runs").fetchall()
    return [run_id for run_id, state in found if state not in FINAL]


def last_end(server: RunningServer, begun: int) -> datetime | None:
    """When the last run that came after the first `begun` ended; None where there was none."""
    with journal(server) as opened:
        found = opened.execute(
            "SELECT max(ended_at) FROM (SELECT ended_at FROM runs ORDER BY rowid LIMIT -1 OFFSET ?)",
            (begun,),
        ).fetchone()[0]
    return None if found is None else datetime.fromisoformat(found).replace(tzinfo=UTC)


def test_no_query_outlives_a_client_that_was_stopped(tmp_path: Path) -> None:
    dice = random.Random(1)  # noqa: S311 - a seed to see it again
    slowest = 0.0
    codes: list[int | None] = []
    project = write_counting_project(tmp_path / "project")
    begin(("version",), project, {}, tmp_path / "told").join(30)  # the first one imports for all
    with running_server(project, limits=LIMITS) as server:
        for number in range(0, LEAVING, AT_ONCE):
            runs = [_slow(dice, project, server, tmp_path) for _ in range(AT_ONCE)]
            with journal(server) as opened:
                begun = opened.execute("SELECT count(*) FROM runs").fetchone()[0]
            time.sleep(dice.uniform(0.05, 1.5))
            for run in runs:
                sent = dice.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL))
                os.kill(run.pid or 0, sent)
            for run in runs:
                run.join(20)
                codes.append(run.exitcode)
                assert run.exitcode is not None
                assert run.exitcode != 0, "it ended before the signal"
            gone = datetime.now(UTC)
            until = time.monotonic() + 10
            while left_open(server) and time.monotonic() < until:
                time.sleep(0.05)
            assert left_open(server) == [], number
            ended = last_end(server, max(begun - AT_ONCE, 0))
            if ended is not None:
                slowest = max(slowest, (ended - gone).total_seconds())
        print(f"{len(codes)} clients left, {slowest:.2f} s until the last query ended; {codes}")
        # The goal is a second; what is not met here hangs.
        assert slowest < 5


def _slow(
    dice: random.Random, project: Path, server: RunningServer, folder: Path
) -> ForkServerProcess:
    way = dice.choice(("server", "local"))
    run = ("dataset", "run", "lake.marts.slow", "--server", "--source", way)
    environ = {**server.environ(), "HOME": os.environ["HOME"]}
    return begin(run, project, environ, folder / f"told-{dice.random()}")


def test_a_session_ends_soon_after_its_client_is_gone(server: RunningServer) -> None:
    with RunsClient(server) as client:
        gone, there = client.session(lease_seconds=1), client.session(lease_seconds=1)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            assert client.http.get(f"/sessions/{there}").status_code == 200
            time.sleep(0.25)
        assert client.http.get(f"/sessions/{gone}").status_code == 404


@pytest.mark.deep
def test_a_client_that_takes_its_time_keeps_its_session(server: RunningServer) -> None:
    clock = SystemClock()
    target = ServerTarget(url=server.url, api_key=Secret(server.key()))
    scope = RunScope(run_id="r", resource="a.b.c", deadline=Deadline(clock.monotonic() + 60, 60))
    with ServerEngine(target, "duckdb", clock).open(scope) as executor:
        executor.execute("CREATE TEMP TABLE kept AS SELECT 1 AS n")
        time.sleep(10)
        stream = executor.execute("SELECT n FROM kept").stream
        assert stream is not None
        assert [dict(row) for row in stream.rows()] == [{"n": 1}]
