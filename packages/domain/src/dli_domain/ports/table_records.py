"""The port that tells what runs have left behind about tables."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from dli_domain.model.catalog import TableUse, TestVerdict


class TableRecords(Protocol):
    """What a journal of runs knows of resources and tables."""

    def built_at(self, resources: Sequence[str]) -> Mapping[str, datetime]:
        """When a run of each of these datasets ended well for the last time."""
        ...

    def verdicts(self, resource: str, limit: int) -> Sequence[TestVerdict]:
        """The verdicts about a resource, newest first."""
        ...

    def uses(
        self, resource: str, table: str, touches: Callable[[str, str], bool], limit: int
    ) -> Sequence[TableUse]:
        """Runs of the resource, and of texts that touch the table, the latest first.

        Args:
            resource: The dataset of that table; empty where there is none.
            table: The last part of the table's name: texts without it are not looked at.
            touches: Whether a text of an engine names the table.
            limit: The most to give.
        """
        ...
