"""From bytes to the body and the query that a route declares; anything else is a 400."""

import re
from collections.abc import Mapping
from typing import Any, get_origin, get_type_hints

import msgspec
from starlette.requests import Request

from dli_server.http.refusals import JSON, HttpError

MAX_DEPTH = 16
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


async def body_of(request: Request, kind: type[msgspec.Struct] | None, limit: int) -> Any:
    """The decoded body; None where the route takes none.

    Raises:
        HttpError: 400, 413 or 415.
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HttpError(
            415, "UNSUPPORTED_MEDIA_TYPE", "A request body may not be compressed", close=True
        )
    data = await _read(request, limit)
    if kind is None:
        if data:
            raise HttpError(400, "MALFORMED_REQUEST", "This path takes no request body")
        return None
    if not data:
        data = b"{}"
    elif request.headers.get("content-type", "").split(";")[0].strip().lower() != JSON:
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", f"The request body must be {JSON}")
    return decoded(data, kind)


def decoded(data: bytes, kind: type[msgspec.Struct]) -> Any:
    """The JSON as the type.

    Raises:
        HttpError: 400, with what is wrong and where.
    """
    _check_depth(data)
    if b"\\u0000" in data and _ESCAPED_NUL.search(data):
        raise HttpError(400, "MALFORMED_REQUEST", "The request body holds a NUL character")
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise HttpError(400, "VALIDATION_ERROR", f"The request body is wrong: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise HttpError(
            400, "MALFORMED_REQUEST", f"The request body is not JSON: {error}"
        ) from error


def query_of(request: Request, kind: type[msgspec.Struct] | None) -> Any:
    """The decoded query parameters; None where the route takes none.

    Raises:
        HttpError: 400 for a wrong or an unknown one.
    """
    given = request.query_params.multi_items()
    if kind is None:
        if given:
            raise HttpError(400, "CONSTRAINT_VIOLATION", f"Unknown query parameter {given[0][0]!r}")
        return None
    lists = _repeatable(kind)
    found: dict[str, Any] = {}
    for name, value in given:
        if name not in lists:
            raise HttpError(400, "CONSTRAINT_VIOLATION", f"Unknown query parameter {name!r}")
        if "\0" in value:
            raise HttpError(400, "CONSTRAINT_VIOLATION", f"{name!r} holds a NUL character")
        if lists[name]:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise HttpError(400, "CONSTRAINT_VIOLATION", f"{name!r} is given twice")
        else:
            found[name] = value
    try:
        query = msgspec.convert(found, kind, strict=False)
    except msgspec.ValidationError as error:
        code = "MISSING_PARAMETER" if "missing required" in str(error) else "CONSTRAINT_VIOLATION"
        raise HttpError(400, code, f"The query parameters are wrong: {error}") from error
    _refuse_nulls(found, query)
    return query


def _refuse_nulls(given: Mapping[str, Any], query: msgspec.Struct) -> None:
    """Refuse the word null, which msgspec takes for a missing value."""
    for field in msgspec.structs.fields(query):
        if field.encode_name in given and getattr(query, field.name) is None:
            raise HttpError(400, "CONSTRAINT_VIOLATION", f"{field.encode_name!r} has no value")


async def _read(request: Request, limit: int) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def _too_large(limit: int) -> HttpError:
    return HttpError(
        413, "QUERY_TOO_LARGE", f"The request body is larger than {limit:,} bytes", close=True
    )


def _check_depth(data: bytes) -> None:
    depth = 0
    for found in _BRACKETS.finditer(data):
        mark = data[found.start()]
        if mark in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise HttpError(
                    400, "MALFORMED_REQUEST", f"The request body nests deeper than {MAX_DEPTH}"
                )
        elif mark in b"]}":
            depth -= 1


_REPEATABLE: dict[type[msgspec.Struct], Mapping[str, bool]] = {}


def _repeatable(kind: type[msgspec.Struct]) -> Mapping[str, bool]:
    found = _REPEATABLE.get(kind)
    if found is None:
        hints = get_type_hints(kind)
        found = _REPEATABLE[kind] = {
            field.encode_name: get_origin(hints[field.name]) in (tuple, list)
            for field in msgspec.structs.fields(kind)
        }
    return found
