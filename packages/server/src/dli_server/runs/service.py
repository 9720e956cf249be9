"""Runs at the server, from submission to result."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dli_adapters.wire.messages import ResultFacts, RunAnswer, RunSubmission, SessionRequest
from dli_domain.errors import OutputError, PolicyError
from dli_domain.model.result import Estimate
from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_server.audit.log import AuditEntry, AuditLog
from dli_server.configuration import ServerConfig
from dli_server.http.endpoint import Principal
from dli_server.http.refusals import HttpError
from dli_server.http.scopes import Scope
from dli_server.registry.registry import Registry
from dli_server.runs.auditing import refused, submitted
from dli_server.runs.driving import CANCEL_WAIT_SECONDS, Driver
from dli_server.runs.engines import Engines
from dli_server.runs.ids import new_id
from dli_server.runs.journal import Accepted, Recorded, RunJournal
from dli_server.runs.live import LiveRun
from dli_server.runs.planning import Plan, Planner, needs
from dli_server.runs.pool import FairPool, PoolFullError, Ticket
from dli_server.runs.refusals import (
    forbidden,
    no_result,
    no_room,
    not_ended,
    other_request,
    stopping,
    too_many,
    unknown_run,
)
from dli_server.runs.sessions import Session, Sessions
from dli_server.runs.spool import Spool
from dli_server.runs.work import Drive


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """A result that can be fetched, and the session whose client fetches it."""

    path: Path
    session_id: str | None


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
        limits = config.limits
        self.limits = limits
        self.clock = clock
        self.spool = spool
        self.journal = RunJournal(database, worker=new_id())
        self.engines = Engines(
            settings=settings,
            limits=limits,
            clock=clock,
            idle_seconds=config.engine_idle_seconds,
        )
        self.sessions = Sessions(self.engines, limits, clock)
        self.pool = FairPool(limits.running, limits.running_per_key, limits.queued)
        self.driver = Driver(
            drive=Drive(
                limits=limits, clock=clock, engines=self.engines, registry=registry, spool=spool
            ),
            pool=self.pool,
            journal=self.journal,
            audit=audit,
            sessions=self.sessions,
            clock=clock,
            keep_seconds=limits.result_seconds,
        )
        self._planner = Planner(
            limits=limits, engines=self.engines, registry=registry, sessions=self.sessions
        )
        self._audit = audit
        self._stopping = False

    # --- submission -------------------------------------------------------------------------

    def submit(
        self, principal: Principal, submission: RunSubmission, key: str, trace_id: str
    ) -> RunAnswer:
        """Take a run, once for each idempotency key.

        Raises:
            HttpError: it is not taken, and nothing ran.
            DliError: the same, where the name, the text or the policy is at fault.
        """
        if self._stopping:
            raise stopping()
        digest = sha256(msgspec.json.encode(submission, order="deterministic")).hexdigest()
        known = self.journal.of_key(principal.key_id, key)
        if known is not None:
            return self._known(known, digest)
        plan = self._planned(principal, submission, trace_id)
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
        )
        return self._taken(accepted, plan.session, principal.address)

    def _taken(self, accepted: Accepted, session: Session | None, address: str | None) -> RunAnswer:
        with ExitStack() as undo:
            if session is not None:
                self.sessions.take(session)
                undo.callback(self.sessions.give_back, session)
            ticket = self._reserved(accepted.key_id)
            undo.callback(self.pool.release, ticket)
            try:
                known = self.journal.accept(accepted)
            except SQLAlchemyError as error:
                raise no_room("journal") from error
            if known is not None:
                return self._known(known, accepted.request_hash)
            run = self.driver.admit(
                accepted.answer, accepted.key_id, accepted.submission, ticket, session
            )
            undo.pop_all()
        self._tell_audit(run, submitted(accepted, address))
        self.driver.begin(run)
        return run.answer

    def _planned(self, principal: Principal, submission: RunSubmission, trace_id: str) -> Plan:
        try:
            return self._planner(principal, submission)
        except PolicyError as error:
            with suppress(OutputError):  # nothing runs, whether it is told or not
                self._audit.record(refused(principal, submission, trace_id, error))
            raise

    def _tell_audit(self, run: LiveRun, entry: AuditEntry) -> None:
        """Nothing runs that the audit log does not tell of."""
        try:
            self._audit.record(entry)
        except OutputError as error:
            self.pool.release(run.ticket)
            self.driver.end(run, error)
            raise no_room("audit log") from error

    def _known(self, known: Recorded, digest: str) -> RunAnswer:
        if known.request_hash != digest:
            raise other_request()
        run = self.driver.get(known.run_id)
        return run.answer if run else known.answer

    def _reserved(self, key_id: str) -> Ticket:
        try:
            return self.pool.reserve(key_id)
        except PoolFullError as error:
            raise too_many(str(error)) from error

    def resume(self, recorded: Recorded) -> None:
        """Drive a run anew that an earlier server left, and that has changed nothing."""
        answer = msgspec.structs.replace(recorded.answer, state="ACCEPTED")
        ticket = self.pool.admitted(recorded.key_id)
        self.driver.begin(self.driver.admit(answer, recorded.key_id, recorded.request, ticket))

    def drain(self, seconds: float) -> None:
        """Take no more, let what runs end for so long, cancel the rest."""
        self._stopping = True
        self.driver.drain(seconds)

    def forget_key(self, key_id: str) -> None:
        """A key is worth nothing any more: stop its runs, remove its results."""
        for run in self.driver.open_runs():
            if run.key_id == key_id:
                self.driver.stop(run, "the server", "its key was revoked")
        for session in self.sessions.all():
            if session.key_id == key_id:
                self.driver.end_session(session, "its key was revoked")
        for name in self.journal.results_of(key_id):
            self.spool.remove(name)
        self.journal.forget_results(key_id=key_id)

    # --- looking ----------------------------------------------------------------------------

    def live(self, principal: Principal, run_id: str) -> LiveRun | None:
        """The run where it has not ended; asks no database.

        Raises:
            HttpError: it is another key's.
        """
        run = self.driver.get(run_id)
        if run is not None:
            _own(principal, run.key_id, run_id)
        return run

    def found(self, principal: Principal, run_id: str) -> LiveRun | RunAnswer:
        """The run, live or as the journal knows it.

        Raises:
            HttpError: there is none, or it is another key's.
        """
        run = self.live(principal, run_id)
        if run is not None:
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
        run = self.driver.get(known.run_id)
        if run is not None:
            run.heard(self.clock.monotonic())
            return run.answer
        return known.answer

    def result(self, principal: Principal, run_id: str) -> ResultFile:
        """Where the rows are.

        Raises:
            HttpError: there is no such run, or no result, or it has not ended.
        """
        run = self.driver.get(run_id)
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
        return ResultFile(path=self.spool.path(known.result_path), session_id=known.session_id)

    def cancel(self, principal: Principal, run_id: str, reason: str | None) -> RunAnswer:
        """Stop it, and wait a little for that; one that has ended stays as it is.

        Raises:
            HttpError: there is no such run, or it is another key's.
        """
        run = self.driver.get(run_id)
        if run is None:
            return self._recorded(principal, run_id).answer
        _own(principal, run.key_id, run_id)
        run.heard(self.clock.monotonic())
        self.driver.stop(run, principal.key_id, reason)
        run.ended.wait(CANCEL_WAIT_SECONDS)
        return run.answer

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
        needs(principal, Scope.RUN_WRITE if request.writes else Scope.RUN_ADHOC)
        if request.writes and principal.specs is not None:
            raise forbidden(f"{Scope.RUN_WRITE.value} for every table")
        return self.sessions.open(principal, request)

    def estimate(self, principal: Principal, session_id: str, sql: str) -> Estimate:
        """What a statement of the session would read."""
        return self.sessions.estimate(self.sessions.get(principal, session_id), sql)

    def close_session(self, principal: Principal, session_id: str) -> None:
        """End a session; one that is not open is fine."""
        with suppress(HttpError):
            session = self.sessions.get(principal, session_id)
            self.driver.end_session(session, "its session was closed")


def _own(principal: Principal, key_id: str, run_id: str) -> None:
    if key_id != principal.key_id and Scope.ADMIN not in principal.scopes:
        raise unknown_run(run_id)
