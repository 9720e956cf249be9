"""The machine's own clock."""

import time
from datetime import UTC, date, datetime
from typing import final

from dli_domain.ports.clock import Clock


@final
class SystemClock(Clock):
    """Now, as this machine sees it; `today` is the day in its own time zone."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return datetime.now().astimezone().date()

    def monotonic(self) -> float:
        return time.monotonic()
