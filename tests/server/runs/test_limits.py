"""What the server does not give: too many rows, bytes, runs at once, and room it has not."""

import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dli_adapters.clock.system import SystemClock
from dli_server.http.scopes import Scope
from dli_server.keys.ring import KeyRing
from dli_server.storage.opening import connect
from tests.server.fixtures import RunningServer, running_server
from tests.server.runs.client import RunsClient
from tests.server.runs.project import write_runs_project

LIMITS = {
    "rows": 1000,
    "result_bytes": 100_000,
    "cell_bytes": 50_000,
    "running": 3,
    "running_per_key": 2,
    "queued": 4,
    "sql_bytes": 2000,
    "parameters": 3,
    "seconds": 60,
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder: Path = tmp_path_factory.mktemp("limits")
    with running_server(write_runs_project(folder / "project"), limits=LIMITS) as found:
        yield found


@pytest.fixture
def client(small: RunningServer, request: pytest.FixtureRequest) -> Iterator[RunsClient]:
    with RunsClient(small, owner=request.node.name) as found:
        yield found


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT range AS n FROM range(1001)",
        "SELECT repeat('x', 1000) AS x FROM range(500)",
        "SELECT repeat('x', 50001) AS x",
        "SELECT range AS n, repeat('x', 1000) AS x FROM range(1000000000)",
    ],
)
def test_a_result_past_the_limits_is_an_error_and_leaves_nothing(
    small: RunningServer, client: RunsClient, sql: str
) -> None:
    before = set((small.state / "results").iterdir())
    found = client.statement(client.session(), sql)
    assert (found["state"], found["failure"]["code"]) == ("FAILED", "DLI-408"), found
    assert client.http.get(f"/runs/{found['run_id']}/result").status_code == 404
    assert set((small.state / "results").iterdir()) == before


def test_a_result_at_the_limit_is_whole(client: RunsClient) -> None:
    found = client.statement(client.session(), "SELECT range AS n FROM range(1000)")
    assert client.rows(found["run_id"]).num_rows == 1000


def test_results_are_for_the_servers_user_only(small: RunningServer, client: RunsClient) -> None:
    client.statement(client.session(), "SELECT 1")
    results = small.state / "results"
    assert results.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in results.iterdir()} == {0o600}


def test_a_full_queue_says_when_to_come_back(small: RunningServer, client: RunsClient) -> None:
    taken: list[httpx.Response] = []
    refused: list[httpx.Response] = []
    for _ in range(10):
        answer = client.by_name("lake.marts.slow")
        (taken if answer.status_code == 202 else refused).append(answer)
    # Two run, and one key may have half of the four places to wait in.
    assert len(taken) == 4
    assert {answer.status_code for answer in refused} == {429}
    assert {answer.json()["error"]["dli"]["code"] for answer in refused} == {"DLI-506"}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
    with RunsClient(small, owner="another") as other:
        found = other.ended(other.by_name("lake.marts.read", parameters={"n": 1}))
        assert found["state"] == "DONE"
    for answer in taken:
        client.http.post(f"/runs/{answer.json()['run_id']}/cancel", json={})


def test_long_text_and_many_values_are_refused(client: RunsClient) -> None:
    session = client.session()
    assert client.send(session, f"SELECT '{'x' * 2000}'").status_code == 413
    many = {f"p{number}": number for number in range(4)}
    assert client.send(session, "SELECT 1", params=many).status_code == 413


def test_sessions_are_counted(client: RunsClient) -> None:
    open_ = [client.session() for _ in range(8)]
    said = {"resource": "x", "run_id": "y"}
    assert client.http.post("/sessions", json=said).status_code == 429
    for session in open_:
        client.http.delete(f"/sessions/{session}")
    client.session()


def test_a_session_ends_at_its_deadline(client: RunsClient) -> None:
    session = client.session(timeout_seconds=0.3)
    time.sleep(1)
    assert client.send(session, "SELECT 1").status_code == 404


def test_a_graceful_end_drains_cancels_and_leaves_the_rest_queued(tmp_path: Path) -> None:
    project = write_runs_project(tmp_path / "project")
    limits = {"running": 1, "running_per_key": 1, "drain_seconds": 4}
    with running_server(project, limits=limits) as server, RunsClient(server) as client:
        slow = client.by_name("lake.marts.slow", attached=False).json()["run_id"]
        waits = client.by_name("lake.marts.read", parameters={"n": 1}, attached=False).json()
        began = time.monotonic()
        server.stop(signal.SIGTERM)
        assert time.monotonic() - began < 11
    with running_server(project) as server, RunsClient(server) as client:
        assert client.look(slow)["state"] == "CANCELLED"
        assert client.awaited(waits["run_id"])["state"] == "DONE"


def test_what_a_revoked_key_ran_is_gone(tmp_path: Path) -> None:
    project = write_runs_project(tmp_path / "project")
    with running_server(project) as server:
        with RunsClient(server, owner="leaver") as client:
            done = client.ended(client.by_name("lake.marts.read", parameters={"n": 1}))
            slow = client.by_name("lake.marts.slow", attached=False).json()["run_id"]
        assert len(list((server.state / "results").iterdir())) == 1
        engine = connect(f"sqlite:///{server.state / 'server.db'}")
        ring = KeyRing(engine, SystemClock())
        for key in ring.list():
            ring.revoke(key.key_id)
        engine.dispose()
        with RunsClient(server, Scope.ADMIN, owner="operator") as admin:
            assert admin.awaited(slow)["state"] == "CANCELLED"
            answer = admin.http.get(f"/runs/{done['run_id']}/result")
            assert answer.status_code == 404
        assert not list((server.state / "results").iterdir())


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux")
def test_a_full_disk_refuses_runs_and_loses_none(tmp_path: Path) -> None:
    """Files that may not grow stand for a disk without room: first for results, then for all."""
    project = write_runs_project(tmp_path / "project")
    with running_server(project) as server, RunsClient(server) as client:
        session = client.session(writes=True)
        client.statement(session, "CREATE TABLE lake.main.done (n BIGINT)")
        pid = server.process.pid
        largest = max(path.stat().st_size for path in server.state.rglob("*"))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest + 1_000_000, -1))
        big = client.statement(session, "SELECT range AS a, range AS b FROM range(200000)")
        assert (big["state"], big["failure"]["code"]) == ("FAILED", "DLI-504"), big
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, -1))
        for number in range(3):
            answer = client.by_name("lake.marts.add", parameters={"n": number})
            assert answer.status_code == 507, answer.text
            assert answer.json()["error"]["dli"]["code"] == "DLI-504"
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (-1, -1))
        count = client.statement(client.session(), "SELECT count(*) AS n FROM lake.main.done")
        assert client.rows(count["run_id"]).to_pylist() == [{"n": 0}]
