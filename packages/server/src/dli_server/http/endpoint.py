"""One route as a row of a table: who may call it, what goes in, what comes out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dli_server.http.scopes import Access, Scope

if TYPE_CHECKING:
    from dli_server.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who calls: a key, its scopes, and the specs it may name (`None` for all of them).

    `specs` are patterns such as `nyc.*`, matched part by part against resource and table names;
    `address` is where the request came from.
    """

    key_id: str
    owner: str
    scopes: frozenset[Scope]
    specs: tuple[str, ...] | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that passed the door: key checked, body and query decoded.

    `principal` is there on every route but the open ones. `trace_id` is the caller's
    `X-Trace-Id`, or one made here.
    """

    services: "Services"
    principal: Principal
    path: Mapping[str, str]
    body: Any
    query: Any
    trace_id: str
    idempotency_key: str | None
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer with a status or headers of its own; `body` is encoded as JSON, None is empty."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Answered = Any
"""A msgspec Struct (or a list of them), an `Answer`, or a `Response`."""

Handler = Callable[[Call], Answered | Awaitable[Answered]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A route.

    Args:
        method: GET, POST, PUT, PATCH or DELETE.
        path: With `{names}`; `{name}` takes one segment.
        handler: Called in a thread, or on the event loop where it is `async`.
        access: The scope it needs, or how else it is guarded. There is no default.
        summary: One line for the OpenAPI document.
        body: The type of the JSON body; None takes no body.
        query: A Struct whose fields are the query parameters; None takes none.
        answer: The type of the JSON answer; `Response` where it is no JSON.
        status: Of the usual answer.
        needs_key: Whether the header `Idempotency-Key` must be there.
    """

    method: str
    path: str
    handler: Handler
    access: Scope | Access
    summary: str
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    answer: Any = Response
    status: int = 200
    needs_key: bool = False
