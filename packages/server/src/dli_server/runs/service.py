"""Runs at the server, from submission to result."""

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dli_adapters.wire.failures import packed
from dli_adapters.wire.messages import (
    FINAL,
    ResultFacts,
    RunAnswer,
    RunSubmission,
    SessionRequest,
    StatementRun,
)
from dli_domain.errors import (
    DliError,
    ErrorCode,
    ExecutionCancelledError,
    ExecutionUnknownError,
    OutputError,
    ServerError,
    ServerExecutionError,
    SpecNotFoundError,
)
from dli_domain.model.result import Estimate
from dli_domain.model.settings import Settings
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.clock import Clock
from dli_server.audit.log import AuditLog
from dli_server.configuration import Limits, ServerConfig
from dli_server.http.endpoint import Principal
from dli_server.http.refusals import HttpError
from dli_server.http.scopes import Scope
from dli_server.registry.registry import Registry
from dli_server.registry.visibility import sees
from dli_server.runs.auditing import ended, submitted
from dli_server.runs.engines import Engines
from dli_server.runs.ids import new_id
from dli_server.runs.journal import Accepted, Recorded, RunJournal, ending
from dli_server.runs.live import LiveRun
from dli_server.runs.pool import FairPool, PoolFullError, Ticket
from dli_server.runs.refusals import (
    busy_session,
    forbidden,
    malformed,
    no_result,
    no_room,
    not_ended,
    other_request,
    refusal,
    stopping,
    too_large,
    too_many,
    unknown_run,
)
from dli_server.runs.sessions import Session, Sessions
from dli_server.runs.spool import Spool
from dli_server.runs.work import Drive, Outcome

_LOG = logging.getLogger("dli.server.runs")
CANCEL_WAIT_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """A result that can be fetched, and the session whose client fetches it."""

    path: str
    session_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What a submission came to; `new` is False where the key had been used before."""

    answer: RunAnswer
    new: bool


class RunService:
    """Takes runs, drives them in a bounded pool, remembers how they ended.

    Args:
        config: The server's limits and its folder.
        settings: The project's: its engines are the server's.
        clock: The machine's.
        database: Holds the journal.
        registry: What can be run and judged by name.
        audit: Told of each run before it is driven, and after.
        spool: Where results are kept.
    """

    def __init__(
        self,
        *,
        config: ServerConfig,
        settings: Settings,
        clock: Clock,
        database: Engine,
        registry: Registry,
        audit: AuditLog,
        spool: Spool,
    ) -> None:
        self.limits: Limits = config.limits
        self.clock = clock
        self.audit = audit
        self.worker = new_id()
        self.journal = RunJournal(database)
        self.spool = spool
        self.engines = Engines(settings=settings, limits=config.limits, clock=clock)
        self.sessions = Sessions(self.engines, config.limits, clock)
        self.pool = FairPool(
            config.limits.running, config.limits.running_per_key, config.limits.queued
        )
        self.drive = Drive(
            limits=config.limits,
            clock=clock,
            engines=self.engines,
            registry=registry,
            spool=spool,
        )
        self.live: dict[str, LiveRun] = {}
        self._lock = threading.Lock()
        self._stopping = False

    # --- submission -------------------------------------------------------------------------

    def submit(
        self, principal: Principal, submission: RunSubmission, key: str, trace_id: str
    ) -> Submitted:
        """Take a run, once for each idempotency key.

        Raises:
            HttpError: it is not taken, and nothing ran.
        """
        if self._stopping:
            raise stopping()
        plan = self._planned(principal, submission)
        digest = sha256(msgspec.json.encode(submission, order="deterministic")).hexdigest()
        known = self.journal.of_key(principal.key_id, key)
        if known is not None:
            return self._known(known, digest)
        ticket = self._reserved(principal.key_id)
        accepted = Accepted(
            run_id=new_id(),
            key_id=principal.key_id,
            owner=principal.owner,
            idempotency_key=key,
            request_hash=digest,
            trace_id=trace_id,
            session_id=plan.session.session_id if plan.session else None,
            kind=plan.kind,
            name=plan.name,
            engine=self.engines.engine,
            writes=plan.writes,
            sql=plan.sql,
            submission=submission,
            submitted_at=self.clock.now(),
            worker=self.worker,
        )
        try:
            known = self.journal.accept(accepted)
        except SQLAlchemyError as error:
            self.pool.release(ticket)
            raise no_room("journal") from error
        if known is not None:
            self.pool.release(ticket)
            return self._known(known, digest)
        run = self._begun(accepted, ticket)
        self._audited(run, accepted, ticket)
        self.pool.start(ticket, partial(self._work, run, plan.session))
        return Submitted(answer=run.answer, new=True)

    def _audited(self, run: LiveRun, accepted: Accepted, ticket: Ticket) -> None:
        """Nothing runs that the audit log does not tell of."""
        try:
            self.audit.record(submitted(accepted))
        except OutputError as error:
            self.pool.release(ticket)
            self._end(run, error)
            raise no_room("audit log") from error

    def requeue(self, recorded: Recorded) -> None:
        """Drive a run that an earlier server accepted and never began."""
        self.journal.change(recorded.run_id, {"worker": self.worker})
        ticket = Ticket(recorded.key_id)
        run = LiveRun(recorded.answer, recorded.key_id, recorded.request, self.clock.monotonic())
        run.ticket = ticket
        with self._lock:
            self.live[run.run_id] = run
        self.pool.admit(ticket)
        self.pool.start(ticket, partial(self._work, run, None))

    def _planned(self, principal: Principal, submission: RunSubmission) -> "_Plan":
        given = [submission.resource, submission.quality, submission.statement]
        if sum(one is not None for one in given) != 1:
            raise malformed("Give exactly one of 'resource', 'quality' and 'statement'")
        seconds = submission.timeout_seconds
        if seconds is not None and not 0 < seconds <= self.limits.seconds:
            raise malformed(f"timeout_seconds must be above 0 and at most {self.limits.seconds}")
        if submission.statement is not None:
            return self._planned_statement(principal, submission.statement)
        if submission.resource is not None:
            asked = submission.resource
            _needs(principal, Scope.RUN_SPEC)
            if asked.kind not in set(ResourceKind):
                raise malformed("'kind' is 'dataset' or 'metric'")
            kind = ResourceKind(asked.kind)
            self._parameters(len(asked.parameters))
            self._named(principal, asked.name, kind)
            return _Plan(kind=kind.value, name=asked.name, writes=kind is ResourceKind.DATASET)
        asked_quality = submission.quality
        assert asked_quality is not None  # noqa: S101 - one of three is there
        _needs(principal, Scope.QUALITY)
        self._parameters(len(asked_quality.parameters))
        self._named(principal, asked_quality.reference, None)
        return _Plan(kind="quality", name=asked_quality.reference)

    def _planned_statement(self, principal: Principal, asked: StatementRun) -> "_Plan":
        session = self.sessions.get(principal, asked.session_id)
        if len(asked.sql.encode()) > self.limits.sql_bytes:
            raise too_large(f"The SQL text is larger than {self.limits.sql_bytes:,} bytes")
        self._parameters(len(asked.params))
        if not session.writes:
            try:
                self.engines.refuse_change(asked.sql)
            except ServerError as error:
                raise refusal(403, "POLICY_REFUSED", error) from error
        return _Plan(
            kind="statement",
            name=session.resource,
            writes=session.writes,
            sql=asked.sql,
            session=session,
        )

    def _parameters(self, count: int) -> None:
        if count > self.limits.parameters:
            raise too_large(f"More than {self.limits.parameters} parameters")

    def _named(self, principal: Principal, name: str, kind: ResourceKind | None) -> None:
        """What the key may not name looks as if it were not there."""
        if sees(principal, name):
            return
        code = ErrorCode.METRIC_NOT_FOUND if kind is ResourceKind.METRIC else None
        what = "resource" if kind is None else kind.value
        error = SpecNotFoundError(f"No {what} is called {name!r}", code=code)
        raise refusal(404, f"{what.upper()}_NOT_FOUND", error)

    def _known(self, known: Recorded, digest: str) -> Submitted:
        if known.request_hash != digest:
            raise other_request()
        run = self.live.get(known.run_id)
        return Submitted(answer=run.answer if run else known.answer, new=False)

    def _reserved(self, key_id: str) -> Ticket:
        try:
            return self.pool.reserve(key_id)
        except PoolFullError as error:
            raise too_many(str(error)) from error

    def _begun(self, accepted: Accepted, ticket: Ticket) -> LiveRun:
        answer = RunAnswer(
            run_id=accepted.run_id,
            state="ACCEPTED",
            kind=accepted.kind,
            name=accepted.name,
            engine=accepted.engine,
            submitted_at=accepted.submitted_at,
            sql=accepted.sql,
        )
        run = LiveRun(answer, accepted.key_id, accepted.submission, self.clock.monotonic())
        run.ticket = ticket
        with self._lock:
            self.live[run.run_id] = run
        return run

    # --- in the pool ------------------------------------------------------------------------

    def _work(self, run: LiveRun, session: Session | None) -> None:
        try:
            outcome: Outcome | DliError = self._driven(run, session)
        except DliError as error:
            outcome = error
        except Exception:
            _LOG.exception("run %s failed inside the server", run.run_id)
            outcome = ServerExecutionError(
                "The run failed inside the server, which is a fault of its own",
                code=ErrorCode.INTERNAL_ERROR,
                context=run.facts,
            )
        self._end(run, outcome)

    def _driven(self, run: LiveRun, session: Session | None) -> Outcome:
        run.check()
        now = self.clock.now()
        seconds = run.submission.timeout_seconds
        if seconds is not None and session is not None:
            run.stop_at = self.clock.monotonic() + seconds
        try:
            self.journal.change(
                run.run_id, {"state": "RUNNING", "started_at": now, "worker": self.worker}
            )
        except SQLAlchemyError as error:
            raise ServerExecutionError(no_room("journal").message) from error
        run.tell(state="RUNNING", started_at=now)
        if session is None:
            if run.submission.quality is not None:
                return self.drive.quality(run)
            return self.drive.resource(run)
        if not session.using.acquire(blocking=False):
            raise ServerError(busy_session().message)
        try:
            return self.drive.statement(run, session)
        finally:
            self.sessions.touch(session)
            session.using.release()

    def _end(self, run: LiveRun, outcome: Outcome | DliError) -> None:
        now = self.clock.now()
        facts: dict[str, Any] = {"ended_at": now, "progress": None}
        if run.answer.started_at is not None:
            facts["duration_ms"] = round((now - run.answer.started_at).total_seconds() * 1000)
        name = None
        if isinstance(outcome, Outcome):
            facts |= {"state": "DONE", **outcome.facts}
            name = outcome.result_name
        else:
            error = _reason(run, outcome)
            facts |= {"state": _state(error), "failure": packed(error)}
        answer = msgspec.structs.replace(run.answer, **facts)
        columns = ending(answer, name, self.limits.result_seconds)
        columns |= {"cancelled_by": run.cancelled_by, "cancel_reason": run.cancel_reason}
        self._written(run, columns)
        try:
            self.audit.record(ended(answer, run.key_id))
        except OutputError:
            _LOG.exception("the end of run %s is not in the audit log", run.run_id)
        run.finish(answer)
        self._forget(run)

    def _written(self, run: LiveRun, columns: dict[str, object]) -> None:
        try:
            self.journal.change(run.run_id, columns)
        except SQLAlchemyError:
            _LOG.exception("the end of run %s is not in the journal yet", run.run_id)
            run.unsaved = columns

    def _forget(self, run: LiveRun) -> None:
        """What the journal knows need not be held."""
        if run.unsaved is None:
            with self._lock:
                self.live.pop(run.run_id, None)

    def save_again(self) -> None:
        """Write what the journal did not take before."""
        for run in self.open_runs(ended=True):
            if run.unsaved is not None:
                columns, run.unsaved = dict(run.unsaved), None
                self._written(run, columns)
                self._forget(run)

    def open_runs(self, *, ended: bool = False) -> list[LiveRun]:
        """The runs that have not ended, or those that have and are not written yet."""
        with self._lock:
            return [run for run in self.live.values() if run.ended.is_set() is ended]

    def drain(self, seconds: float) -> None:
        """Take no more, let what runs end for so long, cancel the rest."""
        self._stopping = True
        until = self.clock.monotonic() + seconds
        for run in self.open_runs():
            if run.ticket is not None and self.pool.withdraw(run.ticket):
                self._put_back(run)
        for run in self.open_runs():
            run.ended.wait(max(until - self.clock.monotonic() - CANCEL_WAIT_SECONDS, 0))
        for run in self.open_runs():
            self.stop(run, "the server", "the server is shutting down")
        for run in self.open_runs():
            run.ended.wait(max(until - self.clock.monotonic(), 0))
        for session in self.sessions.all():
            threading.Thread(target=self.sessions.close, args=(session,), daemon=True).start()

    def _put_back(self, run: LiveRun) -> None:
        """What waits by name is driven by the next server; a statement's session ends."""
        if run.submission.statement is not None:
            run.cancel("the server", "the server is shutting down")
            self._end(run, ExecutionCancelledError("The server is shutting down"))
            return
        with self._lock:
            self.live.pop(run.run_id, None)
        run.finish(run.answer)

    # --- looking ----------------------------------------------------------------------------

    def found(self, principal: Principal, run_id: str) -> LiveRun | RunAnswer:
        """The run, live or as the journal knows it.

        Raises:
            HttpError: there is none, or it is another key's.
        """
        run = self.live.get(run_id)
        if run is not None:
            _own(principal, run.key_id, run_id)
            return run
        return self._recorded(principal, run_id).answer

    def by_key(self, principal: Principal, key: str) -> RunAnswer:
        """The run that this key submitted under that idempotency key.

        Raises:
            HttpError: there is none.
        """
        known = self.journal.of_key(principal.key_id, key)
        if known is None:
            raise unknown_run(key)
        run = self.live.get(known.run_id)
        if run is not None:
            run.heard(self.clock.monotonic())
            return run.answer
        return known.answer

    def result(self, principal: Principal, run_id: str) -> ResultFile:
        """Where the rows are.

        Raises:
            HttpError: there is no such run, or no result, or it has not ended.
        """
        run = self.live.get(run_id)
        if run is not None and not run.ended.is_set():
            _own(principal, run.key_id, run_id)
            raise not_ended(run_id)
        known = self._recorded(principal, run_id)
        if known.answer.state != "DONE":
            raise no_result(run_id, f"it is {known.state}")
        if not (known.answer.result or ResultFacts()).has_rows:
            raise no_result(run_id, "its statement gives no rows")
        if known.result_path is None or not self.spool.path(known.result_path).is_file():
            raise no_result(run_id, "it was kept for its time, and is gone")
        return ResultFile(path=str(self.spool.path(known.result_path)), session_id=known.session_id)

    def cancel(self, principal: Principal, run_id: str, reason: str | None) -> RunAnswer:
        """Stop it, and wait a little for that; one that has ended stays as it is.

        Raises:
            HttpError: there is no such run, or it is another key's.
        """
        run = self.live.get(run_id)
        if run is None:
            return self._recorded(principal, run_id).answer
        _own(principal, run.key_id, run_id)
        run.heard(self.clock.monotonic())
        self.stop(run, principal.key_id, reason)
        run.ended.wait(CANCEL_WAIT_SECONDS)
        return run.answer

    def stop(self, run: LiveRun, by: str, reason: str | None) -> None:
        """Ask it to end; one that waits ends at once."""
        run.cancel(by, reason)
        if run.ticket is not None and self.pool.withdraw(run.ticket):
            self._end(run, ExecutionCancelledError("The run was cancelled before it began"))

    def _recorded(self, principal: Principal, run_id: str) -> Recorded:
        known = self.journal.get(run_id)
        if known is None:
            raise unknown_run(run_id)
        _own(principal, known.key_id, run_id)
        return known

    # --- sessions ---------------------------------------------------------------------------

    def open_session(self, principal: Principal, request: SessionRequest) -> Session:
        """An engine session for statements of one run.

        Raises:
            HttpError: the key may not, or holds too many.
            DliError: the engine cannot be opened.
        """
        if self._stopping:
            raise stopping()
        _needs(principal, Scope.RUN_WRITE if request.writes else Scope.RUN_ADHOC)
        return self.sessions.open(principal, request)

    def estimate(self, principal: Principal, session_id: str, sql: str) -> Estimate:
        """What a statement of the session would read."""
        return self.sessions.estimate(self.sessions.get(principal, session_id), sql)

    def close_session(self, principal: Principal, session_id: str) -> None:
        """End a session; one that is not open is fine."""
        with suppress(HttpError):
            self.sessions.close(self.sessions.get(principal, session_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A submission that was understood."""

    kind: str
    name: str | None
    writes: bool = False
    sql: str = ""
    session: Session | None = None


def _needs(principal: Principal, scope: Scope) -> None:
    if scope not in principal.scopes:
        raise forbidden(scope.value)


def _own(principal: Principal, key_id: str, run_id: str) -> None:
    if key_id != principal.key_id and Scope.ADMIN not in principal.scopes:
        raise unknown_run(run_id)


def _reason(run: LiveRun, error: DliError) -> DliError:
    """Why it really ended: an engine only says that it was interrupted."""
    why = run.why_stopped
    if why is not None and isinstance(error, ExecutionCancelledError):
        return why
    return error


def _state(error: DliError) -> str:
    state = "FAILED"
    if isinstance(error, ExecutionCancelledError):
        state = "CANCELLED"
    elif isinstance(error, ExecutionUnknownError):
        state = "UNKNOWN"
    assert state in FINAL  # noqa: S101 - the wire's own words
    return state
