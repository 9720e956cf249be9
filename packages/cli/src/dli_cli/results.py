"""A run as fields for `--json`: the same rules for values as files in JSON follow."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

from dli_cli.output import plain
from dli_domain.model.result import Cell
from dli_domain.model.run import ExecutionResult, StatementReport
from dli_domain.model.spec import ResourceKind

_INT64 = range(-(2**63), 2**63)


def result_fields(
    result: ExecutionResult, kind: ResourceKind, *, rows: int | None, show_sql: bool
) -> dict[str, object]:
    """The run; with its rows (the first `rows` of them) unless a file has them."""
    fields: dict[str, object] = {
        "name": str(result.name),
        "type": kind.value.capitalize(),
        "execution": {"mode": result.mode.value, "engine": result.engine},
        "run_id": result.run_id,
        "started_at": result.started_at,
        "duration_ms": result.duration_ms,
        "row_count": result.row_count,
        "affected_rows": result.affected_rows,
        "truncated": result.truncated,
        "columns": [{"name": c.name, "type": c.type} for c in result.columns],
        "output_path": result.output_path,
        "parameters": dict(result.parameters),
        "stats": asdict(result.stats),
        "statements": [_statement(report, show_sql=show_sql) for report in result.statements],
        "warnings": result.warnings,
    }
    if result.output_path is None and result.table is not None:
        fields["rows"] = [
            {name: json_cell(cell) for name, cell in row.items()}
            for row in islice(result.table.rows(), rows)
        ]
    return fields


def json_cell(value: Cell) -> object:  # noqa: PLR0911 - one return a type
    """A value that JSON holds without loss.

    Whole numbers are numbers while they fit 64 bits, strings beyond; decimals are strings;
    floats that are no numbers are NaN, Infinity, -Infinity; bytes are base64.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if value in _INT64 else str(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, Mapping):
        return {str(key): json_cell(cell) for key, cell in value.items()}
    if isinstance(value, Sequence):
        return [json_cell(cell) for cell in value]
    return plain(value)


def _decimal(value: Decimal) -> object:
    if not value.is_finite():
        return str(value)
    # A decimal without a scale is how engines hand over whole numbers wider than 64 bits.
    return f"{value:f}" if _scale(value) else json_cell(int(value))


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _statement(report: StatementReport, *, show_sql: bool) -> dict[str, object]:
    fields: dict[str, object] = {
        "phase": report.phase.value,
        "name": report.name,
        "status": report.status.value,
        "duration_ms": report.duration_ms,
        "affected_rows": report.affected_rows,
        "error": report.error,
        "stats": asdict(report.stats),
    }
    return {**fields, "sql": report.sql} if show_sql else fields
