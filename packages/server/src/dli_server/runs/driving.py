"""Runs that have not ended: queued, driven in the pool, stopped, written to their end."""

import logging
import threading
from functools import partial
from typing import Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from dli_adapters.supervision.reads import only_reads
from dli_adapters.wire.failures import packed
from dli_adapters.wire.messages import RunAnswer, RunSubmission
from dli_domain.errors import (
    DliError,
    ErrorCode,
    ExecutionCancelledError,
    ExecutionUnknownError,
    OutputError,
    ServerExecutionError,
)
from dli_domain.model.quality import QualityReport
from dli_domain.ports.clock import Clock
from dli_server.audit.log import AuditLog
from dli_server.runs.auditing import ended
from dli_server.runs.journal import RunJournal, ending
from dli_server.runs.live import LiveRun, nothing_said
from dli_server.runs.pool import FairPool, Ticket
from dli_server.runs.refusals import no_room
from dli_server.runs.sessions import Session, Sessions
from dli_server.runs.work import Drive, Outcome

_LOG = logging.getLogger("dli_server.runs")
CANCEL_WAIT_SECONDS = 3.0
_SERVER = "the server"
_ENDING = "the server is shutting down"


class Driver:
    """Keeps every open run, and gives each of them exactly one end.

    Args:
        drive: What a thread does for a run.
        pool: The threads.
        journal: Told of every change of state, before it is acted on.
        audit: Told of every end.
        sessions: Their statements are runs.
        clock: The machine's.
        keep_seconds: How long results are kept.
    """

    def __init__(
        self,
        *,
        drive: Drive,
        pool: FairPool,
        journal: RunJournal,
        audit: AuditLog,
        sessions: Sessions,
        clock: Clock,
        keep_seconds: float,
    ) -> None:
        self._drive = drive
        self._pool = pool
        self._journal = journal
        self._audit = audit
        self._sessions = sessions
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._live: dict[str, LiveRun] = {}
        self._lock = threading.Lock()

    def get(self, run_id: str) -> LiveRun | None:
        """The run, unless it has ended."""
        return self._live.get(run_id)

    def open_runs(self, *, ended: bool = False) -> list[LiveRun]:
        """The runs that have not ended, or those that have and are not written yet."""
        with self._lock:
            return [run for run in self._live.values() if run.ended.is_set() is ended]

    def admit(
        self,
        answer: RunAnswer,
        key_id: str,
        submission: RunSubmission,
        ticket: Ticket,
        session: Session | None = None,
    ) -> LiveRun:
        """Take a run in; it does not begin yet."""
        run = LiveRun(answer, key_id, submission, ticket, self._clock.monotonic())
        run.session = session
        with self._lock:
            self._live[run.run_id] = run
        return run

    def begin(self, run: LiveRun) -> None:
        """Drive it as soon as it is its turn."""
        self._pool.start(run.ticket, partial(self._work, run))

    def stop(self, run: LiveRun, by: str, reason: str | None) -> None:
        """Ask it to end; one that waits ends at once."""
        run.cancel(by, reason)
        if self._pool.withdraw(run.ticket):
            self.end(run, ExecutionCancelledError("The run was cancelled before it began"))

    def end_session(self, session: Session, reason: str) -> None:
        """Stop what runs in it, then close it."""
        for run in self.open_runs():
            if run.session is session:
                self.stop(run, _SERVER, reason)
        self._sessions.close(session)

    def drain(self, seconds: float) -> None:
        """Let what runs end for so long, cancel the rest; what waits by name is left queued."""
        until = self._clock.monotonic() + seconds
        for run in self.open_runs():
            if self._pool.withdraw(run.ticket):
                self._put_back(run)
        for run in self.open_runs():
            run.ended.wait(max(until - self._clock.monotonic() - CANCEL_WAIT_SECONDS, 0))
        for run in self.open_runs():
            self.stop(run, _SERVER, _ENDING)
        for run in self.open_runs():
            run.ended.wait(max(until - self._clock.monotonic(), 0))
        for session in self._sessions.all():
            threading.Thread(target=self._sessions.close, args=(session,), daemon=True).start()

    def save_again(self) -> None:
        """Write what the journal did not take before."""
        for run in self.open_runs(ended=True):
            if run.unsaved is not None:
                columns, run.unsaved = dict(run.unsaved), None
                self._write(run, columns)
                self._forget(run)

    def note_job(self, run: LiveRun) -> None:
        """Tell the journal of the engine's job as soon as there is one."""
        job_id = run.job_id
        if job_id is not None and job_id != run.answer.job_id:
            run.tell(job_id=job_id)
            self._journal.change(run.run_id, {"job_id": job_id})

    def end(self, run: LiveRun, outcome: Outcome | DliError) -> None:
        """Write how it ended, then wake who waits."""
        now = self._clock.now()
        facts: dict[str, Any] = {"ended_at": now, "progress": None}
        if run.answer.started_at is not None:
            facts["duration_ms"] = round((now - run.answer.started_at).total_seconds() * 1000)
        name = None
        if isinstance(outcome, Outcome):
            facts |= {"state": "DONE", **outcome.facts}
            name = outcome.result_name
            self._keep_verdicts(outcome.report)
        else:
            error = run.reason(outcome)
            facts |= {"state": _state(error), "failure": packed(error)}
        answer = msgspec.structs.replace(run.answer, **facts)
        columns = ending(answer, name, self._keep_seconds)
        columns |= {"cancelled_by": run.cancelled_by, "cancel_reason": run.cancel_reason}
        self._write(run, columns)
        self._audit_end(run, answer)
        if run.session is not None:
            self._sessions.give_back(run.session)
        run.finish(answer)
        self._forget(run)

    def _work(self, run: LiveRun) -> None:
        try:
            outcome: Outcome | DliError = self._driven(run)
        except DliError as error:
            outcome = error
        except Exception:  # noqa: BLE001 - whatever it is, the run gets an end
            _LOG.exception("run %s failed inside the server", run.run_id)
            outcome = ServerExecutionError(
                "The run failed inside the server, which is a fault of its own",
                code=ErrorCode.INTERNAL_ERROR,
                context=run.facts,
            )
        self.end(run, outcome)

    def _driven(self, run: LiveRun) -> Outcome:
        run.check()
        now = self._clock.now()
        began: dict[str, object] = {
            "state": "RUNNING",
            "started_at": now,
            "worker": self._journal.worker,
        }
        # By name it is noted anew, on the disk, before a statement is sent that changes data.
        writes = run.session is not None and run.session.reading is None
        self._note(run, began, lasting=writes)
        run.tell(state="RUNNING", started_at=now)
        if run.session is not None:
            seconds = run.submission.timeout_seconds
            if seconds is not None:
                run.stop_at = self._clock.monotonic() + seconds
            return self._drive.statement(run, run.session)
        run.sending = partial(self._note_change, run)
        if run.submission.quality is not None:
            return self._drive.quality(run)
        return self._drive.resource(run)

    def _note_change(self, run: LiveRun, sql: str) -> None:
        """From here on a crash leaves it unknown whether the run changed data."""
        if not only_reads(sql):
            self._note(run, {"writes": True})
            run.sending = nothing_said

    def _note(self, run: LiveRun, columns: dict[str, object], *, lasting: bool = True) -> None:
        """Nothing happens that the journal did not take before."""
        note = self._journal.change if lasting else self._journal.hint
        try:
            note(run.run_id, columns)
        except SQLAlchemyError as error:
            raise ServerExecutionError(no_room("journal").message) from error

    def _write(self, run: LiveRun, columns: dict[str, object]) -> None:
        try:
            self._journal.change(run.run_id, columns)
        except SQLAlchemyError:
            _LOG.exception("the end of run %s is not in the journal yet", run.run_id)
            run.unsaved = columns

    def _keep_verdicts(self, report: QualityReport | None) -> None:
        if report is None:
            return
        try:
            self._journal.judged(report)
        except SQLAlchemyError:
            _LOG.exception("the verdicts of run %s are not kept", report.run_id)

    def _audit_end(self, run: LiveRun, answer: RunAnswer) -> None:
        try:
            self._audit.record(ended(answer, run.key_id))
        except OutputError:
            _LOG.exception("the end of run %s is not in the audit log", run.run_id)

    def _forget(self, run: LiveRun) -> None:
        """What the journal knows need not be held."""
        if run.unsaved is None:
            with self._lock:
                self._live.pop(run.run_id, None)

    def _put_back(self, run: LiveRun) -> None:
        """The next server drives it; only a statement ends, as its session does."""
        if run.session is not None:
            run.cancel(_SERVER, _ENDING)
            self.end(run, ExecutionCancelledError("The run was cancelled before it began"))
            return
        with self._lock:
            self._live.pop(run.run_id, None)
        run.finish(run.answer)


def _state(error: DliError) -> str:
    if isinstance(error, ExecutionCancelledError):
        return "CANCELLED"
    return "UNKNOWN" if isinstance(error, ExecutionUnknownError) else "FAILED"
