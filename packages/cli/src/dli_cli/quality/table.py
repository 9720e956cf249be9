"""A quality report on a screen."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rich.cells import cell_len

from dli_cli.errors import place
from dli_cli.grid import fitted, lay_out
from dli_cli.output import Screen
from dli_cli.panel import execution_line, seconds
from dli_cli.text import safe, safe_line
from dli_domain.model.quality import (
    CountedUnit,
    QualityOutcome,
    QualityReport,
    QualityTestType,
    Verdict,
)

_STYLES: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.PASS: "green",
        Verdict.FAIL: "red",
        Verdict.WARN: "yellow",
        Verdict.ERROR: "red",
        Verdict.SKIPPED: "dim",
        Verdict.VACUOUS: "yellow",
    }
)
_WIDEST_NAME = 40


def report_lines(report: QualityReport, screen: Screen, *, show_sql: bool) -> Iterator[str]:
    """Every verdict with its evidence, the failing rows, the sum."""
    yield f"Quality: {safe_line(report.name)}"
    yield f"Execution: {execution_line(report.mode, report.engine)}"
    yield ""
    width = max((cell_len(safe_line(one.test.name)) for one in report.outcomes), default=0)
    for one in report.outcomes:
        yield from _outcome(one, min(width, _WIDEST_NAME), screen)
    yield ""
    yield _sum(report)
    count = len(report.statements)
    word = "statement" if count == 1 else "statements"
    yield f"Duration: {seconds(report.duration_ms)} | {count:,} {word}"
    if show_sql:
        for number, sent in enumerate(report.statements, start=1):
            yield ""
            yield f"-- statement {number}: {sent.purpose}, {seconds(sent.duration_ms)}"
            yield from safe(sent.sql).split("\n")


def evidence(one: QualityOutcome) -> str:
    """What the verdict rests on, in one line."""
    if one.verdict in (Verdict.ERROR, Verdict.SKIPPED) or one.rows_tested is None:
        return one.message
    unit = "keys" if one.unit is CountedUnit.KEYS else "rows"
    parts = [f"{one.rows_tested:,} {unit} tested"]
    if one.test.type is QualityTestType.ROW_COUNT:
        parts = [f"{one.rows_tested:,} rows"]
    if one.message and not (one.test.type is QualityTestType.ROW_COUNT and one.rows_failed):
        parts.append(one.message)
    elif one.message:
        parts = [one.message]
    return ", ".join(parts)


def _outcome(one: QualityOutcome, width: int, screen: Screen) -> Iterator[str]:
    word = screen.out.style(f"{one.verdict.value.upper():8}", _STYLES[one.verdict])
    # Engines explain on several lines; a verdict has one.
    said = safe_line(" ".join(evidence(one).split("\n")))
    name = safe_line(one.test.name)
    yield f"{word} {fitted(name, max(width, cell_len(name)))}  {said}".rstrip()
    if one.problem is not None:
        where = f"{place(one.problem.location, screen.root)}: " if one.problem.location else ""
        yield f"         {where}[{one.problem.code}]"
        if one.problem.fix:
            yield f"         Fix: {safe_line(one.problem.fix)}"
    if one.job_id:
        yield f"         Job: {safe_line(one.job_id)}"
    if one.samples and one.unit is not CountedUnit.TABLE:
        yield from _samples(one, screen)


def _samples(one: QualityOutcome, screen: Screen) -> Iterator[str]:
    names = list(one.samples[0])
    rows = [[row.get(name) for name in names] for row in one.samples]
    limit = None if screen.width is None else screen.width - 11
    grid = lay_out(names, rows, limit)
    yield f"         │ {'  '.join(grid.header).rstrip()}"
    for line in grid.lines("  "):
        yield f"         │ {line.rstrip()}"
    left = (one.rows_failed or 0) - len(one.samples)
    if left > 0:
        yield f"         │ … {left:,} more"


def _sum(report: QualityReport) -> str:
    words = {
        Verdict.PASS: "passed",
        Verdict.FAIL: "failed",
        Verdict.WARN: "warned",
        Verdict.ERROR: "could not be judged",
        Verdict.VACUOUS: "tested nothing",
        Verdict.SKIPPED: "skipped",
    }
    told = [f"{count:,} {word}" for one, word in words.items() if (count := report.count(one))]
    count = len(report.outcomes)
    return f"{count:,} test{'' if count == 1 else 's'}: {', '.join(told)}"
