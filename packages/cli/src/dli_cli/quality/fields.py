"""A quality report as fields for `--json`."""

import json

from dli_cli.errors import location_fields, problem_fields
from dli_cli.exit_codes import ExitCode
from dli_cli.output import SCHEMA, plain
from dli_cli.results import json_cell
from dli_domain.model.quality import QualityOutcome, QualityReport, QualityStatement, Verdict


def report_fields(report: QualityReport, code: ExitCode, *, show_sql: bool) -> dict[str, object]:
    """All verdicts with their evidence."""
    return {
        "status": "success" if report.ok else "failure",
        "exit_code": int(code),
        "name": report.name,
        "target_urn": report.target_urn,
        "verdict": report.status.value,
        "execution": {"mode": report.mode.value, "engine": report.engine},
        "run_id": report.run_id,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "duration_ms": report.duration_ms,
        "allow_empty": report.allow_empty,
        "counts": {verdict.value: report.count(verdict) for verdict in Verdict},
        "passed_count": report.passed_count,
        "failed_count": report.failed_count,
        "test_results": [_outcome(one, show_sql=show_sql) for one in report.outcomes],
        "statement_count": len(report.statements),
        "statements": [_statement(one, show_sql=show_sql) for one in report.statements],
        "warnings": report.warnings,
    }


def report_json(report: QualityReport, code: ExitCode, *, show_sql: bool) -> str:
    """The same as the text of a file."""
    fields = {
        "schema": SCHEMA,
        "command": "quality run",
        **report_fields(report, code, show_sql=show_sql),
    }
    text = json.dumps(fields, ensure_ascii=False, indent=2, default=plain, allow_nan=False)
    return f"{text}\n"


def _outcome(one: QualityOutcome, *, show_sql: bool) -> dict[str, object]:
    fields: dict[str, object] = {
        "test_name": one.test.name,
        "resource_name": str(one.target.name),
        "target_urn": one.target.urn,
        "test_type": one.test.type.value,
        "severity": one.test.severity.value,
        "columns": one.test.columns,
        "status": one.verdict.value,
        "unit": one.unit.value,
        "rows_tested": one.rows_tested,
        "failed_rows": one.rows_failed,
        "failed_samples": [
            {name: json_cell(cell) for name, cell in row.items()} for row in one.samples
        ],
        "message": one.message,
        "execution_time_ms": one.duration_ms,
        "engine": one.engine,
        "job_id": one.job_id,
        "location": location_fields(one.test.location),
        "error": problem_fields(one.problem) if one.problem else None,
        "error_message": one.problem.message if one.problem else None,
    }
    return {**fields, "sql": one.sql} if show_sql else fields


def _statement(one: QualityStatement, *, show_sql: bool) -> dict[str, object]:
    fields: dict[str, object] = {
        "purpose": one.purpose,
        "tests": one.tests,
        "duration_ms": one.duration_ms,
        "job_id": one.job_id,
        "bytes_processed": one.bytes_processed,
        "error": one.error,
    }
    return {**fields, "sql": one.sql} if show_sql else fields
