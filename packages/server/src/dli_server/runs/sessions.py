"""Engine sessions that clients hold open between statements."""

import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from dli_adapters.wire.messages import SessionRequest
from dli_domain.errors import DliError
from dli_domain.model.policy import ReadAccess
from dli_domain.model.result import Estimate
from dli_domain.model.run import Deadline, RunScope
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor
from dli_server.configuration import Limits
from dli_server.http.endpoint import Principal
from dli_server.http.scopes import Scope
from dli_server.runs.engines import Engines
from dli_server.runs.ids import new_id
from dli_server.runs.refusals import busy_session, malformed, too_many, unknown_session

# What a client may do on its own side between two statements, such as writing a file.
IDLE_SECONDS = 120.0
_SHORTEST_LEASE = 2.0
# A look so late means that this process stood still: nobody could be heard meanwhile.
_LATE_SECONDS = 2.0
_PER_RUNNING = 4
_CLOSE_SECONDS = 5.0


@dataclass(eq=False, slots=True, kw_only=True)
class Session:
    """One engine session: its statements run one at a time; without `reading` they may write."""

    session_id: str
    key_id: str
    reading: ReadAccess | None
    resource: str
    deadline: Deadline
    executor: QueryExecutor
    stack: ExitStack
    used_at: float
    lease_seconds: float
    using: threading.Lock
    holds: int = 0
    closed: bool = False


class Sessions:
    """All open sessions of this server."""

    def __init__(self, engines: Engines, limits: Limits, clock: Clock) -> None:
        self._engines = engines
        self._limits = limits
        self._clock = clock
        self._open: dict[str, Session] = {}
        self._opening: list[str] = []
        self._looked_at = clock.monotonic()
        self._lock = threading.Lock()

    def open(self, principal: Principal, request: SessionRequest) -> Session:
        """Open one.

        Raises:
            HttpError: the key, or all of them, hold too many.
            DliError: the engine cannot be opened.
        """
        if request.engine not in (None, self._engines.engine):
            raise malformed(f"The server runs {self._engines.engine}, not {request.engine}")
        if request.timeout_seconds <= 0:
            raise malformed("timeout_seconds must be above 0")
        if request.lease_seconds is not None and request.lease_seconds <= 0:
            raise malformed("lease_seconds must be above 0")
        self._make_room(principal.key_id)
        try:
            session = self._opened(principal, request)
            with self._lock:
                self._open[session.session_id] = session
        finally:
            with self._lock:
                self._opening.remove(principal.key_id)
        return session

    def get(self, principal: Principal, session_id: str) -> Session:
        """The session of that id.

        Raises:
            HttpError: it is closed, or not this key's.
        """
        with self._lock:
            found = self._open.get(session_id)
            if found is None or found.key_id != principal.key_id:
                raise unknown_session()
            found.used_at = self._clock.monotonic()
            return found

    def estimate(self, session: Session, sql: str) -> Estimate:
        """What the statement would read."""
        self.take(session)
        try:
            return session.executor.estimate(sql)
        finally:
            self.give_back(session)

    def take(self, session: Session) -> None:
        """Have it for one statement, until `give_back`.

        Raises:
            HttpError: another statement has it.
        """
        if not session.using.acquire(blocking=False):
            raise busy_session()

    def give_back(self, session: Session) -> None:
        """The statement has ended."""
        session.used_at = self._clock.monotonic()
        session.using.release()

    def hold(self, session_id: str | None, count: int) -> None:
        """While its results are fetched, a session is not idle."""
        with self._lock:
            session = self._open.get(session_id or "")
            if session is not None:
                session.holds += count
                session.used_at = self._clock.monotonic()

    def close(self, session: Session) -> None:
        """End it: what it did and did not commit is rolled back.

        An engine that does not stop is waited for a moment here, and then in a thread of its own.
        """
        with self._lock:
            if session.closed:
                return
            session.closed = True
            self._open.pop(session.session_id, None)
        session.executor.cancel()
        closing = threading.Thread(target=_close, args=(session,), name="dli-close", daemon=True)
        closing.start()
        closing.join(_CLOSE_SECONDS)

    def over(self) -> list[Session]:
        """Those that are past their deadline, or that nobody uses."""
        now = self._clock.monotonic()
        with self._lock:
            late = now - self._looked_at
            self._looked_at = now
            if late > _LATE_SECONDS:
                for session in self._open.values():
                    session.used_at += late
            return [one for one in self._open.values() if self._is_over(one, now)]

    def all(self) -> list[Session]:
        """Every open one."""
        with self._lock:
            return list(self._open.values())

    def _is_over(self, session: Session, now: float) -> bool:
        if session.deadline.remaining(now) <= 0:
            return True
        unused = not session.using.locked() and session.holds == 0
        return unused and now - session.used_at > session.lease_seconds

    def _make_room(self, key_id: str) -> None:
        with self._lock:
            keys = [one.key_id for one in self._open.values()] + self._opening
            if keys.count(key_id) >= self._limits.running_per_key * _PER_RUNNING:
                raise too_many("this key holds too many sessions")
            if len(keys) >= self._limits.running * _PER_RUNNING:
                raise too_many("too many sessions are open")
            self._opening.append(key_id)

    def _opened(self, principal: Principal, request: SessionRequest) -> Session:
        seconds = min(request.timeout_seconds, float(self._limits.seconds))
        now = self._clock.monotonic()
        deadline = Deadline(now + seconds, seconds)
        session_id = new_id()
        scope = RunScope(
            run_id=session_id,
            resource=request.resource,
            deadline=deadline,
            max_bytes=request.max_bytes,
        )
        stack = ExitStack()
        reading = None
        if not request.writes:
            metadata = Scope.CATALOG in principal.scopes
            reading = self._engines.access(principal.specs, metadata=metadata)
        executor = stack.enter_context(self._engines.open(scope, reading))
        return Session(
            session_id=session_id,
            key_id=principal.key_id,
            reading=reading,
            resource=request.resource,
            deadline=deadline,
            executor=executor,
            stack=stack,
            used_at=now,
            lease_seconds=_lease(request),
            using=threading.Lock(),
        )


def _lease(request: SessionRequest) -> float:
    if request.lease_seconds is None:
        return IDLE_SECONDS
    return min(max(request.lease_seconds, _SHORTEST_LEASE), IDLE_SECONDS)


def _close(session: Session) -> None:
    with session.using, suppress(DliError):
        session.stack.close()
