"""One thread that looks after runs, sessions and results."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from dli_server.runs.live import LiveRun
from dli_server.runs.service import RunService
from dli_server.runs.sessions import Session

_LOG = logging.getLogger("dli_server.runs")
_TICK_SECONDS = 0.1
_SAVE_EVERY, _SWEEP_EVERY = 10, 600
_REVOKED_EVERY = 20
# Between two questions of a client that is there: its network may stumble.
BETWEEN_SECONDS = 8.0
_UNSEEN_SECONDS = 0.4
_ALONE = "nobody waits for it any more"


class Caretaker:
    """Stops what nobody waits for or took too long, closes sessions, sweeps old results."""

    def __init__(self, runs: RunService) -> None:
        self._runs = runs
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="dli-caretaker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def _serve(self) -> None:
        ticks = 0
        while not self._over.wait(_TICK_SECONDS):
            try:
                self._look()
                if ticks % _SAVE_EVERY == 0:
                    self._runs.driver.save_again()
                if ticks % _REVOKED_EVERY == 0:
                    self._forget_revoked()
                if ticks % _SWEEP_EVERY == 0:
                    self._sweep()
            except Exception:  # noqa: BLE001 - one failure must not end the care
                _LOG.exception("looking after runs failed")
            ticks += 1

    def _look(self) -> None:
        runs = self._runs
        now = runs.clock.monotonic()
        for run in runs.driver.open_runs():
            self._look_at(run, now)
        for session in runs.sessions.over():
            self._end_session(session)
        runs.engines.held.look()

    def _look_at(self, run: LiveRun, now: float) -> None:
        self._runs.driver.note_job(run)
        if run.stop_at is not None and now > run.stop_at:
            run.time_out(run.submission.timeout_seconds or 0)
        # A tick, and the look at the socket, are part of the promised time.
        after = max(self._runs.limits.abandoned_seconds - _UNSEEN_SECONDS, 0.0)
        if run.submission.attached and run.abandoned(now, after, BETWEEN_SECONDS):
            self._runs.driver.stop(run, "the server", _ALONE)
            if run.session is not None:
                self._end_session(run.session)

    def _end_session(self, session: Session) -> None:
        """In a thread of its own: it waits for the engine."""
        threading.Thread(
            target=self._runs.driver.end_session,
            args=(session, _ALONE),
            name="dli-close",
            daemon=True,
        ).start()

    def _forget_revoked(self) -> None:
        for key_id in self._runs.journal.revoked():
            self._runs.forget_key(key_id)

    def _sweep(self) -> None:
        runs = self._runs
        seconds = runs.limits.result_seconds
        runs.spool.sweep(seconds)
        try:
            runs.journal.forget_results(before=runs.clock.now())
        except SQLAlchemyError:
            _LOG.exception("the journal still names results that are gone")
