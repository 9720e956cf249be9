"""Runs through a real server on DuckDB: what one asks for, gets, and is refused."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from dli_adapters.wire.frames import FrameReader
from dli_adapters.wire.quality import unpacked_report
from dli_domain.errors import ResultInvalidError
from dli_domain.model.quality import Verdict
from dli_domain.model.run import ExecutionMode
from dli_server.http.scopes import Scope
from tests.server.fixtures import RunningServer
from tests.server.runs.client import RunsClient, table_of
from tests.server.runs.project import SLOW

# --- results ----------------------------------------------------------------------------------


def test_statements_of_a_session_see_each_other(client: RunsClient) -> None:
    session = client.session(writes=True)
    made = client.statement(session, "CREATE TEMP TABLE t AS SELECT 1 AS id, 'é' AS name")
    assert made["state"] == "DONE", made
    found = client.statement(session, "SELECT * FROM t")
    assert found["result"]["rows"] == 1
    assert found["result"]["columns"] == [
        {"name": "id", "type": "INTEGER"},
        {"name": "name", "type": "VARCHAR"},
    ]
    assert client.rows(found["run_id"]).to_pylist() == [{"id": 1, "name": "é"}]


def test_values_are_bound_with_their_types(client: RunsClient) -> None:
    found = client.statement(
        client.session(),
        "SELECT $d AS d, typeof($d) AS t, $n AS n",
        params={"d": {"$date": "2025-02-03"}, "n": {"$decimal": "1.50"}},
    )
    row = client.rows(found["run_id"]).to_pylist()[0]
    assert (str(row["d"]), row["t"], str(row["n"])) == ("2025-02-03", "DATE", "1.50")


def test_a_dataset_runs_by_name_with_typed_parameters(client: RunsClient) -> None:
    found = client.ended(client.by_name("lake.marts.read", parameters={"n": "7"}))
    assert found["state"] == "DONE", found
    assert found["parameters"]["n"] == 7
    assert [one["phase"] for one in found["statements"]] == ["main"]
    assert client.rows(found["run_id"]).to_pylist()[0]["n"] == 7


def test_a_metric_runs_by_name(client: RunsClient) -> None:
    found = client.ended(client.by_name("lake.marts.count", kind="metric"))
    assert client.rows(found["run_id"]).to_pylist() == [{"n": 42}], found


def test_quality_gives_a_report_with_typed_evidence(client: RunsClient) -> None:
    session = client.session(writes=True)
    client.statement(session, "CREATE SCHEMA IF NOT EXISTS lake.marts")
    client.statement(
        session,
        "CREATE OR REPLACE TABLE lake.marts.orders AS FROM (VALUES (1, 1.25), (2, 2.75)) t(id, amount)",
    )
    found = client.ended(client.submit({"quality": {"reference": "lake.marts.orders"}}))
    assert found["state"] == "DONE", found
    report = unpacked_report(
        httpx.Response(200, json=found["report"]).content, ExecutionMode.SERVER
    )
    assert [one.verdict for one in report.outcomes] == [Verdict.PASS, Verdict.FAIL]
    assert str(report.outcomes[1].samples[0]["amount"]) == "2.75"


def test_reading_goes_on_at_a_frames_border(client: RunsClient) -> None:
    found = client.statement(client.session(), "SELECT range AS n FROM range(100000)")
    path = f"/runs/{found['run_id']}/result"
    whole = client.http.get(path).content
    reader = FrameReader(_Bytes(whole))
    borders = [0, *(reader.offset for _ in reader.payloads())]
    assert len(borders) > 4
    for border in borders:
        rest = client.http.get(path, headers={"Range": f"bytes={border}-"})
        assert rest.status_code in (200, 206)
        assert whole[:border] + rest.content == whole
    assert table_of(whole).num_rows == 100_000
    with pytest.raises(ResultInvalidError):
        table_of(whole[: borders[-1]])


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, count: int, /) -> bytes:
        found = self._data[self._at : self._at + count]
        self._at += count
        return found


# --- failures ---------------------------------------------------------------------------------


def test_an_unknown_dataset_is_refused_with_the_nearest_name(client: RunsClient) -> None:
    answer = client.by_name("lake.marts.reed")
    assert answer.status_code == 404
    failure = answer.json()["error"]["dli"]
    assert failure["code"] == "DLI-101"
    assert "lake.marts.read" in failure["hint"]


def test_an_engines_error_keeps_its_place(client: RunsClient) -> None:
    found = client.ended(client.by_name("lake.marts.broken"))
    assert found["state"] == "FAILED"
    assert found["failure"]["code"] == "DLI-405"
    assert found["failure"]["location"]["path"].endswith("dataset.lake.marts.broken.yaml")


def test_a_statement_past_its_time_is_stopped(client: RunsClient) -> None:
    began = time.monotonic()
    found = client.statement(client.session(), SLOW, timeout_seconds=0.5)
    assert (found["state"], found["failure"]["code"]) == ("FAILED", "DLI-402"), found
    assert time.monotonic() - began < 5


def test_a_run_by_name_past_its_time_is_stopped(client: RunsClient) -> None:
    found = client.ended(client.by_name("lake.marts.slow", timeout_seconds=1))
    assert (found["state"], found["failure"]["code"]) == ("FAILED", "DLI-402"), found


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"resource": {"kind": "dataset", "name": "x"}, "quality": {"reference": "x"}},
        {"resource": {"kind": "view", "name": "x"}},
        {"quality": {"reference": "lake.marts.orders"}, "timeout_seconds": -1},
        {"quality": {"reference": "lake.marts.orders"}, "surprise": 1},
    ],
)
def test_a_body_that_makes_no_sense_is_refused(client: RunsClient, body: dict[str, object]) -> None:
    assert client.submit(body).status_code == 400


def test_a_run_without_rows_has_no_result(client: RunsClient) -> None:
    found = client.statement(client.session(writes=True), "CREATE TEMP TABLE t (id INT)")
    answer = client.http.get(f"/runs/{found['run_id']}/result")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "RESULT_NOT_FOUND")


# --- rights -----------------------------------------------------------------------------------


def test_text_that_writes_needs_a_writing_session(client: RunsClient) -> None:
    answer = client.send(client.session(), "CREATE TABLE lake.main.evil AS SELECT 1")
    assert answer.status_code == 403
    assert answer.json()["error"]["dli"]["code"] == "DLI-507"


def test_each_kind_of_run_needs_its_scope(server: RunningServer) -> None:
    with RunsClient(server, Scope.CATALOG) as client:
        assert client.by_name("lake.marts.read").status_code == 403
        assert client.submit({"quality": {"reference": "lake.marts.orders"}}).status_code == 403
        said = {"resource": "x", "run_id": "y"}
        assert client.http.post("/sessions", json=said).status_code == 403
    with RunsClient(server, Scope.RUN_ADHOC) as client:
        client.session()
        assert client.http.post("/sessions", json={**said, "writes": True}).status_code == 403


def test_what_another_key_owns_is_not_there(server: RunningServer, client: RunsClient) -> None:
    found = client.ended(client.by_name("lake.marts.read", parameters={"n": 1}))
    session = client.session()
    scopes = set(Scope) - {Scope.ADMIN}
    with RunsClient(server, *scopes, owner="stranger") as other:
        for path in (f"/runs/{found['run_id']}", f"/runs/{found['run_id']}/result"):
            foreign = other.http.get(path)
            unknown = other.http.get(path.replace(found["run_id"], "0" * 32))
            assert foreign.status_code == unknown.status_code == 404
            assert foreign.json()["error"]["code"] == unknown.json()["error"]["code"]
        assert other.http.post(f"/runs/{found['run_id']}/cancel", json={}).status_code == 404
        assert other.send(session, "SELECT 1").status_code == 404
        other.http.delete(f"/sessions/{session}")
    assert client.statement(session, "SELECT 1")["state"] == "DONE"


def test_a_key_for_some_specs_sees_no_others(server: RunningServer) -> None:
    with RunsClient(server, specs=("lake.marts.read",), owner="narrow") as client:
        assert client.by_name("lake.marts.read", parameters={"n": 1}).status_code == 202
        foreign = client.by_name("lake.marts.orders").json()["error"]
        unknown = client.by_name("lake.marts.ordres").json()["error"]
        assert foreign["code"] == unknown["code"] == "DATASET_NOT_FOUND"
        said = {"resource": "x", "run_id": "y", "writes": True}
        assert client.http.post("/sessions", json=said).status_code == 403


# --- once -------------------------------------------------------------------------------------


def test_one_idempotency_key_is_one_execution(client: RunsClient) -> None:
    session = client.session(writes=True)
    client.statement(session, "CREATE OR REPLACE TABLE lake.main.done (n BIGINT)")
    key = uuid4().hex
    body = {"resource": {"kind": "dataset", "name": "lake.marts.add", "parameters": {"n": 1}}}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: client.submit(body, key), range(32)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    run_id = answers[0].json()["run_id"]
    assert client.awaited(run_id)["state"] == "DONE"
    assert client.submit(body, key).json()["state"] == "DONE"
    assert client.http.get(f"/runs/key/{key}").json()["run_id"] == run_id
    other = {"resource": {"kind": "dataset", "name": "lake.marts.add", "parameters": {"n": 2}}}
    assert client.submit(other, key).status_code == 422
    count = client.statement(session, "SELECT count(*) AS n FROM lake.main.done")
    assert client.rows(count["run_id"]).to_pylist() == [{"n": 1}]


def test_a_submission_without_a_key_is_refused(client: RunsClient) -> None:
    body = {"resource": {"kind": "dataset", "name": "lake.marts.read"}}
    assert client.http.post("/runs", json=body).status_code == 400


# --- stopping ---------------------------------------------------------------------------------


def _running(client: RunsClient, **rest: Any) -> str:
    run_id: str = client.by_name("lake.marts.slow", **rest).json()["run_id"]
    for _ in range(100):
        if client.look(run_id)["state"] == "RUNNING":
            return run_id
        time.sleep(0.05)
    raise AssertionError("it did not begin")


def test_a_running_run_is_cancelled_with_its_reason(client: RunsClient) -> None:
    run_id = _running(client)
    found = client.http.post(f"/runs/{run_id}/cancel", json={"reason": "too slow"}).json()
    assert found["state"] == "CANCELLED", found
    assert found["failure"]["code"] == "DLI-406"
    assert "too slow" in found["failure"]["message"]
    again = client.http.post(f"/runs/{run_id}/cancel", json={}).json()
    assert again["state"] == "CANCELLED"


def test_a_waiting_run_is_cancelled_at_once(server: RunningServer) -> None:
    with RunsClient(server, owner="queue") as client:
        running = [_running(client) for _ in range(4)]
        waiting = client.by_name("lake.marts.slow").json()["run_id"]
        assert client.look(waiting)["state"] == "ACCEPTED"
        found = client.http.post(f"/runs/{waiting}/cancel", json={}).json()
        assert found["state"] == "CANCELLED"
        for run_id in running:
            client.http.post(f"/runs/{run_id}/cancel", json={})


def test_a_run_that_nobody_waits_for_any_more_is_stopped(
    server: RunningServer, client: RunsClient
) -> None:
    run_id = _running(client)
    leaving = httpx.Client(headers=server.headers(), trust_env=False, timeout=0.5)
    with leaving, pytest.raises(httpx.ReadTimeout):
        leaving.get(f"{server.url}/api/v1/runs/{run_id}", params={"wait": 20})
    time.sleep(1.2)
    found = client.look(run_id)
    assert found["state"] == "CANCELLED", found
    assert "nobody waits" in found["failure"]["message"]


def test_a_detached_run_goes_on_alone(server: RunningServer, client: RunsClient) -> None:
    run_id = _running(client, attached=False)
    leaving = httpx.Client(headers=server.headers(), trust_env=False, timeout=0.3)
    with leaving, pytest.raises(httpx.ReadTimeout):
        leaving.get(f"{server.url}/api/v1/runs/{run_id}", params={"wait": 20})
    time.sleep(1.2)
    assert client.look(run_id)["state"] == "RUNNING"
    client.http.post(f"/runs/{run_id}/cancel", json={})


def test_closing_a_session_stops_its_statement(client: RunsClient) -> None:
    session = client.session()
    run_id = client.send(session, SLOW).json()["run_id"]
    assert client.send(session, "SELECT 1").status_code == 409
    assert client.http.delete(f"/sessions/{session}").status_code == 204
    assert client.awaited(run_id)["state"] == "CANCELLED"
    assert client.send(session, "SELECT 1").status_code == 404
    assert client.http.delete(f"/sessions/{session}").status_code == 204


def test_waiting_holds_no_thread(client: RunsClient, server: RunningServer) -> None:
    """More waiters than the server has threads do not keep others from an answer."""
    run_id = _running(client)
    headers = server.headers()
    with httpx.Client(
        headers=headers, trust_env=False, timeout=30, limits=httpx.Limits(max_connections=100)
    ) as many:
        path = f"{server.url}/api/v1/runs/{run_id}"
        waiters = [
            threading.Thread(target=lambda: many.get(path, params={"wait": 20})) for _ in range(60)
        ]
        for waiter in waiters:
            waiter.start()
        time.sleep(0.5)
        began = time.monotonic()
        assert client.look(run_id)["state"] == "RUNNING"
        assert time.monotonic() - began < 3
        client.http.post(f"/runs/{run_id}/cancel", json={})
        for waiter in waiters:
            waiter.join(20)
