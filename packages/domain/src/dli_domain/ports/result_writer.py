"""The port that takes a result to its end."""

from dataclasses import dataclass
from typing import Protocol

from dli_domain.model.result import QueryResult, ResultTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a result: how many rows there were, and where they are.

    `table` holds the rows that were kept: all of them, or the first ones for a screen.
    `truncated` says that the result had more rows than were taken, as the user allowed.
    """

    row_count: int
    table: ResultTable | None = None
    path: str | None = None
    byte_count: int | None = None
    warnings: tuple[str, ...] = ()
    truncated: bool = False


class ResultWriter(Protocol):
    """Reads a result to its last row and closes it.

    It counts what it read. A file appears whole or not at all: on any failure, also of the
    engine in the middle, the old file is untouched and nothing else is left behind. A
    statement without rows writes what zero rows without columns write.
    """

    def prepare(self) -> None:
        """Check, before anything is sent to an engine, that writing can work.

        Raises:
            OutputError: it cannot; the message says why.
        """
        ...

    def write(self, result: QueryResult) -> Written:
        """Take the rows.

        Raises:
            OutputError: the place cannot be written, or a value has no form in this format.
            EngineError: the engine failed while the rows were read.
        """
        ...
