"""Executors for who wants to hold one: to send SQL of their own, or to share a session."""

from typing import TYPE_CHECKING, Literal, overload

from dli_domain.model.run import ExecutionMode
from dli_domain.ports.query_executor import QueryExecutor

if TYPE_CHECKING:
    from dli._context import ExecutionContext
    from dli._session import EngineSession
    from dli_adapters.memory.executor import MockExecutor


class ExecutorFactory:
    """Makes the executor of a mode; only the chosen engine's driver is imported."""

    @overload
    @staticmethod
    def create(
        mode: Literal[ExecutionMode.LOCAL], context: "ExecutionContext"
    ) -> "EngineSession": ...
    @overload
    @staticmethod
    def create(
        mode: Literal[ExecutionMode.MOCK], context: "ExecutionContext"
    ) -> "MockExecutor": ...
    @overload
    @staticmethod
    def create(mode: ExecutionMode, context: "ExecutionContext") -> QueryExecutor: ...
    @staticmethod
    def create(mode: ExecutionMode, context: "ExecutionContext") -> QueryExecutor:
        """The executor of `mode`; its connection comes from the settings, never from parameters.

        One of an engine or a server is a session that opens with its first statement, gives each
        statement the context's timeout, and is closed by its user: `with` does it.

        Raises:
            ConfigError: a setting is wrong, or the engine's driver is not installed.
            ServerUnreachableError: `mode` is `server`, and none is configured.
        """
        # the settings' readers come with it: `from dli import ExecutorFactory` must not pay
        from dli._session import executor_of  # noqa: PLC0415

        return executor_of(ExecutionMode(mode), context)
