"""What must hold every time, many times over: DLI_MANY multiplies the counts of the gate."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.server.fixtures import RunningServer, running_server
from tests.server.runs.client import RunsClient
from tests.server.runs.project import write_runs_project

MANY = int(os.environ.get("DLI_MANY", "1"))
LIMITS = {"running": 16, "running_per_key": 16}
pytestmark = pytest.mark.timeout(3600)


def test_every_idempotency_key_is_one_execution(tmp_path: Path) -> None:
    rounds = 4 * MANY if MANY > 1 else 2
    project = write_runs_project(tmp_path / "project")
    with running_server(project, limits=LIMITS) as server, RunsClient(server) as client:
        session = client.session(writes=True)
        client.statement(session, "CREATE TABLE lake.main.done (n BIGINT)")
        with ThreadPoolExecutor(16) as pool:
            for number in range(rounds):
                key = uuid4().hex
                resource = {
                    "kind": "dataset",
                    "name": "lake.marts.add",
                    "parameters": {"n": number},
                }
                body = {"resource": resource, "attached": False}
                answers = list(pool.map(lambda _, b=body, k=key: client.submit(b, k), range(16)))
                assert {answer.status_code for answer in answers} <= {200, 202}
                assert len({answer.json()["run_id"] for answer in answers}) == 1
                assert client.awaited(answers[0].json()["run_id"])["state"] == "DONE"
        count = client.statement(
            session, "SELECT count(*) AS n, count(DISTINCT n) AS d FROM lake.main.done"
        )
        assert client.rows(count["run_id"]).to_pylist() == [{"n": rounds, "d": rounds}]


def test_no_query_outlives_its_client(tmp_path: Path) -> None:
    rounds, at_once = 1 * MANY, 8 if MANY > 1 else 4
    project = write_runs_project(tmp_path / "project")
    with running_server(project, limits=LIMITS) as server, RunsClient(server) as client:
        for _ in range(rounds):
            with ThreadPoolExecutor(at_once) as pool:
                left = list(pool.map(lambda _: _leave(server), range(at_once)))
            time.sleep(1.5)
            for run_id, gone_at in left:
                found = client.look(run_id)
                assert found["state"] == "CANCELLED", found
                late = datetime.fromisoformat(found["ended_at"]).timestamp() - gone_at
                assert late < 1.5, found


def _leave(server: RunningServer) -> tuple[str, float]:
    """Submit, wait, and close the socket while waiting; the run's id, and when that was."""
    with httpx.Client(headers=server.headers(), trust_env=False, timeout=10) as leaving:
        body = {"resource": {"kind": "dataset", "name": "lake.marts.slow"}}
        headers = {"Idempotency-Key": uuid4().hex}
        url = f"{server.url}/api/v1/runs"
        run_id: str = leaving.post(url, json=body, headers=headers).json()["run_id"]
        with pytest.raises(httpx.ReadTimeout):
            leaving.get(f"{url}/{run_id}", params={"wait": 20}, timeout=0.3)
        return run_id, time.time()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_memory_does_not_grow_with_the_result(tmp_path: Path) -> None:
    rows = "SELECT range AS n, repeat('x', 100) AS t, range * 1.5 AS d FROM range({})"
    few, many = 500_000 * MANY, 2_000_000 * MANY
    project = write_runs_project(tmp_path / "project")
    with running_server(project) as server, RunsClient(server) as client:
        session = client.session()
        client.statement(session, rows.format(few))
        before = _peak(server)
        found = client.statement(session, rows.format(many))
        assert found["result"]["rows"] == many
        assert found["result"]["bytes"] > many * 100
        grown = _peak(server) - before
        print(f"{before >> 20} MiB at {few:,} rows, {grown >> 20} MiB more at {many:,}")
        assert grown < 64 << 20
        with client.http.stream("GET", f"/runs/{found['run_id']}/result") as answer:
            size = sum(len(part) for part in answer.iter_raw())
        assert size == found["result"]["bytes"]
        assert _peak(server) - before < 64 << 20


def _peak(server: RunningServer) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10
