"""Keys, the audit log and `local: deny`, by commands and beside a server that runs."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from dli import DatasetAPI, DliError, ErrorCode, ExecutionContext, ExecutionMode
from dli_cli.scaffold import project_files
from dli_server.http.scopes import Scope
from dli_server.keys.form import key_id_of
from dli_server.storage.opening import connect
from dli_server.storage.tables import KEYS
from tests.cli.conftest import Dli, dli
from tests.server.fixtures import RunningServer, running_server

__all__ = ["dli"]

ASKED = "/api/v1/run/policy"


def write_demo(root: Path) -> Path:
    """The project of `dli init`."""
    for name, text in project_files("demo").items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    project = write_demo(tmp_path_factory.mktemp("operating") / "project")
    # Keys that have ended are tried more often here than an address may.
    limits = {"login_failures_per_minute": 1_000}
    with running_server(project, limits=limits, policy={"local": "deny"}) as found:
        yield found


@pytest.fixture
def make(server: RunningServer, dli: Dli) -> Callable[..., str]:
    """Make a key by the command; its text."""

    def made(owner: str, *words: str, scope: str = "catalog") -> str:
        state = str(server.state)
        done = dli(
            *("server", "key", "create", "--owner", owner, "--scope", scope, "--state", state),
            *words,
        )
        assert done.code == 0, done.err
        return done.out.strip()

    return made


def status(server: RunningServer, key: str) -> int:
    """What the server says to who holds the key."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(server.url + ASKED, headers=headers).status_code


def revoke(dli: Dli, server: RunningServer, key: str) -> None:
    gone = dli("server", "key", "revoke", key_id_of(key) or "", "--state", str(server.state))
    assert gone.code == 0, gone.err


def test_every_line_of_the_log_is_json_and_holds_no_sql(server: RunningServer) -> None:
    body = {"sql": "WITH x AS (COPY t TO 'canary') SELECT 1"}  # sqlglot would warn with it
    headers = server.headers(Scope.RUN_ADHOC)
    answer = httpx.post(f"{server.url}/api/v1/execution/sql/run", headers=headers, json=body)
    assert answer.status_code == 403, answer.text
    limit, log = time.monotonic() + 10, ""
    while "/sql/run" not in log and time.monotonic() < limit:  # it is written after the answer
        log = (server.state / "server.log").read_text()
    assert "/sql/run" in [json.loads(line)["route"][-8:] for line in log.splitlines()]
    assert "canary" not in log


def test_the_audit_log_tells_where_a_run_came_from_and_which_text_was_refused(
    server: RunningServer,
) -> None:
    asked = {"sql": "SELECT * FROM read_csv('canary')"}, {"sql": "SELECT 41 + 1"}
    for body, status in zip(asked, (403, 200), strict=True):
        headers = server.headers(Scope.RUN_ADHOC)
        path = "/api/v1/execution/sql/run"
        assert httpx.post(server.url + path, headers=headers, json=body).status_code == status
    log = (server.state / "audit" / "audit.jsonl").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    for body, event in zip(asked, ("run.refused", "run.submitted"), strict=True):
        digest = sha256(body["sql"].encode()).hexdigest()
        found = [one for one in lines if one.get("sql_sha256") == digest]
        assert (found[0]["event"], found[0]["address"]) == (event, "127.0.0.1")
    assert "canary" not in log


def test_a_key_works_at_once_and_ends_within_a_second_of_its_revocation(
    server: RunningServer, dli: Dli, make: Callable[..., str]
) -> None:
    late = []
    for _ in range(5):
        key = make("kim")
        assert status(server, key) == 200
        revoke(dli, server, key)
        began = time.monotonic()
        while status(server, key) == 200:
            assert time.monotonic() - began < 5
        late.append(time.monotonic() - began)
    assert max(late) <= 1.0


def test_a_key_is_changed_without_a_gap(
    server: RunningServer, dli: Dli, make: Callable[..., str]
) -> None:
    old = make("rotating")
    new = make("rotating")
    assert (status(server, old), status(server, new)) == (200, 200)
    third = dli(
        *("server", "key", "create", "--owner", "rotating", "--scope", "catalog"),
        *("--state", str(server.state)),
    )
    assert (third.code, third.out) == (3, "")
    assert "2 live keys" in third.err
    assert "dli server key revoke" in third.err
    revoke(dli, server, old)
    assert status(server, new) == 200
    assert status(server, make("rotating")) == 200


def test_a_key_ends_with_its_days(
    server: RunningServer, dli: Dli, make: Callable[..., str]
) -> None:
    key = make("passing", "--days", "1")
    listed = json.loads(dli("server", "key", "list", "--state", str(server.state), "--json").out)
    (facts,) = [one for one in listed["keys"] if one["owner"] == "passing"]
    lives = datetime.fromisoformat(facts["expires_at"]) - datetime.fromisoformat(
        facts["created_at"]
    )
    assert lives == timedelta(days=1)
    # A day later, which nobody waits for here.
    engine = connect(f"sqlite:///{server.state / 'server.db'}")
    with engine.begin() as connection:
        ended = datetime.now(UTC) - timedelta(seconds=1)
        mine = update(KEYS).where(KEYS.c.key_id == facts["key_id"])
        connection.execute(mine.values(expires_at=ended))
    engine.dispose()
    assert status(server, key) == 401
    lines = dli("server", "key", "list", "--state", str(server.state)).out.splitlines()
    assert "ended" in next(line for line in lines if "passing" in line)
    for days in ("0", "366", "x"):
        words = ("--owner", "a", "--scope", "catalog", "--days", days)
        wrong = dli("server", "key", "create", *words, "--state", str(server.state))
        assert (wrong.code, wrong.out) == (2, "")


def test_a_key_that_is_gone_is_told_so_by_a_code(
    server: RunningServer, dli: Dli, make: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make("leaver")
    monkeypatch.setenv("DLI_SERVER_URL", server.url)
    monkeypatch.setenv("DLI_API_TOKEN", key)
    assert dli("dataset", "list", "--source", "server").code == 0
    revoke(dli, server, key)
    time.sleep(0.9)
    refused = dli("dataset", "list", "--source", "server")
    assert (refused.code, refused.err[:9]) == (5, "[DLI-502]")
    assert key.split("_")[2] not in refused.err


def _cut(lines: list[bytes]) -> list[bytes]:
    return lines[:1] + lines[2:]


def _flipped(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b'"kim"', b'"kin"'), *lines[2:]]


def _swapped(lines: list[bytes]) -> list[bytes]:
    return [lines[1], lines[0], *lines[2:]]


def _doubled(lines: list[bytes]) -> list[bytes]:
    return [lines[0], *lines]


def _without_end(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


@pytest.mark.parametrize("edit", [_cut, _flipped, _swapped, _doubled, _without_end])
def test_every_edit_of_the_audit_log_is_found_by_the_command(
    edit: Callable[[list[bytes]], list[bytes]], dli: Dli, tmp_path: Path
) -> None:
    state = ("--state", str(tmp_path / "state"))
    for number in range(4):
        owner = "kim" if number < 2 else f"owner-{number}"
        words = ("server", "key", "create", "--owner", owner, "--scope", "catalog")
        assert dli(*words, *state).code == 0
    sound = json.loads(dli("server", "audit", "verify", *state, "--json").out)
    assert (sound["status"], sound["lines"]) == ("success", 4)
    log = tmp_path / "state" / "audit" / "audit.jsonl"
    whole = log.read_bytes()
    lines = whole.splitlines(keepends=True)
    changed = edit(lines)
    assert changed != lines
    log.write_bytes(b"".join(changed))
    found = dli("server", "audit", "verify", *state, "--head", sound["head"], "--json")
    assert found.code == 1
    assert json.loads(found.out)["faults"]
    assert dli("server", "audit", "verify", *state).code == 1
    log.write_bytes(whole)
    assert dli("server", "audit", "verify", *state, "--head", sound["head"]).code == 0


LOCAL = (
    ("dataset", "run", "demo.daily_clicks"),
    ("metric", "run", "demo.clicks_per_user"),
    ("quality", "run", "demo.daily_clicks"),
    ("dataset", "run", "demo.daily_clicks", "--estimate"),
)


@pytest.fixture
def denied(server: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunningServer:
    """The working directory is a project, its user has a key of a server that says local: deny."""
    monkeypatch.chdir(write_demo(tmp_path / "mine"))
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)
    return server


@pytest.mark.parametrize("command", LOCAL, ids=" ".join)
def test_where_local_is_denied_the_server_is_offered_and_works(
    denied: RunningServer, dli: Dli, command: tuple[str, ...]
) -> None:
    for here in ((), ("--local",)):
        refused = dli(*command, *here)
        assert (refused.code, refused.out, refused.err[:9]) == (5, "", "[DLI-404]")
        assert "local: deny" in refused.err
        assert "--server" in refused.err
    done = dli(*command, "--server")
    assert done.code == 0, done.err


def test_where_local_is_denied_a_library_is_refused_too(denied: RunningServer) -> None:
    local = DatasetAPI(ExecutionContext(execution_mode=ExecutionMode.LOCAL))
    with pytest.raises(DliError) as refused:
        local.run("demo.daily_clicks")
    assert refused.value.code is ErrorCode.EXECUTION_PERMISSION
    remote = DatasetAPI(ExecutionContext(execution_mode=ExecutionMode.SERVER))
    assert remote.run("demo.daily_clicks").row_count == 3


def test_what_sends_nothing_to_an_engine_is_not_denied(denied: RunningServer, dli: Dli) -> None:
    for words in (
        ("dataset", "render", "demo.daily_clicks"),
        ("dataset", "run", "demo.daily_clicks", "--dry-run"),
        ("validate", "--all"),
        ("lineage", "demo.daily_clicks"),
        ("dataset", "list"),
    ):
        assert dli(*words).code == 0, words
