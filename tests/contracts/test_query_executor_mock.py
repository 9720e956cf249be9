"""The mock keeps what an executor promises, alone and supervised."""

from collections.abc import Iterator
from contextlib import contextmanager

from dli_adapters.clock.system import SystemClock
from dli_adapters.memory.executor import MockExecutor
from dli_adapters.registry import injected
from dli_domain.errors import EngineError
from dli_domain.model.result import QueryResult
from dli_domain.ports.query_executor import QueryExecutor
from tests.contracts.query_executor_contract import AnyExecutorContract, scope


def _mock(result: QueryResult | EngineError) -> MockExecutor:
    if isinstance(result, EngineError):
        return MockExecutor(error=result)
    return MockExecutor(return_value=result)


class TestMockExecutor(AnyExecutorContract):
    engine = "mock"

    @contextmanager
    def answering(self, sql: str, result: QueryResult | EngineError) -> Iterator[QueryExecutor]:
        yield _mock(result)


class TestSupervisedMockExecutor(AnyExecutorContract):
    engine = "mock"

    @contextmanager
    def answering(self, sql: str, result: QueryResult | EngineError) -> Iterator[QueryExecutor]:
        clock = SystemClock()
        with injected(_mock(result), clock)(scope(now=clock.monotonic())) as executor:
            yield executor
