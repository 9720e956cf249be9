"""Who may come in: the Host header, the key, its rate, its scope."""

import re
from dataclasses import replace
from math import ceil
from typing import final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from dli_domain.errors import (
    ErrorCode,
    ExecutionPermissionError,
    ServerAuthError,
    ServerError,
)
from dli_domain.ports.clock import Clock
from dli_server.configuration import ServerConfig
from dli_server.http.endpoint import Principal
from dli_server.http.limiting import FailureCount, TokenBuckets
from dli_server.http.refusals import HttpError
from dli_server.http.scopes import Access, Scope
from dli_server.keys.form import LENGTH
from dli_server.keys.ring import KeyRing

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+))(?::[0-9]{1,5})?")


@final
class Door:
    """Lets requests through, or raises the `HttpError` that refuses them."""

    def __init__(self, config: ServerConfig, keys: KeyRing, clock: Clock) -> None:
        limits = config.limits
        self._keys = keys
        self._behind_proxy = config.behind_proxy
        self._hosts = frozenset(
            name.lower() for name in (*_LOOPBACK, config.host, *config.allowed_hosts)
        )
        self._rates = TokenBuckets(limits.requests_per_second, limits.burst, clock)
        self._failures = FailureCount(limits.login_failures_per_minute, clock)

    def check_host(self, values: list[str]) -> None:
        """Refuse a Host that is not ours: a page in a browser may have been led here.

        Raises:
            HttpError: 400 or 403.
        """
        if len(values) != 1:
            raise HttpError(400, "MALFORMED_REQUEST", "One Host header is needed", close=True)
        found = _AUTHORITY.fullmatch(values[0])
        if found is None or (found[1] or found[2]).lower() not in self._hosts:
            raise HttpError(403, "ACCESS_DENIED", "The Host header names another server")

    def address(self, request: Request) -> str:
        """Who is at the other end; behind a proxy, whom the proxy saw."""
        if self._behind_proxy:
            forwarded = request.headers.getlist("x-forwarded-for")
            if forwarded:
                return forwarded[-1].rpartition(",")[2].strip()
        return request.client.host if request.client else "unknown"

    async def principal(self, request: Request) -> Principal:
        """Who calls, by the key of the `Authorization` header and nothing else.

        Raises:
            HttpError: 401; 429 after too many wrong keys, or too many requests.
        """
        address = self.address(request)
        waiting = self._failures.wait(address)
        if waiting > 0:
            raise too_many("Too many wrong keys came from this address", waiting)
        text = _bearer(request.headers.getlist("authorization"))
        found = await self._known(text) if text else None
        if found is None:
            if text is not None:
                self._failures.note(address)
            raise unauthorized()
        # Whoever tells of the request, be it refused, names the key.
        request.scope["dli.key_id"] = found.key_id
        waiting = self._rates.wait(found.key_id)
        if waiting > 0:
            raise too_many("This key sends too many requests", waiting)
        return replace(found, address=address)

    async def _known(self, text: str) -> Principal | None:
        known, found = self._keys.remembered(text)
        return found if known else await run_in_threadpool(self._keys.principal, text)


def check_access(principal: Principal, access: Scope | Access) -> None:
    """Refuse a key that lacks the scope of the route.

    Raises:
        HttpError: 403.
    """
    if isinstance(access, Scope) and access not in principal.scopes:
        raise HttpError(403, "ACCESS_DENIED", _lacking(access), dli=lacks(access))


def lacks(scope: Scope) -> ExecutionPermissionError:
    """The failure of a key that has not this scope; handlers raise it too."""
    return ExecutionPermissionError(
        _lacking(scope),
        hint=f"Ask for a key made with 'dli server key create --scope {scope}'.",
    )


def unauthorized() -> HttpError:
    """The answer to every key that does not open the door, whatever is wrong with it."""
    message = "The server wants a valid key"
    return HttpError(
        401,
        "UNAUTHORIZED",
        message,
        dli=ServerAuthError(
            message,
            causes=("The key is wrong, has expired or was revoked", "No key is set"),
            hint="Set it with 'dli config set --global server.api_key -', or in DLI_API_TOKEN.",
        ),
        headers={"WWW-Authenticate": "Bearer"},
    )


def too_many(message: str, seconds: float, *, hint: str | None = None) -> HttpError:
    """429, with the seconds after which to come again."""
    whole = max(1, ceil(seconds))
    return HttpError(
        429,
        "RATE_LIMIT_EXCEEDED",
        message,
        dli=ServerError(
            message,
            code=ErrorCode.SERVER_RATE_LIMITED,
            hint=hint or f"Try again in {whole} s.",
        ),
        headers={"Retry-After": str(whole)},
    )


def _lacking(scope: Scope) -> str:
    return f"The key lacks the scope {scope.value!r}"


def _bearer(values: list[str]) -> str | None:
    """The token; "" where there is a header that holds none; None without any header."""
    if not values:
        return None
    if len(values) > 1:
        return ""
    scheme, _, token = values[0].partition(" ")
    return token if scheme.lower() == "bearer" and len(token) == LENGTH else ""
