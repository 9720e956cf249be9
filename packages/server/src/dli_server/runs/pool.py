"""A bounded set of threads that keys share fairly."""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

Work = Callable[[], None]


class PoolFullError(Exception):
    """No room is left; the text says which."""


@dataclass(eq=False, slots=True)
class Ticket:
    """A place in the pool: reserved, then waiting, then running."""

    key: str
    work: Work | None = field(default=None, repr=False)


class FairPool:
    """At most `running` pieces of work at once, `per_key` of one key; keys take turns.

    Args:
        running: Threads in all.
        per_key: Of which one key has so many at most.
        queued: How many may wait; one key may hold half of them.
    """

    def __init__(self, running: int, per_key: int, queued: int) -> None:
        self._most, self._per_key, self._queued = running, per_key, queued
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, deque[Ticket]] = OrderedDict()
        self._held: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        self._threads = 0
        self._idle = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._changed:
            return sum(map(len, self._waiting.values()))

    @property
    def busy(self) -> int:
        """How many run."""
        with self._changed:
            return self._running.total()

    def reserve(self, key: str) -> Ticket:
        """A place, held until its work is done or it is given back.

        Raises:
            PoolFullError: none is left.
        """
        with self._changed:
            if self._held.total() >= self._most + self._queued:
                raise PoolFullError(f"{self._queued} runs are waiting")
            share = self._per_key + max(self._queued // 2, 1)
            if self._held[key] >= share:
                raise PoolFullError(f"{share} runs of this key are open")
            self._held[key] += 1
            return Ticket(key)

    def admitted(self, key: str) -> Ticket:
        """A place beyond all limits, for what was accepted before."""
        with self._changed:
            self._held[key] += 1
            return Ticket(key)

    def release(self, ticket: Ticket) -> None:
        """Give a place back that no work came for."""
        with self._changed:
            self._held[ticket.key] -= 1

    def start(self, ticket: Ticket, work: Work) -> None:
        """Do the work as soon as it is the key's turn."""
        with self._changed:
            ticket.work = work
            self._waiting.setdefault(ticket.key, deque()).append(ticket)
            waiting = sum(map(len, self._waiting.values()))
            if waiting > self._idle and self._threads < self._most:
                self._threads += 1
                name = f"dli-pool-{self._threads}"
                threading.Thread(target=self._serve, name=name, daemon=True).start()
            self._changed.notify()

    def withdraw(self, ticket: Ticket) -> bool:
        """Take back what has not begun; False where it has."""
        with self._changed:
            line = self._waiting.get(ticket.key)
            if line is None or ticket not in line:
                return False
            line.remove(ticket)
            if not line:
                del self._waiting[ticket.key]
            self._held[ticket.key] -= 1
            return True

    def _serve(self) -> None:
        while True:
            ticket = self._next()
            try:
                if ticket.work is not None:
                    ticket.work()
            finally:
                with self._changed:
                    ticket.work = None
                    self._running[ticket.key] -= 1
                    self._held[ticket.key] -= 1
                    self._changed.notify_all()

    def _next(self) -> Ticket:
        with self._changed:
            while (ticket := self._taken()) is None:
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            return ticket

    def _taken(self) -> Ticket | None:
        for key, line in self._waiting.items():
            if self._running[key] >= self._per_key:
                continue
            ticket = line.popleft()
            if line:
                self._waiting.move_to_end(key)
            else:
                del self._waiting[key]
            self._running[key] += 1
            return ticket
        return None
