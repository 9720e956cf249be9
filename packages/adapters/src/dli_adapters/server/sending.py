"""Requests sent again where that is right: questions within a budget, orders hardly ever."""

import time
from dataclasses import dataclass, replace
from http import HTTPStatus

from dli_adapters.server import answers, failures
from dli_adapters.server.answers import Answer
from dli_adapters.server.exchange import BrokenOffError, LateError, Line, NeverLeftError, Request
from dli_adapters.server.lost import late, lost, unreachable
from dli_adapters.server.retrying import RetryBudget, wait_before
from dli_adapters.wire.messages import KEY_HEADER
from dli_domain.model.run import Deadline
from dli_domain.model.settings import ServerTarget

# What a gateway answers that may or may not have handed the request on.
_GATEWAY = frozenset({502, 503, 504})
_FOREVER = float("inf")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Sends requests on one line, at most `tries` times, until the deadline."""

    target: ServerTarget
    line: Line
    budget: RetryBudget
    deadline: Deadline | None
    tries: int

    def asked(self, request: Request, limit: int) -> Answer:
        """The answer to a question, which may be asked as often as one likes."""
        most = request.until
        span = most - self.line.clock.monotonic()
        for attempt in range(1, self.tries + 1):
            told = None
            found: Answer | Exception
            try:
                found = self.line.answer(request, limit)
                again = _passing(found)
                told = found.headers.get("retry-after")
            except (NeverLeftError, BrokenOffError, LateError) as error:
                found = self.explained(error, request)
                found.__cause__ = error
                again = _may_pass(error)
            if _stale(found):
                # No fault of the server: it had closed what we kept.
                request = replace(request, until=self.moment(span), fresh=True)
                continue
            if not again or attempt == self.tries or not self._waited(attempt, told, most):
                break
            request = replace(request, until=self.moment(span))
        if isinstance(found, Exception):
            raise found
        return found

    def told(self, request: Request, limit: int) -> Answer:
        """The answer to a request that must not be carried out twice."""
        # One with a key is looked up by it; for any other it must be certain whether it arrived.
        keyed = any(name == KEY_HEADER for name, _ in request.headers)
        request = replace(request, fresh=not keyed)
        most = request.until
        span = most - self.line.clock.monotonic()
        for attempt in range(1, self.tries + 1):
            told = None
            found: Answer | Exception
            try:
                found = self.line.answer(request, limit)
                told = found.headers.get("retry-after")
                again = found.status == HTTPStatus.TOO_MANY_REQUESTS
                if found.status in _GATEWAY and failures.error_of(found) is None:
                    raise lost(self.target, request)
            except NeverLeftError as error:
                found = self.explained(error, request)
                found.__cause__ = error
                again = error.passing
            except (BrokenOffError, LateError) as error:
                raise lost(self.target, request) from error
            if not again or attempt == self.tries or not self._waited(attempt, told, most):
                break
            request = replace(request, until=self.moment(span))
        if isinstance(found, Exception):
            raise found
        return found

    def explained(self, error: Exception, request: Request) -> Exception:
        if isinstance(error, LateError):
            return late(self.target, request, self.deadline, self.line.clock)
        if isinstance(error, BrokenOffError) and error.garbage:
            return answers.protocol(f"What came as an answer to {request} is no HTTP")
        if self.deadline is not None and self._left() <= 0:
            return late(self.target, request, self.deadline, self.line.clock)
        return unreachable(self.target, request, error)

    def _waited(self, attempt: int, told: str | None, most: float) -> bool:
        """Wait before the next try, if there is time and budget for one.

        Without a deadline nobody waits longer than `most`, the end of the first try: a server
        that says "tomorrow" would hold a short question for minutes.
        """
        pause = wait_before(attempt, told, self.line.clock.now())
        left = most - self.line.clock.monotonic() if self.deadline is None else self._left()
        if pause >= left or not self.budget.take():
            return False
        time.sleep(pause)
        return True

    def _left(self) -> float:
        if self.deadline is None:
            return _FOREVER
        return self.deadline.remaining(self.line.clock.monotonic())

    def moment(self, seconds: float) -> float:
        until = self.line.clock.monotonic() + seconds
        return until if self.deadline is None else min(until, self.deadline.at)


def _passing(answer: Answer) -> bool:
    """Whether the same question may get another answer later."""
    if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        # Basecamp says 500 to many a wrong question; a page of something else may pass
        return failures.error_of(answer) is None
    return answer.status in _GATEWAY or answer.status == HTTPStatus.TOO_MANY_REQUESTS


def _may_pass(error: Exception) -> bool:
    if isinstance(error, NeverLeftError):
        return error.passing
    return isinstance(error, BrokenOffError) and not error.garbage


def _stale(found: Answer | Exception) -> bool:
    cause = found.__cause__ if isinstance(found, Exception) else None
    return isinstance(cause, BrokenOffError) and cause.stale
