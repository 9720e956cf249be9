"""A coded failure on the wire, and back: the client raises what the server raised."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from dli_domain import errors
from dli_domain.errors import DliError, ErrorCode, ExecutionQueryError
from dli_domain.model.problems import Location, Problem


class WireFailure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A `DliError` as JSON; `type` is the name of its class, `position` that of a query error."""

    code: str
    type: str
    message: str
    context: dict[str, str] = {}
    causes: tuple[str, ...] = ()
    hint: str | None = None
    location: Location | None = None
    problems: tuple[Problem, ...] = ()
    position: tuple[int, int] | None = None


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The `error` of an error answer; `dli` is there where the server is ours."""

    code: str
    field: str | None = None
    details: dict[str, Any] = {}
    dli: WireFailure | None = None


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer of 400 and above, in the shape that older clients read."""

    message: str
    error: ErrorBody
    timestamp: datetime
    success: bool = False


def packed(error: DliError) -> WireFailure:
    """The failure, ready to be sent."""
    position = error.position if isinstance(error, ExecutionQueryError) else None
    return WireFailure(
        code=error.code.value,
        type=type(error).__name__,
        message=error.message,
        context=error.context,
        causes=error.causes,
        hint=error.hint,
        location=error.location,
        problems=error.problems,
        position=position,
    )


def unpacked(failure: WireFailure) -> DliError:
    """The failure as it was raised at the server.

    A class or a code of a newer server becomes the nearest one that is known here.
    """
    known = {kind.__name__: kind for kind in _kinds(DliError)}
    kind = known.get(failure.type, errors.ServerExecutionError)
    code = next((code for code in ErrorCode if code.value == failure.code), kind.code)
    rest: dict[str, Any] = {}
    if issubclass(kind, ExecutionQueryError):
        rest["position"] = failure.position
    return kind(
        failure.message,
        code=code,
        context=failure.context,
        causes=failure.causes,
        hint=failure.hint,
        location=failure.location,
        problems=failure.problems,
        **rest,
    )


def _kinds(kind: type[DliError]) -> Iterator[type[DliError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)
