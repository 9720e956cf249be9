"""What an answer of 400 and above looks like, and which status a failure gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from starlette.responses import Response

from dli_adapters.wire.failures import ErrorAnswer, ErrorBody, packed
from dli_domain.errors import (
    ConfigError,
    DliError,
    ErrorCode,
    ExecutionLimitError,
    ExecutionPermissionError,
    ExecutionTimeoutError,
    OutputError,
    ServerAuthError,
    ServerUnreachableError,
    SpecInvalidError,
    SpecNotFoundError,
    SqlError,
)

JSON = "application/json"


@dataclass(eq=False)
class HttpError(Exception):
    """A refusal with a status of its own.

    Args:
        status: 400 to 599.
        code: As older clients know it, such as `MALFORMED_REQUEST`.
        message: One sentence.
        dli: The failure as a dli client shall raise it.
        details: Facts beside the code.
        headers: Such as `Retry-After`.
        close: Whether the connection ends with the answer.
    """

    status: int
    code: str
    message: str
    dli: DliError | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    close: bool = False

    def __str__(self) -> str:
        return self.message


_BY_CODE: Mapping[ErrorCode, tuple[int, str]] = {
    ErrorCode.DATASET_NOT_FOUND: (404, "DATASET_NOT_FOUND"),
    ErrorCode.METRIC_NOT_FOUND: (404, "METRIC_NOT_FOUND"),
    ErrorCode.TABLE_NOT_FOUND: (404, "TABLE_NOT_FOUND"),
    ErrorCode.QUALITY_SPEC_NOT_FOUND: (404, "QUALITY_SPEC_NOT_FOUND"),
    ErrorCode.QUALITY_NOT_FOUND: (404, "QUALITY_SPEC_NOT_FOUND"),
    ErrorCode.CATALOG_TABLE_NOT_FOUND: (404, "TABLE_NOT_FOUND"),
    ErrorCode.CATALOG_INVALID_IDENTIFIER: (400, "INVALID_TABLE_REFERENCE"),
    ErrorCode.QUERY_NOT_FOUND: (404, "QUERY_NOT_FOUND"),
    ErrorCode.QUERY_ACCESS_DENIED: (403, "ACCESS_DENIED"),
    ErrorCode.QUERY_CANCEL_FAILED: (409, "QUERY_NOT_CANCELLABLE"),
    ErrorCode.QUERY_INVALID_FILTER: (400, "INVALID_DATE_RANGE"),
    ErrorCode.SERVER_RATE_LIMITED: (429, "RATE_LIMIT_EXCEEDED"),
    ErrorCode.POLICY_REFUSED: (403, "ACCESS_DENIED"),
    # Not the server's failure, so no 5xx: who watches it must not be woken by a wrong query.
    ErrorCode.EXECUTION_QUERY: (422, "EXECUTION_FAILED"),
    ErrorCode.EXECUTION_UNKNOWN: (500, "OUTCOME_UNKNOWN"),
    ErrorCode.WORKFLOW_NOT_FOUND: (404, "WORKFLOW_NOT_FOUND"),
    ErrorCode.WORKFLOW_REGISTRATION_FAILED: (422, "WORKFLOW_REGISTRATION_FAILED"),
    ErrorCode.WORKFLOW_EXECUTION_FAILED: (400, "WORKFLOW_EXECUTION_FAILED"),
    ErrorCode.WORKFLOW_PERMISSION_DENIED: (403, "ACCESS_DENIED"),
    ErrorCode.WORKFLOW_ALREADY_EXISTS: (409, "WORKFLOW_ALREADY_EXISTS"),
    ErrorCode.WORKFLOW_INVALID_CRON: (422, "INVALID_CRON"),
    ErrorCode.WORKFLOW_INVALID_STATE: (409, "WORKFLOW_INVALID_STATE"),
    ErrorCode.WORKFLOW_UNREGISTER_FAILED: (409, "WORKFLOW_UNREGISTER_FAILED"),
    # 400 as older clients know it
    ErrorCode.WORKFLOW_UNAVAILABLE: (400, "AIRFLOW_CONNECTION_FAILED"),
}

_BY_KIND: tuple[tuple[type[DliError], int, str], ...] = (
    (SpecNotFoundError, 404, "NOT_FOUND"),
    (SpecInvalidError, 400, "VALIDATION_ERROR"),
    (SqlError, 422, "INVALID_SQL"),
    (ExecutionPermissionError, 403, "ACCESS_DENIED"),
    (ExecutionLimitError, 413, "RESULT_SIZE_LIMIT_EXCEEDED"),
    (ExecutionTimeoutError, 408, "QUERY_EXECUTION_TIMEOUT"),
    (ServerAuthError, 401, "UNAUTHORIZED"),
    (ServerUnreachableError, 502, "UPSTREAM_UNREACHABLE"),
    (OutputError, 507, "STORAGE_FULL"),
    (ConfigError, 500, "SERVER_MISCONFIGURED"),
)


def refused(error: DliError) -> HttpError:
    """The HTTP form of a coded failure that a handler raised."""
    status, code = _BY_CODE.get(error.code) or _by_kind(error)
    headers = {"Retry-After": "1"} if status == 429 else {}
    return HttpError(status, code, error.message, dli=error, headers=headers)


def _by_kind(error: DliError) -> tuple[int, str]:
    for kind, status, code in _BY_KIND:
        if isinstance(error, kind):
            return status, code
    return 500, "EXECUTION_FAILED"


def error_response(error: HttpError, now: datetime, hide: Mapping[str, str]) -> Response:
    """The answer; texts of `hide` (paths of this machine) stand in no message of it."""
    found = ErrorAnswer(
        message=error.message,
        error=ErrorBody(
            code=error.code,
            details=dict(error.details),
            dli=None if error.dli is None else packed(error.dli),
        ),
        timestamp=now,
    )
    body = msgspec.json.encode(found)
    for text, shown in hide.items():
        body = body.replace(text.encode(), shown.encode())
    headers = dict(error.headers)
    if error.close:
        headers["Connection"] = "close"
    return Response(body, status_code=error.status, media_type=JSON, headers=headers)
