"""One line on a terminal while work takes long; nothing anywhere else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from dli_cli.output import Screen
from dli_cli.text import safe_line

_QUIET_SECONDS = 1.0
_EVERY_SECONDS = 0.25
_CLEAR = "\r\x1b[2K"


@contextmanager
def progress_line(screen: Screen) -> Iterator["Line | None"]:
    """What is going on, how many rows came, and for how long; gone when the work is done.

    None but on a terminal, and under `--quiet` or NO_COLOR; drawn once a second has passed.
    """
    if screen.quiet or not screen.err.colour:
        yield None
        return
    line = Line(screen)
    thread = threading.Thread(target=line.run, name="dli-progress", daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.stop()
        thread.join()


class Line:
    """The line; `say` and `rows` may be called from any thread."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._began = monotonic()
        self._text = ""
        self._rows = 0
        self._stopped = threading.Event()
        self._shown = False

    def say(self, text: str) -> None:
        """What is going on now."""
        self._text = text

    def rows(self, count: int) -> None:
        """So many more rows came."""
        self._rows += count

    def stop(self) -> None:
        """Draw no more, and clear what was drawn."""
        self._stopped.set()

    def run(self) -> None:
        """Draw until it is stopped; for a thread of its own."""
        if not self._stopped.wait(_QUIET_SECONDS):
            self._draw()
            while not self._stopped.wait(_EVERY_SECONDS):
                self._draw()
        if self._shown:
            self._screen.draw(_CLEAR)

    def _draw(self) -> None:
        self._shown = True
        elapsed = monotonic() - self._began
        rows = f" · {self._rows:,} rows" if self._rows else ""
        self._screen.draw(f"{_CLEAR}… {safe_line(self._text)}{rows} · {elapsed:.0f}s")
