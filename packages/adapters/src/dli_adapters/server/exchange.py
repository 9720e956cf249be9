"""One request and its answer: sent once, bounded by a moment, whole or not at all."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import httpcore

from dli_adapters.server import answers
from dli_adapters.server.answers import Answer
from dli_adapters.server.connection import Origin
from dli_adapters.wire.messages import DIGEST_HEADER, content_digest
from dli_domain.ports.clock import Clock

CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent, and the moment at which all of it must be over.

    `fresh` asks for a connection of its own: one that was kept may end just when it is used, and
    then nobody knows whether the request arrived.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    until: float
    fresh: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class NeverLeftError(Exception):
    """There was no connection, so nothing was sent; `passing` where another try may get one."""

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing


class BrokenOffError(Exception):
    """It was sent, and no whole answer came.

    `garbage` where something came that is no HTTP; `stale` where the connection had carried
    requests before and ended without a word.
    """

    def __init__(self, message: str, *, garbage: bool = False, stale: bool = False) -> None:
        super().__init__(message)
        self.garbage = garbage
        self.stale = stale


class LateError(Exception):
    """It was sent, and the time ended before the answer did."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """The way to one origin. May be used by several threads at once."""

    origin: Origin
    clock: Clock
    pool: httpcore.ConnectionPool
    fresh: httpcore.ConnectionPool

    def answer(self, request: Request, limit: int) -> Answer:
        """Send it and read the whole answer, up to `limit` bytes.

        Raises:
            NeverLeftError, BrokenOffError, LateError: see there.
            ServerError: DLI-505, it sends elsewhere, or is encoded.
            ExecutionLimitError: it is longer.
        """
        return self.whole(self.open(request), request, limit)

    def open(self, request: Request) -> httpcore.Response:
        """Send it and read the head of the answer; whoever takes it closes it.

        Raises:
            NeverLeftError, BrokenOffError, LateError: see there.
        """
        now = self.clock.monotonic()
        if request.until <= now:
            raise NeverLeftError("there is no time left", passing=False)
        pool = self.fresh if request.fresh else self.pool
        connected: list[str] = []
        try:
            return pool.handle_request(self._sent(request, now, connected))
        except httpcore.ConnectError as error:
            raise _unconnected(error) from error
        except (httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            raise NeverLeftError("no connection in time", passing=False) from error
        except (httpcore.ReadTimeout, httpcore.WriteTimeout) as error:
            raise LateError from error
        except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
            # An end without a word is a fault of the way; what is said and is no HTTP is not.
            garbage = isinstance(error, httpcore.RemoteProtocolError) and "disconnected" not in str(
                error
            )
            stale = not garbage and not connected
            raise BrokenOffError("no answer came back", garbage=garbage, stale=stale) from error

    def whole(self, response: httpcore.Response, request: Request, limit: int) -> Answer:
        """The rest of an answer; closes it."""
        try:
            headers = answers.checked_headers(response.headers, str(request))
            if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
                raise answers.protocol(
                    f"The server answered {response.status} to {request}: it sends elsewhere, "
                    "and dli goes nowhere else than to 'server.url'"
                )
            body = answers.whole(self.pieces(response), limit, str(request))
            if _altered(headers, body):
                raise BrokenOffError("the answer was altered on its way")
            return Answer(response.status, headers, body)
        finally:
            response.close()

    def pieces(self, response: httpcore.Response) -> Iterator[bytes]:
        """The body as it comes.

        Raises:
            BrokenOffError, LateError: see there.
        """
        try:
            yield from response.iter_stream()
        except (httpcore.ReadTimeout, httpcore.WriteTimeout) as error:
            raise LateError from error
        except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
            raise BrokenOffError("the answer broke off") from error

    def _sent(self, request: Request, now: float, connected: list[str]) -> httpcore.Request:
        def trace(event: str, _: object) -> None:
            if event == "connection.connect_tcp.started":
                connected.append(event)

        return httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=self.origin.scheme.encode(),
                host=self.origin.host.encode(),
                port=self.origin.port,
                target=(self.origin.prefix + request.path).encode("ascii"),
            ),
            headers=list(request.headers),
            content=request.body,
            extensions={
                "trace": trace,
                # moments, see connection.py; only the wait for a free connection is in seconds
                "timeout": {
                    "connect": min(request.until, now + CONNECT_SECONDS),
                    "read": request.until,
                    "write": request.until,
                    "pool": request.until - now,
                },
            },
        )


def _altered(headers: dict[str, str], body: bytes) -> bool:
    told = headers.get(DIGEST_HEADER.lower(), "")
    return told.startswith("sha-256=") and told != content_digest(body)


def _unconnected(error: httpcore.ConnectError) -> NeverLeftError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return NeverLeftError(f"no secure connection: {_reason(cause)}", passing=False)
        cause = cause.__cause__ or cause.__context__
    return NeverLeftError(str(error) or "no connection", passing=True)


def _reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or "the other side speaks something else").replace("_", " ").lower()
