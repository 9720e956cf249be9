"""The transport stands what a network and a broken server do, within its limits."""

import gzip
import os
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import certifi
import msgspec
import pytest
import trustme

from dli_adapters.clock.system import SystemClock
from dli_adapters.server.exchange import CONNECT_SECONDS
from dli_adapters.server.retrying import RetryBudget, wait_before
from dli_adapters.server.transport import LostAnswerError, Transport
from dli_domain.errors import (
    ConfigError,
    DliError,
    ErrorCode,
    ExecutionLimitError,
    ExecutionTimeoutError,
    ServerAuthError,
    ServerError,
    ServerUnreachableError,
)
from dli_domain.model.run import Deadline
from dli_domain.model.secret import Secret
from dli_domain.model.settings import ServerTarget
from tests.server_client.listening import (
    Listener,
    answering,
    each_request,
    http_answer,
    listening,
    request_of,
)

TOKEN = "canary-4f1d90"
DEEP = bool(os.environ.get("DLI_DEEP"))


class Thing(msgspec.Struct):
    n: int = 0


@contextmanager
def client(
    url: str, *, seconds: float | None = None, timeout: int = 30, tries: int = 4
) -> Iterator[Transport]:
    clock = SystemClock()
    deadline = None if seconds is None else Deadline(clock.monotonic() + seconds, seconds)
    target = ServerTarget(url=url, api_key=Secret(TOKEN), timeout=timeout)
    with Transport.connect(target, clock, deadline, tries=tries) as transport:
        yield transport


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


class TestWhereThereIsNobody:
    def test_a_refused_connection_is_told_quickly_and_sends_nothing(self) -> None:
        began = time.monotonic()
        with (
            client(f"http://127.0.0.1:{unused_port()}", tries=1) as transport,
            pytest.raises(ServerUnreachableError, match="nothing was sent"),
        ):
            transport.post("/x", answer=Thing)
        assert time.monotonic() - began < 2

    def test_a_full_backlog_ends_at_the_connect_limit(self) -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            filling = [socket.socket() for _ in range(4)]
            for one in filling:
                one.setblocking(False)
                one.connect_ex(full.getsockname())
            began = time.monotonic()
            with (
                client(f"http://127.0.0.1:{full.getsockname()[1]}") as transport,
                pytest.raises(ServerUnreachableError, match="nothing was sent"),
            ):
                transport.post("/x", answer=Thing)
            assert time.monotonic() - began < CONNECT_SECONDS + 2
            for one in filling:
                one.close()

    def test_a_name_that_is_none_is_no_crash(self) -> None:
        target = ServerTarget(url="http://no.such.host.invalid")
        with (
            Transport.connect(target, SystemClock(), tries=1) as transport,
            pytest.raises(ServerUnreachableError, match="nothing was sent"),
        ):
            transport.get("/x", answer=Thing)


def silence(listener: Listener, held: socket.socket) -> None:
    with held.makefile("rb") as reader:
        listener.got.append(request_of(reader))
        listener.ended.wait(30)


def drip_body(listener: Listener, held: socket.socket) -> None:
    with held.makefile("rb") as reader:
        listener.got.append(request_of(reader))
        held.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not listener.ended.wait(0.1):
            held.sendall(b" ")


def drip_headers(listener: Listener, held: socket.socket) -> None:
    with held.makefile("rb") as reader:
        listener.got.append(request_of(reader))
        held.sendall(b"HTTP/1.1 200 OK\r\n")
        number = 0
        while not listener.ended.wait(0.1):
            number += 1
            held.sendall(f"X-{number}: a\r\n".encode())


def drip_a_header(listener: Listener, held: socket.socket) -> None:
    with held.makefile("rb") as reader:
        listener.got.append(request_of(reader))
        held.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
        while not listener.ended.wait(0.1):
            held.sendall(b"a")


@pytest.mark.parametrize("said", [silence, drip_body, drip_headers, drip_a_header])
class TestWhoTakesTime:
    def test_a_question_ends_at_the_deadline(self, said: Any) -> None:
        began = time.monotonic()
        with (
            listening(said) as server,
            client(server.url, seconds=0.7) as transport,
            pytest.raises(ExecutionTimeoutError) as caught,
        ):
            transport.get("/x", answer=Thing)
        assert caught.value.code == "DLI-402"
        assert time.monotonic() - began < 0.7 + 2

    def test_an_order_ends_at_the_deadline_as_unknown(self, said: Any) -> None:
        began = time.monotonic()
        with (
            listening(said) as server,
            client(server.url, seconds=0.7) as transport,
            pytest.raises(LostAnswerError) as caught,
        ):
            transport.post("/x", answer=Thing)
        assert caught.value.code == "DLI-407"
        assert len(server.got) == 1
        assert time.monotonic() - began < 0.7 + 2

    def test_without_a_deadline_the_timeout_of_the_target_holds(self, said: Any) -> None:
        with (
            listening(said) as server,
            client(server.url, timeout=1) as transport,
            pytest.raises(ServerUnreachableError, match="did not answer"),
        ):
            transport.get("/x", answer=Thing)
        assert len(server.got) == 1


class TestConnectionsThatGo:
    def test_stale_ones_fail_nothing(self) -> None:
        """The server closes after each answer, without a word before."""
        count = 2000 if DEEP else 150

        def once(listener: Listener, held: socket.socket) -> None:
            with held.makefile("rb") as reader:
                listener.got.append(request_of(reader))
                held.sendall(http_answer('{"n": 1}'))

        with listening(once) as server, client(server.url) as transport:
            for number in range(count):
                if number % 2:
                    assert transport.get("/x", answer=Thing).n == 1
                else:
                    found = transport.post("/x", answer=Thing, harmless=True)
                    assert found.n == 1

    def test_a_reset_before_the_answer_repeats_questions_only(self) -> None:
        answers = [None, None, http_answer('{"n": 7}')]
        with (
            listening(each_request(lambda _: answers.pop(0))) as server,
            client(server.url) as transport,
        ):
            assert transport.get("/x", answer=Thing).n == 7
        assert len(server.got) == 3
        with (
            listening(each_request(lambda _: None)) as server,
            client(server.url) as transport,
            pytest.raises(LostAnswerError),
        ):
            transport.post("/x", answer=Thing)
        assert len(server.got) == 1

    def test_every_cut_of_a_body_is_noticed(self) -> None:
        whole = http_answer('{"n": 123456789}')
        head = whole.index(b"\r\n\r\n") + 4

        for end in range(head, len(whole), 1 if DEEP else 3):

            def cut(listener: Listener, held: socket.socket, end: int = end) -> None:
                with held.makefile("rb") as reader:
                    listener.got.append(request_of(reader))
                    held.sendall(whole[:end])

            with (
                listening(cut) as server,
                client(server.url, tries=1) as transport,
                pytest.raises(ServerUnreachableError, match="broke off"),
            ):
                transport.get("/x", answer=Thing)

    def test_no_descriptor_is_left(self) -> None:
        def half(listener: Listener, held: socket.socket) -> None:
            with held.makefile("rb") as reader:
                listener.got.append(request_of(reader))
                held.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")
                held.shutdown(socket.SHUT_WR)
                listener.ended.wait(30)

        with listening(half) as server:
            before: int | None = None
            for _ in range(1000 if DEEP else 30):
                with (
                    client(server.url, tries=1) as transport,
                    pytest.raises(ServerUnreachableError),
                ):
                    transport.get("/x", answer=Thing)
                if before is None:
                    time.sleep(0.05)
                    before = ours(server.port)
            assert before is not None
            assert ours(server.port) <= before


def ours(port: int) -> int:
    """Sockets of this process that lead to the port."""
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    inodes = {line.split()[9] for line in lines if line.split()[2].endswith(f":{port:04X}")}
    links = []
    for fd in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            links.append(str(fd.readlink()))
    return sum(link[8:-1] in inodes for link in links if link.startswith("socket:"))


NOW = datetime(2026, 1, 1, tzinfo=UTC)
FORMS = [
    ("2", 2.0, 2.2),
    ("0", 0.0, 0.0),
    ("1.5", 1.5, 1.65),
    ("99999", 60.0, 60.0),
    ("-1", 0.0, 0.2),
    ("abc", 0.0, 0.2),
    ("", 0.0, 0.2),
    (None, 0.0, 0.2),
    ("nan", 0.0, 0.2),
    ("inf", 0.0, 0.2),
    ("1e400", 0.0, 0.2),
    ("  3 ", 3.0, 3.3),
    ("+4", 4.0, 4.4),
    ("٣", 3.0, 3.3),
    ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, 0.0),
    (format_datetime(NOW + timedelta(seconds=5), usegmt=True), 5.0, 5.5),
    (format_datetime(NOW + timedelta(days=5), usegmt=True), 60.0, 60.0),
    ("Wed, 21 Oct 2015 07:28:00", 0.0, 0.0),
    ("Wed, 99 Oct 2015 07:28:00 GMT", 0.0, 0.2),
    ("1, 2", 0.0, 0.2),
]


class TestWhoSaysLater:
    @pytest.mark.parametrize(("told", "least", "most"), FORMS)
    def test_every_form_of_retry_after_gives_a_wait(
        self, told: str | None, least: float, most: float
    ) -> None:
        assert least <= wait_before(1, told, NOW) <= most

    @pytest.mark.parametrize("status", [429, 503])
    def test_the_wait_is_kept(self, status: int) -> None:
        later = http_answer("{}", status, "Retry-After: 1")
        began = time.monotonic()
        with (
            answering(later, http_answer('{"n": 3}')) as server,
            client(server.url) as transport,
        ):
            assert transport.get("/x", answer=Thing).n == 3
        assert 1.0 <= time.monotonic() - began < 3

    def test_a_wait_beyond_the_deadline_is_no_wait(self) -> None:
        with (
            answering(http_answer("{}", 429, "Retry-After: 50")) as server,
            client(server.url, seconds=5) as transport,
            pytest.raises(ServerError) as caught,
        ):
            transport.post("/x", answer=Thing)
        assert caught.value.code == "DLI-506"
        assert len(server.got) == 1

    @pytest.mark.parametrize("status", [429, 503])
    def test_without_a_deadline_a_wait_beyond_the_timeout_is_no_wait(self, status: int) -> None:
        began = time.monotonic()
        with (
            answering(http_answer("{}", status, "Retry-After: 86400")) as server,
            client(server.url) as transport,
            pytest.raises(ServerError),
        ):
            transport.get("/x", answer=Thing)
        assert len(server.got) == 1
        assert time.monotonic() - began < 10

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_page_of_a_gateway_is_asked_four_times_and_not_shown(self, status: int) -> None:
        page = http_answer("<html><b>secret page</b></html>", status, kind="text/html")
        with (
            answering(page) as server,
            client(server.url) as transport,
            pytest.raises(ServerError) as caught,
        ):
            transport.get("/x", answer=Thing)
        assert len(server.got) == 4
        assert caught.value.code == "DLI-503"
        assert str(status) in caught.value.message
        assert "secret" not in caught.value.message

    @pytest.mark.parametrize("status", [502, 503, 504])
    def test_an_order_that_a_gateway_lost_is_sent_once(self, status: int) -> None:
        with (
            answering(http_answer("<html>", status, kind="text/html")) as server,
            client(server.url) as transport,
            pytest.raises(LostAnswerError),
        ):
            transport.post("/x", answer=Thing)
        assert len(server.got) == 1

    def test_basecamps_own_500_is_asked_once(self) -> None:
        body = '{"success":false,"message":"no","error":{"code":"INTERNAL_ERROR"}}'
        with (
            answering(http_answer(body, 500)) as server,
            client(server.url) as transport,
            pytest.raises(ServerError, match="no"),
        ):
            transport.get("/x", answer=Thing)
        assert len(server.got) == 1

    @pytest.mark.parametrize(("status", "code"), [(401, "DLI-502"), (403, "DLI-404")])
    def test_a_refusal_is_asked_once(self, status: int, code: str) -> None:
        with (
            answering(http_answer("", status)) as server,
            client(server.url) as transport,
            pytest.raises(DliError) as caught,
        ):
            transport.get("/x", answer=Thing)
        assert (caught.value.code, len(server.got)) == (code, 1)

    def test_repeats_stay_a_tenth_of_the_calls(self) -> None:
        now = [0.0]
        budget = RetryBudget(lambda: now[0])
        granted = 0
        for _ in range(1000):
            now[0] += 0.01
            budget.called()
            granted += budget.take()
        assert granted <= 100
        now[0] += 61
        assert budget.take()


class TestOtherPlaces:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_a_redirect_is_refused_and_nobody_else_hears_of_it(
        self, status: int, method: str
    ) -> None:
        with answering(http_answer("{}")) as other:
            there = f"Location: http://localhost:{other.port}/there"
            with (
                answering(http_answer("{}", status, there)) as server,
                client(server.url) as transport,
                pytest.raises(ServerError) as caught,
            ):
                getattr(transport, method)("/x", answer=Thing)
            assert caught.value.code == "DLI-505"
            assert (len(server.got), other.got) == (1, [])

    def test_a_link_in_an_answer_is_data(self) -> None:
        with answering(http_answer("{}")) as other:
            body = f'{{"n": 1, "nextUri": "http://localhost:{other.port}/"}}'
            with (
                answering(http_answer(body, 200, f"Link: <{other.url}>; rel=next")) as server,
                client(server.url) as transport,
            ):
                assert transport.get("/x", answer=Thing).n == 1
            assert other.got == []

    def test_the_environment_names_no_proxy_and_no_certificates(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
    ) -> None:
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        with answering(http_answer("{}")) as proxy:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, proxy.url)
            with answering(http_answer('{"n": 1}')) as server, client(server.url) as transport:
                assert transport.get("/x", answer=Thing).n == 1
            assert proxy.got == []
            assert b"Basic" not in server.got[0]


class TestTls:
    @pytest.fixture
    def authority(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> trustme.CA:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setattr(certifi, "where", lambda: str(tmp_path / "ca.pem"))
        return authority

    @staticmethod
    def serving(cert: trustme.LeafCert) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cert.configure_cert(context)
        return context

    def refused(self, context: ssl.SSLContext) -> str:
        with listening(each_request(lambda _: http_answer("{}")), context) as server:
            with (
                client(f"https://127.0.0.1:{server.port}") as transport,
                pytest.raises(ServerUnreachableError) as caught,
            ):
                transport.post("/x", answer=Thing)
            assert all(TOKEN.encode() not in one for one in server.got)
        assert caught.value.code == "DLI-501"
        return caught.value.message

    def test_a_good_certificate_is_taken(self, authority: trustme.CA) -> None:
        context = self.serving(authority.issue_cert("127.0.0.1"))
        with listening(each_request(lambda _: http_answer('{"n": 2}')), context) as server:
            with client(f"https://127.0.0.1:{server.port}") as transport:
                assert transport.get("/x", answer=Thing).n == 2
            assert TOKEN.encode() in server.got[0]

    def test_a_private_authority_is_believed_where_its_file_is_named(self, tmp_path: Path) -> None:
        private, file = trustme.CA(), tmp_path / "private.pem"
        private.cert_pem.write_to_path(str(file))
        context = self.serving(private.issue_cert("127.0.0.1"))
        with listening(each_request(lambda _: http_answer('{"n": 2}')), context) as server:
            target = ServerTarget(url=f"https://127.0.0.1:{server.port}", ca_file=str(file))
            with Transport.connect(target, SystemClock()) as transport:
                assert transport.get("/x", answer=Thing).n == 2
            with (
                Transport.connect(replace(target, ca_file=None), SystemClock()) as transport,
                pytest.raises(ServerUnreachableError, match="no secure connection"),
            ):
                transport.get("/x", answer=Thing)
        file.write_text("no certificate")
        with pytest.raises(ConfigError, match="ca_file"), Transport.connect(target, SystemClock()):
            pass

    def test_another_name_is_refused(self, authority: trustme.CA) -> None:
        assert "match" in self.refused(self.serving(authority.issue_cert("other.example")))

    def test_an_expired_one_is_refused(self, authority: trustme.CA) -> None:
        past = datetime(2020, 1, 1, tzinfo=UTC)
        cert = authority.issue_cert("127.0.0.1", not_before=past, not_after=past + timedelta(1))
        assert "expired" in self.refused(self.serving(cert))

    def test_an_unknown_authority_is_refused(self, authority: trustme.CA) -> None:
        stranger = trustme.CA()
        assert "no secure connection" in self.refused(
            self.serving(stranger.issue_cert("127.0.0.1"))
        )

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_an_old_tls_is_refused(self, authority: trustme.CA) -> None:
        context = self.serving(authority.issue_cert("127.0.0.1"))
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        assert "no secure connection" in self.refused(context)

    def test_plain_http_where_tls_is_meant_is_refused(self, authority: trustme.CA) -> None:
        def plain(listener: Listener, held: socket.socket) -> None:
            listener.got.append(held.recv(65536))
            held.sendall(http_answer("{}", 400))

        with listening(plain) as server:
            with (
                client(f"https://127.0.0.1:{server.port}") as transport,
                pytest.raises(ServerUnreachableError, match="no secure connection"),
            ):
                transport.post("/x", answer=Thing)
            assert all(TOKEN.encode() not in one for one in server.got)

    def test_tls_where_plain_http_is_meant_sends_no_token_on(self, authority: trustme.CA) -> None:
        context = self.serving(authority.issue_cert("127.0.0.1"))
        with (
            listening(each_request(lambda _: http_answer("{}")), context) as server,
            client(f"http://127.0.0.1:{server.port}") as transport,
            pytest.raises(DliError) as caught,
        ):
            transport.get("/x", answer=Thing)
        assert caught.value.code in ("DLI-501", "DLI-505")
        assert server.got == []

    @pytest.mark.parametrize("url", ["http://10.0.0.1", "http://example.com", "http://[::2]:80"])
    def test_a_token_goes_in_clear_to_this_machine_only(self, url: str) -> None:
        with pytest.raises(ServerError, match="in clear"), client(url):
            pass

    @pytest.mark.parametrize(
        "url", ["ftp://a", "127.0.0.1", "http://u:p@127.0.0.1", "http://:80", "http://a:99999"]
    )
    def test_what_is_no_address_is_refused_without_being_shown(self, url: str) -> None:
        with pytest.raises(ServerError) as caught, client(url):
            pass
        assert caught.value.code == "DLI-505"
        assert "u:p" not in str(caught.value)

    @pytest.mark.parametrize("token", ["a\nb", "a\r\nX-A: b", "가", "a b", "\x00"])
    def test_a_token_that_would_break_a_header_is_refused(self, token: str) -> None:
        target = ServerTarget(url="http://127.0.0.1:1", api_key=Secret(token))
        with pytest.raises(ServerAuthError), Transport.connect(target, SystemClock()):
            pass


class TestHostileAnswers:
    @pytest.mark.parametrize("chain", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x" * 99])
    def test_an_encoded_answer_is_refused_unread(self, chain: str) -> None:
        bomb = gzip.compress(b"\0" * (1 << 20))
        with (
            answering(http_answer(bomb, 200, f"Content-Encoding: {chain}")) as server,
            client(server.url) as transport,
            pytest.raises(ServerError, match="encoded") as caught,
        ):
            transport.get("/x", answer=Thing)
        assert caught.value.code == "DLI-505"
        assert b"Accept-Encoding: identity" in server.got[0]
        assert zlib.crc32(bomb)

    def test_a_body_without_end_stops_at_the_limit(self) -> None:
        def endless(listener: Listener, held: socket.socket) -> None:
            with held.makefile("rb") as reader:
                listener.got.append(request_of(reader))
                held.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
                while True:
                    held.sendall(b" " * 65536)

        with (
            listening(endless) as server,
            client(server.url) as transport,
            pytest.raises(ExecutionLimitError) as caught,
        ):
            transport.get("/x", answer=Thing)
        assert caught.value.code == "DLI-408"

    @pytest.mark.parametrize(
        "head",
        [
            b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n",
            b"\x16\x03\x01garbage\r\n\r\n",
            b"HTTP/9.9 0 \r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        ],
        ids=["long", "10000", "200", "garbage", "version", "lengths", "negative"],
    )
    def test_a_hostile_head_is_refused_at_once(self, head: bytes) -> None:
        began = time.monotonic()
        with (
            answering(head) as server,
            client(server.url) as transport,
            pytest.raises(ServerError) as caught,
        ):
            transport.get("/x", answer=Thing)
        assert caught.value.code == "DLI-505"
        assert time.monotonic() - began < 2

    @pytest.mark.parametrize(
        "body",
        [
            "[" * 100_000,
            '{"a":' * 100_000,
            '{"n": 1, "n": 2}',
            '{"x": {"a": 1, "a": 1}}',
            '{"x": NaN}',
            '{"x": Infinity}',
            '{"x": 1e400}',
            '{"x": -1e400}',
            '{"n": "1"}',
            "[]",
            "",
            "<html>",
            '{"n": 1} x',
            '{"n": 01}',
            "{'n': 1}",
            '{"n": 1,}',
            "\ufeff{}",
            b'{"x": "\xff"}',
            b'{"x": "\xed\xa0\x80"}',
            '{"n": ' + "9" * 5000 + "}",
        ],
    )
    def test_json_that_is_not_strict_is_refused(self, body: Any) -> None:
        began = time.monotonic()
        with (
            answering(http_answer(body)) as server,
            client(server.url) as transport,
            pytest.raises(ServerError) as caught,
        ):
            transport.get("/x", answer=Thing)
        assert caught.value.code == "DLI-505"
        assert time.monotonic() - began < 1

    def test_unknown_fields_are_left_out(self) -> None:
        with answering(http_answer('{"n": 4, "more": [1]}')) as server:
            with client(server.url) as transport:
                assert transport.get("/x", {"a": True, "b": None}, answer=Thing).n == 4
            assert server.got[0].startswith(b"GET /x?a=true HTTP/1.1\r\n")


def test_several_threads_may_use_it_at_once() -> None:
    with answering(http_answer('{"n": 1}')) as server, client(server.url) as transport:
        found: list[int] = []

        def ask() -> None:
            found.extend(transport.get("/x", answer=Thing).n for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert found == [1] * 120


def test_no_message_holds_the_token() -> None:
    said = f'{{"message":"your token {TOKEN}","error":{{"code":"ACCESS_DENIED"}}}}'
    with (
        answering(http_answer(said, 403)) as server,
        client(server.url) as transport,
        pytest.raises(DliError) as caught,
    ):
        transport.get("/x", answer=Thing)
    assert caught.value.code is ErrorCode.EXECUTION_PERMISSION
    assert TOKEN not in f"{caught.value} {caught.value.context} {caught.value.hint}"
