"""Where bytes go: the part that file, pipe and terminal have in common."""

from contextlib import AbstractContextManager
from typing import Protocol


class Sink(Protocol):
    """An open place for bytes."""

    def write(self, data: bytes | memoryview) -> None:
        """Write all of it.

        Raises:
            OutputError: it cannot be written.
            BrokenPipeError: the reader of a pipe went away.
        """
        ...

    def commit(self) -> tuple[str, ...]:
        """Make what was written visible and durable; give what the user should know.

        Raises:
            OutputError: that failed; the message says whether the new file is there.
            BrokenPipeError: the reader of a pipe went away.
        """
        ...


class Target(Protocol):
    """A place that can be opened once. Without `commit`, leaving it takes everything back."""

    @property
    def path(self) -> str | None:
        """The path as the user gave it; None for a stream."""
        ...

    def prepare(self) -> None:
        """Raise `OutputError` if opening cannot work."""
        ...

    def open(self) -> AbstractContextManager[Sink]: ...
