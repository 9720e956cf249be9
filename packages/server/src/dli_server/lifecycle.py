"""What areas do when the server starts, stops taking work, and ends."""

from collections.abc import Callable
from typing import final


@final
class Lifecycle:
    """Hooks of areas; those that were added last are ended first.

    `stopping` is true from the signal on: nothing new is begun then.
    """

    def __init__(self) -> None:
        self.stopping = False
        self._start: list[Callable[[], object]] = []
        self._drain: list[Callable[[float], object]] = []
        self._close: list[Callable[[], object]] = []

    def on_start(self, hook: Callable[[], object]) -> None:
        """Called once everything is wired, before the first request is taken."""
        self._start.append(hook)

    def on_drain(self, hook: Callable[[float], object]) -> None:
        """Called, in a thread, with the seconds that running work may still take."""
        self._drain.append(hook)

    def on_close(self, hook: Callable[[], object]) -> None:
        """Called last, when no request runs any more."""
        self._close.append(hook)

    def start(self) -> None:
        """The areas begin."""
        for hook in self._start:
            hook()

    def drain(self, seconds: float) -> None:
        """The areas finish what runs, or cancel it."""
        for hook in reversed(self._drain):
            hook(seconds)

    def close(self) -> None:
        """The areas let go of what they hold."""
        for hook in reversed(self._close):
            hook()
