"""Basecamp's execution paths: one request, one answer, at most 10,000 rows as maps."""

import time

from dli_adapters.wire.execution import (
    MOST_FAILED_ROWS,
    MOST_ROWS,
    ExecutionAnswer,
    RenderedRun,
    RenderedTest,
    RenderedTests,
    SqlRun,
    TestAnswer,
    TestsAnswer,
)
from dli_adapters.wire.failures import unpacked
from dli_adapters.wire.messages import RunAnswer
from dli_server.http.endpoint import Call, Endpoint
from dli_server.http.refusals import HttpError
from dli_server.http.scopes import Access
from dli_server.runs.classic import executed, filled, session_for
from dli_server.runs.ids import new_id
from dli_server.runs.sessions import Session

_ENGINES = frozenset({"bigquery", "trino", "spark", "duckdb", "mysql", "postgresql", "any"})


async def run_rendered(call: Call) -> ExecutionAnswer:
    """Run the text of a dataset or a metric."""
    body: RenderedRun = call.body
    other = _other_engine(call, body.transpile_target_dialect)
    if other is not None:
        return _failed(body.rendered_sql, other)
    name = body.resource_name or "ad-hoc"
    return await _run(call, name, body.rendered_sql, body.execution_timeout, body.execution_limit)


async def run_sql(call: Call) -> ExecutionAnswer:
    """Run a text, its `{names}` replaced by literals."""
    body: SqlRun = call.body
    other = _other_engine(call, body.target_dialect)
    if other is not None:
        return _failed(body.sql, other)
    sql = filled(body.sql, body.parameters, call.services.settings.engine)
    return await _run(call, "ad-hoc", sql, body.execution_timeout, body.execution_limit)


async def run_tests(call: Call) -> TestsAnswer:
    """Run the texts of quality tests, one after the other."""
    body: RenderedTests = call.body
    began = time.monotonic()
    texts = [one.rendered_sql for one in body.tests]
    seconds = body.execution_timeout * len(texts)
    async with session_for(call, body.resource_name, seconds, *texts) as session:
        results = [await _tested(call, session, test) for test in body.tests]
    passed = sum(one.passed for one in results)
    return TestsAnswer(
        execution_id=new_id(),
        status="SUCCESS" if passed == len(results) else "FAILED",
        results=tuple(results),
        total_tests=len(results),
        passed_tests=passed,
        failed_tests=len(results) - passed,
        total_duration_ms=round((time.monotonic() - began) * 1000),
    )


async def _run(call: Call, name: str, sql: str, seconds: int, limit: int | None) -> ExecutionAnswer:
    async with session_for(call, name, seconds, sql) as session:
        found = await executed(call, session, sql, limit or MOST_ROWS)
    answer = found.answer
    return ExecutionAnswer(
        execution_id=answer.run_id,
        status="SUCCESS" if answer.state == "DONE" else "FAILED",
        duration_seconds=(answer.duration_ms or 0) / 1000,
        rendered_sql=sql,
        rows=found.rows,
        row_count=None if found.rows is None else len(found.rows),
        error=_reason(answer),
    )


async def _tested(call: Call, session: Session, test: RenderedTest) -> TestAnswer:
    found = await executed(call, session, test.rendered_sql, MOST_FAILED_ROWS)
    failed = None if found.rows is None else len(found.rows)
    return TestAnswer(
        test_name=test.name,
        passed=failed == 0,
        failed_count=-1 if failed is None else failed,
        duration_ms=found.answer.duration_ms or 0,
        failed_rows=found.rows or None,
    )


def _reason(answer: RunAnswer) -> str | None:
    if answer.failure is not None:
        return str(unpacked(answer.failure))
    return None if answer.state == "DONE" else f"The run is {answer.state}"


def _other_engine(call: Call, dialect: str | None) -> str | None:
    """Why the text cannot run here; None where it can."""
    own = call.services.settings.engine
    if dialect is None or dialect.lower() == own:
        return None
    if dialect.lower() not in _ENGINES:
        raise HttpError(400, "INVALID_ARGUMENT", f"There is no engine {dialect!r}")
    return f"Unsupported engine {dialect!r}: this server runs {own}"


def _failed(sql: str, reason: str) -> ExecutionAnswer:
    return ExecutionAnswer(
        execution_id=new_id(),
        status="FAILED",
        duration_seconds=0,
        rendered_sql=sql,
        error=reason,
    )


ENDPOINTS = (
    *(
        Endpoint(
            method="POST",
            path=f"/api/v1/execution/{kind}/run",
            handler=run_rendered,
            access=Access.CHECKED_INSIDE,
            summary=f"Run the rendered text of one of the {kind}, at most 10,000 rows.",
            body=RenderedRun,
            answer=ExecutionAnswer,
        )
        for kind in ("datasets", "metrics")
    ),
    Endpoint(
        method="POST",
        path="/api/v1/execution/sql/run",
        handler=run_sql,
        access=Access.CHECKED_INSIDE,
        summary="Run a text, at most 10,000 rows.",
        body=SqlRun,
        answer=ExecutionAnswer,
    ),
    Endpoint(
        method="POST",
        path="/api/v1/execution/quality/run",
        handler=run_tests,
        access=Access.CHECKED_INSIDE,
        summary="Run rendered quality tests, each of whose rows is a failure.",
        body=RenderedTests,
        answer=TestsAnswer,
    ),
)
