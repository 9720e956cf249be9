"""The port that reads specs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dli_domain.model.problems import Problem
from dli_domain.model.spec import ResourceKind, ResourceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecListing:
    """All specs that could be read, ordered by kind and name, and every finding about the rest."""

    specs: tuple[ResourceSpec, ...]
    problems: tuple[Problem, ...] = ()


class SpecSource(Protocol):
    """Gives specs whole: their SQL files read, their shape checked.

    Safe to call from several threads. Names are matched exactly.
    """

    def get(self, name: str, kind: ResourceKind | None = None) -> ResourceSpec:
        """The resource of that name, found without reading the others where the file name tells.

        Raises:
            SpecNotFoundError: nothing has that name; the hint names the closest.
            SpecInvalidError: it is broken or stands twice; `problems` holds every finding.
        """
        ...

    def names(self, kind: ResourceKind | None = None) -> Sequence[str]:
        """The names that exist, sorted, read as cheaply as possible (for hints and `ref()`)."""
        ...

    def list(self, kind: ResourceKind | None = None) -> SpecListing:
        """Everything, in one pass; a broken spec becomes problems and hides nothing."""
        ...
