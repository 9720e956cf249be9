"""One line on a terminal while work takes long; nothing anywhere else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from dli_cli.output import Screen
from dli_cli.text import safe_line

_QUIET_SECONDS = 1.0
_EVERY_SECONDS = 0.25
_CLEAR = "\r\x1b[2K"


@contextmanager
def progress_line(screen: Screen) -> Iterator[Callable[[str], None]]:
    """What is going on and for how long, on stderr; gone when the work is done.

    Only on a terminal, not under `--quiet` or NO_COLOR, and only once a second has passed.
    """
    if screen.quiet or not screen.err.colour:
        yield lambda _: None
        return
    line = _Line(screen)
    thread = threading.Thread(target=line.run, name="dli-progress", daemon=True)
    thread.start()
    try:
        yield line.say
    finally:
        line.stop()
        thread.join()


class _Line:
    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._began = monotonic()
        self._text = ""
        self._stopped = threading.Event()
        self._shown = False

    def say(self, text: str) -> None:
        self._text = text

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        if not self._stopped.wait(_QUIET_SECONDS):
            self._draw()
            while not self._stopped.wait(_EVERY_SECONDS):
                self._draw()
        if self._shown:
            self._screen.draw(_CLEAR)

    def _draw(self) -> None:
        self._shown = True
        elapsed = monotonic() - self._began
        self._screen.draw(f"{_CLEAR}… {safe_line(self._text)} · {elapsed:.0f}s")
