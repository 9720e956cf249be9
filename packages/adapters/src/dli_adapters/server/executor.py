"""Runs SQL in a session of the server's engine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import final

import msgspec

from dli_adapters.server.presence import LEASE_SECONDS, Presence
from dli_adapters.server.remote_runs import RemoteRuns, submission_key
from dli_adapters.server.results import fetched
from dli_adapters.server.transport import Transport, segment
from dli_adapters.wire.messages import (
    EstimateAnswer,
    EstimateRequest,
    PolicyAnswer,
    RunAnswer,
    RunSubmission,
    SessionAnswer,
    SessionRequest,
    StatementRun,
)
from dli_adapters.wire.parameters import encoded
from dli_domain.errors import (
    DliError,
    EngineError,
    ErrorCode,
    ExecutionCancelledError,
    ExecutionQueryError,
    ExecutionUnknownError,
    ParameterError,
    ServerError,
)
from dli_domain.model.result import Estimate, QueryResult
from dli_domain.model.run import CancelOutcome, Deadline, RunScope
from dli_domain.ports.query_executor import QueryExecutor

SESSIONS = "/api/v1/sessions"
_CLOSE_SECONDS = 1.0


@dataclass(slots=True)
class _Sent:
    """The statement sent last: its key, and its run once the server told of it."""

    key: str
    run_id: str | None = None
    ended: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class _Session:
    session_id: str
    path: str
    writes: bool
    presence: Presence


@final
class ServerExecutor(QueryExecutor):
    """A session of the engine behind a server that offers `runs/1`.

    The session opens with the first statement and only reads, until a statement comes that the
    server takes for a change: then one opens that may write, if the key may. A session that only
    reads holds nothing that the next one would miss.
    """

    def __init__(self, transport: Transport, policy: PolicyAnswer, scope: RunScope) -> None:
        self._transport = transport
        self._runs = RemoteRuns(transport=transport)
        self._policy = policy
        self._scope = scope
        self._session: _Session | None = None
        self._sent: _Sent | None = None
        self._result: QueryResult | None = None
        self._job_id: str | None = None

    @classmethod
    @contextmanager
    def opened(
        cls, transport: Transport, policy: PolicyAnswer, scope: RunScope
    ) -> "Iterator[ServerExecutor]":
        """An executor whose statement is stopped and whose session is closed at the end."""
        executor = cls(transport, policy, scope)
        try:
            yield executor
        finally:
            executor._leave()

    @property
    def engine(self) -> str:
        return self._policy.engine or "server"

    @property
    def job_id(self) -> str | None:
        """The run at the server of the statement sent last, to be looked for there."""
        return self._job_id

    def execute(self, sql: str, params: Mapping[str, object] | None = None) -> QueryResult:
        self._close_result()
        try:
            values = encoded(params)
        except ParameterError as error:
            raise ExecutionQueryError(error.message) from error
        with _only_engine_errors():
            try:
                return self._executed(sql, values, writes=self._writing)
            except DliError as refusal:
                if self._writing or refusal.code is not ErrorCode.POLICY_REFUSED:
                    raise
                self._change(refusal)
            return self._executed(sql, values, writes=True)

    def estimate(self, sql: str) -> Estimate:
        self._close_result()
        with _only_engine_errors():
            try:
                found = self._estimated(sql)
            except DliError as refusal:
                if self._writing or refusal.code is not ErrorCode.POLICY_REFUSED:
                    raise
                self._change(refusal)
                found = self._estimated(sql)
        return Estimate(
            bytes_processed=found.bytes_processed, plan=found.plan, details=found.details
        )

    def check(self) -> None:
        self.execute("SELECT 1").drain()

    def cancel(self) -> CancelOutcome:
        sent = self._sent
        if sent is None:
            return CancelOutcome.NOTHING_RUNNING
        sent.stopped = True
        if sent.ended and self._result is None:
            return CancelOutcome.NOTHING_RUNNING
        if sent.ended:
            # Nothing runs at the server any more; what is left is to stop reading.
            return CancelOutcome.CONFIRMED
        with suppress(DliError):
            run_id = sent.run_id or self._found(sent.key)
            if run_id is not None and self._runs.cancelled(run_id).ended:
                return CancelOutcome.CONFIRMED
        return CancelOutcome.UNCONFIRMED

    @property
    def _writing(self) -> bool:
        return self._session is not None and self._session.writes

    def _executed(self, sql: str, values: dict[str, object], *, writes: bool) -> QueryResult:
        session = self._opened(writes=writes)
        submission = RunSubmission(
            statement=StatementRun(session_id=session.session_id, sql=sql, params=values),
            timeout_seconds=self._seconds(),
            max_bytes=self._scope.max_bytes,
        )
        sent = _Sent(key=submission_key(self._scope.run_id))
        self._sent, self._job_id = sent, f"with the key {sent.key}"
        with session.presence.busy():
            run = self._submitted(submission, sent)
            sent.run_id = self._job_id = run.run_id
            run = self._runs.followed(run)
        sent.ended = True
        result = fetched(self._transport, self._runs.done(run), lambda: _check(sent))
        if result.stream is None:
            self._sent = None
        else:
            self._result = result
        return result

    def _submitted(self, submission: RunSubmission, sent: _Sent) -> RunAnswer:
        try:
            return self._runs.submit(submission, sent.key)
        except ExecutionUnknownError:
            raise
        except DliError:
            # It is refused, so there is nothing to stop.
            self._sent = None
            raise

    def _estimated(self, sql: str) -> EstimateAnswer:
        session = self._opened(writes=self._writing)
        return self._transport.post(
            f"{session.path}/estimate",
            EstimateRequest(sql=sql),
            answer=EstimateAnswer,
            within=self._seconds(),
            harmless=True,
        )

    def _change(self, refusal: DliError) -> None:
        """Open a session that may write in the place of the one that refused.

        Where the key may not write, the refusal says more than its missing scope.
        """
        self._close_session()
        try:
            self._opened(writes=True)
        except DliError as error:
            if error.code is not ErrorCode.EXECUTION_PERMISSION:
                raise
            refusal.context["To change data"] = error.message
            raise refusal from error

    def _opened(self, *, writes: bool) -> _Session:
        if self._session is not None:
            return self._session
        asked = SessionRequest(
            resource=self._scope.resource,
            run_id=self._scope.run_id,
            timeout_seconds=self._seconds(),
            max_bytes=self._scope.max_bytes,
            writes=writes,
            lease_seconds=LEASE_SECONDS,
        )
        found, writes = self._admitted(asked)
        path = f"{SESSIONS}/{segment(found.session_id)}"
        presence = Presence(self._transport, path)
        self._session = _Session(found.session_id, path, writes, presence)
        return self._session

    def _admitted(self, asked: SessionRequest) -> tuple[SessionAnswer, bool]:
        """The session, and whether it may write: a key may hold the right to write alone."""
        # An answer that is lost leaves a session that the server closes by itself.
        try:
            found = self._transport.post(SESSIONS, asked, answer=SessionAnswer, harmless=True)
        except DliError as refusal:
            if asked.writes or refusal.code is not ErrorCode.EXECUTION_PERMISSION:
                raise
            writing = msgspec.structs.replace(asked, writes=True)
            try:
                found = self._transport.post(SESSIONS, writing, answer=SessionAnswer, harmless=True)
            except DliError as error:
                raise refusal from error
            return found, True
        return found, asked.writes

    def _seconds(self) -> float:
        left = self._scope.deadline.remaining(self._transport.line.clock.monotonic())
        return min(max(left, 0.1), float(self._policy.max_query_duration_seconds))

    def _found(self, key: str) -> str | None:
        quick = RemoteRuns(transport=self._transport.until(self._briefly()))
        run = quick.by_key(key)
        return None if run is None else run.run_id

    def _briefly(self) -> Deadline:
        now = self._transport.line.clock.monotonic()
        return Deadline(now + _CLOSE_SECONDS, _CLOSE_SECONDS)

    def _close_result(self) -> None:
        result, self._result = self._result, None
        self._sent = None
        if result is not None:
            result.close()

    def _close_session(self) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        session.presence.end()
        with suppress(DliError):
            self._transport.until(self._briefly()).delete(session.path, answer=type(None))

    def _leave(self) -> None:
        if self._sent is not None and not self._sent.ended:
            self.cancel()
        self._close_result()
        self._close_session()


def _check(sent: _Sent) -> None:
    if sent.stopped:
        raise ExecutionCancelledError(f"The reading of the run {sent.run_id} was stopped")


@contextmanager
def _only_engine_errors() -> Iterator[None]:
    """An executor raises nothing else; what the server raised keeps its code."""
    try:
        yield
    except EngineError:
        raise
    except DliError as error:
        raise ServerError(
            error.message,
            code=error.code,
            context=error.context,
            causes=error.causes,
            hint=error.hint,
            problems=error.problems,
        ) from error
