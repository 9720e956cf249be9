"""What a signal becomes, and what it would leave behind."""

import signal
from collections.abc import Callable

# What runs now, as sentences to print when the process must leave at once. Plain dict: its
# single operations are atomic, and a signal handler may take no lock.
_RUNNING: dict[int, Callable[[], str]] = {}


class RunInterrupted(KeyboardInterrupt):
    """The user, or the system, asked this process to end; `signum` says how."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


def announce(key: int, describe: Callable[[], str]) -> None:
    """Remember a statement that runs, under a key of its own."""
    _RUNNING[key] = describe


def withdraw(key: int) -> None:
    """Forget it: it has ended."""
    _RUNNING.pop(key, None)


def running() -> tuple[str, ...]:
    """What runs now, each as it can be looked for at its engine."""
    return tuple(describe() for describe in tuple(_RUNNING.values()))
