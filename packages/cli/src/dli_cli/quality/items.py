"""A quality report as items for SARIF, JUnit and GitHub."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from dli_cli.cells import CellFormat
from dli_cli.quality.table import evidence
from dli_cli.reports.items import Outcome, ReportItem, seen_from
from dli_domain.model.quality import QualityOutcome, QualityReport, Verdict

_OUTCOMES: Mapping[Verdict, Outcome] = MappingProxyType(
    {
        Verdict.PASS: Outcome.PASSED,
        Verdict.FAIL: Outcome.FAILED,
        Verdict.WARN: Outcome.WARNED,
        Verdict.ERROR: Outcome.ERROR,
        Verdict.SKIPPED: Outcome.SKIPPED,
        Verdict.VACUOUS: Outcome.FAILED,
    }
)


def report_items(report: QualityReport, root: str) -> Sequence[ReportItem]:
    """One item a test. A test of nothing failed, unless an empty table is allowed."""
    return [_item(one, root, allow_empty=report.allow_empty) for one in report.outcomes]


def _item(one: QualityOutcome, root: str, *, allow_empty: bool) -> ReportItem:
    outcome = _OUTCOMES[one.verdict]
    if one.verdict is Verdict.VACUOUS and allow_empty:
        outcome = Outcome.WARNED
    problem = one.problem
    place = problem.location if problem is not None else one.test.location
    return ReportItem(
        rule=problem.code if problem is not None else one.test.type.value,
        name=f"{one.target.name}.{one.test.name}",
        message=f"{one.verdict.value.upper()}: {evidence(one)}",
        outcome=outcome,
        location=seen_from(place, root),
        duration_ms=one.duration_ms,
        details="\n".join(_details(one)),
        fix=problem.fix if problem is not None else None,
    )


def _details(one: QualityOutcome) -> Iterator[str]:
    if one.test.description:
        yield one.test.description
    if one.job_id:
        yield f"Job: {one.job_id}"
    for row in one.samples:
        yield ", ".join(f"{name}={CellFormat(name)(cell)}" for name, cell in row.items())
