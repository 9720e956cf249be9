"""The result panel: what ran, where, how long, and the first rows."""

from collections.abc import Iterable, Iterator

from rich.cells import cell_len

from dli_cli.grid import Grid, fitted, lay_out
from dli_cli.text import safe_line
from dli_domain.model.result import Cell, QueryStats
from dli_domain.model.run import (
    ExecutionMode,
    ExecutionResult,
    Phase,
    ResultStatus,
    StatementReport,
)
from dli_domain.model.spec import ResourceKind

_NARROWEST = 60
_FRAME = 4
ENGINE_NAMES = {"duckdb": "DuckDB", "bigquery": "BigQuery", "trino": "Trino"}


def panel(
    result: ExecutionResult, kind: ResourceKind, *, rows: int, width: int | None
) -> Iterator[str]:
    """The lines of the panel, at most `width` columns wide, with the first `rows` rows."""
    limit = None if width is None else width - _FRAME
    heads = [safe_line(line) for line in _headlines(result, kind)]
    grid = _grid(result, rows, limit)
    notes = [] if grid is None else list(_notes(result, grid))
    wanted = max(
        _NARROWEST - _FRAME,
        *(cell_len(line) for line in (*heads, *notes)),
        grid.width if grid else 0,
    )
    inner = wanted if limit is None else min(wanted, limit)
    yield f"┌{'─' * (inner + 2)}┐"
    yield from (f"│ {fitted(line, inner)} │" for line in heads)
    if grid is not None:
        yield from _table(grid, inner)
        yield from (f"│ {fitted(note, inner)} │" for note in notes)
    yield f"└{'─' * (inner + 2)}┘"


def execution_line(mode: ExecutionMode, engine: str) -> str:
    """Where it ran, such as `LOCAL (DuckDB)`."""
    if mode is ExecutionMode.MOCK:
        return "MOCK (nothing ran)"
    return f"{mode.value.upper()} ({ENGINE_NAMES.get(engine, engine)})"


def seconds(milliseconds: int) -> str:
    """A duration as people read it: `2.34s`, `1m 05s`."""
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.2f}s"
    minutes, rest = divmod(round(milliseconds / 1000), 60)
    return f"{minutes}m {rest:02d}s"


def in_bytes(count: int) -> str:
    """A size as people read it: `1.50 GB`; exact below a kilobyte."""
    size, unit = float(count), "bytes"
    for bigger in ("kB", "MB", "GB", "TB", "PB"):
        if size < 1000:
            break
        size, unit = size / 1000, bigger
    return f"{count:,} bytes" if unit == "bytes" else f"{size:,.2f} {unit}"


def _headlines(result: ExecutionResult, kind: ResourceKind) -> Iterator[str]:
    yield f"{kind.value.capitalize()}: {result.name}"
    yield f"Execution: {execution_line(result.mode, result.engine)}"
    yield f"Duration: {seconds(result.duration_ms)} | {_counted(result)}"
    yield from _costs(result.stats)
    if any(report.phase is not Phase.MAIN for report in result.statements):
        yield from (_statement(report) for report in result.statements)


def _counted(result: ExecutionResult) -> str:
    if result.columns or result.mode is ExecutionMode.MOCK:
        cut = " (cut, there are more)" if result.truncated else ""
        return f"Rows: {result.row_count or 0:,}{cut}"
    if result.affected_rows is None:
        return "Rows affected: not reported"
    return f"Rows affected: {result.affected_rows:,}"


def _costs(stats: QueryStats) -> Iterator[str]:
    said = []
    if stats.bytes_processed is not None:
        said.append(f"Processed: {in_bytes(stats.bytes_processed)}")
    if stats.bytes_billed is not None:
        said.append(f"Billed: {in_bytes(stats.bytes_billed)}")
    if stats.cache_hit:
        said.append("from cache")
    if said:
        yield " | ".join(said)
    if stats.job_url or stats.job_id:
        yield f"Job: {stats.job_url or stats.job_id}"


def _statement(report: StatementReport) -> str:
    name = "" if report.phase is Phase.MAIN else f" · {report.name}"
    said = f"{report.phase.value}{name}: "
    if report.status is ResultStatus.SKIPPED:
        return f"{said}skipped"
    said += seconds(report.duration_ms)
    if report.affected_rows is not None:
        said += f", {report.affected_rows:,} rows affected"
    if report.status is ResultStatus.FAILURE:
        # The whole error is told as a warning.
        first = (report.error or "").partition("\n")[0]
        said += f", failed and passed over: {first}"
    return said


def _grid(result: ExecutionResult, rows: int, limit: int | None) -> Grid | None:
    if not result.columns or result.table is None:
        return None
    first: list[tuple[Cell, ...]] = []
    for row in result.table.rows():
        if len(first) >= rows:
            break
        first.append(tuple(row.values()))
    return lay_out([column.name for column in result.columns], first, limit)


def _table(grid: Grid, inner: int) -> Iterator[str]:
    spare = " " * max(inner - grid.width, 0)
    yield f"├{'─' * (inner + 2)}┤"
    yield f"│ {fitted(' │ '.join(grid.header) + spare, inner)} │"
    yield f"├{_rule(grid, inner)}┤"
    yield from (f"│ {fitted(line + spare, inner)} │" for line in grid.lines())


def _rule(grid: Grid, inner: int) -> str:
    rule = "┼".join("─" * (width + 2) for width in grid.widths)
    return rule + "─" * (inner + 2 - len(rule))


def _notes(result: ExecutionResult, grid: Grid) -> Iterable[str]:
    left = (result.row_count or 0) - len(grid.rows)
    if left > 0:
        yield f"… {left:,} more"
    if grid.hidden:
        count = len(grid.hidden)
        word = "column" if count == 1 else "columns"
        yield f"… {count} {word} not shown: {', '.join(grid.hidden)}"
