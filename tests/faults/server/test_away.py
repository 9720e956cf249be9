"""A server that stands still, drips, or dies and comes back in the midst of a run (A3, A9, A23)."""

import hashlib
import json
import os
import random
import signal
import sqlite3
import threading
import time
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

from tests.cli.conftest import Dli
from tests.faults.proxy import Drip, FaultProxy
from tests.faults.server.conftest import LIMITS, Start, counts, free_port
from tests.faults.server.project import write_counting_project
from tests.server.fixtures import RunningServer, start_server
from tests.server.runs.client import RunsClient

ROWS = 250_000
RESTARTS = int(os.environ.get("DLI_RESTARTS", "1"))
pytestmark = pytest.mark.timeout(3600)
WAYS = ["server", "local"]


@pytest.mark.parametrize("source", WAYS)
def test_a_server_that_stands_still_is_left_at_the_deadline(
    source: str, dli: Dli, there: FaultProxy, server: RunningServer
) -> None:
    number = 300 + WAYS.index(source)
    stopping = threading.Thread(target=_stop_when_it_runs, args=(there, server))
    stopping.start()
    began = time.monotonic()
    try:
        told = dli(
            *("dataset", "run", "lake.marts.long", "-p", f"n={number}", "--timeout", "3"),
            *("--server", "--source", source),
        )
    finally:
        took = time.monotonic() - began
        stopping.join()
        server.process.send_signal(signal.SIGCONT)
    print(f"{source}: {took:.2f} s of 3, exit code {told.code}")
    assert took < 3 + 2 + 1
    assert told.code == 10, told
    with RunsClient(server) as client:
        assert counts(client).get(number, 0) <= 1


@pytest.mark.parametrize("source", WAYS)
def test_a_server_that_stands_still_from_the_start_is_left_as_soon(
    source: str, dli: Dli, there: FaultProxy, server: RunningServer
) -> None:
    del there  # in the project, with the server's address
    server.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        told = dli(
            "dataset", "run", "lake.marts.few", "--timeout", "1", "--server", "--source", source
        )
    finally:
        took = time.monotonic() - began
        server.process.send_signal(signal.SIGCONT)
    print(f"{source}: {took:.2f} s of 1, exit code {told.code}")
    assert took < 1 + 2 + 1
    assert told.code in (6, 7), told


@pytest.mark.parametrize("source", WAYS)
@pytest.mark.parametrize("path", ["/policy", r"/runs(\?|$)", "/sessions$", r"/runs/[0-9a-f-]+\?"])
def test_bytes_that_drip_gain_no_time(path: str, source: str, dli: Dli, there: FaultProxy) -> None:
    there.on("*", path, Drip(1, 0.2, body_only=False))
    began = time.monotonic()
    told = dli(
        *("dataset", "run", "lake.marts.few", "--timeout", "1"),
        *("--server", "--source", source),
    )
    took = time.monotonic() - began
    print(f"{path} {source}: {took:.2f} s, exit code {told.code}")
    assert took < 1 + 2 + 1
    # A submission whose answer did not come is looked up, and found.
    assert told.code in (0, 6, 7, 10), told


@pytest.mark.parametrize("source", WAYS)
def test_a_result_that_drips_ends_at_the_deadline(source: str, dli: Dli, there: FaultProxy) -> None:
    there.on("GET", "/result", Drip(1, 0.3))
    began = time.monotonic()
    told = dli(
        *("dataset", "run", "lake.marts.few", "--timeout", "1"),
        *("--server", "--source", source),
    )
    took = time.monotonic() - began
    print(f"{source}: {took:.2f} s")
    assert took < 1 + 2 + 1
    assert (told.code, "[DLI-402]" in told.err) == (7, True), told


def test_a_server_that_comes_back_goes_on_with_its_runs(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, state = write_counting_project(tmp_path / "project"), tmp_path / "state"
    port = free_port()
    server = start_server(project, state, port=port, limits=LIMITS)
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project)
    dice = random.Random(1)  # noqa: S311 - a seed to see it again
    out = tmp_path / "rows.csv"
    try:
        for number in range(1, RESTARTS + 1):
            run = start(
                *("dataset", "run", "lake.marts.wide", "-p", f"n={ROWS}", "-o", str(out)),
                *("--server", "--source", "server", "--json"),
            )
            _taken(state, number)
            time.sleep(dice.uniform(0, 2.0))
            server.stop(signal.SIGKILL)
            server = start_server(project, state, port=port, limits=LIMITS)
            shown, told = run.communicate(timeout=120)
            assert run.returncode == 0, told
            assert json.loads(shown)["row_count"] == ROWS
            digest = hashlib.sha256(out.read_bytes()).hexdigest()
            assert digest == _undisturbed()
            out.unlink()
    finally:
        server.stop()


@cache
def _undisturbed() -> str:
    """The file as a run makes it that nothing happens to."""
    lines = (f"{n},{'x' * 100},{n * 1.5}\n" for n in range(ROWS))
    return hashlib.sha256(("n,t,d\n" + "".join(lines)).encode()).hexdigest()


def _taken(state: Path, count: int) -> None:
    """Wait until the server has so many runs in its journal."""
    until = time.monotonic() + 60
    with closing(sqlite3.connect(state / "server.db")) as journal:
        while journal.execute("SELECT count(*) FROM runs").fetchone()[0] < count:
            assert time.monotonic() < until
            time.sleep(0.02)


def _stop_when_it_runs(proxy: FaultProxy, server: RunningServer) -> None:
    until = time.monotonic() + 3
    while time.monotonic() < until and not proxy.count("GET", r"/runs/[0-9a-f-]+\?"):
        time.sleep(0.02)
    time.sleep(0.3)
    server.process.send_signal(signal.SIGSTOP)
