"""What a status and an error code of the server mean: the whole table, in one place."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from dli_adapters.server.answers import Answer
from dli_adapters.wire.failures import WireFailure, unpacked
from dli_domain import errors
from dli_domain.errors import DliError, ErrorCode

_Kind = tuple[type[DliError], ErrorCode]

_PROTOCOL: _Kind = (errors.ServerError, ErrorCode.SERVER_PROTOCOL)
_SERVER: _Kind = (errors.ServerError, ErrorCode.SERVER_ERROR)
_FAILED: _Kind = (errors.ServerExecutionError, ErrorCode.SERVER_EXECUTION)
_LIMIT: _Kind = (errors.ExecutionLimitError, ErrorCode.EXECUTION_LIMIT)
_TIMEOUT: _Kind = (errors.ExecutionTimeoutError, ErrorCode.EXECUTION_TIMEOUT)
_RATE: _Kind = (errors.ServerError, ErrorCode.SERVER_RATE_LIMITED)
_POLICY: _Kind = (errors.ServerError, ErrorCode.POLICY_REFUSED)
_SPEC: _Kind = (errors.SpecInvalidError, ErrorCode.SPEC_INVALID)
_PARAMETER: _Kind = (errors.ParameterError, ErrorCode.PARAMETER_INVALID)
_NO_TABLE: _Kind = (errors.SpecNotFoundError, ErrorCode.TABLE_NOT_FOUND)

BY_CODE: Mapping[str, _Kind] = MappingProxyType(
    {
        # 400
        "VALIDATION_ERROR": _PARAMETER,
        "CONSTRAINT_VIOLATION": _PARAMETER,
        "MISSING_PARAMETER": _PROTOCOL,
        "MALFORMED_REQUEST": _PROTOCOL,
        "INVALID_ARGUMENT": _PARAMETER,
        "INVALID_TABLE_REFERENCE": _PARAMETER,
        "LINEAGE_INVALID_PARAMETER": _PARAMETER,
        "INVALID_DATE_RANGE": _PARAMETER,
        "TRANSPILE_ERROR": (errors.SqlError, ErrorCode.TRANSPILE_FAILED),
        "AIRFLOW_CONNECTION_FAILED": _SERVER,
        "UNSUPPORTED_ENGINE": (errors.SqlError, ErrorCode.DIALECT_UNSUPPORTED),
        **{f"EXEC-00{number}": _FAILED for number in range(1, 7)},
        "SPEC_PARSE_ERROR": _SPEC,
        "WORKFLOW_STORAGE_ERROR": _SERVER,
        "WORKFLOW_INVALID_STATE": _SERVER,
        "TEAM_NOT_FOUND": _SERVER,
        # 403
        "ACCESS_DENIED": (errors.ExecutionPermissionError, ErrorCode.EXECUTION_PERMISSION),
        "FLAG_DISABLED": _POLICY,
        # 404
        "DATASET_NOT_FOUND": (errors.SpecNotFoundError, ErrorCode.DATASET_NOT_FOUND),
        "METRIC_NOT_FOUND": (errors.SpecNotFoundError, ErrorCode.METRIC_NOT_FOUND),
        "QUALITY_SPEC_NOT_FOUND": (
            errors.SpecNotFoundError,
            ErrorCode.QUALITY_SPEC_NOT_FOUND,
        ),
        "TABLE_NOT_FOUND": _NO_TABLE,
        **{
            f"{thing}_NOT_FOUND": _SERVER
            for thing in (
                "QUALITY_RUN",
                "WORKFLOW",
                "WORKFLOW_RUN",
                "QUERY",
                "RESULT",
                "AIRFLOW_CLUSTER",
                "SQL_WORKSHEET",
                "WORKSHEET_FOLDER",
                "PROJECT",
            )
        },
        # 408
        "METRIC_EXECUTION_TIMEOUT": _TIMEOUT,
        "DATASET_EXECUTION_TIMEOUT": _TIMEOUT,
        "QUERY_EXECUTION_TIMEOUT": _TIMEOUT,
        # 409
        "QUERY_NOT_CANCELLABLE": _SERVER,
        # 413
        "QUERY_TOO_LARGE": _LIMIT,
        "RESULT_SIZE_LIMIT_EXCEEDED": _LIMIT,
        # 422
        "INVALID_DATASET_NAME": _SPEC,
        "INVALID_SQL": (errors.ExecutionQueryError, ErrorCode.EXECUTION_QUERY),
        "INVALID_OWNER_EMAIL": _SPEC,
        "TOO_MANY_TAGS": _SPEC,
        "INVALID_CRON": _SPEC,
        # 429
        "RATE_LIMIT_EXCEEDED": _RATE,
        # 500
        "INTERNAL_ERROR": _SERVER,
        "DATASET_EXECUTION_FAILED": _FAILED,
        "LINEAGE_INTERNAL_ERROR": _SERVER,
        # 502, 504
        "CATALOG_SERVICE_ERROR": _SERVER,
        "CATALOG_TIMEOUT": _SERVER,
    }
)
"""Basecamp's own codes; one that ends in `_ALREADY_EXISTS` is a `ServerError` too."""

BY_STATUS: Mapping[int, _Kind] = MappingProxyType(
    {
        400: _PROTOCOL,
        401: (errors.ServerAuthError, ErrorCode.SERVER_AUTH_FAILED),
        403: (errors.ExecutionPermissionError, ErrorCode.EXECUTION_PERMISSION),
        404: _PROTOCOL,
        408: _TIMEOUT,
        409: _SERVER,
        413: _LIMIT,
        422: _PROTOCOL,
        429: _RATE,
    }
)


def failure(answer: Answer, request: str, server: str) -> DliError:
    """What an answer that is no success means.

    Args:
        answer: Its body is shown only where it is the server's own message.
        request: The method and the path, for the message.
        server: The address, for the message.
    """
    told = error_of(answer)
    if told is not None and told.error.dli is not None:
        found = unpacked(told.error.dli)
        found.context.setdefault("Server", server)
        return found
    code = "" if told is None else told.error.code
    kind, dli_code = meaning(answer.status, code)
    said = f": {printable(told.message)}" if told is not None and told.message else ""
    context = {"Server": server}
    if code:
        context["Server's code"] = printable(code)
    return kind(
        f"The server answered {answer.status} to {request}{said}",
        code=dli_code,
        context=context,
        causes=_CAUSES.get(dli_code, ()),
        hint=_HINTS.get(dli_code),
    )


def meaning(status: int, code: str) -> _Kind:
    """The class and the code of a failure; the server's own code says more than the status."""
    if status in (401, 429):
        return BY_STATUS[status]
    if code in BY_CODE:
        return BY_CODE[code]
    if code.endswith("_ALREADY_EXISTS"):
        return _SERVER
    if status in BY_STATUS:
        return BY_STATUS[status]
    return _SERVER if status >= 500 else _PROTOCOL


class _Lenient(msgspec.Struct, frozen=True):
    code: str = ""
    dli: WireFailure | None = None


class _LenientAnswer(msgspec.Struct, frozen=True):
    error: _Lenient
    message: str = ""


def error_of(answer: Answer) -> _LenientAnswer | None:
    """The error body in the shape of Basecamp, if that is what it is."""
    try:
        return msgspec.json.decode(answer.body, type=_LenientAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def printable(text: str) -> str:
    """A text of the server as one line of bounded length, without signs that steer a terminal."""
    line = " ".join(text.split())
    shown = "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in line)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


_LONGEST = 500
_CAUSES: Mapping[ErrorCode, tuple[str, ...]] = MappingProxyType(
    {
        ErrorCode.SERVER_AUTH_FAILED: (
            "The token is wrong or has expired",
            "No token is set",
        ),
        ErrorCode.EXECUTION_PERMISSION: ("The key has not the scope that this needs",),
        ErrorCode.SERVER_PROTOCOL: (
            "'server.url' is not the address of a Basecamp server",
            "The server is of another version",
        ),
    }
)
_HINTS: Mapping[ErrorCode, str] = MappingProxyType(
    {
        ErrorCode.SERVER_AUTH_FAILED: (
            "Set it with 'dli config set --global server.api_key -', or in DLI_API_TOKEN."
        ),
        ErrorCode.EXECUTION_PERMISSION: "Ask who runs the server for a key that may do this.",
        ErrorCode.SERVER_PROTOCOL: "Check it with 'dli config check'.",
        ErrorCode.SERVER_RATE_LIMITED: "Wait, and run it again.",
        ErrorCode.SERVER_ERROR: "Try it again; if it stays so, ask who runs the server.",
    }
)
