"""How often one key may ask, and how often one address may err."""

from threading import Lock
from typing import final

from dli_domain.ports.clock import Clock

_MOST = 10_000
_LONGEST_SECONDS = 5.0


@final
class TokenBuckets:
    """A bucket of tokens for each name: `burst` at once, then `rate` a second."""

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._lock = Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, name: str) -> float:
        """Take a token: 0, or the seconds until there is one."""
        now = self._clock.monotonic()
        with self._lock:
            left, at = self._left.get(name, (float(self._burst), now))
            left = min(float(self._burst), left + (now - at) * self._rate)
            if left < 1:
                self._left[name] = (left, now)
                return (1 - left) / self._rate
            self._left[name] = (left - 1, now)
            if len(self._left) > _MOST:
                self._sweep(now)
            return 0.0

    def _sweep(self, now: float) -> None:
        full = self._burst / self._rate
        self._left = {name: seen for name, seen in self._left.items() if now - seen[1] < full}


@final
class FailureCount:
    """Counts the failures of an address in the last minute."""

    def __init__(self, most: int, clock: Clock, seconds: float = 60.0) -> None:
        self._most, self._clock, self._seconds = most, clock, seconds
        self._lock = Lock()
        self._failed: dict[str, list[float]] = {}

    def wait(self, address: str) -> float:
        """0, or the seconds for which the address is not heard."""
        now = self._clock.monotonic()
        with self._lock:
            recent = self._recent(address, now)
            if len(recent) < self._most:
                return 0.0
            return recent[0] + self._seconds - now

    def note(self, address: str) -> None:
        """A failure, now."""
        now = self._clock.monotonic()
        with self._lock:
            if len(self._failed) > _MOST:
                self._failed = {
                    name: times
                    for name, times in self._failed.items()
                    if now - times[-1] < self._seconds
                }
            self._failed[address] = [*self._recent(address, now), now][-self._most :]

    def _recent(self, address: str, now: float) -> list[float]:
        return [at for at in self._failed.get(address, []) if now - at < self._seconds]


@final
class Pace:
    """Turns for each name, so many a second: who asks too often waits, and nobody else for him."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._seconds, self._clock = 1 / rate, clock
        self._lock = Lock()
        self._next: dict[str, float] = {}

    def wait(self, name: str) -> float:
        """The seconds until its turn; five at most."""
        now = self._clock.monotonic()
        with self._lock:
            turn = max(self._next.get(name, now), now)
            if len(self._next) > _MOST:
                self._next = {name: at for name, at in self._next.items() if at > now}
            self._next[name] = min(turn + self._seconds, now + _LONGEST_SECONDS)
            return turn - now
