"""What a request may hold."""

from collections.abc import Iterator

import httpx
import pytest

from dli_adapters.wire.messages import Message, RunSubmission, SessionRequest
from dli_server.app import checked
from dli_server.endpoints.health import ENDPOINTS
from dli_server.http.decoding import decoded
from dli_server.http.endpoint import Endpoint
from dli_server.http.refusals import HttpError
from tests.projects import write_project
from tests.server.fixtures import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    project = write_project(tmp_path_factory.mktemp("server") / "project")
    with running_server(project) as found:
        yield found


def post(server: RunningServer, content: bytes, **headers: str) -> httpx.Response:
    told = {**server.headers(), "Content-Type": "application/json", **headers}
    return httpx.post(f"{server.url}/api/v1/sessions", headers=told, content=content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "VALIDATION_ERROR"),
        (b"{", "MALFORMED_REQUEST"),
        (b"[]", "VALIDATION_ERROR"),
        (b"null", "VALIDATION_ERROR"),
        (b"\xff\xfe{}", "MALFORMED_REQUEST"),
        (b'{"resource":"\xed\xa0\x80"}', "MALFORMED_REQUEST"),
        (b'{"resource":"a","run_id":"b","nothing":1}', "VALIDATION_ERROR"),
        (b'{"resource":1,"run_id":"b"}', "VALIDATION_ERROR"),
        (b'{"resource":"a\\u0000","run_id":"b"}', "MALFORMED_REQUEST"),
        (b'{"resource":"a","run_id":NaN}', "MALFORMED_REQUEST"),
        (b'{"resource":"a","run_id":' + b"[" * 17 + b"]" * 17 + b"}", "MALFORMED_REQUEST"),
        (b'{"resource":"a","run_id":' + b"[" * 100_000, "MALFORMED_REQUEST"),
    ],
)
def test_a_wrong_body_is_a_400_that_says_why(
    server: RunningServer, content: bytes, code: str
) -> None:
    answer = post(server, content)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert answer.json()["success"] is False


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_read(server: RunningServer, kind: str) -> None:
    assert post(server, b"{}", **{"Content-Type": kind}).status_code == 415


@pytest.mark.parametrize("query", ["nothing=1", "wait=a", "wait=1&wait=2", "wait="])
def test_a_wrong_query_is_a_400(server: RunningServer, query: str) -> None:
    answer = httpx.get(f"{server.url}/api/v1/runs/{'0' * 32}?{query}", headers=server.headers())
    assert answer.status_code in (400, 404)
    if query != "nothing=1":
        assert "wait" in answer.text or answer.status_code == 404


def test_the_word_null_is_no_value_of_a_query(server: RunningServer) -> None:
    url = f"{server.url}/api/v1/specs/problems"
    assert httpx.get(url, headers=server.headers()).status_code == 200
    for null in ("null", "NULL"):
        assert httpx.get(f"{url}?kind={null}", headers=server.headers()).status_code == 400


def test_a_trace_id_comes_back_and_a_wild_one_does_not(server: RunningServer) -> None:
    url = f"{server.url}/api/health"
    assert httpx.get(url, headers={"X-Trace-Id": "my-1.2_3"}).headers["X-Trace-Id"] == "my-1.2_3"
    for wild in ("a" * 65, "a b", '{"a":1}'):
        assert httpx.get(url, headers={"X-Trace-Id": wild}).headers["X-Trace-Id"] != wild


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    found = decoded(rb'{"resource":"a\\u0000","run_id":"b"}', SessionRequest)
    assert found.resource == r"a\u0000"


def test_brackets_in_texts_do_not_count_as_depth() -> None:
    text = b"[" * 50 + rb"\"{" * 50
    decoded(b'{"resource":"' + text + b'","run_id":"b"}', SessionRequest)
    with pytest.raises(HttpError, match="deeper"):
        decoded(b'{"resource":"\\\\","run_id":' + b"[" * 16 + b"]" * 16 + b"}", SessionRequest)


def test_a_route_that_says_not_who_may_call_it_is_not_served() -> None:
    row = ENDPOINTS[0]
    fields = {"method": "GET", "path": "/x", "handler": row.handler, "summary": ""}
    with pytest.raises(ValueError, match="declares no access"):
        checked([Endpoint(**fields, access=None)])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="twice"):
        checked([row, row])

    class Loose(Message, frozen=True, kw_only=True):
        pass

    with pytest.raises(ValueError, match="unknown fields"):
        checked([Endpoint(**fields, access=row.access, body=Loose)])  # type: ignore[arg-type]
    checked([Endpoint(**fields, access=row.access, body=RunSubmission)])  # type: ignore[arg-type]
