"""Requests that only read, repeated a few times inside the deadline; and how long to wait."""

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, final

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from dli_adapters.bigquery.errors import reason_of
from dli_domain.model.run import Deadline

T = TypeVar("T")

TRIES = 4
_MAX_WAIT_SECONDS = 60.0
_FIRST_WAIT_SECONDS = 0.15


class UnreadableAnswerError(ValueError):
    """An answer with status 200 that is no answer to what was asked."""


_TRANSIENT_REASONS = frozenset(
    {"rateLimitExceeded", "backendError", "internalError", "badGateway", "jobRateLimitExceeded"}
)
_TRANSIENT = (
    api.TooManyRequests,
    api.InternalServerError,
    api.BadGateway,
    api.ServiceUnavailable,
    api.GatewayTimeout,
    api.Aborted,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    # an answer that was cut, is no UTF-8, or is another one's
    UnreadableAnswerError,
    requests.exceptions.InvalidJSONError,
    UnicodeDecodeError,
    auth.TransportError,
)


def is_transient(error: Exception) -> bool:
    """Whether the same question may be answered a moment later."""
    # a connect that took its whole time once will do so again
    if isinstance(error, requests.exceptions.SSLError | requests.ConnectTimeout):
        return False
    return isinstance(error, _TRANSIENT) or reason_of(error) in _TRANSIENT_REASONS


def never_arrived(error: Exception) -> bool:
    """Whether it is certain that the engine did not take what was sent."""
    if isinstance(error, requests.ConnectTimeout | api.TooManyRequests):
        return True
    refused = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
    limited = isinstance(error, api.Forbidden) and is_transient(error)
    return limited or (isinstance(error, requests.ConnectionError) and refused)


def may_have_arrived(error: Exception) -> bool:
    """Whether the engine may have taken the job although no answer says so."""
    if never_arrived(error) or isinstance(error, requests.exceptions.SSLError):
        return False
    return is_transient(error) or isinstance(error, api.ServerError)


def retry_after(error: Exception, now: datetime) -> float | None:
    """The seconds that the far side asks to wait, or None where it says nothing usable."""
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None)
    text = headers.get("Retry-After") if headers is not None else None
    if not isinstance(text, str):
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, now)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def understood(ask: Callable[[], T]) -> T:
    """What the client makes of an answer.

    The client takes any JSON for what it asked for, and trips over the rest: with `ask` being
    nothing but one of its calls, such an error is the answer's fault.

    Raises:
        UnreadableAnswerError: it tripped.
    """
    try:
        return ask()
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        raise UnreadableAnswerError("BigQuery's answer is not what was asked for") from error


@final
class Patience:
    """How long one run may still wait, and how often it has asked again.

    Args:
        deadline: Where the run ends.
        monotonic: The clock that the deadline is told by.
        sleep: Waits so many seconds; may raise to end the wait for good.
    """

    def __init__(
        self,
        deadline: Deadline,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Any],
    ) -> None:
        self._deadline = deadline
        self._monotonic = monotonic
        self._sleep = sleep
        self.retries = 0

    def remaining(self) -> float:
        """Seconds left; negative once the deadline has passed."""
        return self._deadline.remaining(self._monotonic())

    def read(self, ask: Callable[[], T]) -> T:
        """The answer to a question that changes nothing, asked at most four times."""
        for attempt in range(1, TRIES):
            try:
                return understood(ask)
            except Exception as error:
                if not is_transient(error) or not self.waited(error, attempt):
                    raise
        return understood(ask)

    def repeating(self, ask: Callable[..., T]) -> Callable[..., T]:
        """`ask` as a function that repeats itself: the form that the client takes as `retry`."""
        return lambda *args, **kwargs: self.read(lambda: ask(*args, **kwargs))

    def waited(self, error: Exception, attempt: int) -> bool:
        """Wait before the next try; false, without waiting, where the deadline is nearer."""
        asked = retry_after(error, datetime.now(UTC))
        own = _FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
        wait = own if asked is None else min(asked, _MAX_WAIT_SECONDS) + own / 2
        if wait >= self.remaining():
            return False
        self.retries += 1
        self._sleep(wait)
        return True
