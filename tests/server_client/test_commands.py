"""`dli ... run` through a server, around one that forbids it, and with a limit of rows."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dli import DatasetAPI, ExecutionContext, ExecutionMode
from dli_domain.errors import ExecutionLimitError, ExecutionPermissionError
from dli_server.http.scopes import Scope
from tests.cli.conftest import Dli
from tests.projects import DLI_YAML, SEED_SPEC, write_dataset, write_project
from tests.server.fixtures import RunningServer, running_server
from tests.server_client.listening import Listener, each_request, http_answer, listening

MANY = SEED_SPEC.replace("NAME", "many").replace(
    "SELECT 1 AS id, DATE '{{ date }}' AS d", "SELECT range AS n FROM range(50000)"
)
CHANGE = (
    SEED_SPEC.replace("NAME", "change")
    .replace("query_type: SELECT", "query_type: DML")
    .replace("SELECT 1 AS id, DATE '{{ date }}' AS d", "CREATE TEMP TABLE t AS SELECT 1 AS id")
)
TOKEN = "canary-7a31c5"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_project(tmp_path_factory.mktemp("served") / "project")
    write_dataset(root, "many", MANY)
    write_dataset(root, "change", CHANGE)
    return root


@pytest.fixture(scope="module")
def server(made: Path) -> Iterator[RunningServer]:
    with running_server(made) as running:
        yield running


@pytest.fixture
def root(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def there(root: Path, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> RunningServer:
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)
    return server


def both(dli: Dli, *tokens: str) -> tuple[dict[str, Any], dict[str, Any]]:
    here, far = (json.loads(dli(*tokens, where, "--json").out) for where in ("--local", "--server"))
    return here, far


def test_the_rows_are_the_same(dli: Dli, there: RunningServer) -> None:
    here, far = both(dli, "dataset", "run", "my_dataset", "-p", "date=2025-02-03")
    assert far["execution"] == {"mode": "server", "engine": "duckdb"}
    assert (far["rows"], far["columns"]) == (here["rows"], here["columns"])
    assert far["truncated"] is here["truncated"] is False


def test_a_file_is_the_same_byte_for_byte(dli: Dli, there: RunningServer, tmp_path: Path) -> None:
    for where in ("local", "server"):
        run = ("dataset", "run", "many", f"--{where}", "-o", str(tmp_path / f"{where}.csv"))
        assert dli(*run).code == 0
    assert (tmp_path / "local.csv").read_bytes() == (tmp_path / "server.csv").read_bytes()


def test_a_key_that_only_reads_is_told_what_it_lacks(
    dli: Dli, there: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dli("dataset", "run", "change", "--server").code == 0
    monkeypatch.setenv("DLI_API_TOKEN", there.key(Scope.RUN_ADHOC))
    assert dli("dataset", "run", "many", "--server").code == 0
    refused = dli("dataset", "run", "change", "--server")
    assert refused.code == 9
    assert "[DLI-507]" in refused.err
    assert "run:write" in refused.err
    monkeypatch.setenv("DLI_API_TOKEN", "dli_wrong")
    assert dli("dataset", "run", "many", "--server").code == 5


def test_a_key_may_hold_the_right_to_write_alone(
    dli: Dli, there: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLI_API_TOKEN", there.key(Scope.RUN_WRITE))
    assert dli("dataset", "run", "change", "--server").code == 0
    assert dli("dataset", "run", "many", "--server").code == 0
    monkeypatch.setenv("DLI_API_TOKEN", there.key(Scope.QUALITY))
    refused = dli("dataset", "run", "change", "--server")
    assert refused.code == 5
    assert "it lacks the scope 'run:adhoc'" in refused.err


@pytest.mark.parametrize("where", ["--local", "--server"])
def test_more_rows_than_allowed_end_it_and_leave_no_file(
    dli: Dli, there: RunningServer, tmp_path: Path, where: str
) -> None:
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "rows.csv"
    run = ("dataset", "run", "many", where, "-o", str(file))
    refused = dli(*run, "--max-rows", "49999")
    assert (refused.code, list(file.parent.iterdir())) == (9, [])
    assert "[DLI-408]" in refused.err
    assert dli(*run, "--max-rows", "50000").code == 0
    assert len(file.read_text().splitlines()) == 50_001
    cut = dli(*run, "--max-rows", "100", "--truncate")
    assert cut.code == 0
    assert "first 100 rows, and there are more" in cut.err
    assert "Rows: 100 (cut, there are more)" in cut.out
    assert len(file.read_text().splitlines()) == 101
    told = json.loads(dli(*run, "--max-rows", "7", "--truncate", "--json").out)
    assert (told["truncated"], told["row_count"]) == (True, 7)


def test_truncate_without_a_limit_is_a_wrong_command(dli: Dli, root: Path) -> None:
    assert dli("dataset", "run", "many", "--local", "--truncate").code == 2
    assert dli("dataset", "run", "many", "--max-rows", "0").code == 2


def test_the_library_bounds_rows_too(there: RunningServer) -> None:
    for mode in (ExecutionMode.LOCAL, ExecutionMode.SERVER):
        api = DatasetAPI(ExecutionContext(execution_mode=mode))
        with pytest.raises(ExecutionLimitError):
            api.run("many", max_rows=10)
        cut = api.run("many", max_rows=10, truncate=True)
        assert (cut.truncated, [row["n"] for row in cut.data]) == (True, list(range(10)))


class TestLocalDeny:
    @pytest.fixture
    def policy(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
        said: dict[str, Any] = {"local": "deny", "engine": "duckdb", "extensions": ["runs/1"]}

        def answer(_: bytes) -> bytes | None:
            return None if said["local"] == "gone" else http_answer(json.dumps(said))

        with listening(each_request(answer)) as listener:
            monkeypatch.setenv("DLI_SERVER_URL", listener.url)
            self.listener = listener
            yield said

    def test_a_local_run_is_refused_and_the_server_offered(
        self, dli: Dli, policy: dict[str, Any]
    ) -> None:
        refused = dli("dataset", "run", "my_dataset", "--local")
        assert refused.code == 5
        assert "[DLI-404]" in refused.err
        assert "--server" in refused.err
        with pytest.raises(ExecutionPermissionError):
            DatasetAPI(ExecutionContext(execution_mode=ExecutionMode.LOCAL)).run("my_dataset")
        # asked once in ten minutes, by whichever command
        assert len(self.listener.got) == 1
        assert dli("dataset", "render", "my_dataset").code == 0

    def test_what_only_looks_at_the_engine_is_refused_too(
        self, dli: Dli, policy: dict[str, Any]
    ) -> None:
        check = dli("config", "check", "--json")
        legs = {leg["name"]: leg for leg in json.loads(check.out)["legs"]}
        assert (check.code, legs["engine"]["status"]) == (5, "failed")
        assert legs["engine"]["error"]["code"] == "DLI-404"
        tables = dli("validate", "--engine-tables")
        assert (tables.code, "[DLI-404]" in tables.err) == (5, True)
        assert dli("validate").code == 0

    def test_its_last_answer_counts_where_it_is_away(
        self, dli: Dli, policy: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        assert dli("dataset", "run", "my_dataset", "--local").code == 5
        (kept,) = (tmp_path / "cache").rglob("policy-*.json")
        old = json.loads(kept.read_text()) | {"asked_at": "2020-01-01T00:00:00Z"}
        kept.write_text(json.dumps(old))
        policy["local"] = "gone"
        assert dli("dataset", "run", "my_dataset", "--local").code == 5

    def test_a_server_that_never_answered_forbids_nothing(
        self, dli: Dli, policy: dict[str, Any]
    ) -> None:
        policy["local"] = "gone"
        assert dli("dataset", "run", "my_dataset", "--local").code == 0


def test_no_byte_of_the_token_reaches_a_server_that_nobody_trusts(
    dli: Dli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout names a server, the user has a token: the two meet when the user says so."""
    got: list[bytes] = []

    def log(listener: Listener, held: socket.socket) -> None:
        while data := held.recv(65536):
            got.append(data)
            held.sendall(http_answer("{}", 404))

    with listening(log) as server:
        root = write_project(
            tmp_path / "checkout", dli_yaml=f"{DLI_YAML}server: {{url: '{server.url}'}}\n"
        )
        monkeypatch.chdir(root)
        monkeypatch.setenv("DLI_API_TOKEN", TOKEN)
        for command in (
            ("dataset", "run", "my_dataset", "--server"),
            ("dataset", "run", "my_dataset", "--local"),
            ("dataset", "run", "my_dataset", "--server", "--dry-run"),
            ("dataset", "run", "my_dataset", "--server", "--source", "server"),
            ("dataset", "list", "--source", "server"),
        ):
            outcome = dli(*command)
            assert TOKEN not in outcome.out + outcome.err
            assert b"".join(got) == b""
        assert dli("config", "trust", "--yes").code == 0
        dli("dataset", "run", "my_dataset", "--server")
        assert f"Bearer {TOKEN}".encode() in b"".join(got)


def test_a_checkout_may_not_say_whose_certificates_are_believed(
    dli: Dli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yaml = f"{DLI_YAML}server: {{ca_file: ca.pem}}\n"
    monkeypatch.chdir(write_project(tmp_path / "checkout", dli_yaml=yaml))
    monkeypatch.setenv("DLI_SERVER_URL", "https://127.0.0.1:9")
    refused = dli("dataset", "run", "my_dataset", "--server")
    assert (refused.code, "[DLI-008]" in refused.err) == (3, True)
    assert dli("dataset", "run", "my_dataset", "--local").code == 0


@pytest.mark.parametrize("command", [("dataset", "run", "many"), ("quality", "run", "many")])
def test_an_engine_is_not_for_a_server(
    command: tuple[str, ...], there: RunningServer, dli: Dli
) -> None:
    shown = dli(*command, "--server", "--engine", "duckdb")
    assert shown.code == 2
    assert "a server runs on its own engine" in shown.err


def test_a_run_is_found_at_the_server_by_the_id_that_was_told_here(
    there: RunningServer, dli: Dli, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = json.loads(
        dli("dataset", "run", "many", "--server", "-p", "date=2025-01-01", "--json").out
    )
    for name, value in there.environ(Scope.RUN_ADHOC, Scope.CATALOG).items():
        monkeypatch.setenv(name, value)
    told = json.loads(
        dli("dataset", "run", "many", "--server", "-p", "date=2025-01-01", "--json").out
    )
    shown = dli("query", "show", told["run_id"])
    assert shown.code == 0, shown.err
    assert "range(50000)" in shown.out
    assert dli("query", "show", ran["run_id"]).code == 3
