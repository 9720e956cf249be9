"""The report of a quality run on the wire, and back.

What a verdict needs of its test travels: name, kind, severity, columns, place. How the test was
written does not; whoever wants that reads the quality file.
"""

from datetime import datetime
from typing import Any

import msgspec

from dli_adapters.wire.parameters import decoded, encoded
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location, Problem
from dli_domain.model.quality import (
    CountedUnit,
    QualityOutcome,
    QualityReport,
    QualitySeverity,
    QualityStatement,
    QualityTarget,
    QualityTest,
    QualityTestType,
    Verdict,
)
from dli_domain.model.run import ExecutionMode
from dli_domain.model.spec import ResourceKind


class WireOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One test's verdict and its evidence; the cells of `samples` keep their types."""

    name: str
    type: QualityTestType
    severity: QualitySeverity
    location: Location
    target_kind: ResourceKind
    target_name: str
    verdict: Verdict
    description: str = ""
    enabled: bool = True
    columns: tuple[str, ...] = ()
    unit: CountedUnit = CountedUnit.ROWS
    rows_tested: int | None = None
    rows_failed: int | None = None
    samples: tuple[dict[str, Any], ...] = ()
    message: str = ""
    duration_ms: int = 0
    engine: str = ""
    job_id: str | None = None
    sql: str | None = None
    problem: Problem | None = None


class WireReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All verdicts of one run."""

    name: str
    engine: str
    run_id: str
    started_at: datetime
    duration_ms: int
    outcomes: tuple[WireOutcome, ...] = ()
    statements: tuple[QualityStatement, ...] = ()
    allow_empty: bool = False
    warnings: tuple[str, ...] = ()


def packed_report(report: QualityReport) -> WireReport:
    """The report, ready to be sent."""
    return WireReport(
        name=report.name,
        engine=report.engine,
        run_id=report.run_id,
        started_at=report.started_at,
        duration_ms=report.duration_ms,
        outcomes=tuple(map(_packed, report.outcomes)),
        statements=tuple(report.statements),
        allow_empty=report.allow_empty,
        warnings=report.warnings,
    )


def unpacked_report(data: bytes, mode: ExecutionMode) -> QualityReport:
    """The report as the server judged it.

    Raises:
        msgspec.DecodeError: it is no report.
        ParameterError: a cell of a sample cannot be read.
    """
    found = msgspec.json.decode(data, type=WireReport)
    return QualityReport(
        name=found.name,
        mode=mode,
        engine=found.engine,
        run_id=found.run_id,
        started_at=found.started_at,
        duration_ms=found.duration_ms,
        outcomes=tuple(map(_unpacked, found.outcomes)),
        statements=found.statements,
        allow_empty=found.allow_empty,
        warnings=found.warnings,
    )


_SAME = (
    *("verdict", "unit", "rows_tested", "rows_failed", "message"),
    *("duration_ms", "engine", "job_id", "sql", "problem"),
)
_OF_TEST = ("name", "type", "severity", "location", "description", "enabled", "columns")


def _packed(one: QualityOutcome) -> WireOutcome:
    return WireOutcome(
        target_kind=one.target.kind,
        target_name=str(one.target.name),
        samples=tuple(encoded(row) for row in one.samples),
        **{name: getattr(one, name) for name in _SAME},
        **{name: getattr(one.test, name) for name in _OF_TEST},
    )


def _unpacked(one: WireOutcome) -> QualityOutcome:
    samples: Any = tuple(decoded(row) for row in one.samples)
    return QualityOutcome(
        test=QualityTest(**{name: getattr(one, name) for name in _OF_TEST}),
        target=QualityTarget(kind=one.target_kind, name=ResourceName.parse(one.target_name)),
        samples=samples,
        **{name: getattr(one, name) for name in _SAME},
    )
