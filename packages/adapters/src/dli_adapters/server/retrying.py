"""When a request may be sent again, and after how long."""

import random
from collections import deque
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

TRIES = 4
LONGEST_WAIT = 60.0
_FIRST_WAIT = 0.2
_MINUTE = 60.0
_SHARE = 0.1
_ALWAYS = 3


class RetryBudget:
    """Holds repeats to a tenth of the calls of the last minute, but to no fewer than three."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._calls: deque[float] = deque()
        self._repeats: deque[float] = deque()

    def called(self) -> None:
        """Count a call."""
        self._calls.append(self._monotonic())

    def take(self) -> bool:
        """Whether one more repeat is within the budget; it is counted then."""
        now = self._monotonic()
        for times in (self._calls, self._repeats):
            while times and times[0] < now - _MINUTE:
                times.popleft()
        if len(self._repeats) >= max(_ALWAYS, _SHARE * len(self._calls)):
            return False
        self._repeats.append(now)
        return True


def wait_before(attempt: int, told: str | None, now: datetime) -> float:
    """Seconds to wait before the next try; `attempt` counts from 1.

    Args:
        attempt: How many tries there were.
        told: The header `Retry-After`: seconds or a date. What is neither counts as not there.
        now: The moment, with a time zone.
    """
    asked = _told(told, now)
    if asked is not None:
        return min(asked * random.uniform(1, 1.1), LONGEST_WAIT)  # noqa: S311 - no secret
    return random.uniform(0.5, 1) * _FIRST_WAIT * 2.0 ** (attempt - 1)  # noqa: S311 - no secret


def _told(told: str | None, now: datetime) -> float | None:
    text = (told or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, now)
    # not a number, endless, or negative: as if nothing were said
    return seconds if 0 <= seconds < float("inf") else None


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=now.tzinfo)
    return max((moment - now).total_seconds(), 0.0)
