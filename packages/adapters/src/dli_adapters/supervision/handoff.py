"""A short belt of batches between the thread that pulls and the one that writes."""

from collections import deque
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")
_LENGTH = 2


class NothingCame(Exception):  # noqa: N818 - a fact to react to, not a failure of the run
    """The belt stayed empty for as long as one was ready to wait."""


class Handoff(Generic[T]):
    """Holds at most two items; the pulling side waits while it is full."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._items: deque[T] = deque()
        self._ended = False
        self._stopped = False
        self._error: BaseException | None = None

    def put(self, item: T) -> bool:
        """Lay an item on the belt as soon as there is room; False when nobody wants it."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._items) < _LENGTH)
            if self._stopped:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def end(self, error: BaseException | None = None) -> None:
        """Say that nothing more comes, and why, if it is a failure."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def stop(self) -> None:
        """Say that nobody takes any more."""
        with self._changed:
            self._stopped = True
            self._items.clear()
            self._changed.notify_all()

    def get(self, seconds: float) -> T | None:
        """The next item; None at the end. A failure comes after the items before it.

        Raises:
            NothingCame: nothing came in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._items or self._ended, max(seconds, 0)):
                raise NothingCame
            if self._items:
                item = self._items.popleft()
                self._changed.notify_all()
                return item
            error, self._error = self._error, None
            if error is not None:
                raise error
            return None
