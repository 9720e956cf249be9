"""One engine's session in a user's hands."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Self, TypeVar, final

from dli._compose import compose
from dli._composed import new_run_id
from dli_adapters import registry
from dli_adapters.arrow.from_rows import stream_of
from dli_adapters.arrow.stream import ArrowStream
from dli_adapters.memory.executor import MockExecutor
from dli_domain.errors import EngineError, ExecutionConnectionError
from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import CancelOutcome, Deadline, ExecutionMode, RunScope
from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.usecases.run_resource import DEFAULT_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from dli._context import ExecutionContext

T = TypeVar("T")

# The session itself: the engine may end what depends on it (a job, a cursor) after that.
_SESSION_SECONDS = 86_400


def executor_of(mode: ExecutionMode, context: "ExecutionContext") -> QueryExecutor:
    """The executor that `ExecutorFactory.create` promises."""
    if mode is ExecutionMode.MOCK:
        return MockExecutor()
    composed = compose(context, mode=mode)
    settings, clock = composed.settings, composed.clock
    if mode is ExecutionMode.SERVER:
        server = composed.server
        return EngineSession(server.open, settings, clock, lambda: server.name)
    registry.refuse_denied_local(settings, clock)
    return EngineSession(registry.open_bare(settings), settings, clock, lambda: settings.engine)


@final
class EngineSession(QueryExecutor, AbstractContextManager["EngineSession"]):
    """A session that opens with its first statement and lives until it is closed.

    Each statement has the whole timeout; at its end the statement is cancelled at the engine.
    """

    def __init__(
        self,
        open_bare: Callable[[RunScope], AbstractContextManager[QueryExecutor]],
        settings: Settings,
        clock: Clock,
        engine: Callable[[], str],
    ) -> None:
        self._open_bare = open_bare
        self._settings = settings
        self._clock = clock
        self._engine = engine
        self._run_id = new_run_id()
        self._opened = ExitStack()
        self._inner: QueryExecutor | None = None
        self._closed = False
        self._lock = Lock()

    @property
    def engine(self) -> str:
        return self._engine()

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        with ExitStack() as statement:
            executor = statement.enter_context(self._supervised())
            result = executor.execute(sql, params)
            if result.stream is None:
                return result
            inner, whole = stream_of(result), statement.pop_all()
            stream = ArrowStream(inner.schema, inner.batches(), result.columns, whole.close)
            return QueryResult(
                columns=result.columns,
                stream=stream,
                affected_rows=result.affected_rows,
                stats=result.stats,
            )

    def estimate(self, sql: str) -> Estimate:
        return self._with(lambda executor: executor.estimate(sql))

    def check(self) -> None:
        self._with(lambda executor: executor.check())

    def cancel(self) -> CancelOutcome:
        inner = self._inner
        return CancelOutcome.NOTHING_RUNNING if inner is None else inner.cancel()

    def test_connection(self) -> bool:
        """Whether a query could run now; `check` tells the reason of a no."""
        try:
            self.check()
        except EngineError:
            return False
        return True

    def close(self) -> None:
        """End the session; a second time does nothing."""
        with self._lock:
            self._closed, self._inner = True, None
            self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _with(self, ask: Callable[[QueryExecutor], T]) -> T:
        with self._supervised() as executor:
            return ask(executor)

    def _supervised(self) -> AbstractContextManager[QueryExecutor]:
        scope = self._scope(self._settings.timeout or DEFAULT_TIMEOUT_SECONDS)
        return registry.injected(self._session(), self._clock)(scope)

    def _session(self) -> QueryExecutor:
        with self._lock:
            if self._closed:
                raise ExecutionConnectionError(
                    f"The {self.engine} session is closed",
                    hint="Make a new one with ExecutorFactory.create.",
                )
            if self._inner is None:
                scope = self._scope(_SESSION_SECONDS)
                self._inner = self._opened.enter_context(self._open_bare(scope))
            return self._inner

    def _scope(self, seconds: int) -> RunScope:
        return RunScope(
            run_id=self._run_id,
            resource="session",
            deadline=Deadline(self._clock.monotonic() + seconds, seconds),
            max_bytes=self._settings.max_bytes,
        )
