"""A run that has not ended, as all threads see it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import final

import msgspec

from dli_adapters.wire.messages import RunAnswer, RunSubmission
from dli_domain.errors import DliError, ExecutionCancelledError, ExecutionTimeoutError
from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import CancelOutcome
from dli_domain.ports.query_executor import QueryExecutor
from dli_server.runs.pool import Ticket
from dli_server.runs.sessions import Session

_AGAIN_SECONDS = 0.05
# How long an engine is asked to stop; a run that did not hear by then ends at its deadline.
_ASKING_SECONDS = 5.0


class LiveRun:
    """State, who waits, and how to stop it.

    Args:
        answer: What is known at the start; replaced as more is.
        key_id: Whose it is.
        submission: What was asked.
        ticket: Its place in the pool.
        now: Monotonic seconds.
    """

    def __init__(
        self,
        answer: RunAnswer,
        key_id: str,
        submission: RunSubmission,
        ticket: Ticket,
        now: float,
    ) -> None:
        self.key_id = key_id
        self.submission = submission
        self.ticket = ticket
        self.session: Session | None = None
        self.heard_at = now
        self.left_at: float | None = None
        self.stop_at: float | None = None
        self.sending: Callable[[str], None] = nothing_said
        self.unsaved: Mapping[str, object] | None = None
        self.cancelled_by: str | None = None
        self.cancel_reason: str | None = None
        self.ended = threading.Event()
        self._answer = answer
        self._lock = threading.Lock()
        self._listeners: set[Callable[[], None]] = set()
        self._executor: QueryExecutor | None = None
        self._why: DliError | None = None

    @property
    def answer(self) -> RunAnswer:
        """What is known now."""
        return self._answer

    @property
    def run_id(self) -> str:
        return self._answer.run_id

    def reason(self, error: DliError) -> DliError:
        """Why it really ended: an engine only says that it was interrupted."""
        if self._why is not None and isinstance(error, ExecutionCancelledError):
            return self._why
        return error

    def tell(self, **facts: object) -> None:
        """Add to what is known."""
        with self._lock:
            self._answer = msgspec.structs.replace(self._answer, **facts)

    def finish(self, answer: RunAnswer) -> None:
        """Say how it ended, and wake who waits."""
        with self._lock:
            self._answer = answer
            self.ended.set()
            listeners = tuple(self._listeners)
        for listener in listeners:
            # The loop of a listener may be gone.
            with suppress(RuntimeError):
                listener()

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call it once at the end of the run; at once if that is past."""
        with self._lock:
            self._listeners.add(listener)
            self.left_at = None
            over = self.ended.is_set()
        if over:
            listener()
        try:
            yield
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def heard(self, now: float, *, left: bool = False) -> None:
        """Somebody asked; `left` when the connection closed while he waited."""
        with self._lock:
            self.heard_at = now
            self.left_at = now if left else None

    def abandoned(self, now: float, after: float, between: float) -> bool:
        """Whether nobody has waited for `after` seconds since a socket closed.

        Between two questions of a client `between` seconds may pass.
        """
        with self._lock:
            if self._listeners or self.ended.is_set():
                return False
            if self.left_at is not None:
                return now - self.left_at > after
            return now - self.heard_at > between

    def stop(self, why: DliError) -> None:
        """Ask it to end with this failure; returns at once, the first reason counts."""
        with self._lock:
            if self._why is not None or self.ended.is_set():
                return
            self._why = why
        threading.Thread(target=self._stop, name="dli-stop", daemon=True).start()

    def cancel(self, by: str, reason: str | None) -> None:
        """Ask it to end because somebody wants so."""
        if self._why is None:
            self.cancelled_by, self.cancel_reason = by, reason
        told = f": {reason}" if reason else ""
        self.stop(ExecutionCancelledError(f"The run was cancelled{told}", context=self.facts))

    def time_out(self, seconds: float) -> None:
        """Ask it to end because it took too long."""
        self.stop(
            ExecutionTimeoutError(
                f"The run reached its limit of {seconds:g} s and was stopped",
                context=self.facts,
                hint="Raise --timeout (at most 3600), or narrow the query.",
            )
        )

    @property
    def job_id(self) -> str | None:
        """The engine's job of the statement under way, where it knows jobs."""
        found: str | None = getattr(self._executor, "job_id", None)
        return found

    @property
    def facts(self) -> dict[str, str]:
        """What names it in a message."""
        named = {} if self._answer.name is None else {"Resource": self._answer.name}
        return {**named, "Run": self.run_id}

    def check(self) -> None:
        """Raise what it is to end with, if somebody asked it to stop."""
        if self._why is not None:
            raise self._why

    @contextmanager
    def driving(self, executor: QueryExecutor) -> Iterator[QueryExecutor]:
        """The executor, as one that ends when the run is asked to stop."""
        self._executor = executor
        try:
            yield _StoppableExecutor(executor, self)
        finally:
            self._executor = None

    def _stop(self) -> None:
        waited = 0.0
        while waited < _ASKING_SECONDS:
            executor = self._executor
            if executor is not None:
                executor.cancel()
            if self.ended.wait(_AGAIN_SECONDS):
                return
            waited += _AGAIN_SECONDS


def nothing_said(_: str) -> None:
    """Nobody wants to know what is sent."""


@final
class _StoppableExecutor(QueryExecutor):
    """Sends nothing more once the run was asked to stop."""

    def __init__(self, inner: QueryExecutor, run: LiveRun) -> None:
        self._inner = inner
        self._run = run

    @property
    def engine(self) -> str:
        return self._inner.engine

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        self._run.check()
        self._run.sending(sql)
        return self._inner.execute(sql, params)

    def estimate(self, sql: str) -> Estimate:
        self._run.check()
        return self._inner.estimate(sql)

    def check(self) -> None:
        self._run.check()
        self._inner.check()

    def cancel(self) -> CancelOutcome:
        return self._inner.cancel()
