"""Jobs of one run: sent once under an id of our own, watched, found again, cancelled."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import final

import requests
from google.api_core import exceptions as api
from google.cloud import bigquery

from dli_adapters.bigquery.calls import (
    Patience,
    is_transient,
    may_have_arrived,
    never_arrived,
    understood,
)
from dli_adapters.bigquery.errors import TRANSLATED, job_failure, place, said, translate
from dli_adapters.bigquery.statements import only_reads
from dli_domain.errors import (
    ExecutionCancelledError,
    ExecutionError,
    ExecutionTimeoutError,
    ExecutionUnknownError,
)
from dli_domain.model.run import CancelOutcome, RunScope
from dli_domain.model.settings import BigQueryTarget

SUBMITS = 4
_SUBMIT_SECONDS = 30.0
_POLL_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
# A running job outlives an engine that does not answer for a while.
_OUTAGE_SECONDS = 20.0
# One cancel, from the first request to the last look, takes no longer than this; once the
# deadline has passed it gets less, so that the run ends within two seconds after its limit.
CANCEL_SECONDS, _LATE_CANCEL_SECONDS = 4.0, 1.3
_FIRST_ASK_SECONDS, _NEXT_ASK_SECONDS = 0.5, 1.5


@dataclass(slots=True)
class Running:
    """The statement that is on its way. `settled` once the engine has told its end."""

    job_id: str
    only_reads: bool
    sent: bool = False
    settled: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)


@final
class Jobs:
    """Runs statements as jobs, one at a time; only `cancel` may come from another thread."""

    def __init__(
        self,
        client: bigquery.Client,
        target: BigQueryTarget,
        scope: RunScope,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._target = target
        self._scope = scope
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._count = 0
        self.running: Running | None = None
        self.patience = Patience(scope.deadline, monotonic, self._sleep)

    def run(self, sql: str, config: bigquery.QueryJobConfig) -> bigquery.QueryJob:
        """The job that ran the statement, ended well.

        Raises:
            ExecutionError: it did not, or nobody can say (`ExecutionUnknownError`).
        """
        job_id = self.next_id()
        with self._lock:
            running = self.running = Running(job_id, only_reads(sql))
        job = self._submitted(running, sql, config)
        job = self._ended(running, job)
        if job.error_result:
            cause = job.exception()  # type: ignore[no-untyped-call]  # no annotations
            raise job_failure(job.error_result, running.job_id, self._target) from cause
        return job

    def next_id(self) -> str:
        """The id of the run's next job: known before anything is sent."""
        with self._lock:
            self._count += 1
            return f"dli_{_id_part(self._scope.run_id)}_{self._count}"

    # --- submit -------------------------------------------------------------------------

    def _submitted(
        self, running: Running, sql: str, config: bigquery.QueryJobConfig
    ) -> bigquery.QueryJob:
        """Send it until the engine has it: the id makes a second arrival harmless."""
        for attempt in range(1, SUBMITS + 1):
            try:
                return self._insert(running, sql, config)
            except TRANSLATED as error:
                if isinstance(error, api.Conflict) or may_have_arrived(error):
                    found = self._found(running, sql, error)
                    if found is not None:
                        self.patience.retries += 1
                        return found
                elif not never_arrived(error):
                    running.settled = True
                    raise translate(error, self._target) from error
                last = attempt == SUBMITS or isinstance(error, requests.ConnectTimeout)
                if last or not self.patience.waited(error, attempt):
                    raise self._not_submitted(running, error) from error
        raise AssertionError("the last attempt returns or raises")

    def _insert(
        self, running: Running, sql: str, config: bigquery.QueryJobConfig
    ) -> bigquery.QueryJob:
        left = self.patience.remaining()
        if left <= 0:
            running.settled = True
            raise ExecutionTimeoutError(
                f"the time limit of {self._scope.deadline.seconds:g} s had passed before the "
                "statement was sent",
                context=place(self._target),
            )
        with self._lock:
            if running.cancelled.is_set():
                running.settled = True
                raise ExecutionCancelledError("the statement was cancelled before it was sent")
            running.sent = True
        config.job_timeout_ms = max(1000, int(left * 1000))
        return understood(
            lambda: self._client.query(
                sql,
                job_config=config,
                job_id=running.job_id,
                location=self._target.location,
                retry=None,  # type: ignore[arg-type]  # documented: None turns retries off
                job_retry=None,
                timeout=_SUBMIT_SECONDS,
            )
        )

    def _found(self, running: Running, sql: str, error: Exception) -> bigquery.QueryJob | None:
        """The job that our id names, or None where the engine knows of none."""
        try:
            job = self.patience.read(lambda: self._get(running))
        except api.NotFound:
            return None
        except TRANSLATED as probe:
            raise self._unknown(running, f"{said(error)}; then {said(probe)}") from error
        if not isinstance(job, bigquery.QueryJob) or job.query != sql:
            running.settled = True
            raise ExecutionUnknownError(
                f"job {running.job_id!r} exists already and runs another statement",
                context=place(self._target) | {"Job": running.job_id},
                hint="Run again: each run has an id of its own.",
            ) from error
        return job

    def _get(self, running: Running, seconds: float = _POLL_SECONDS) -> object:
        return understood(
            lambda: self._client.get_job(
                running.job_id,
                location=self._target.location,
                retry=None,  # type: ignore[arg-type]  # documented: None turns retries off
                timeout=seconds,
            )
        )

    def _not_submitted(self, running: Running, error: Exception) -> ExecutionError:
        if not never_arrived(error) and not isinstance(error, api.GoogleAPICallError):
            return self._unknown(running, said(error))
        running.settled = True
        failure = translate(error, self._target)
        assert isinstance(failure, ExecutionError)  # noqa: S101 - translate gives nothing else here
        return failure

    # --- wait ---------------------------------------------------------------------------

    def _ended(self, running: Running, job: bigquery.QueryJob) -> bigquery.QueryJob:
        pause, lost = _FIRST_PAUSE, None
        while job.state != "DONE":
            if self.patience.remaining() <= 0:
                raise self._timed_out(running)
            self._sleep(min(pause, max(self.patience.remaining(), 0.01)))
            pause = min(pause * 1.4, _LONGEST_PAUSE)
            try:
                self._look(job)
                lost = None
            except TRANSLATED as error:
                lost = lost or self._outage()
                if not self._may_come_back(error, lost):
                    raise self._out_of_sight(running, error) from error
        running.settled = True
        return job

    def _look(self, job: bigquery.QueryJob) -> None:
        understood(
            lambda: job.reload(
                retry=None,  # type: ignore[arg-type]  # documented: None turns retries off
                timeout=_POLL_SECONDS,
            )
        )

    def _outage(self) -> float:
        """Until when an engine that stopped answering may come back."""
        patience = min(_OUTAGE_SECONDS, max(self.patience.remaining(), 0) / 2)
        return self._monotonic() + patience

    def _may_come_back(self, error: Exception, until: float) -> bool:
        self.patience.retries += 1
        seen = is_transient(error) or isinstance(error, api.NotFound | api.ServerError)
        return seen and (self._monotonic() < until or self.patience.remaining() <= 0)

    def _out_of_sight(self, running: Running, error: Exception) -> ExecutionError:
        """Nobody watches the job any more: stop it, and say whether that is certain."""
        if self.cancel() is not CancelOutcome.CONFIRMED:
            return self._unknown(running, said(error))
        return ExecutionError(
            f"BigQuery stopped answering ({said(error)}); the job was cancelled, and that is "
            "confirmed",
            context=place(self._target) | {"Job": running.job_id},
            hint="Run it again.",
        )

    def _timed_out(self, running: Running) -> ExecutionError:
        seconds = self._scope.deadline.seconds
        if self.cancel(_LATE_CANCEL_SECONDS) is CancelOutcome.UNCONFIRMED:
            return self._unknown(running, f"the time limit of {seconds:g} s has passed")
        return ExecutionTimeoutError(
            f"the statement took longer than {seconds:g} s; BigQuery has ended it",
            context=place(self._target) | {"Job": running.job_id},
            hint="Raise --timeout, or make the query smaller.",
        )

    def _unknown(self, running: Running, reason: str) -> ExecutionError:
        if running.only_reads and self.patience.remaining() <= 0:
            return ExecutionTimeoutError(
                f"the time limit of {self._scope.deadline.seconds:g} s has passed, and BigQuery "
                f"did not confirm that job {running.job_id!r} has stopped",
                context=place(self._target) | {"May still run": running.job_id},
                hint=f"It changes nothing; 'bq cancel {running.job_id}' stops it.",
            )
        return ExecutionUnknownError(
            f"job {running.job_id!r} was sent, and its end is not known: {reason}",
            context=place(self._target) | {"Job": running.job_id},
            hint=f"Look at it with 'bq show -j {running.job_id}' before you run it again; "
            f"'bq cancel {running.job_id}' stops it.",
        )

    def _sleep(self, seconds: float) -> None:
        running = self.running
        if running is None or running.cancelled.is_set():
            time.sleep(min(seconds, 0.1))
        else:
            running.cancelled.wait(seconds)

    # --- cancel -------------------------------------------------------------------------

    def cancel(self, within: float = CANCEL_SECONDS) -> CancelOutcome:
        """Stop the statement at the engine and see that it stopped; from any thread."""
        with self._lock:
            running = self.running
            if running is None or running.settled:
                return CancelOutcome.NOTHING_RUNNING
            running.cancelled.set()
            if not running.sent:
                return CancelOutcome.NOTHING_RUNNING
        until, patience = self._monotonic() + within, _FIRST_ASK_SECONDS
        while True:
            # Ask, then look, in turns: either answer may be lost, and an engine that was asked
            # a moment too early may not have heard it.
            for ask in (self._stop, self._get):
                seconds = min(max(until - self._monotonic(), 0.05), patience)
                with suppress(*TRANSLATED):
                    outcome = _outcome_of(ask(running, seconds))
                    if outcome is not None:
                        return outcome
            if self._monotonic() + _FIRST_PAUSE >= until:
                return CancelOutcome.UNCONFIRMED
            patience = _NEXT_ASK_SECONDS
            time.sleep(_FIRST_PAUSE)

    def _stop(self, running: Running, seconds: float) -> object:
        return understood(
            lambda: self._client.cancel_job(
                running.job_id,
                location=self._target.location,
                retry=None,  # type: ignore[arg-type]  # documented: None turns retries off
                timeout=seconds,
            )
        )


def _outcome_of(job: object) -> CancelOutcome | None:
    """What a job that was asked to stop tells; None while it is still running."""
    if not isinstance(job, bigquery.QueryJob) or job.state != "DONE":
        return None
    failure = job.error_result
    stopped = bool(failure) and failure.get("reason") == "stopped"
    return CancelOutcome.CONFIRMED if stopped else CancelOutcome.NOTHING_RUNNING


def _id_part(run_id: str) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in run_id)
    return kept[:900]
