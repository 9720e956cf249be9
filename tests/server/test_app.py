"""The server as anybody sees it who reaches its port."""

from collections.abc import Iterator

import httpx
import pytest

from tests.projects import write_project
from tests.server.fixtures import RunningServer, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    project = write_project(tmp_path_factory.mktemp("server") / "project")
    with running_server(project) as found:
        yield found


def test_anybody_may_ask_whether_it_is_up(server: RunningServer) -> None:
    answer = httpx.get(f"{server.url}/api/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "UP"


def test_everything_else_wants_a_key(server: RunningServer) -> None:
    assert httpx.get(f"{server.url}/api/v1/health").status_code == 401
    answer = httpx.get(f"{server.url}/api/v1/run/policy", headers=server.headers())
    assert answer.status_code == 200
    assert answer.json()["engine"] == "duckdb"


def test_an_unknown_path_is_told_as_one(server: RunningServer) -> None:
    answer = httpx.get(f"{server.url}/api/v1/nothing", headers=server.headers())
    assert answer.status_code == 404
    assert answer.json()["error"] == {"code": "NOT_FOUND"}
