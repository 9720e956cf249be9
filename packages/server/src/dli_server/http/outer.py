"""Around every request: host and path, trace id, log, failures as answers."""

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any, final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dli_adapters.wire.messages import TRACE_HEADER
from dli_domain.errors import ServerUnreachableError
from dli_server.http.door import Door
from dli_server.http.limiting import Pace
from dli_server.http.refusals import HttpError, error_response
from dli_server.http.route import trace_of
from dli_server.services import Services

# A client that heeds no 429 may send thousands a second; others would wait for their answers.
_REFUSALS_PER_SECOND = 100.0
_TOO_MANY = 429
LOG = logging.getLogger("dli_server.requests")
# What proxies and servers read differently: empty, dot and encoded segments, NUL, backslash.
_AMBIGUOUS = re.compile(rb"//|\\|%00|%2[ef]|%5c|\x00|/\.{1,2}(?:/|$)", re.IGNORECASE)
_FIXED = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)


@final
class Outer:
    """The first to see a request and the last to see its answer."""

    def __init__(
        self, app: ASGIApp, services: Services, door: Door, hide: Mapping[str, str]
    ) -> None:
        self._app, self._services, self._door, self._hide = app, services, door, hide
        self._pace = Pace(_REFUSALS_PER_SECOND, services.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; nothing leaves here as an exception."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        trace = scope["dli.trace_id"] = trace_of(request)
        answered = _Answered(send, trace)
        start = self._services.clock.monotonic()
        try:
            self._check(request)
            await self._app(scope, receive, answered.send)
        except HttpError as error:
            await self._refuse(error, scope, receive, answered)
        except Exception:
            LOG.exception("failed", extra={"facts": {"trace_id": trace}})
            failed = HttpError(
                500, "INTERNAL_ERROR", "The server failed", details={"trace_id": trace}
            )
            await self._refuse(failed, scope, receive, answered)
        finally:
            seconds = self._services.clock.monotonic() - start
            self._told(scope, answered.status, seconds)

    def _check(self, request: Request) -> None:
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        if _AMBIGUOUS.search(raw) or not raw.startswith(b"/"):
            raise HttpError(400, "MALFORMED_REQUEST", "The path is ambiguous", close=True)
        self._door.check_host(request.headers.getlist("host"))
        if self._services.lifecycle.stopping and request.method == "POST":
            self._refuse_new(request.url.path)

    def _refuse_new(self, path: str) -> None:
        if path.endswith("/cancel"):
            return
        message = "The server is stopping"
        failure = ServerUnreachableError(message, hint="Try again when it is up again.")
        raise HttpError(
            503, "STOPPING", message, dli=failure, headers={"Retry-After": "5"}, close=True
        )

    async def _refuse(
        self, error: HttpError, scope: Scope, receive: Receive, answered: "_Answered"
    ) -> None:
        if answered.status is not None:
            # The head is out: all that is left is to break off, so that nobody takes it as whole.
            raise ConnectionAbortedError(error.message)
        if error.status == _TOO_MANY:
            name = scope.get("dli.key_id") or self._door.address(Request(scope))
            await asyncio.sleep(self._pace.wait(name))
        response = error_response(error, self._services.clock.now(), self._hide)
        await response(scope, receive, answered.send)

    def _told(self, scope: Scope, status: int | None, seconds: float) -> None:
        # A path that is no route has no name: callers could make up endlessly many.
        route = scope.get("dli.route", "")
        self._services.figures.request(scope["method"], route, status or 0, seconds)
        facts: dict[str, Any] = {
            "trace_id": scope["dli.trace_id"],
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "key_id": scope.get("dli.key_id"),
        }
        LOG.info("request", extra={"facts": facts})


@final
class _Answered:
    """Passes an answer on, with the headers that all have, and keeps its status."""

    def __init__(self, send: Send, trace: str) -> None:
        self._send = send
        self._trace = trace.encode()
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message.setdefault("headers", [])
            headers.append((TRACE_HEADER.lower().encode(), self._trace))
            headers.extend(_FIXED)
        await self._send(message)
