"""Every failure of dli: one code per thing to look up, one class per way to handle it.

Tree (codes a class may carry in brackets; the first is its default):

* DliError
    * ConfigError                  [DLI-001 ... 008, 607]
    * SpecNotFoundError            [DLI-101, 102, 103, 601, 606]
    * SpecInvalidError             [DLI-203, 201, 205, 206]
        * ParameterError           [DLI-204, 416]
        * TemplateError            [DLI-207, 203, 204]
    * SqlError                     [DLI-202, 301, 302, 303, 902]
    * EngineError                  what a QueryExecutor may raise
        * ExecutionError           [DLI-401]
            * ExecutionTimeoutError    [DLI-402]
            * ExecutionConnectionError [DLI-403]
            * ExecutionPermissionError [DLI-404]
            * ExecutionQueryError      [DLI-405]
            * ExecutionCancelledError  [DLI-406]
            * ExecutionUnknownError    [DLI-407]
            * ExecutionLimitError      [DLI-408]
            * ResultInvalidError       [DLI-409]
        * PolicyError              [DLI-507]
        * ServerError              [DLI-503, 505, 506]
            * ServerUnreachableError   [DLI-501]
            * ServerAuthError          [DLI-502]
            * ServerExecutionError     [DLI-504]
    * OutputError                  [DLI-414]
    * CatalogError                 [DLI-702, 703, 705]
    * QueryHistoryError            [DLI-780, 781, 782, 783]
    * WorkflowError                [DLI-802, 801, 805, 808]
        * WorkflowNotFoundError        [DLI-800]
        * WorkflowPermissionError      [DLI-803]
        * WorkflowConflictError        [DLI-804]
        * WorkflowStateError           [DLI-807]
        * WorkflowUnavailableError     [DLI-809]
        * WorkflowUnknownError         [DLI-407]

The codes are those of the error table that users know; the layout of a printed error is
code and message, context lines, possible causes, what to run next.
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Any, ClassVar, Self

from dli_domain.model.problems import Location, Problem


@unique
class ErrorCode(StrEnum):
    """Stable codes: never renumbered, never reused."""

    CONFIG_INVALID = "DLI-001"
    CONFIG_NOT_FOUND = "DLI-002"
    PROJECT_NOT_FOUND = "DLI-003"
    CONFIG_ENV_NOT_FOUND = "DLI-004"
    CONFIG_TEMPLATE_ERROR = "DLI-005"
    CONFIG_VALIDATION_FAILED = "DLI-006"
    CONFIG_WRITE_ERROR = "DLI-007"
    CONFIG_UNTRUSTED = "DLI-008"
    ENGINE_NOT_INSTALLED = "DLI-009"
    DATASET_NOT_FOUND = "DLI-101"
    METRIC_NOT_FOUND = "DLI-102"
    TABLE_NOT_FOUND = "DLI-103"
    VALIDATION_FAILED = "DLI-201"
    SQL_SYNTAX_ERROR = "DLI-202"
    SPEC_INVALID = "DLI-203"
    PARAMETER_INVALID = "DLI-204"
    SPEC_LIMIT = "DLI-205"
    PATH_FORBIDDEN = "DLI-206"
    TEMPLATE_FORBIDDEN = "DLI-207"
    COLUMN_UNKNOWN = "DLI-208"
    SCHEMA_MISMATCH = "DLI-209"
    PARAMETER_UNUSED = "DLI-210"
    STAR_INTO_SCHEMA = "DLI-211"
    WRITE_UNDECLARED = "DLI-212"
    DEPENDENCY_MISMATCH = "DLI-213"
    VALUE_UNSAFE = "DLI-214"
    TRANSPILE_FAILED = "DLI-301"
    DIALECT_UNSUPPORTED = "DLI-302"
    RULE_CONFLICT = "DLI-303"
    EXECUTION_FAILED = "DLI-401"
    EXECUTION_TIMEOUT = "DLI-402"
    EXECUTION_CONNECTION = "DLI-403"
    EXECUTION_PERMISSION = "DLI-404"
    EXECUTION_QUERY = "DLI-405"
    EXECUTION_CANCELLED = "DLI-406"
    EXECUTION_UNKNOWN = "DLI-407"
    EXECUTION_LIMIT = "DLI-408"
    RESULT_INVALID = "DLI-409"
    OUTPUT_FAILED = "DLI-414"
    SERVER_UNREACHABLE = "DLI-501"
    SERVER_AUTH_FAILED = "DLI-502"
    SERVER_ERROR = "DLI-503"
    SERVER_EXECUTION = "DLI-504"
    SERVER_PROTOCOL = "DLI-505"
    SERVER_RATE_LIMITED = "DLI-506"
    POLICY_REFUSED = "DLI-507"
    QUALITY_SPEC_NOT_FOUND = "DLI-601"
    QUALITY_NOT_FOUND = "DLI-606"
    QUALITY_NO_VERDICT = "DLI-607"
    WORKFLOW_NOT_FOUND = "DLI-800"
    WORKFLOW_REGISTRATION_FAILED = "DLI-801"
    WORKFLOW_EXECUTION_FAILED = "DLI-802"
    WORKFLOW_PERMISSION_DENIED = "DLI-803"
    WORKFLOW_ALREADY_EXISTS = "DLI-804"
    WORKFLOW_INVALID_CRON = "DLI-805"
    WORKFLOW_INVALID_STATE = "DLI-807"
    WORKFLOW_UNREGISTER_FAILED = "DLI-808"
    WORKFLOW_UNAVAILABLE = "DLI-809"
    CATALOG_TABLE_NOT_FOUND = "DLI-702"
    CATALOG_INVALID_IDENTIFIER = "DLI-703"
    CATALOG_ENGINE_NOT_SUPPORTED = "DLI-705"
    QUERY_NOT_FOUND = "DLI-780"
    QUERY_ACCESS_DENIED = "DLI-781"
    QUERY_CANCEL_FAILED = "DLI-782"
    QUERY_INVALID_FILTER = "DLI-783"
    LINEAGE_CYCLE_DETECTED = "DLI-902"
    INTERNAL_ERROR = "DLI-999"


class DliError(Exception):
    """A failure with a code, its facts, and what to do next.

    Args:
        message: One sentence that says what went wrong, names in ``repr`` form.
        code: Overrides the class's default code.
        context: Facts in the order they are printed, for example ``{"Project": "x"}``.
            Never holds a secret.
        causes: Possible causes, most likely first.
        hint: What to do next, one sentence.
        location: Where in the user's files the fault is.
        problems: Every single finding, where one failure sums up several.
    """

    code: ErrorCode = ErrorCode.INTERNAL_ERROR
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode | None = None,
        context: Mapping[str, str] | None = None,
        causes: tuple[str, ...] = (),
        hint: str | None = None,
        location: Location | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.context = dict(context or {})
        self.causes = causes
        self.hint = hint
        self.location = location
        self.problems = problems

    def __str__(self) -> str:
        place = f" (at {self.location})" if self.location else ""
        return f"[{self.code}] {self.message}{place}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, dict(self.__dict__)))

    def located(self, location: Location | None) -> Self:
        """The same error, placed at `location` unless it already has a place."""
        if self.location is None:
            self.location = location
        return self


def _rebuild(cls: type[DliError], message: str, state: dict[str, Any]) -> DliError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class ConfigError(DliError):
    """A setting is missing, wrong, or not to be trusted."""

    code = ErrorCode.CONFIG_INVALID


class EngineNotInstalledError(ConfigError):
    """The driver of an engine is not installed; the hint is the command that installs it."""

    code = ErrorCode.ENGINE_NOT_INSTALLED


class SpecNotFoundError(DliError):
    """No resource has that name; the hint names the closest ones."""

    code = ErrorCode.DATASET_NOT_FOUND


class SpecInvalidError(DliError):
    """A spec file is broken; `problems` holds each finding."""

    code = ErrorCode.SPEC_INVALID


class ParameterError(SpecInvalidError):
    """A parameter is missing, unknown, or of the wrong type."""

    code = ErrorCode.PARAMETER_INVALID


class TemplateError(SpecInvalidError):
    """A template does what templates may not do, or a value stands where none can."""

    code = ErrorCode.TEMPLATE_FORBIDDEN


class SqlError(DliError):
    """The SQL text itself is at fault: syntax, dialect, an unknown metric."""

    code = ErrorCode.SQL_SYNTAX_ERROR


class EngineError(DliError):
    """What running a query may raise, whatever runs it."""

    code = ErrorCode.EXECUTION_FAILED


class ExecutionError(EngineError):
    """The engine failed in a way that no other class names."""

    code = ErrorCode.EXECUTION_FAILED


class ExecutionTimeoutError(ExecutionError):
    """The deadline passed and the engine confirmed that the query is cancelled."""

    code = ErrorCode.EXECUTION_TIMEOUT
    retryable = True


class ExecutionConnectionError(ExecutionError):
    """The engine could not be reached; it is known that nothing ran."""

    code = ErrorCode.EXECUTION_CONNECTION
    retryable = True


class ExecutionPermissionError(ExecutionError):
    """The credentials do not allow it."""

    code = ErrorCode.EXECUTION_PERMISSION


class ExecutionQueryError(ExecutionError):
    """The engine says that the SQL or the data is at fault.

    `position` is the 1-based (line, column) in the SQL that was sent, if the engine told one.
    """

    code = ErrorCode.EXECUTION_QUERY

    def __init__(
        self, message: str, *, position: tuple[int, int] | None = None, **rest: Any
    ) -> None:
        super().__init__(message, **rest)
        self.position = position


class ExecutionCancelledError(ExecutionError):
    """The user stopped the run; the engine confirmed it."""

    code = ErrorCode.EXECUTION_CANCELLED


class ExecutionUnknownError(ExecutionError):
    """Submitted, and neither success, failure nor cancellation is confirmed."""

    code = ErrorCode.EXECUTION_UNKNOWN


class ExecutionLimitError(ExecutionError):
    """A limit on bytes, rows, memory or cost refused the work."""

    code = ErrorCode.EXECUTION_LIMIT


class ResultInvalidError(ExecutionError):
    """The answer is cut, corrupt, or cannot be held without loss."""

    code = ErrorCode.RESULT_INVALID


class PolicyError(EngineError):
    """The policy of what may be read refused the statement; nothing was sent to run."""

    code = ErrorCode.POLICY_REFUSED


class ServerError(EngineError):
    """The server answered with a failure of its own."""

    code = ErrorCode.SERVER_ERROR


class ServerUnreachableError(ServerError):
    """The server could not be reached, or none is configured."""

    code = ErrorCode.SERVER_UNREACHABLE
    retryable = True


class ServerAuthError(ServerError):
    """The server refused the credentials."""

    code = ErrorCode.SERVER_AUTH_FAILED


class ServerExecutionError(ServerError):
    """The server ran the query and it failed there."""

    code = ErrorCode.SERVER_EXECUTION


class OutputError(DliError):
    """The result could not be written; the old file, if any, is still whole."""

    code = ErrorCode.OUTPUT_FAILED


class WorkflowError(DliError):
    """A workflow, or a run of it, failed; the code says at what."""

    code = ErrorCode.WORKFLOW_EXECUTION_FAILED


class WorkflowNotFoundError(WorkflowError):
    """No workflow, run or backfill has that name or id."""

    code = ErrorCode.WORKFLOW_NOT_FOUND


class WorkflowPermissionError(WorkflowError):
    """The orchestrator does not let its user do it."""

    code = ErrorCode.WORKFLOW_PERMISSION_DENIED


class WorkflowConflictError(WorkflowError):
    """It is there already, and not as asked for; `context` shows the difference."""

    code = ErrorCode.WORKFLOW_ALREADY_EXISTS


class WorkflowStateError(WorkflowError):
    """It cannot be done in the state that the workflow or the run is in."""

    code = ErrorCode.WORKFLOW_INVALID_STATE


class WorkflowUnavailableError(WorkflowError):
    """No orchestrator is configured, or it cannot be reached; nothing was started."""

    code = ErrorCode.WORKFLOW_UNAVAILABLE
    retryable = True


class WorkflowUnknownError(WorkflowError):
    """The orchestrator was asked to start a run, and whether it did is not known."""

    code = ErrorCode.EXECUTION_UNKNOWN


class CatalogError(DliError):
    """The catalog has no such table, or the text is no name of one."""

    code = ErrorCode.CATALOG_TABLE_NOT_FOUND


class QueryHistoryError(DliError):
    """No such query, none of one's own, or one that cannot be stopped any more."""

    code = ErrorCode.QUERY_NOT_FOUND
