"""What the process answers: one number per thing a caller would do next."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from dli_domain.errors import ErrorCode


class ExitCode(IntEnum):
    """Exit codes; deaths by a signal are 128 + its number and stand in no table."""

    OK = 0
    NEGATIVE = 1
    USAGE = 2
    INVALID = 3
    QUERY_FAILED = 4
    NOT_ALLOWED = 5
    UNAVAILABLE = 6
    TIMEOUT = 7
    OUTPUT_FAILED = 8
    LIMIT = 9
    UNKNOWN = 10
    INTERNAL = 70


MEANINGS: Mapping[ExitCode, str] = MappingProxyType(
    {
        ExitCode.OK: "everything that was asked is done, and files are on disk",
        ExitCode.NEGATIVE: "dli worked and the verdict is negative",
        ExitCode.USAGE: "the command line is wrong",
        ExitCode.INVALID: "a configuration, spec or template is wrong; no query ran",
        ExitCode.QUERY_FAILED: "the engine says that the SQL or the data is at fault",
        ExitCode.NOT_ALLOWED: "the credentials do not allow it",
        ExitCode.UNAVAILABLE: "the far side is not available; trying again is safe",
        ExitCode.TIMEOUT: "the time was up and the query is cancelled; trying again is safe",
        ExitCode.OUTPUT_FAILED: "the query may have run, but its result could not be written",
        ExitCode.LIMIT: "a limit or a policy refused the work",
        ExitCode.UNKNOWN: "it is not known whether the query ran to its end",
        ExitCode.INTERNAL: "a bug in dli",
    }
)

_EXITS: Mapping[ErrorCode, ExitCode] = MappingProxyType(
    {
        ErrorCode.VALIDATION_FAILED: ExitCode.NEGATIVE,
        ErrorCode.EXECUTION_FAILED: ExitCode.QUERY_FAILED,
        ErrorCode.EXECUTION_TIMEOUT: ExitCode.TIMEOUT,
        ErrorCode.EXECUTION_CONNECTION: ExitCode.UNAVAILABLE,
        ErrorCode.EXECUTION_PERMISSION: ExitCode.NOT_ALLOWED,
        ErrorCode.EXECUTION_QUERY: ExitCode.QUERY_FAILED,
        # Without a signal to die by, a confirmed cancel is as safe to repeat as a timeout.
        ErrorCode.EXECUTION_CANCELLED: ExitCode.TIMEOUT,
        ErrorCode.EXECUTION_UNKNOWN: ExitCode.UNKNOWN,
        ErrorCode.EXECUTION_LIMIT: ExitCode.LIMIT,
        ErrorCode.RESULT_INVALID: ExitCode.UNAVAILABLE,
        ErrorCode.OUTPUT_FAILED: ExitCode.OUTPUT_FAILED,
        ErrorCode.SERVER_UNREACHABLE: ExitCode.UNAVAILABLE,
        ErrorCode.SERVER_AUTH_FAILED: ExitCode.NOT_ALLOWED,
        ErrorCode.SERVER_ERROR: ExitCode.UNAVAILABLE,
        ErrorCode.SERVER_EXECUTION: ExitCode.QUERY_FAILED,
        ErrorCode.SERVER_PROTOCOL: ExitCode.UNAVAILABLE,
        ErrorCode.SERVER_RATE_LIMITED: ExitCode.UNAVAILABLE,
        ErrorCode.POLICY_REFUSED: ExitCode.LIMIT,
        ErrorCode.WORKFLOW_EXECUTION_FAILED: ExitCode.QUERY_FAILED,
        ErrorCode.WORKFLOW_PERMISSION_DENIED: ExitCode.NOT_ALLOWED,
        ErrorCode.WORKFLOW_UNAVAILABLE: ExitCode.UNAVAILABLE,
        ErrorCode.QUERY_ACCESS_DENIED: ExitCode.NOT_ALLOWED,
        ErrorCode.QUERY_CANCEL_FAILED: ExitCode.NEGATIVE,
        ErrorCode.INTERNAL_ERROR: ExitCode.INTERNAL,
    }
)
_INVALID_FAMILIES = ("DLI-0", "DLI-1", "DLI-2", "DLI-3", "DLI-6", "DLI-7", "DLI-8", "DLI-9")


def exit_code(code: ErrorCode) -> ExitCode:
    """The exit code that a failure with this code ends in."""
    found = _EXITS.get(code)
    if found is not None:
        return found
    if code.value.startswith(_INVALID_FAMILIES):
        return ExitCode.INVALID
    return ExitCode.INTERNAL
