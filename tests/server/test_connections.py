"""Clients that are slow, hostile or gone: rows H1, H2, H3 and H6."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dli_server.http.scopes import Scope
from tests.projects import write_project
from tests.server.fixtures import RunningServer, running_server, start_server
from tests.server.raw import connected, exchanged, received, status

DEEP = os.environ.get("DLI_DEEP") == "1"
MANY = 2000 if DEEP else 200
HEAD_SECONDS, BODY_SECONDS = 2.0, 3.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    project = write_project(tmp_path_factory.mktemp("server") / "project")
    limits = {"head_seconds": HEAD_SECONDS, "body_seconds": BODY_SECONDS}
    with running_server(project, limits=limits) as found:
        yield found


def resident(server: RunningServer) -> int:
    """Bytes of memory that the server's process holds."""
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def head(server: RunningServer, *lines: str, start: str = "GET /api/health HTTP/1.1") -> bytes:
    host = server.url.removeprefix("http://")
    return "\r\n".join([start, f"Host: {host}", *lines, "", ""]).encode("latin-1")


def test_an_honest_request_on_a_raw_socket_is_answered(server: RunningServer) -> None:
    with connected(server, 1) as peer:
        peer.sendall(head(server))
        answer, closed = received(peer)
    assert status(answer) == 200
    assert not closed, "the connection stays open for the next request"


@pytest.mark.parametrize("dripping", ["head", "body", "nothing"])
def test_a_slow_client_is_cut_off(server: RunningServer, dripping: str) -> None:
    """H1: none of many dripping connections is held past its limit; others go on."""
    key = server.key(Scope.CATALOG)
    first = {
        "head": b"GET /api/health HTTP/1.1\r\nX-A: ",
        "body": head(
            server,
            f"Authorization: Bearer {key}",
            "Content-Type: application/json",
            "Content-Length: 1000",
            start="POST /api/v1/execution/datasets/run HTTP/1.1",
        ),
        "nothing": b"",
    }[dripping]
    peers = [connected(server) for _ in range(MANY if dripping != "body" else 50)]
    for peer in peers:
        peer.sendall(first)
        peer.setblocking(False)
    limit = BODY_SECONDS if dripping == "body" else HEAD_SECONDS
    until = time.monotonic() + limit + 2
    slowest = 0.0
    with httpx.Client(base_url=server.url) as honest:
        while time.monotonic() < until:
            for peer in peers:
                if dripping != "nothing":
                    _drip(peer)
            begun = time.monotonic()
            assert honest.get("/api/health").status_code == 200
            slowest = max(slowest, time.monotonic() - begun)
            time.sleep(0.2)
    held = sum(not _ended(peer) for peer in peers)
    for peer in peers:
        peer.close()
    assert held == 0
    assert slowest < 2


def _drip(peer: socket.socket) -> None:
    try:
        peer.send(b"a")
    except OSError:
        return


def _ended(peer: socket.socket) -> bool:
    try:
        while True:
            if not peer.recv(65536):
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_beyond_the_limit_is_refused_before_it_is_read(
    server: RunningServer, framing: str
) -> None:
    """H2: 413, and the memory does not grow with what is sent."""
    lines = [
        f"Authorization: Bearer {server.key()}",
        "Content-Type: application/json",
        "Content-Length: 209715200" if framing == "length" else "Transfer-Encoding: chunked",
    ]
    before = resident(server)
    with connected(server) as peer:
        peer.sendall(head(server, *lines, start="POST /api/v1/runs HTTP/1.1"))
        answers: list[bytes] = []
        reader = threading.Thread(target=lambda: answers.append(received(peer)[0]))
        reader.start()
        chunk = b" " * (1 << 20)
        sent = chunk if framing == "length" else b"%x\r\n%s\r\n" % (len(chunk), chunk)
        count = 0
        try:
            for _ in range(200):
                peer.sendall(sent)
                count += 1
        except OSError:
            pass
        reader.join(10)
    assert status(answers[0]) == 413
    assert count < 50
    assert resident(server) - before <= 8 << 20


def test_a_compressed_body_is_refused(server: RunningServer) -> None:
    headers = {**server.headers(), "Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = httpx.post(f"{server.url}/api/v1/runs", headers=headers, content=b"\x1f\x8b")
    assert answer.status_code == 415


GET = "GET /api/health HTTP/1.1"
POST = "POST /api/v1/runs HTTP/1.1"
CHUNKED = "Transfer-Encoding: chunked"
MALFORMED: dict[str, tuple[str, tuple[str, ...], bytes]] = {
    "two kinds of length": (POST, ("Content-Length: 5", CHUNKED), b"0\r\n\r\n"),
    "two lengths": (POST, ("Content-Length: 5", "Content-Length: 6"), b"{}   "),
    "the same length twice": (POST, ("Content-Length: 2", "Content-Length: 2"), b"{}"),
    "a list of lengths": (POST, ("Content-Length: 2, 2",), b"{}"),
    "a length with a sign": (POST, ("Content-Length: +2",), b"{}"),
    "a length with an underscore": (POST, ("Content-Length: 1_0",), b"0123456789"),
    "a length in hexadecimal": (POST, ("Content-Length: 0x2",), b"{}"),
    "a negative length": (POST, ("Content-Length: -1",), b""),
    "an unknown coding": (POST, ("Transfer-Encoding: gzip, chunked",), b"0\r\n\r\n"),
    "two codings": (POST, (CHUNKED, CHUNKED), b"0\r\n\r\n"),
    "a coding in HTTP/1.0": ("POST /api/v1/runs HTTP/1.0", (CHUNKED,), b"0\r\n\r\n"),
    "a bad chunk": (POST, (CHUNKED,), b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk of minus one": (POST, (CHUNKED,), b"-1\r\n{}\r\n0\r\n\r\n"),
    "a chunk without an end": (POST, (CHUNKED,), b"2\r\n{}XX0\r\n\r\n"),
    "NUL in the path": ("GET /api/\0health HTTP/1.1", (), b""),
    "an encoded NUL in the path": ("GET /api/health%00 HTTP/1.1", (), b""),
    "an empty segment": ("GET //api/health HTTP/1.1", (), b""),
    "an encoded dot": ("GET /api/%2e%2e/health HTTP/1.1", (), b""),
    "a dot segment": ("GET /api/../api/health HTTP/1.1", (), b""),
    "an encoded slash": ("GET /api%2Fhealth HTTP/1.1", (), b""),
    "a backslash": ("GET /api\\health HTTP/1.1", (), b""),
    "an absolute target": ("GET http://127.0.0.1/api/health HTTP/1.1", (), b""),
    "an asterisk": ("OPTIONS * HTTP/1.1", (), b""),
    "HTTP/2": ("PRI * HTTP/2.0", (), b""),
    "HTTP/0.9": ("GET /api/health", (), b""),
    "a folded header": (GET, ("X-A: 1", " 2"), b""),
    "a space before the colon": (GET, ("X-A : 1",), b""),
    "a header without a colon": (GET, ("X-A",), b""),
    "NUL in a header": (GET, ("X-A: a\0b",), b""),
    "a lone line feed": (GET, ("X-A: a\nX-B: b",), b""),
    "a lone carriage return": (GET, ("X-A: a\rX-B: b",), b""),
    "two hosts": (GET, ("Host: 127.0.0.1",), b""),
    "two keys": (GET, ("Authorization: Bearer a", "Authorization: Bearer b"), b""),
    "10,000 headers": (GET, tuple(f"X-{i}: 1" for i in range(10_000)), b""),
    "101 headers": (GET, tuple(f"X-{i}: 1" for i in range(101)), b""),
    "a header of 20 kB": (GET, ("X-A: " + "a" * 20_000,), b""),
    "a path of 20 kB": ("GET /api/health?" + "a" * 20_000 + " HTTP/1.1", (), b""),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_unsound_http_is_refused_and_the_connection_ended(server: RunningServer, name: str) -> None:
    """H3: 400 and close, whatever two parsers might make of it."""
    start, lines, body = MALFORMED[name]
    if start.startswith("POST"):
        lines = (f"Authorization: Bearer {server.key()}", "Content-Type: application/json", *lines)
    answer, closed = exchanged(server, head(server, *lines, start=start) + body, timeout=5)
    assert status(answer) == 400
    assert b'"success":false' in answer
    assert closed


def test_nothing_of_an_unsound_request_smuggles_a_second_one(server: RunningServer) -> None:
    inner = head(server)
    lines = (
        f"Authorization: Bearer {server.key()}",
        "Content-Type: application/json",
        f"Content-Length: {len(inner) + 5}",
        CHUNKED,
    )
    answer, closed = exchanged(server, head(server, *lines, start=POST) + b"0\r\n\r\n" + inner)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert closed


def test_a_new_connection_takes_the_place_of_the_longest_waiting_one(tmp_path: Path) -> None:
    limits = {"connections_per_address": 5}
    with running_server(write_project(tmp_path / "project"), limits=limits) as server:
        peers = [connected(server) for _ in range(20)]
        time.sleep(0.3)
        assert httpx.get(f"{server.url}/api/health").status_code == 200
        for peer in peers:
            peer.setblocking(False)
        assert sum(not _ended(peer) for peer in peers) <= 5
        for peer in peers:
            peer.close()


def test_it_stops_in_time_under_clients_that_never_read(tmp_path: Path) -> None:
    """H6: a signal ends it within its limit, whatever is connected."""
    project = write_project(tmp_path / "project")
    server = start_server(project, tmp_path / "state", limits={"drain_seconds": 2.0})
    peers = [connected(server) for _ in range(50)]
    for number, peer in enumerate(peers):
        peer.sendall(head(server) * 50 if number % 2 else b"GET /api/health HTTP/1.1\r\n")
    begun = time.monotonic()
    code = server.stop()
    took = time.monotonic() - begun
    for peer in peers:
        peer.close()
    assert code in (0, -15, 143)
    assert took <= 3
