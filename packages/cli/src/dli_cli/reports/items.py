"""What a report is made of: one item for each thing that was judged."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from dli_domain.model.problems import Location, Problem, Severity


class Outcome(StrEnum):
    """How a judgement ended; `error` means that nothing could be judged."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportItem:
    """One judgement.

    Args:
        rule: What was judged by: an error code such as DLI-202, or a test's type.
        name: What was judged: a resource, or a test of it.
        message: The verdict in one sentence.
        outcome: How it ended.
        location: Where; a path as the reader of the report sees it (`seen_from`).
        duration_ms: How long it took, if anybody measured.
        details: More lines, such as sample rows.
        fix: What to do.
    """

    rule: str
    name: str
    message: str
    outcome: Outcome
    location: Location | None = None
    duration_ms: int | None = None
    details: str = ""
    fix: str | None = None


class Render(Protocol):
    """Makes the whole text of a report."""

    def __call__(self, items: Sequence[ReportItem], *, suite: str) -> str: ...


def of_problem(problem: Problem, name: str, root: str, *, strict: bool = False) -> ReportItem:
    """A finding as an item: an error failed, a warning warned, or failed as well if `strict`."""
    failed = strict or problem.severity is Severity.ERROR
    return ReportItem(
        rule=problem.code,
        name=name,
        message=problem.message,
        outcome=Outcome.FAILED if failed else Outcome.WARNED,
        location=seen_from(problem.location, root),
        fix=problem.fix,
    )


def seen_from(location: Location | None, root: str) -> Location | None:
    """The place with its path from the working directory, where it lies below it.

    Services that annotate a change match paths from the checkout's top, where they run.
    """
    if location is None:
        return None
    path = Path(root, location.path)
    try:
        near = path.relative_to(Path.cwd()).as_posix()
    except (OSError, ValueError):
        near = os.fspath(path)
    return Location(near, location.line, location.column)


def renderer(format: str) -> Render:  # noqa: A002 - the option's name
    """The renderer of a format; only its own module is imported."""
    return _RENDERERS[format]()


def _sarif() -> Render:
    from dli_cli.reports import sarif  # noqa: PLC0415 - the pages of all codes come with it

    return sarif.render


def _junit() -> Render:
    from dli_cli.reports import junit  # noqa: PLC0415 - as above

    return junit.render


def _github() -> Render:
    from dli_cli.reports import github  # noqa: PLC0415 - as above

    return github.render


_RENDERERS: Mapping[str, Callable[[], Render]] = MappingProxyType(
    {"sarif": _sarif, "junit": _junit, "github": _github}
)
