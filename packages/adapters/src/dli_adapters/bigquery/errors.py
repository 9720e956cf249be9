"""What BigQuery's client raises, as errors of dli: by reason where there is one, else by class."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import requests
import urllib3
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from dli_domain.errors import (
    DliError,
    ExecutionCancelledError,
    ExecutionConnectionError,
    ExecutionError,
    ExecutionLimitError,
    ExecutionPermissionError,
    ExecutionQueryError,
    ExecutionTimeoutError,
    ResultInvalidError,
)
from dli_domain.model.settings import BigQueryTarget

_POSITION = re.compile(r"at \[(\d+):(\d+)\]")
_TIMED_OUT = re.compile(r"timed out|timeout|maximum allowed time", re.IGNORECASE)

# https://cloud.google.com/bigquery/docs/error-messages
REASONS: Mapping[str, type[ExecutionError]] = MappingProxyType(
    {
        "accessDenied": ExecutionPermissionError,
        "authError": ExecutionPermissionError,
        "backendError": ExecutionError,
        "badRequest": ExecutionQueryError,
        "billingNotEnabled": ExecutionPermissionError,
        "billingTierLimitExceeded": ExecutionLimitError,
        "blocked": ExecutionPermissionError,
        "bytesBilledLimitExceeded": ExecutionLimitError,
        "duplicate": ExecutionQueryError,
        "forbidden": ExecutionPermissionError,
        "internalError": ExecutionError,
        "invalid": ExecutionQueryError,
        "invalidQuery": ExecutionQueryError,
        "invalidUser": ExecutionPermissionError,
        "jobBackendError": ExecutionError,
        "jobInternalError": ExecutionError,
        "jobRateLimitExceeded": ExecutionError,
        "notFound": ExecutionQueryError,
        "notImplemented": ExecutionQueryError,
        "quotaExceeded": ExecutionLimitError,
        "rateLimitExceeded": ExecutionConnectionError,
        "required": ExecutionQueryError,
        "resourceInUse": ExecutionError,
        "resourcesExceeded": ExecutionLimitError,
        "responseTooLarge": ExecutionLimitError,
        "stopped": ExecutionCancelledError,
        "tableUnavailable": ExecutionError,
        "timeout": ExecutionTimeoutError,
    }
)

# An HTTP 5xx stands for the service, not for a job: a job's own failure is read from the job.
CLASSES: Mapping[type[Exception], type[ExecutionError]] = MappingProxyType(
    {
        api.GoogleAPIError: ExecutionError,
        api.DuplicateCredentialArgs: ExecutionError,
        api.RetryError: ExecutionConnectionError,
        api.GoogleAPICallError: ExecutionError,
        api.Redirection: ExecutionConnectionError,
        api.MovedPermanently: ExecutionConnectionError,
        api.NotModified: ExecutionConnectionError,
        api.TemporaryRedirect: ExecutionConnectionError,
        api.ResumeIncomplete: ExecutionConnectionError,
        api.ClientError: ExecutionError,
        api.BadRequest: ExecutionQueryError,
        api.InvalidArgument: ExecutionQueryError,
        api.FailedPrecondition: ExecutionQueryError,
        api.OutOfRange: ExecutionQueryError,
        api.Unauthorized: ExecutionPermissionError,
        api.Unauthenticated: ExecutionPermissionError,
        api.Forbidden: ExecutionPermissionError,
        api.PermissionDenied: ExecutionPermissionError,
        api.NotFound: ExecutionQueryError,
        api.MethodNotAllowed: ExecutionConnectionError,
        api.Conflict: ExecutionQueryError,
        api.AlreadyExists: ExecutionQueryError,
        api.Aborted: ExecutionError,
        api.LengthRequired: ExecutionError,
        api.PreconditionFailed: ExecutionError,
        api.RequestRangeNotSatisfiable: ExecutionError,
        api.TooManyRequests: ExecutionConnectionError,
        api.ResourceExhausted: ExecutionConnectionError,
        api.Cancelled: ExecutionCancelledError,
        api.ServerError: ExecutionConnectionError,
        api.InternalServerError: ExecutionConnectionError,
        api.Unknown: ExecutionConnectionError,
        api.DataLoss: ResultInvalidError,
        api.MethodNotImplemented: ExecutionConnectionError,
        api.BadGateway: ExecutionConnectionError,
        api.ServiceUnavailable: ExecutionConnectionError,
        api.GatewayTimeout: ExecutionConnectionError,
        api.DeadlineExceeded: ExecutionConnectionError,
        auth.GoogleAuthError: ExecutionConnectionError,
        auth.RefreshError: ExecutionPermissionError,
        requests.RequestException: ExecutionConnectionError,
        urllib3.exceptions.HTTPError: ExecutionConnectionError,
        OSError: ExecutionConnectionError,
        # an answer that is no JSON, or no UTF-8
        ValueError: ExecutionConnectionError,
    }
)
TRANSLATED: tuple[type[Exception], ...] = (
    api.GoogleAPIError,
    auth.GoogleAuthError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)

_HINTS: Mapping[type[ExecutionError], str] = MappingProxyType(
    {
        ExecutionPermissionError: "Ask the owner of the project for the missing role, "
        "or check who you are with 'dli config check'.",
        ExecutionLimitError: "Narrow the query, or raise the limit that is named above.",
    }
)


@contextmanager
def translated(target: BigQueryTarget) -> Iterator[None]:
    """Whatever the client raises inside becomes an error of dli with its cause chained."""
    try:
        yield
    except DliError:
        raise
    except TRANSLATED as error:
        raise translate(error, target) from error


def translate(error: Exception, target: BigQueryTarget) -> DliError:
    """The error of dli that stands for what the client raised."""
    kind = REASONS.get(reason_of(error) or "") or _by_class(error)
    return _build(kind, said(error), target)


def job_failure(failure: Mapping[str, Any], job_id: str, target: BigQueryTarget) -> ExecutionError:
    """The error of dli for the `errorResult` of a job that has ended."""
    text = str(failure.get("message") or "BigQuery gives no reason")
    reason = str(failure.get("reason") or "")
    kind = REASONS.get(reason, ExecutionError)
    if kind is ExecutionCancelledError and _TIMED_OUT.search(text):
        kind = ExecutionTimeoutError
    if kind is ExecutionConnectionError:
        kind = ExecutionError  # the job existed and ended: nothing is left to reach
    error = _build(kind, text, target)
    error.context["Job"] = job_id
    return error


def reason_of(error: Exception) -> str | None:
    """BigQuery's own word for the fault, such as `rateLimitExceeded`."""
    for entry in getattr(error, "errors", None) or ():
        if isinstance(entry, Mapping) and entry.get("reason"):
            return str(entry["reason"])
    return None


def said(error: Exception) -> str:
    """What the far side said, one sentence: never an HTML page, never the request's address."""
    if isinstance(error, api.GoogleAPICallError):
        for entry in error.errors or ():
            if isinstance(entry, Mapping) and entry.get("message"):
                return str(entry["message"])
        if isinstance(error.response, requests.Response):
            return _http_words(error.response)
        return str(error.message)
    if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError):
        return _innermost(error)
    return str(error) or type(error).__name__


def _http_words(response: requests.Response) -> str:
    try:
        message = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = None
    status = f"HTTP {response.status_code} {response.reason or ''}".strip()
    return f"{status}: {message}" if isinstance(message, str) and message else status


def _innermost(error: BaseException) -> str:
    """The deepest cause: the outer texts repeat addresses and object ids."""
    while True:
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((a for a in error.args if isinstance(a, BaseException)), None)
        if inner is None:
            inner = error.__cause__ or error.__context__
        if inner is None:
            break
        error = inner
    text = str(error.args[-1]) if error.args else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _by_class(error: Exception) -> type[ExecutionError]:
    return next((CLASSES[cls] for cls in type(error).__mro__ if cls in CLASSES), ExecutionError)


def _build(kind: type[ExecutionError], text: str, target: BigQueryTarget) -> ExecutionError:
    if kind is ExecutionConnectionError:
        return unreachable(target, text)
    if kind is ExecutionQueryError:
        found = _POSITION.search(text)
        position = (int(found[1]), int(found[2])) if found else None
        return ExecutionQueryError(text, position=position, context=place(target))
    return kind(text, context=place(target), hint=_HINTS.get(kind))


def place(target: BigQueryTarget) -> dict[str, str]:
    """Which BigQuery it was, for an error's context."""
    facts = {"Project": target.project or "(none)", "Location": target.location}
    if target.endpoint:
        facts["Endpoint"] = target.endpoint
    return facts


def unreachable(target: BigQueryTarget, reason: str) -> ExecutionConnectionError:
    """The error of a BigQuery that cannot be used; it is known that nothing ran."""
    causes = (
        ("The emulator is not running", "Invalid project ID", "Network connectivity issues")
        if target.endpoint
        else (
            "Missing GOOGLE_APPLICATION_CREDENTIALS",
            "Invalid project ID",
            "Network connectivity issues",
        )
    )
    return ExecutionConnectionError(
        "Failed to connect to BigQuery",
        context={**place(target), "Reason": reason},
        causes=causes,
        hint="Run 'dli config check' to verify your configuration.",
    )
