"""Quality: what a team demands of its data, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location, Problem
from dli_domain.model.result import Row
from dli_domain.model.run import ExecutionMode
from dli_domain.model.spec import ParameterSpec, ResourceKind, SqlSource

# A value that a quality file writes: text, number or truth; dates are ISO text.
Literal: TypeAlias = str | bool | int | float | Decimal


class QualityTestType(StrEnum):
    """What a test demands."""

    NOT_NULL = "not_null"
    UNIQUE = "unique"
    ACCEPTED_VALUES = "accepted_values"
    RELATIONSHIPS = "relationships"
    RANGE_CHECK = "range_check"
    ROW_COUNT = "row_count"
    EXPRESSION = "expression"
    FRESHNESS = "freshness"
    PATTERN = "pattern"
    SINGULAR = "singular"


class QualitySeverity(StrEnum):
    """Whether broken data stops who asked, or only warns."""

    ERROR = "error"
    WARN = "warn"


class Verdict(StrEnum):
    """How a test ended. VACUOUS: there was nothing to test. ERROR: it could not be judged."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    WARN = "warn"
    ERROR = "error"
    SKIPPED = "skipped"
    VACUOUS = "vacuous"


class CountedUnit(StrEnum):
    """What the counts of an outcome count.

    `rows`: rows of the table. `keys`: different keys of `unique`. `table`: one judgement about
    the whole table, `rows_failed` is 0 or 1.
    """

    ROWS = "rows"
    KEYS = "keys"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTarget:
    """What is tested: the table of a dataset, or the rows of a metric."""

    kind: ResourceKind
    name: ResourceName

    @property
    def urn(self) -> str:
        """`dataset:catalog.schema.name`."""
        return f"{self.kind.value}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTest:
    """One test as written. `columns` holds the one column of the tests that take one."""

    name: str
    type: QualityTestType
    location: Location
    severity: QualitySeverity = QualitySeverity.ERROR
    description: str = ""
    enabled: bool = True
    columns: tuple[str, ...] = ()
    where: SqlSource | None = None
    max_failures: int | None = None
    max_failure_rate: Decimal | None = None
    values: tuple[Literal, ...] = ()
    values_query: SqlSource | None = None
    to: str | None = None
    to_column: str | None = None
    min: Literal | None = None
    max: Literal | None = None
    expression: SqlSource | None = None
    max_age: timedelta | None = None
    pattern: str | None = None
    sql: SqlSource | None = None
    params: Mapping[str, Literal | tuple[Literal, ...]] = field(default_factory=dict)

    @property
    def column(self) -> str:
        """The only column, or the first."""
        return self.columns[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySchedule:
    """When a server runs the tests."""

    cron: str
    timezone: str = "UTC"
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityNotification:
    """Whom a server tells: a slack channel or e-mail addresses."""

    channel: str
    recipients: tuple[str, ...]
    on_failure: bool = True
    on_success: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySpec:
    """One quality file; its SQL files are read."""

    target: QualityTarget
    owner: str
    location: Location
    tests: tuple[QualityTest, ...] = ()
    team: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    parameters: tuple[ParameterSpec, ...] = ()
    dialect: str = "trino"
    timeout_seconds: int | None = None
    schedule: QualitySchedule | None = None
    notifications: tuple[QualityNotification, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityOutcome:
    """One test's verdict and its evidence.

    `rows_tested` are the rows that the test could judge: those that `where` keeps and whose
    value is not NULL (not_null and unique judge NULL too). `rows_failed` is exact, never
    capped. `sql` is the statement that judged it; `duration_ms` and `job_id` are that
    statement's, which other tests may share.
    """

    test: QualityTest
    target: QualityTarget
    verdict: Verdict
    unit: CountedUnit = CountedUnit.ROWS
    rows_tested: int | None = None
    rows_failed: int | None = None
    samples: tuple[Row, ...] = ()
    message: str = ""
    duration_ms: int = 0
    engine: str = ""
    job_id: str | None = None
    sql: str | None = None
    problem: Problem | None = None

    @property
    def rows_passed(self) -> int | None:
        """Tested and not failed; None where nothing was counted or the unit is the table."""
        if self.rows_tested is None or self.rows_failed is None or self.unit is CountedUnit.TABLE:
            return None
        return max(self.rows_tested - self.rows_failed, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityStatement:
    """One statement of a quality run as it was sent."""

    purpose: str
    tests: int
    sql: str
    duration_ms: int
    job_id: str | None = None
    bytes_processed: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """All verdicts of one run, in the order of the files and of the tests in them."""

    name: str
    mode: ExecutionMode
    engine: str
    run_id: str
    started_at: datetime
    duration_ms: int
    outcomes: tuple[QualityOutcome, ...]
    statements: tuple[QualityStatement, ...] = ()
    allow_empty: bool = False
    warnings: tuple[str, ...] = ()

    def count(self, *verdicts: Verdict) -> int:
        """How many outcomes have one of these verdicts."""
        return sum(outcome.verdict in verdicts for outcome in self.outcomes)

    @property
    def ok(self) -> bool:
        """Whether every test passed or only warned; an empty table counts only if allowed."""
        bad = {Verdict.FAIL, Verdict.ERROR}
        if not self.allow_empty:
            bad.add(Verdict.VACUOUS)
        judged = any(o.verdict is not Verdict.SKIPPED for o in self.outcomes)
        return judged and not any(outcome.verdict in bad for outcome in self.outcomes)

    @property
    def status(self) -> Verdict:
        """The worst verdict of all."""
        for verdict in (Verdict.ERROR, Verdict.FAIL, Verdict.VACUOUS, Verdict.WARN, Verdict.PASS):
            if self.count(verdict) and not (verdict is Verdict.VACUOUS and self.allow_empty):
                return verdict
        return Verdict.VACUOUS if self.count(Verdict.VACUOUS) else Verdict.SKIPPED

    @property
    def passed_count(self) -> int:
        """How many passed."""
        return self.count(Verdict.PASS)

    @property
    def failed_count(self) -> int:
        """How many failed."""
        return self.count(Verdict.FAIL)

    @property
    def finished_at(self) -> datetime:
        """When it ended."""
        return self.started_at + timedelta(milliseconds=self.duration_ms)

    @property
    def target_urn(self) -> str:
        """What was tested, such as `dataset:lake.mart.orders`."""
        return ", ".join(dict.fromkeys(outcome.target.urn for outcome in self.outcomes))

    @property
    def execution_mode(self) -> ExecutionMode:
        """Where it ran."""
        return self.mode

    @property
    def execution_id(self) -> str:
        """The run's id."""
        return self.run_id

    @property
    def test_results(self) -> Sequence[Mapping[str, object]]:
        """Each outcome as a map."""
        return [
            {
                "test_name": one.test.name,
                "resource_name": str(one.target.name),
                "status": one.verdict.value,
                "rows_tested": one.rows_tested,
                "failed_rows": one.rows_failed,
                "failed_samples": [dict(row) for row in one.samples],
                "execution_time_ms": one.duration_ms,
                "error_message": one.problem.message if one.problem else None,
            }
            for one in self.outcomes
        ]
