"""What a server answered, taken strictly: bounded, whole, and JSON that means one thing."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, TypeVar

import msgspec

from dli_domain.errors import ErrorCode, ExecutionLimitError, ServerError

T = TypeVar("T")

JSON_LIMIT = 16 << 20
"""Bytes of an answer that is held in memory."""
ERROR_LIMIT = 1 << 20
MAX_HEADERS = 100

Headers = Sequence[tuple[bytes, bytes]]


class Answer(msgspec.Struct, frozen=True):
    """The status, the headers in lower case, and the whole body."""

    status: int
    headers: dict[str, str]
    body: bytes


def checked_headers(raw: Headers, request: str) -> dict[str, str]:
    """The headers as text, names in lower case.

    Raises:
        ServerError: DLI-505, there are too many, or the body is encoded.
    """
    if len(raw) > MAX_HEADERS:
        raise protocol(f"The server sent {len(raw):,} headers to {request}; {MAX_HEADERS} at most")
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1").strip() for name, value in raw
    }
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding not in ("", "identity"):
        raise protocol(f"The server encoded its answer to {request}, which was not asked for")
    return headers


def whole(chunks: Iterable[bytes], limit: int, request: str) -> bytes:
    """The body, if it is no longer than `limit` bytes.

    Raises:
        ExecutionLimitError: it is longer.
    """
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > limit:
            raise ExecutionLimitError(
                f"The server's answer to {request} is longer than {limit:,} bytes",
                hint="Ask for less, or check that 'server.url' is the address of a Basecamp server.",
            )
    return bytes(held)


def decoded(body: bytes, kind: type[T], request: str) -> T:
    """The body as what was asked for; fields that are not known here are left out.

    Raises:
        ServerError: DLI-505, it is no strict JSON, or something else than was asked for.
    """
    if kind is type(None):
        return kind()
    strict(body, request)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise protocol(f"The server's answer to {request} is not what it should be: {error}") from (
            error
        )


def strict(body: bytes, request: str) -> Any:
    """The JSON of a body.

    Raises:
        ServerError: DLI-505, it is none, a key is there twice, a number is none, it is too deep.
    """
    try:
        return json.loads(
            body.decode(), object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite
        )
    except RecursionError as error:
        raise protocol(f"The server's answer to {request} is nested too deeply") from error
    except ValueError as error:
        # the text itself is not shown: it may be a page of something else than the server
        raise protocol(f"The server's answer to {request} is no JSON that means one thing") from (
            error
        )


def protocol(message: str) -> ServerError:
    """The failure of an answer that breaks the rules."""
    return ServerError(
        message,
        code=ErrorCode.SERVER_PROTOCOL,
        causes=("'server.url' is not the address of a Basecamp server", "A proxy stands between"),
        hint="Check it with 'dli config check'.",
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number
