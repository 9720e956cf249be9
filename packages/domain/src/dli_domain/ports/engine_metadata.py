"""The port that reads what an engine says of its own tables."""

from collections.abc import Sequence
from typing import Protocol

from dli_domain.model.catalog import EngineColumn, EngineTable, Parts, TableFilter


class EngineMetadata(Protocol):
    """Tables and columns of one engine, from its own catalog; no data is read.

    System tables are left out. Every method raises `EngineError` or its children, and nothing
    else. Names are compared as the engine compares them.
    """

    @property
    def engine(self) -> str:
        """The engine's name."""
        ...

    def key(self, parts: Parts) -> Parts:
        """A name of one to three parts, whole, in the form in which equal names are equal."""
        ...

    def tables(
        self, wanted: TableFilter, *, after: Parts | None = None, limit: int
    ) -> Sequence[EngineTable]:
        """At most `limit` tables in the order of their keys, those after the key `after`."""
        ...

    def named(self, keys: Sequence[Parts]) -> Sequence[EngineTable]:
        """Those of these tables that there are, in the order of their keys."""
        ...

    def columns(self, key: Parts) -> Sequence[EngineColumn]:
        """The columns of a table in their order; none where there is no such table."""
        ...

    def first_rows(self, parts: Parts, columns: Sequence[str], limit: int) -> str:
        """SQL that reads these columns of the first rows; nothing runs."""
        ...
