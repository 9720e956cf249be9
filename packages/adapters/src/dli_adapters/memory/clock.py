"""A clock that stands still until it is moved."""

from datetime import UTC, date, datetime, timedelta
from typing import final

from dli_domain.ports.clock import Clock


@final
class FixedClock(Clock):
    """Tells the moment it was given; `advance` moves it forward.

    Raises:
        ValueError: the moment has no time zone.
    """

    def __init__(self, now: datetime, monotonic: float = 0.0) -> None:
        if now.tzinfo is None:
            raise ValueError(f"the moment {now.isoformat()} has no time zone")
        self._now = now
        self._monotonic = monotonic

    def now(self) -> datetime:
        return self._now.astimezone(UTC)

    def today(self) -> date:
        return self._now.date()

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both times forward.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
