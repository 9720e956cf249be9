"""An executor that runs nothing and says what it was asked."""

from collections.abc import Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import NamedTuple, final

from dli_domain.errors import EngineError, ExecutionError
from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import CancelOutcome
from dli_domain.ports.query_executor import QueryExecutor


class MockCall(NamedTuple):
    """One statement that reached the mock."""

    sql: str
    params: Mapping[str, object]


@final
class MockExecutor(QueryExecutor):
    """Answers with what it was given, and remembers every call. Safe from several threads.

    `calls` and `call_count` tell what it was asked. Without a value it answers with zero rows
    and zero columns; it never invents data.

    Args:
        return_value: The answer to every statement.
        return_values: The answers in turn; one statement more than answers is an error.
        error: Raised by every statement, and by `check`.

    Raises:
        ValueError: more than one of the three is given, or an answer is a stream, which
            could be read only once.
    """

    def __init__(
        self,
        return_value: QueryResult | None = None,
        *,
        return_values: Sequence[QueryResult] | None = None,
        error: EngineError | None = None,
    ) -> None:
        if sum(given is not None for given in (return_value, return_values, error)) > 1:
            raise ValueError("give one of return_value, return_values and error")
        answers = (return_value,) if return_value is not None else tuple(return_values or ())
        if any(answer.stream is not None for answer in answers):
            raise ValueError("give a mock rows, not a stream: a stream can be read only once")
        self._always = QueryResult(rows=()) if return_value is None else return_value
        self._in_turn = None if return_values is None else answers
        self._error = error
        self._calls: list[MockCall] = []
        self._lock = Lock()

    @property
    def engine(self) -> str:
        return "mock"

    @property
    def calls(self) -> tuple[MockCall, ...]:
        """Every statement that was sent, in order, with its parameters."""
        with self._lock:
            return tuple(self._calls)

    @property
    def call_count(self) -> int:
        """How many statements were sent."""
        return len(self.calls)

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        with self._lock:
            self._calls.append(MockCall(sql, MappingProxyType(dict(params or {}))))
            number = len(self._calls)
        if self._error is not None:
            raise self._error
        if self._in_turn is None:
            return self._always
        if number > len(self._in_turn):
            raise ExecutionError(
                f"The mock was given {len(self._in_turn)} answers; this is statement {number}",
                hint="Give MockExecutor one of return_values for every statement of the run.",
            )
        return self._in_turn[number - 1]

    def estimate(self, sql: str) -> Estimate:  # noqa: ARG002 - the port names it
        if self._error is not None:
            raise self._error
        return Estimate(bytes_processed=0, plan="mock: nothing runs")

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def cancel(self) -> CancelOutcome:
        return CancelOutcome.NOTHING_RUNNING
