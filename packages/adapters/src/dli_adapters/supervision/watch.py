"""One deadline over everything a run asks of its engine."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeVar

from dli_adapters.supervision.interrupted import RunInterrupted, announce, withdraw
from dli_adapters.supervision.reads import only_reads
from dli_adapters.supervision.worker import Worker
from dli_domain.errors import (
    ExecutionCancelledError,
    ExecutionError,
    ExecutionTimeoutError,
    ExecutionUnknownError,
)
from dli_domain.model.run import CancelOutcome, RunScope
from dli_domain.ports.clock import Clock

T = TypeVar("T")

# Together under two seconds: a run ends at most that long after its limit.
CANCEL_SECONDS = 1.4
GRACE_SECONDS = 0.2
CLOSE_SECONDS = 0.2
# How long an engine is asked again: at the deadline little is left, after a signal more is.
_ASKING_SECONDS, _SIGNAL_SECONDS, _AGAIN_SECONDS = 0.6, 3.0, 0.05
# A signal that comes just before a thread blocks is not noticed until it wakes.
SLICE_SECONDS = 0.2


class Stoppable(Protocol):
    """What runs something at an engine: an executor, or runs by name."""

    @property
    def engine(self) -> str: ...
    def cancel(self) -> CancelOutcome: ...


@dataclass(slots=True)
class Watch:
    """Waits for the worker where signals are handled, and stops the engine when it must.

    `lost` is set once the worker did not come back from a call: the session is of no more use.
    """

    worker: Worker
    scope: RunScope
    clock: Clock
    inner: Stoppable | None = None
    sql: str | None = None
    lost: bool = False

    @property
    def remaining(self) -> float:
        """Seconds until the deadline."""
        return self.scope.deadline.remaining(self.clock.monotonic())

    def call(self, work: Callable[[], T], sql: str | None = None) -> T:
        """Do one thing in the worker, before the deadline.

        Raises:
            ExecutionTimeoutError: the deadline passed, and what ran is stopped or only read.
            ExecutionUnknownError: it passed, and what ran may still run and change data.
            ExecutionCancelledError: a signal stopped it.
        """
        self.sql = sql
        if self.lost:
            raise ExecutionError("The session is lost: its engine did not answer before")
        if self.remaining <= 0:
            raise self._late("before it was sent")
        announce(id(self), self.described)
        future: Future[T] | None = None
        try:
            future = self.worker.submit(work)
            return self._awaited(future)
        except RunInterrupted as signal:
            # It came between the two: the worker may have begun, and is asked to stop as well.
            under_way: Future[Any] = future or self.worker.submit(_nothing)
            self.interrupted(self.stop(under_way, signalled=True), signal)
        finally:
            withdraw(id(self))

    def stop(self, future: "Future[T]", *, signalled: bool = False) -> CancelOutcome:
        """Cancel what the worker does at the engine, and wait a little for it to come back."""
        until = self.clock.monotonic() + (_SIGNAL_SECONDS if signalled else _ASKING_SECONDS)
        outcome = self._cancel()
        wait((future,), GRACE_SECONDS)
        while self._worth_asking(future, outcome, signalled) and self.clock.monotonic() < until:
            outcome = self._cancel()
            wait((future,), _AGAIN_SECONDS)
        if not future.done():
            self.lost = True
            return outcome if outcome is CancelOutcome.CONFIRMED else CancelOutcome.UNCONFIRMED
        if isinstance(future.exception(), ExecutionCancelledError):
            return CancelOutcome.CONFIRMED
        return outcome

    def give_up(self, outcome: CancelOutcome, cause: BaseException | None = None) -> NoReturn:
        """Raise what the end of the deadline means, after `stop` told what is known."""
        if outcome is not CancelOutcome.UNCONFIRMED or self.sql is None:
            raise self._late("and was stopped") from cause
        if only_reads(self.sql):
            raise self._late("and may still run", {"May still run": self.described()}) from cause
        raise self._unknown("ran into its limit") from cause

    def interrupted(self, outcome: CancelOutcome, signal: BaseException) -> NoReturn:
        """Raise what a signal means, after `stop` told what is known."""
        if not isinstance(signal, RunInterrupted):
            raise signal
        if outcome is not CancelOutcome.UNCONFIRMED or self.sql is None:
            raise ExecutionCancelledError(f"Stopped by {signal}", context=self._facts()) from signal
        if only_reads(self.sql):
            facts = {**self._facts(), "May still run": self.described()}
            raise ExecutionCancelledError(
                f"Stopped by {signal}; the engine did not confirm it", context=facts
            ) from signal
        raise self._unknown(f"was stopped by {signal}") from signal

    def described(self) -> str:
        """The statement as it can be looked for at its engine.

        An executor whose engine knows jobs has an attribute `job_id`: that of the statement
        sent last, chosen before it was sent.
        """
        inner = self.inner
        engine = inner.engine if inner is not None else "the engine"
        job: str | None = getattr(inner, "job_id", None)
        return f"{engine} job {job}" if job else f"{engine}, run {self.scope.run_id}"

    def _awaited(self, future: "Future[T]") -> T:
        try:
            while not future.done() and (left := self.remaining) > 0:
                wait((future,), min(left, SLICE_SECONDS))
        except BaseException as signal:  # noqa: BLE001 - `interrupted` raises it, or what it means
            self.interrupted(self.stop(future, signalled=True), signal)
        if future.done():
            return future.result()
        outcome = self.stop(future)
        if not future.done():
            self.give_up(outcome)
        failure = future.exception()
        if failure is not None and outcome is CancelOutcome.CONFIRMED:
            self.give_up(outcome, failure)
        # It ended by itself while it was being stopped: that is what happened, and is told.
        return future.result()

    def _worth_asking(self, future: "Future[T]", outcome: CancelOutcome, signalled: bool) -> bool:
        """Whether the statement is still on its way to the engine, or has not heard the cancel."""
        if self.sql is None or future.done():
            return False
        unheard = signalled and outcome is CancelOutcome.UNCONFIRMED
        return unheard or outcome is CancelOutcome.NOTHING_RUNNING

    def _cancel(self) -> CancelOutcome:
        inner = self.inner
        if inner is None:
            return CancelOutcome.NOTHING_RUNNING
        outcomes: list[CancelOutcome] = []
        canceller = threading.Thread(
            target=lambda: outcomes.append(inner.cancel()), name="dli-cancel", daemon=True
        )
        canceller.start()
        canceller.join(CANCEL_SECONDS)
        return outcomes[0] if outcomes else CancelOutcome.UNCONFIRMED

    def _facts(self) -> dict[str, str]:
        return {"Resource": self.scope.resource, "Run": self.scope.run_id}

    def _late(self, how: str, facts: dict[str, str] | None = None) -> ExecutionTimeoutError:
        return ExecutionTimeoutError(
            f"{self.scope.resource!r} reached its limit of {self.scope.deadline.seconds:g} s {how}",
            context={**self._facts(), **(facts or {})},
            hint="Raise --timeout (at most 3600), or narrow the query.",
        )

    def _unknown(self, what: str) -> ExecutionUnknownError:
        return ExecutionUnknownError(
            f"A statement of {self.scope.resource!r} {what}, and the engine did not confirm "
            "that it stopped: it may still run and change data",
            context={**self._facts(), "May still run": self.described()},
            hint="Look at the engine before you run it again.",
        )


def _nothing() -> None:
    """Done as soon as the worker has done what it was given before."""
