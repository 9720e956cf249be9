"""Why a submission is not taken: an HTTP status, Basecamp's code, and ours."""

from collections.abc import Mapping

from dli_domain.errors import DliError, ErrorCode, ServerError, ServerExecutionError
from dli_server.http.refusals import HttpError
from dli_server.http.scopes import Scope

RETRY_SECONDS = 2


def refusal(
    status: int, code: str, error: DliError, headers: Mapping[str, str] | None = None
) -> HttpError:
    """The failure under a status of its own: nothing ran."""
    return HttpError(status, code, error.message, dli=error, headers=headers or {})


def unknown_run(run_id: str) -> HttpError:
    """There is no such run, or it is somebody else's: both look the same."""
    return refusal(
        404, "RUN_NOT_FOUND", ServerError(f"There is no run {run_id!r}", hint="Check its id.")
    )


def unknown_session() -> HttpError:
    """There is no such session any more, or it is somebody else's."""
    return refusal(
        404,
        "SESSION_NOT_FOUND",
        ServerError(
            "The session is not open: it ended, or was never there",
            causes=("It was idle for too long", "Its deadline passed", "The server was restarted"),
            hint="Run the command again.",
        ),
    )


def no_result(run_id: str, why: str) -> HttpError:
    """The run has no rows to fetch."""
    return refusal(404, "RESULT_NOT_FOUND", ServerError(f"The run {run_id!r} has no result: {why}"))


def not_ended(run_id: str) -> HttpError:
    """The result is not there yet."""
    return refusal(
        409, "RUN_NOT_ENDED", ServerError(f"The run {run_id!r} has not ended", hint="Wait for it.")
    )


def busy_session() -> HttpError:
    """A session runs one statement at a time."""
    return refusal(409, "SESSION_BUSY", ServerError("The session is busy with another statement"))


def too_many(what: str) -> HttpError:
    """The queue, or the key's share of it, is full."""
    return refusal(
        429,
        "RATE_LIMIT_EXCEEDED",
        ServerError(
            f"The server takes no more now: {what}",
            code=ErrorCode.SERVER_RATE_LIMITED,
            hint="Try again in a moment.",
        ),
        {"Retry-After": str(RETRY_SECONDS)},
    )


def stopping() -> HttpError:
    """The server is about to end."""
    return refusal(
        503,
        "SHUTTING_DOWN",
        ServerError("The server is shutting down and takes no new runs"),
        {"Retry-After": str(RETRY_SECONDS)},
    )


def other_request() -> HttpError:
    """The key was used for something else."""
    return refusal(
        422,
        "IDEMPOTENCY_KEY_REUSED",
        ServerError("The Idempotency-Key was used for another request before"),
    )


def malformed(message: str) -> HttpError:
    """The body contradicts itself."""
    return refusal(400, "VALIDATION_ERROR", ServerError(message, code=ErrorCode.SERVER_PROTOCOL))


def too_large(message: str) -> HttpError:
    """The text or the values are larger than is taken."""
    return refusal(413, "QUERY_TOO_LARGE", ServerError(message, code=ErrorCode.SPEC_LIMIT))


def forbidden(scope: str) -> HttpError:
    """The key lacks a scope."""
    of_text = scope in (Scope.RUN_ADHOC, Scope.RUN_WRITE)
    other = ", or run what is registered with --source server" if of_text else ""
    return refusal(
        403,
        "ACCESS_DENIED",
        ServerError(
            f"The key may not do this: it lacks the scope {scope!r}",
            code=ErrorCode.EXECUTION_PERMISSION,
            hint=f"Ask for a key made with 'dli server key create --scope {scope}'{other}.",
        ),
    )


def no_room(what: str) -> HttpError:
    """The journal or the audit log cannot be written, so nothing may run."""
    return refusal(
        507,
        "INSUFFICIENT_STORAGE",
        ServerExecutionError(f"The server cannot write its {what}, so it takes no runs"),
    )
