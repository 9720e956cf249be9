"""Signals as cancellations, for a program; a library never installs these."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from dli_adapters.supervision.interrupted import RunInterrupted, running

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@dataclass(slots=True)
class Received:
    """The signal that came, if one did."""

    signum: int | None = None


@contextmanager
def signals_cancel() -> Iterator[Received]:
    """Turn INT, TERM and HUP into `RunInterrupted` in the main thread, once.

    A second one leaves the process at once, by that signal, and says on stderr what may still
    run. Signals that the process was told to ignore (`nohup`) stay ignored. The handlers of
    before are put back at the end. Outside the main thread it changes nothing.
    """
    received = Received()

    def handle(signum: int, _: FrameType | None) -> None:
        if received.signum is not None:
            _leave(signum)
        received.signum = signum
        raise RunInterrupted(signum)

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handle)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def die_by(signum: int) -> NoReturn:
    """End this process by the signal itself, so that whoever started it sees 128 + its number."""
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)
    os._exit(128 + signum)  # where the default of the signal does not end a process


def _leave(signum: int) -> NoReturn:
    lines = "".join(f"may still run: {one}\n" for one in running())
    os.write(2, f"\nLeft before the cancel was confirmed.\n{lines}".encode())
    die_by(signum)
