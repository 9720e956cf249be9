"""Who comes in, and who does not."""

import random
import string
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from dli_domain.errors import ConfigError
from dli_domain.ports.clock import Clock
from dli_server.app import endpoints
from dli_server.http.endpoint import Endpoint
from dli_server.http.limiting import FailureCount, TokenBuckets
from dli_server.http.scopes import Access, Scope
from dli_server.keys.form import key_id_of, new_key
from dli_server.keys.ring import KeyRing
from dli_server.storage.opening import open_database
from tests.projects import write_project
from tests.server.fixtures import RunningServer, running_server

PATH = "/api/v1/run/policy"


class SetClock(Clock):
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def today(self) -> date:
        return self.now().date()

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    project = write_project(tmp_path_factory.mktemp("server") / "project")
    with running_server(project, limits={"login_failures_per_minute": 1_000_000}) as found:
        yield found


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[KeyRing]:
    engine = open_database(tmp_path / "state")
    yield KeyRing(engine, SetClock())
    engine.dispose()


def mutants(key: str) -> list[str]:
    """Headers that are nearly the right one."""
    rng = random.Random(7)  # noqa: S311 - the same mutants in every run
    found = [f"Bearer {key[:at]}" for at in range(1, len(key))]
    for at, old in enumerate(key):
        for _ in range(4):
            new = rng.choice(string.ascii_letters + string.digits + "_-.")
            if new != old:
                found.append(f"Bearer {key[:at]}{new}{key[at + 1 :]}")
        found.append(f"Bearer {key[:at]}{key[at + 1 :]}")
        if old.swapcase() != old:
            found.append(f"Bearer {key[:at]}{old.swapcase()}{key[at + 1 :]}")
    found += [f"Bearer {new_key().text}" for _ in range(20)]
    found += [
        key,
        f"Basic {key}",
        f"Token {key}",
        f"Bearer{key}",
        f"Bearer  {key}",
        f"Bearer {key},{key}",
        f"Bearer {key} {key}",
        f"Bearer {key}{'a' * 6000}",
        f"Bearer {key.upper()}",
        f"Bearer {key.lower()}",
        f"Bearer dli_{key[4:12]}_{'0' * 32}_000000",
    ]
    return found


def test_nothing_but_the_very_key_opens_the_door(server: RunningServer) -> None:
    key = server.key()
    told = mutants(key)
    assert len(told) >= 200
    with httpx.Client(base_url=server.url) as client:
        seen = {
            (answer.status_code, answer.json()["message"])
            for text in told
            for answer in [client.get(PATH, headers={"Authorization": text})]
        }
        assert seen == {(401, "The server wants a valid key")}
        assert client.get(PATH, headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_a_key_counts_only_in_its_header(server: RunningServer) -> None:
    key = server.key()
    with httpx.Client(base_url=server.url) as client:
        for headers in ({"X-API-Key": key}, {"Cookie": f"key={key}"}, {"X-Mock-User-Id": "1"}):
            assert client.get(PATH, headers=headers).status_code == 401
        for query in (f"api_key={key}", f"access_token={key}", f"key={key}"):
            assert client.get(f"{PATH}?{query}").status_code == 401
        twice = [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {key}")]
        assert client.get(PATH, headers=twice).status_code == 400


def test_a_revoked_key_is_refused_within_a_second(server: RunningServer) -> None:
    key = server.key(Scope.CATALOG, owner="to be revoked")
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx.get(server.url + PATH, headers=headers).status_code == 200
    engine = open_database(server.state)
    from dli_adapters.clock.system import SystemClock  # noqa: PLC0415

    assert KeyRing(engine, SystemClock()).revoke(key_id_of(key) or "")
    engine.dispose()
    time.sleep(0.9)
    assert httpx.get(server.url + PATH, headers=headers).status_code == 401


def test_the_database_holds_no_key(server: RunningServer) -> None:
    key = server.key()
    secret = key.split("_")[2].encode()
    held = b"".join(path.read_bytes() for path in server.state.glob("*") if path.is_file())
    assert secret not in held


def test_a_key_ends_with_its_time(ring: KeyRing) -> None:
    made, _ = ring.create("kim", [Scope.CATALOG], days=1)
    clock = ring._clock
    assert isinstance(clock, SetClock)
    assert ring.principal(made.text) is not None
    clock.seconds = 24 * 3600 - 1
    assert ring.principal(made.text) is not None
    clock.seconds = 24 * 3600
    assert ring.principal(made.text) is None


def test_an_owner_has_two_live_keys_to_change_them(ring: KeyRing) -> None:
    old, facts = ring.create("kim", [Scope.CATALOG])
    new, _ = ring.create("kim", [Scope.CATALOG])
    with pytest.raises(ConfigError, match="2 live keys"):
        ring.create("kim", [Scope.CATALOG])
    assert ring.revoke(facts.key_id)
    assert not ring.revoke(facts.key_id)
    assert ring.principal(old.text) is None
    assert ring.principal(new.text) is not None
    ring.create("kim", [Scope.CATALOG])


@pytest.mark.parametrize(("days", "scopes"), [(0, ["admin"]), (366, ["admin"]), (1, [])])
def test_a_key_without_end_or_use_is_not_made(
    ring: KeyRing, days: int, scopes: list[Scope]
) -> None:
    with pytest.raises(ConfigError):
        ring.create("kim", scopes, days=days)


def test_wrong_keys_make_an_address_wait(tmp_path: Path) -> None:
    limits = {"login_failures_per_minute": 5}
    with (
        running_server(write_project(tmp_path / "p"), limits=limits) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        wrong = {"Authorization": f"Bearer {new_key().text}"}
        right = server.headers()
        statuses = [client.get(PATH, headers=wrong).status_code for _ in range(8)]
        held = client.get(PATH, headers=right)
        without = client.get("/api/health")
    assert statuses == [401] * 5 + [429] * 3
    assert held.status_code == 429
    assert 1 <= int(held.headers["Retry-After"]) <= 60
    assert without.status_code == 200


def test_a_key_that_floods_waits_and_others_do_not(tmp_path: Path) -> None:
    limits = {"requests_per_second": 10.0, "burst": 20}
    with (
        running_server(write_project(tmp_path / "p"), limits=limits) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        flood, honest = server.headers(owner="flood"), server.headers(owner="honest")
        answers = [client.get(PATH, headers=flood) for _ in range(60)]
        assert client.get(PATH, headers=honest).status_code == 200
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers[:20]} == {200}
    assert refused
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    assert all(answer.json()["error"]["dli"]["code"] == "DLI-506" for answer in refused)


def test_a_bucket_gives_its_rate_and_no_more() -> None:
    clock = SetClock()
    bucket = TokenBuckets(rate=10, burst=20, clock=clock)
    given = 0
    for tick in range(1000):
        clock.seconds = tick / 100
        given += bucket.wait("key") == 0
    assert 20 + 99 <= given <= 20 + 100
    failures = FailureCount(2, clock)
    failures.note("a")
    failures.note("a")
    assert failures.wait("a") == pytest.approx(60)
    assert failures.wait("b") == 0
    clock.seconds += 60
    assert failures.wait("a") == 0


def cells() -> list[tuple[Endpoint, Scope]]:
    return [(row, scope) for row in endpoints() for scope in Scope]


def test_each_route_takes_the_scope_it_declares_and_no_other(server: RunningServer) -> None:
    """Routes × scopes: a key with one scope gets 403 wherever another one is asked for."""
    wrong: list[str] = []
    with httpx.Client(base_url=server.url) as client:
        for row, scope in cells():
            path = row.path.replace("{", "x-").replace("}", "")
            headers = server.headers(scope, owner=f"matrix-{scope}")
            # No body and no query: whoever passes the door fails behind it, or reads.
            answer = client.request(row.method, path, headers=headers)
            needs_other = isinstance(row.access, Scope) and row.access is not scope
            lacking = "lacks the scope" in answer.text
            # An inner check may ask for more, never for less.
            if needs_other and not (answer.status_code == 403 and lacking):
                wrong.append(f"{row.method} {row.path} let {scope} in: {answer.status_code}")
            if row.access is scope and f"'{scope}'" in answer.text and lacking:
                wrong.append(f"{row.method} {row.path} refused {scope}")
            if answer.status_code >= 500:
                wrong.append(f"{row.method} {row.path} {answer.status_code}")
    assert wrong == []


def test_each_route_but_the_open_ones_wants_a_key(server: RunningServer) -> None:
    let_in = []
    with httpx.Client(base_url=server.url) as client:
        for row in endpoints():
            path = row.path.replace("{", "x-").replace("}", "")
            if client.request(row.method, path).status_code != 401:
                let_in.append((row.method, row.path))
    assert let_in == [(row.method, row.path) for row in endpoints() if row.access is Access.OPEN]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8070", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("127.0.0.1@evil.example", 403),
        ("[::1]:80", 200),
        ("", 403),
    ],
)
def test_a_foreign_host_header_is_refused(server: RunningServer, host: str, status: int) -> None:
    answer = httpx.get(f"{server.url}/api/health", headers={"Host": host})
    assert answer.status_code == status


def test_no_page_of_another_origin_gets_anything(server: RunningServer) -> None:
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        **server.headers(),
    }
    preflight = httpx.options(f"{server.url}/api/v1/runs", headers=headers)
    simple = httpx.post(
        f"{server.url}/api/v1/runs",
        headers={**headers, "Content-Type": "text/plain", "Idempotency-Key": "a"},
        content="{}",
    )
    assert preflight.status_code == 405
    assert simple.status_code == 415
    for answer in (preflight, simple):
        assert not [name for name in answer.headers if name.startswith("access-control")]
