"""Routes × objects: what is another's, or outside of a key's specs, is answered as what is not there.

Every route that names an object is asked for a foreign one and for an unknown one; status, body and
headers must be the same but for the name itself. A route that is not in the tables fails the test.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert

from dli_server.app import endpoints
from dli_server.http.scopes import Access, Scope
from dli_server.storage.opening import connect
from dli_server.storage.tables import BACKFILLS, WORKFLOW_RUNS
from tests.server.fixtures import RunningServer, running_server
from tests.server.runs.client import RunsClient
from tests.server.runs.project import write_runs_project

ALL_BUT_ADMIN = frozenset(Scope) - {Scope.ADMIN}
MINE, THEIRS, NOBODYS = "lake.marts.read", "lake.marts.orders", "lake.marts.orderz"
_SPECS = {
    "datasets": "name: {name}\nowner: a@example.com\nteam: '@a'\ntype: Dataset\n"
    "query_type: SELECT\nquery_statement: SELECT 1 AS id\n",
    "quality": "target: {{type: dataset, name: {name}}}\nmetadata: {{owner: a@example.com}}\n"
    "tests: [{{name: t, type: not_null, columns: [id]}}]\n",
}
_NOW = datetime(2025, 1, 2, tzinfo=UTC)
_RUN = {
    "dataset_name": THEIRS,
    "dag_id": "lake_marts_orders",
    "trigger_mode": "BACKFILL",
    "status": "RUNNING",
    "parameters": {},
    "triggered_by": "kim",
    "created_at": _NOW,
}


@dataclass
class Theirs:
    """What kim's key has made; lee's key may name `lake.marts.read` alone."""

    server: RunningServer
    kim: RunsClient
    lee: RunsClient
    session: str
    run_id: str
    key: str = field(default_factory=lambda: uuid4().hex)
    backfill: str = field(default_factory=lambda: uuid4().hex)
    workflow_run: str = f"dli__{THEIRS}__2025-01-01__0123456789abcdef"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theirs]:
    project = write_runs_project(tmp_path_factory.mktemp("foreign") / "project")
    # Nothing listens there: what belongs to nobody must be told before Airflow is asked.
    airflow = {"url": "http://127.0.0.1:9", "username": "a", "password": "b", "timeout": 1.0}
    with (
        running_server(project, airflow=airflow) as server,
        RunsClient(server, *ALL_BUT_ADMIN, owner="kim") as kim,
        RunsClient(server, *ALL_BUT_ADMIN, owner="lee", specs=(MINE,)) as lee,
    ):
        found = Theirs(server=server, kim=kim, lee=lee, session=kim.session(), run_id="")
        body = {"resource": {"kind": "dataset", "name": THEIRS}}
        found.run_id = kim.ended(kim.submit(body, found.key))["run_id"]
        _write_workflow_runs(found)
        yield found


def _write_workflow_runs(theirs: Theirs) -> None:
    engine = connect(f"sqlite:///{theirs.server.state / 'server.db'}")
    made = {
        "backfill_id": theirs.backfill,
        "dataset_name": THEIRS,
        "start_date": "2025-01-01",
        "end_date": "2025-01-01",
        "parameters": {},
        "plan": {"days": []},
        "parallel": 1,
        "state": "SUCCESS",
        "created_at": _NOW,
        "created_by": "kim",
    }
    with engine.begin() as connection:
        connection.execute(insert(BACKFILLS).values(made))
        run = {**_RUN, "run_id": theirs.workflow_run, "backfill_id": theirs.backfill}
        connection.execute(insert(WORKFLOW_RUNS).values(run))
    engine.dispose()


NO_HEX = "0" * 32
REASON = {"reason": "because"}
DAYS = {"start_date": "2025-01-01", "end_date": "2025-01-02"}
# Method and path of each route with a name in it, and a body that it takes.
BODIES: Mapping[tuple[str, str], Any] = {
    ("GET", "/api/v1/catalog/tables/{name}"): None,
    ("GET", "/api/v1/catalog/tables/{name}/queries"): None,
    ("GET", "/api/v1/datasets/{name}"): None,
    ("GET", "/api/v1/metrics/{name}"): None,
    ("GET", "/api/v1/quality/{name}"): None,
    ("GET", "/api/v1/lineage/{name}"): None,
    ("POST", "/api/v1/datasets/{name}/run"): {},
    ("POST", "/api/v1/metrics/{name}/run"): {},
    ("POST", "/api/v1/quality/{name}/run"): {},
    ("GET", "/api/v1/queries/{query_id}"): None,
    ("POST", "/api/v1/queries/{query_id}/cancel"): REASON,
    ("GET", "/api/v1/runs/key/{key}"): None,
    ("GET", "/api/v1/runs/{run_id}"): None,
    ("GET", "/api/v1/runs/{run_id}/result"): None,
    ("POST", "/api/v1/runs/{run_id}/cancel"): REASON,
    ("GET", "/api/v1/sessions/{session_id}"): None,
    ("DELETE", "/api/v1/sessions/{session_id}"): None,
    ("POST", "/api/v1/sessions/{session_id}/estimate"): {"sql": "SELECT 1"},
    ("GET", "/api/v1/workflows/{dataset_name}"): None,
    ("POST", "/api/v1/workflows/{dataset_name}/run"): {},
    ("POST", "/api/v1/workflows/{dataset_name}/backfill"): DAYS,
    ("POST", "/api/v1/workflows/{dataset_name}/pause"): REASON,
    ("POST", "/api/v1/workflows/{dataset_name}/unpause"): REASON,
    ("DELETE", "/api/v1/workflows/{dataset_name}"): None,
    ("GET", "/api/v1/workflows/runs/{run_id}"): None,
    ("POST", "/api/v1/workflows/runs/{run_id}/stop"): REASON,
    ("GET", "/api/v1/workflows/backfills/{backfill_id}"): None,
    ("POST", "/api/v1/workflows/backfills/{backfill_id}/stop"): REASON,
}


def test_every_route_that_names_an_object_is_in_the_table() -> None:
    assert {(row.method, row.path) for row in endpoints() if "{" in row.path} == set(BODIES)


def _names(theirs: Theirs, path: str) -> tuple[str, str]:
    """The name of a foreign object of the route, and one of none."""
    if "/workflows/runs/" in path:
        return theirs.workflow_run, theirs.workflow_run.replace(THEIRS, NOBODYS)
    if "/metrics/" in path:
        return "lake.marts.count", "lake.marts.counz"
    for part, found in (
        ("{backfill_id}", theirs.backfill),
        ("{session_id}", theirs.session),
        ("{run_id}", theirs.run_id),
        ("{query_id}", theirs.run_id),
        ("{key}", theirs.key),
    ):
        if part in path:
            return found, NO_HEX
    return THEIRS, NOBODYS


def _told(answer: httpx.Response, name: str) -> Any:
    """The answer without its moment and without the name that was asked for."""
    body = answer.json() if answer.content else {}
    body.pop("timestamp", None)
    volatile = ("date", "x-trace-id", "content-length")
    headers = {key: value for key, value in answer.headers.items() if key not in volatile}
    return answer.status_code, repr(body).replace(name, "NAME"), headers


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_what_is_foreign_is_answered_as_what_is_not_there(
    theirs: Theirs, method: str, path: str
) -> None:
    foreign, unknown = _names(theirs, path)
    before, _, after = path.partition("{")
    rest = after.partition("}")[2]
    answers = [
        theirs.lee.http.request(
            method,
            f"{theirs.server.url}{before}{name}{rest}",
            json=BODIES[method, path],
            headers={"Idempotency-Key": uuid4().hex},
        )
        for name in (foreign, unknown)
    ]
    assert _told(answers[0], foreign) == _told(answers[1], unknown)
    assert answers[0].status_code == (204 if "sessions" in path and method == "DELETE" else 404)
    # The name is that of something: who owns it, or may name it, is answered otherwise.
    if method == "GET":
        own = theirs.kim.http.get(f"{theirs.server.url}{before}{foreign}{rest}")
        assert own.status_code != 404 or "workflows" in path, own.text


@pytest.mark.parametrize("what", ["resource", "quality", "statement", "session"])
def test_what_a_body_names_is_no_other(theirs: Theirs, what: str) -> None:
    def asked(name: str) -> httpx.Response:
        if what == "session":
            # A temporary table of another's session is not seen from one's own.
            said = {"resource": "x", "run_id": uuid4().hex, "writes": True}
            return theirs.lee.http.post("/sessions", json=said)
        bodies: dict[str, dict[str, Any]] = {
            "resource": {"resource": {"kind": "dataset", "name": name}},
            "quality": {"quality": {"reference": name}},
            "statement": {"statement": {"session_id": name, "sql": "SELECT 1"}},
        }
        return theirs.lee.submit(bodies[what])

    foreign, unknown = (theirs.session, NO_HEX) if what == "statement" else (THEIRS, NOBODYS)
    assert _told(asked(foreign), foreign) == _told(asked(unknown), unknown)
    assert asked(foreign).status_code == (403 if what == "session" else 404)


def test_lists_hold_nothing_foreign(theirs: Theirs) -> None:
    for path in (
        *("datasets", "metrics", "quality", "queries", "workflows/history", "workflows"),
        *("catalog/tables", "catalog/search?keyword=orders", "specs/problems"),
    ):
        told = theirs.lee.http.get(f"/{path}").text
        for name in (THEIRS, "lake.marts.count", theirs.run_id, theirs.backfill):
            assert name not in told, path
    assert MINE in theirs.lee.http.get("/datasets").text


@pytest.mark.parametrize("path", ["datasets", "quality"])
def test_registering_under_a_foreign_name_tells_nothing_of_it(theirs: Theirs, path: str) -> None:
    def sent(name: str) -> httpx.Response:
        text = _SPECS[path].format(name=name)
        spec = {"path": "d.yaml", "files": {"d.yaml": text}, "dialect": "duckdb"}
        return theirs.lee.http.post(f"/{path}", json={"name": name, "spec": spec, "force": True})

    assert _told(sent(THEIRS), THEIRS) == _told(sent(NOBODYS), NOBODYS)
    assert sent(THEIRS).status_code == 404


def test_nothing_of_it_came_to_harm(theirs: Theirs) -> None:
    assert theirs.kim.look(theirs.run_id)["state"] == "DONE"
    assert theirs.kim.statement(theirs.session, "SELECT 1")["state"] == "DONE"
    assert theirs.kim.http.get(f"/runs/{theirs.run_id}/result").status_code == 200
    backfill = theirs.kim.http.get(f"/workflows/backfills/{theirs.backfill}")
    assert "STOPPED" not in backfill.text


_SESSION = {"resource": "x", "run_id": "y"}
_SQL = {"rendered_sql": "SELECT 1 AS one"}
_BY_NAME = {"resource": {"kind": "dataset", "name": THEIRS}}
_TESTS = {"resource_name": "x", "tests": [{"name": "t", "type": "SINGULAR", **_SQL}]}
# Routes whose body decides: what is sent, and the one scope that lets it in.
INSIDE: tuple[tuple[str, dict[str, Any], Scope], ...] = (
    ("/api/v1/runs", _BY_NAME, Scope.RUN_SPEC),
    ("/api/v1/runs", {"quality": {"reference": THEIRS}}, Scope.QUALITY),
    ("/api/v1/sessions", _SESSION, Scope.RUN_ADHOC),
    ("/api/v1/sessions", {**_SESSION, "writes": True}, Scope.RUN_WRITE),
    ("/api/v1/execution/datasets/run", _SQL, Scope.RUN_ADHOC),
    ("/api/v1/execution/metrics/run", _SQL, Scope.RUN_ADHOC),
    ("/api/v1/execution/sql/run", {"sql": "SELECT 1"}, Scope.RUN_ADHOC),
    ("/api/v1/execution/quality/run", _TESTS, Scope.RUN_ADHOC),
    (f"/api/v1/datasets/{THEIRS}/run", {}, Scope.RUN_SPEC),
    ("/api/v1/metrics/lake.marts.count/run", {}, Scope.RUN_SPEC),
    (f"/api/v1/quality/{THEIRS}/run", {}, Scope.QUALITY),
)


def test_every_route_that_looks_inside_is_in_the_table() -> None:
    inside = {row.path for row in endpoints() if row.access is Access.CHECKED_INSIDE}
    kinds = {"datasets", "metrics", "quality"}
    known = {path for path, _, _ in INSIDE}
    named = {f"/api/v1/{kind}/{{name}}/run" for kind in kinds}
    assert inside <= known | named


@pytest.mark.parametrize(("path", "body", "wanted"), INSIDE)
def test_each_body_needs_its_scope_and_no_other_does(
    theirs: Theirs, path: str, body: dict[str, Any], wanted: Scope
) -> None:
    let_in = set()
    for scope in Scope:
        headers = theirs.server.headers(scope, owner=f"only-{scope}")
        answer = httpx.post(
            f"{theirs.server.url}{path}",
            json=body,
            headers={**headers, "Idempotency-Key": uuid4().hex},
            timeout=30,
        )
        if answer.status_code != 403:
            assert answer.status_code in (200, 201, 202), answer.text
            let_in.add(scope)
    assert let_in == {wanted}
