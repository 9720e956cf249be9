"""What every output format has in common."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

import pyarrow as pa

from dli_adapters.arrow.stream import ArrowStream

Write: TypeAlias = Callable[[bytes | memoryview], None]


class Encoder(Protocol):
    """Turns the checked parts of one result into bytes, in order.

    Raises `ResultInvalidError` for a value that the format cannot hold.
    """

    def add(self, part: pa.RecordBatch) -> None: ...
    def finish(self) -> tuple[str, ...]:
        """Write what ends the file; give what the user should know."""
        ...

    def abandon(self) -> None:
        """Let go of everything and write nothing more."""
        ...


OpenEncoder: TypeAlias = Callable[[ArrowStream, Write], Encoder]
"""A format: begins a file for the rows of a stream, of which it reads none."""
