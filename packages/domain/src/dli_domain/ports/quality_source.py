"""The port that reads quality files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dli_domain.model.problems import Problem
from dli_domain.model.quality import QualitySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityListing:
    """Quality files that could be read, ordered by path, and every finding about all of them.

    `claims` tells of each broken file's path the names of what it may test.
    """

    specs: tuple[QualitySpec, ...]
    problems: tuple[Problem, ...] = ()
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class QualitySource(Protocol):
    """Gives quality files whole: their SQL files read, their shape checked.

    Safe to call from several threads. Names are matched exactly.
    """

    def find(self, reference: str) -> QualityListing:
        """The files that test the resource of that name, at least one; or the one file.

        The findings are warnings: what is wrong raises.

        Args:
            reference: A resource's name, or the path of a quality file.

        Raises:
            SpecNotFoundError: there is none; the hint names the closest.
            SpecInvalidError: one of them is broken; `problems` holds every finding.
        """
        ...

    def list(self) -> QualityListing:
        """Every quality file, in one pass; a broken one becomes problems and hides nothing."""
        ...
