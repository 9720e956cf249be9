"""The port that has a server run what is registered there, by its name."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from dli_domain.model.quality import QualityReport
from dli_domain.model.requests import QualityRequest, RunRequest
from dli_domain.model.result import QueryResult
from dli_domain.model.run import CancelOutcome, RunScope, StatementReport

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedResult:
    """What a run by name gave: its rows, and what a run here would know of itself."""

    result: QueryResult
    engine: str
    run_id: str
    sql: str
    statements: tuple[StatementReport, ...]
    parameters: Mapping[str, object]
    warnings: tuple[str, ...]


class RegisteredRuns(Protocol):
    """Has one run made where the specs are registered; whoever opened it closes it.

    A run is made once, whatever gets lost on the way. It goes on without its client only where
    that is asked for: closing this stops what has not ended. Every method raises the very
    `DliError` that the run ended with, or `EngineError` where the far side failed.
    """

    @property
    def engine(self) -> str:
        """The far side's engine as users write it."""
        ...

    def run(self, asked: RunRequest, progress: Progress) -> NamedResult:
        """Run a dataset or metric to its end, and begin to read its rows.

        Post statements have run when the rows come.
        """
        ...

    def judge(self, asked: QualityRequest, progress: Progress) -> QualityReport:
        """Run quality tests to their end."""
        ...

    def cancel(self) -> CancelOutcome:
        """Stop the run; may be called from any thread, never raises."""
        ...


OpenRuns = Callable[[RunScope], AbstractContextManager[RegisteredRuns]]
