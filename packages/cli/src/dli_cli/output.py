"""Where a command writes: results to stdout, everything else to stderr."""

import json
import os
import select
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TextIO, cast, final

from dli_cli.text import safe
from dli_domain.errors import OutputError

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA = "dli/v1"
_HELP_WIDTH = 100
_STYLES: Mapping[str, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


@final
class Stream:
    """A text stream whose failures are DLI-414; a reader that left stays a BrokenPipeError."""

    def __init__(self, raw: TextIO | None, name: str, *, colour: bool) -> None:
        self._raw = raw
        self._name = name
        self.terminal = raw is not None and raw.isatty()
        self.colour = colour and self.terminal
        self._descriptor = _descriptor(raw)
        self.encoding = "utf-8"

    def write(self, text: str) -> int:
        """Write it at once.

        Raises:
            OutputError: the stream is closed or its disk is full.
        """
        if self._raw is None:
            raise OutputError(f"{self._name} is closed", hint="Give dli an open standard output.")
        try:
            self._write_all(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(
                f"Cannot write to {self._name}: {error.strerror}",
                hint="Free some space there, or name a file with --output.",
            ) from error
        return len(text)

    def _write_all(self, text: str) -> None:
        if self._descriptor is None:
            # A stream of Python's own, as tests and hosts put in place of stdout.
            print(text, end="", file=self._raw, flush=True)
            return
        rest = memoryview(text.encode("utf-8", "backslashreplace"))
        # Past the buffers: under PYTHONUNBUFFERED Python takes a part of a write for the whole.
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [])

    @property
    def binary(self) -> BinaryIO | None:
        """The bytes below the text; None where the stream is closed or has none."""
        return getattr(self._raw, "buffer", None)

    def flush(self) -> None:
        """Nothing is ever held back."""

    def isatty(self) -> bool:
        return self.terminal

    def style(self, text: str, *names: str) -> str:
        """The text in the named styles, or as it is where colours are off."""
        if not self.colour:
            return text
        return f"\x1b[{';'.join(_STYLES[name] for name in names)}m{text}\x1b[0m"


@final
@dataclass
class Screen:
    """What a command talks through.

    `command` is its name, such as `dataset run`; `root` the project's folder once it is known.
    """

    out: Stream
    err: Stream
    width: int | None
    json: bool = False
    quiet: bool = False
    command: str = ""
    root: str = ""

    @classmethod
    def of_process(cls, environ: Mapping[str, str], *, json: bool = False) -> "Screen":
        """The screen of this process, with the colours and the width that its terminal has."""
        colour = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        out = Stream(_utf8(sys.stdout), "standard output", colour=colour)
        err = Stream(_utf8(sys.stderr), "standard error", colour=colour)
        return cls(out, err, _width(environ, out), json=json)

    def print(self, text: str = "") -> None:
        """A line of the result, on stdout."""
        self.out.write(f"{text}\n")

    def note(self, text: str = "") -> None:
        """A line beside the result, on stderr; not said under `--quiet`."""
        if not self.quiet:
            self.warn(text)

    def warn(self, text: str = "") -> None:
        """A line on stderr that is always said. A lost stderr must not hide the exit code."""
        try:
            self.err.write(f"{safe(text) if not self.err.colour else text}\n")
        except (OutputError, BrokenPipeError):
            return

    def draw(self, text: str) -> None:
        """Text for a terminal on stderr, with its escapes; losing it loses nothing."""
        try:
            self.err.write(text)
        except (OutputError, BrokenPipeError):
            return

    def envelope(self, **fields: object) -> None:
        """The one JSON object that `--json` puts on stdout; `status` is success unless given."""
        document = {"schema": SCHEMA, "command": self.command, "status": "success", **fields}
        self.print(
            json.dumps(document, ensure_ascii=False, indent=2, default=plain, allow_nan=False)
        )

    def console(self) -> "Console":
        """A rich console over stdout, for pages of help."""
        # rich costs more than the whole start; only help pays for it.
        from rich.console import Console  # noqa: PLC0415

        return Console(
            file=cast("IO[str]", self.out),
            width=self.width or _HELP_WIDTH,
            force_terminal=self.out.colour,
            no_color=not self.out.colour,
            legacy_windows=False,
        )


def plain(value: object) -> Any:
    """A JSON form of what JSON has no form for: dates as ISO text, decimals as their digits.

    Raises:
        TypeError: there is none.
    """
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _descriptor(raw: TextIO | None) -> int | None:
    try:
        return None if raw is None else raw.fileno()
    except (OSError, ValueError):
        return None


def _utf8(stream: TextIO | None) -> TextIO | None:
    # Korean data must come out the same under LC_ALL=C.
    if stream is not None and hasattr(stream, "reconfigure"):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return stream


def _width(environ: Mapping[str, str], out: Stream) -> int | None:
    """Columns to keep within; None where nothing limits them, as in a pipe or a file."""
    said = environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said) > 0:
        return max(int(said), 40)
    if not out.terminal:
        return None
    try:
        return max(os.get_terminal_size(sys.__stdout__.fileno()).columns, 40)  # type: ignore[union-attr]
    except (OSError, ValueError):
        return 80
