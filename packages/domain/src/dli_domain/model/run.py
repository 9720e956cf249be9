"""A run: where it happens, how far it may go, and what came of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.result import Column, QueryStats, ResultTable, Row


class ExecutionMode(StrEnum):
    """Where the query runs. Independent of where the spec is read (`DataSource`)."""

    LOCAL = "local"
    SERVER = "server"
    MOCK = "mock"


class DataSource(StrEnum):
    """Where the spec is read."""

    LOCAL = "local"
    SERVER = "server"


class ResultStatus(StrEnum):
    """How a run, or one statement of it, ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    SKIPPED = "skipped"
    PENDING = "pending"


class Phase(StrEnum):
    """The three stages of a run."""

    PRE = "pre"
    MAIN = "main"
    POST = "post"


class CancelOutcome(StrEnum):
    """What is known after an engine was asked to stop a statement."""

    CONFIRMED = "confirmed"
    NOTHING_RUNNING = "nothing running"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock, in seconds of `Clock.monotonic`, and the limit it came from."""

    at: float
    seconds: float

    def remaining(self, now: float) -> float:
        """Seconds left at `now`; negative once it has passed."""
        return self.at - now


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScope:
    """What an executor is opened for: one run of one resource."""

    run_id: str
    resource: str
    deadline: Deadline
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementReport:
    """One statement of a run as it was sent, and how it went."""

    phase: Phase
    name: str
    status: ResultStatus
    sql: str
    duration_ms: int
    location: Location | None = None
    affected_rows: int | None = None
    stats: QueryStats = field(default_factory=QueryStats)
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionResult:
    """What a run gave.

    `row_count` is the number of result rows, or of affected rows where the main statement
    changes data. `data` materialises the rows as a list of mappings; the object itself
    speaks the Arrow C stream protocol, so `pyarrow.table(result)` or `polars.from_arrow`
    take it without Python rows in between. `truncated` says that there were more rows, and that
    the user asked for the first ones only.
    """

    status: ResultStatus
    name: ResourceName
    mode: ExecutionMode
    engine: str
    run_id: str
    sql: str
    row_count: int | None
    duration_ms: int
    started_at: datetime
    columns: tuple[Column, ...] = ()
    affected_rows: int | None = None
    statements: tuple[StatementReport, ...] = ()
    stats: QueryStats = field(default_factory=QueryStats)
    output_path: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    truncated: bool = False
    table: ResultTable | None = field(default=None, repr=False)

    @property
    def data(self) -> list[Row]:
        """The rows as a list of mappings, in the engine's order.

        Raises:
            ValueError: the rows are in a file, none are held.
        """
        return list(self)

    def __iter__(self) -> Iterator[Row]:
        if self.table is None and self.output_path is None:
            return iter(())
        return self._held().rows()

    def __len__(self) -> int:
        return 0 if self.table is None else len(self.table)

    def __bool__(self) -> bool:
        return True

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._held().__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> Any:
        """The rows as a `pyarrow.Table`."""
        return self._held().to_arrow()

    def to_pandas(self) -> Any:
        """The rows as a `pandas.DataFrame`."""
        return self._held().to_pandas()

    def _held(self) -> ResultTable:
        if self.table is None:
            raise ValueError(
                f"the run of {self.name} holds no rows: it wrote them to {self.output_path!r}"
                if self.output_path
                else f"the run of {self.name} gave no rows"
            )
        return self.table
