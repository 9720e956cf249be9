"""Each code of the contract's error table, by something that really happens."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import Dli

DATASET = """\
name: shop.mart.d
owner: kim@example.com
team: "@shop"
query_type: SELECT
query_statement: {sql}
execution: {{dialect: duckdb}}
"""


def project(sql: str = "SELECT 1 AS one", settings: str = "") -> None:
    Path("dli.yaml").write_text("local:\n  engine: duckdb\n" + settings)
    Path("datasets").mkdir()
    Path("datasets/dataset.shop.mart.d.yaml").write_text(DATASET.format(sql=sql))


class Basecamp:
    """A loopback server that answers one status and keeps what it was sent."""

    def __init__(self, status: int) -> None:
        seen: list[tuple[str, str | None]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append((self.path, self.headers.get("Authorization")))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.seen = seen
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _asked(token: str | None) -> list[tuple[str, str | None]]:
    """What `dli config check` asks: the policy before it opens the engine, then the health."""
    return [("/api/v1/run/policy", token), ("/api/v1/health", token)]


@pytest.fixture
def basecamp(request: pytest.FixtureRequest) -> Iterator[Basecamp]:
    server = Basecamp(request.param)
    yield server
    server.stop()


def test_401_the_engine_fails_in_a_way_that_is_not_the_querys(dli: Dli) -> None:
    project("COMMIT")
    outcome = dli("dataset", "run", "shop.mart.d")
    assert (outcome.code, "[DLI-401]" in outcome.err) == (4, True)


def test_402_the_deadline_passes(dli: Dli) -> None:
    project("SELECT sum(sin(a.range * b.range)) FROM range(1000000) a, range(1000000) b")
    outcome = dli("dataset", "run", "shop.mart.d", "--timeout", "1")
    assert (outcome.code, "[DLI-402]" in outcome.err) == (7, True)


def test_403_the_engine_cannot_be_opened(dli: Dli) -> None:
    project(settings="  duckdb: {path: missing.duckdb, read_only: true}\n")
    outcome = dli("dataset", "run", "shop.mart.d")
    assert (outcome.code, "[DLI-403]" in outcome.err) == (6, True)
    assert "missing.duckdb" in outcome.err


def test_404_the_engine_does_not_allow_it(dli: Dli) -> None:
    duckdb.connect("shop.duckdb").close()
    project("SET enable_external_access = true", "  duckdb: {path: shop.duckdb}\n")
    Path("secret.csv").write_text("a\n1\n")
    Path("secret.csv").chmod(0)
    spec = Path("datasets/dataset.shop.mart.d.yaml")
    spec.write_text(DATASET.format(sql="SELECT * FROM read_csv('secret.csv')"))
    pre = "pre_statements: [{name: shut, sql: SET enable_external_access = false}]\n"
    spec.write_text(spec.read_text() + pre)
    outcome = dli("dataset", "run", "shop.mart.d")
    assert (outcome.code, "[DLI-404]" in outcome.err) == (5, True)


def test_405_the_query_is_wrong_and_its_place_is_told(dli: Dli) -> None:
    project("SELECT amuont FROM (SELECT 1 AS amount)")
    outcome = dli("dataset", "run", "shop.mart.d")
    assert (outcome.code, "[DLI-405]" in outcome.err) == (4, True)
    assert "datasets/dataset.shop.mart.d.yaml:5:25" in outcome.err


def test_501_there_is_no_server(dli: Dli) -> None:
    project()
    outcome = dli("dataset", "run", "shop.mart.d", "--server")
    assert (outcome.code, "[DLI-501]" in outcome.err) == (6, True)
    Path("home.txt").write_text("")
    assert dli("config", "set", "--global", "server.url", "http://127.0.0.1:9").code == 0
    outcome = dli("config", "check")
    assert (outcome.code, "DLI-501" in outcome.out + outcome.err) == (6, True)


@pytest.mark.parametrize("basecamp", [401], indirect=True)
def test_502_the_server_refuses_the_token(
    dli: Dli, basecamp: Basecamp, monkeypatch: pytest.MonkeyPatch
) -> None:
    project()
    monkeypatch.setenv("DLI_SERVER_URL", basecamp.url)
    monkeypatch.setenv("DLI_API_TOKEN", "canary-8d1f")
    outcome = dli("config", "check")
    assert (outcome.code, "DLI-502" in outcome.out + outcome.err) == (5, True)
    assert basecamp.seen == _asked("Bearer canary-8d1f")
    assert "canary" not in outcome.out + outcome.err


@pytest.mark.parametrize("basecamp", [500], indirect=True)
def test_503_the_server_fails(
    dli: Dli, basecamp: Basecamp, monkeypatch: pytest.MonkeyPatch
) -> None:
    project()
    monkeypatch.setenv("DLI_SERVER_URL", basecamp.url)
    outcome = dli("config", "check")
    assert (outcome.code, "DLI-503" in outcome.out + outcome.err) == (6, True)
    assert basecamp.seen == _asked(None)


@pytest.mark.parametrize("basecamp", [200], indirect=True)
def test_a_checkouts_server_never_gets_the_users_token(
    dli: Dli, basecamp: Basecamp, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(settings=f"server: {{url: '{basecamp.url}'}}\n")
    monkeypatch.setenv("DLI_API_TOKEN", "canary-8d1f")
    outcome = dli("config", "check")
    assert "DLI-008" in outcome.out + outcome.err
    assert basecamp.seen == []
    assert dli("config", "trust", "--yes").code == 0
    assert dli("config", "check").code == 0
    assert basecamp.seen == _asked("Bearer canary-8d1f")


def test_the_dialect_of_the_settings_is_that_of_specs_that_name_none(
    dli: Dli, monkeypatch: pytest.MonkeyPatch
) -> None:
    project("SELECT DATE_DIFF(DATE '2025-01-03', DATE '2025-01-01', DAY) AS days")
    spec = Path("datasets/dataset.shop.mart.d.yaml")
    spec.write_text(spec.read_text().replace("execution: {dialect: duckdb}\n", ""))
    monkeypatch.setenv("DLI_ENGINE", "duckdb")
    assert dli("dataset", "run", "shop.mart.d").code == 4
    monkeypatch.setenv("DLI_DIALECT", "bigquery")
    assert dli("dataset", "run", "shop.mart.d", "-o", "days.csv").code == 0
    assert Path("days.csv").read_text() == "days\n2\n"
