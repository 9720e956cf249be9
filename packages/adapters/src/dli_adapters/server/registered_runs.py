"""Runs of registered specs at a server that offers `runs/1`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar, final

import msgspec

from dli_adapters.server.opening import ServerEngine
from dli_adapters.server.remote_runs import RemoteRuns, submission_key
from dli_adapters.server.results import fetched
from dli_adapters.server.transport import Transport
from dli_adapters.wire.messages import (
    PolicyAnswer,
    QualityRun,
    ResourceRun,
    RunAnswer,
    RunSubmission,
    StatementFacts,
)
from dli_adapters.wire.parameters import decoded, encoded
from dli_adapters.wire.quality import unpacked_report
from dli_domain.errors import (
    DliError,
    ErrorCode,
    ExecutionCancelledError,
    ExecutionUnknownError,
    ServerError,
)
from dli_domain.model.quality import QualityReport
from dli_domain.model.requests import QualityRequest, RunRequest
from dli_domain.model.run import (
    CancelOutcome,
    Deadline,
    ExecutionMode,
    Phase,
    ResultStatus,
    RunScope,
    StatementReport,
)
from dli_domain.ports.clock import Clock
from dli_domain.ports.registered_runs import (
    NamedResult,
    Progress,
    RegisteredRuns,
)

T = TypeVar("T")
# Whoever opens it watches the deadline; by itself it ends a little later.
_SLACK_SECONDS = 2.0
_CLOSE_SECONDS = 1.0


@contextmanager
def open_registered_runs(
    server: ServerEngine, scope: RunScope, clock: Clock
) -> Iterator[RegisteredRuns]:
    """Runs by name at the server, for one run; it is stopped at the end if it still goes on.

    Raises:
        EngineError: the server cannot be reached, or refuses.
    """
    limit = Deadline(scope.deadline.at + _SLACK_SECONDS, scope.deadline.seconds)
    with Transport.connect(server.target, clock, limit) as transport:
        runs = ServerRegisteredRuns(transport, server.policy, scope.run_id)
        try:
            yield runs
        finally:
            runs.leave()


@dataclass(slots=True)
class _Sent:
    """The run under way: its key, its id once the server told it, and how far it is."""

    key: str
    run_id: str | None = None
    ended: bool = False
    stopped: bool = False


@final
class ServerRegisteredRuns(RegisteredRuns):
    """Submits a run once, follows it to its end, fetches what it gave."""

    def __init__(self, transport: Transport, policy: PolicyAnswer, run_id: str) -> None:
        self._transport = transport
        self._run_id = run_id
        self._policy = policy
        self._runs = RemoteRuns(transport=transport)
        self._sent: _Sent | None = None
        self._job_id: str | None = None

    @property
    def engine(self) -> str:
        return self._policy.engine or "server"

    @property
    def job_id(self) -> str | None:
        """The run at the server, to be looked for there."""
        return self._job_id

    def run(self, asked: RunRequest, progress: Progress) -> NamedResult:
        submission = RunSubmission(
            resource=ResourceRun(
                kind=asked.kind.value,
                name=asked.name,
                parameters=encoded(asked.parameters),
                ds=asked.ds,
                skip_pre=asked.skip_pre,
                skip_post=asked.skip_post,
            ),
            timeout_seconds=asked.timeout,
            max_bytes=asked.max_bytes,
        )
        sent, run = self._ended(submission, progress)
        return NamedResult(
            result=fetched(self._transport, run, lambda: _check(sent)),
            engine=run.engine or self.engine,
            run_id=run.run_id,
            sql=run.sql,
            statements=tuple(_report(facts, self._transport) for facts in run.statements),
            parameters=decoded(run.parameters),
            warnings=run.warnings,
        )

    def judge(self, asked: QualityRequest, progress: Progress) -> QualityReport:
        submission = RunSubmission(
            quality=QualityRun(
                reference=asked.reference,
                tests=asked.tests,
                parameters=encoded(asked.parameters),
                shared=encoded(asked.shared),
                ds=asked.ds,
                fail_fast=asked.fail_fast,
                samples=asked.samples,
                allow_empty=asked.allow_empty,
            ),
            timeout_seconds=asked.timeout,
            max_bytes=asked.max_bytes,
        )
        _, run = self._ended(submission, progress)
        try:
            return unpacked_report(msgspec.json.encode(run.report), ExecutionMode.SERVER)
        except msgspec.DecodeError as error:
            raise ServerError(
                f"The server's report of the run {run.run_id} cannot be read",
                code=ErrorCode.SERVER_PROTOCOL,
                context={"Server": self._transport.target.url},
            ) from error

    def cancel(self) -> CancelOutcome:
        sent = self._sent
        if sent is None:
            return CancelOutcome.NOTHING_RUNNING
        sent.stopped = True
        if sent.ended:
            # Nothing runs at the server any more; what is left is to stop reading.
            return CancelOutcome.CONFIRMED
        with suppress(DliError):
            run_id = sent.run_id or self._found(sent.key)
            if run_id is not None and self._runs.cancelled(run_id).ended:
                return CancelOutcome.CONFIRMED
        return CancelOutcome.UNCONFIRMED

    def leave(self) -> None:
        """Stop what still runs."""
        if self._sent is not None and not self._sent.ended:
            self.cancel()
        self._sent = None

    def _ended(self, submission: RunSubmission, progress: Progress) -> tuple[_Sent, RunAnswer]:
        sent = _Sent(key=submission_key(self._run_id))
        self._sent, self._job_id = sent, f"with the key {sent.key}"
        try:
            run = self._runs.submit(submission, sent.key)
        except ExecutionUnknownError:
            raise
        except DliError:
            # It is refused: there is nothing to stop.
            self._sent = None
            raise
        sent.run_id = self._job_id = run.run_id
        run = self._runs.followed(run, _told(progress))
        sent.ended = True
        return sent, self._runs.done(run)

    def _found(self, key: str) -> str | None:
        now = self._transport.line.clock.monotonic()
        until = Deadline(now + _CLOSE_SECONDS, _CLOSE_SECONDS)
        run = RemoteRuns(transport=self._transport.until(until)).by_key(key)
        return None if run is None else run.run_id


def _told(progress: Progress) -> Callable[[RunAnswer], None]:
    def news(run: RunAnswer) -> None:
        if run.progress is not None:
            progress(run.progress)

    return news


def _check(sent: _Sent) -> None:
    if sent.stopped:
        raise ExecutionCancelledError(f"The reading of the run {sent.run_id} was stopped")


def _report(facts: StatementFacts, transport: Transport) -> StatementReport:
    try:
        phase, status = Phase(facts.phase), ResultStatus(facts.status)
    except ValueError as error:
        raise ServerError(
            f"The server tells of a statement what nobody knows: {error}",
            code=ErrorCode.SERVER_PROTOCOL,
            context={"Server": transport.target.url},
        ) from error
    return StatementReport(
        phase=phase,
        name=facts.name,
        status=status,
        sql=facts.sql,
        duration_ms=facts.duration_ms,
        affected_rows=facts.affected_rows,
        stats=facts.stats,
        error=facts.error,
    )
