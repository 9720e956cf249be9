"""Files are the same byte by byte, and a process ends alike, wherever the run was."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from dli_server.http.scopes import Scope
from tests.parity.comparing import comparable_text
from tests.parity.conftest import WAYS, Ask
from tests.server.fixtures import RunningServer


@pytest.mark.parametrize("form", ["csv", "ndjson"])
@pytest.mark.parametrize("name", ["p.types", "p.한국", "p.empty", "p.many"])
def test_a_file_holds_the_same_bytes(name: str, form: str, ask: Ask, tmp_path: Path) -> None:
    written = []
    for number, way in enumerate(WAYS.values()):
        path = tmp_path / f"{number}.{form}"
        answer = ask("dataset", "run", name, *way, "-o", str(path))
        assert answer.code == 0, answer.err
        written.append(path.read_bytes())
    assert set(written) == {written[0]}


def test_parquet_holds_the_same_types_and_rows(ask: Ask, tmp_path: Path) -> None:
    tables = []
    for number, way in enumerate(WAYS.values()):
        path = tmp_path / f"{number}.parquet"
        assert ask("dataset", "run", "p.many", *way, "-o", str(path)).code == 0
        tables.append(pq.read_table(path))
    assert all(table.schema.equals(tables[0].schema) for table in tables)
    assert all(table.equals(tables[0]) for table in tables)


@pytest.mark.parametrize("name", ["p.types", "p.build", "p.lenient"])
def test_the_screen_is_the_same_but_for_where_it_ran(name: str, ask: Ask) -> None:
    screens = []
    for way in WAYS.values():
        answer = ask("dataset", "run", name, *way)
        screens.append((answer.code, comparable_text(answer.out), comparable_text(answer.err)))
    for other in screens[1:]:
        assert other == screens[0]


def _process(here: Path, server: RunningServer, *tokens: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "dli_cli.main", *tokens],
        cwd=here,
        env={**os.environ, **server.environ()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_interrupt_stops_the_run_at_the_server(here: Path, server: RunningServer) -> None:
    process = _process(here, server, "dataset", "run", "p.slow", "--server", "--source", "server")
    run_id = _running(server, "p.slow")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert "[DLI-406] Stopped by SIGINT" in told
    assert _state(server, run_id) == "CANCELLED"


def test_who_holds_no_project_runs_by_name(server: RunningServer, tmp_path: Path) -> None:
    process = _process(tmp_path, server, "metric", "run", "p.kpi", "--server")
    shown, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (0, "")
    assert "SERVER (DuckDB)" in shown


def _running(server: RunningServer, name: str) -> str:
    """The id of the run of that name, once it runs: the newest in the server's log."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = httpx.get(
            f"{server.url}/api/v1/queries",
            headers=server.headers(Scope.ADMIN, Scope.CATALOG),
            params={"scope": "all", "status": "RUNNING"},
        )
        if found.status_code == 200 and found.json():
            return str(found.json()[0]["query_id"])
        time.sleep(0.1)
    raise AssertionError(f"{name} does not run")


def _state(server: RunningServer, run_id: str) -> str:
    headers = server.headers(Scope.ADMIN)
    return str(
        httpx.get(f"{server.url}/api/v1/runs/{run_id}?wait=5", headers=headers).json()["state"]
    )
