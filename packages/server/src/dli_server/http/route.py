"""An endpoint as an ASGI application: the door, the decoders, the handler, the answer."""

import inspect
import re
from typing import Any, final
from uuid import uuid4

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dli_adapters.wire.messages import (
    DIGEST_HEADER,
    KEY_HEADER,
    TRACE_HEADER,
    content_digest,
)
from dli_domain.errors import DliError
from dli_server.http.decoding import body_of, query_of
from dli_server.http.door import Door, check_access
from dli_server.http.endpoint import Answer, Call, Endpoint, Principal
from dli_server.http.refusals import JSON, HttpError, refused
from dli_server.http.scopes import Access
from dli_server.services import Services

_TRACE = re.compile(r"[0-9A-Za-z._-]{1,64}")
_KEY = re.compile(r"[!-~]{1,200}")
_NOBODY = Principal(key_id="", owner="", scopes=frozenset())


def trace_of(request: Request) -> str:
    """The caller's trace id where it is a sound one, else a new one."""
    given = request.headers.get(TRACE_HEADER, "")
    return given if _TRACE.fullmatch(given) else uuid4().hex


def encoded(value: Any) -> bytes:
    """JSON, times in UTC."""
    return msgspec.json.encode(value)


@final
class EndpointApp:
    """Answers the requests of one endpoint."""

    def __init__(self, endpoint: Endpoint, services: Services, door: Door) -> None:
        self._endpoint = endpoint
        self._services = services
        self._door = door
        self._waits = inspect.iscoroutinefunction(endpoint.handler)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every failure becomes an `HttpError`."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except DliError as error:
            raise refused(error) from error
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        call = await self._call(request)
        handler = self._endpoint.handler
        found: Any = handler(call) if self._waits else await run_in_threadpool(handler, call)
        if self._waits:
            found = await found
        if isinstance(found, Response):
            return found
        answer = (
            found if isinstance(found, Answer) else Answer(body=found, status=self._endpoint.status)
        )
        body = b"" if answer.body is None else encoded(answer.body)
        return Response(
            body,
            status_code=answer.status,
            media_type=JSON if body else None,
            headers={**answer.headers, DIGEST_HEADER: content_digest(body)},
        )

    async def _call(self, request: Request) -> Call:
        endpoint = self._endpoint
        request.scope["dli.route"] = endpoint.path
        principal = _NOBODY
        if endpoint.access is not Access.OPEN:
            principal = await self._door.principal(request)
            check_access(principal, endpoint.access)
        try:
            body = await body_of(request, endpoint.body, self._services.config.limits.body_bytes)
        except ClientDisconnect as error:
            raise HttpError(400, "MALFORMED_REQUEST", "The request broke off") from error
        return Call(
            services=self._services,
            principal=principal,
            path=request.path_params,
            body=body,
            query=query_of(request, endpoint.query),
            trace_id=request.scope["dli.trace_id"],
            idempotency_key=_idempotency_key(request, needed=endpoint.needs_key),
            request=request,
        )


def _idempotency_key(request: Request, *, needed: bool) -> str | None:
    values = request.headers.getlist(KEY_HEADER)
    if not values:
        if needed:
            raise HttpError(400, "MISSING_PARAMETER", f"The header {KEY_HEADER} is missing")
        return None
    if len(values) > 1 or not _KEY.fullmatch(values[0]):
        raise HttpError(
            400, "VALIDATION_ERROR", f"{KEY_HEADER} must be 1 to 200 printable ASCII characters"
        )
    return values[0]
