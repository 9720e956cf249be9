"""The port that tells the time."""

from datetime import date, datetime
from typing import Protocol


class Clock(Protocol):
    """Times of one machine."""

    def now(self) -> datetime:
        """The moment, with a time zone (UTC)."""
        ...

    def today(self) -> date:
        """The calendar day where the user is."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump or go back; only differences mean something."""
        ...
