"""The older API's runs by name, over the same runs as the extension's."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from dli_adapters.wire.execution import MOST_ROWS
from dli_adapters.wire.failures import unpacked
from dli_adapters.wire.messages import QualityRun, ResourceRun, RunAnswer, RunSubmission
from dli_adapters.wire.named import (
    DatasetRows,
    DatasetRun,
    MetricRows,
    MetricRun,
    TestResult,
    TestsOutcome,
    TestsRun,
)
from dli_adapters.wire.quality import unpacked_report
from dli_adapters.wire.specs import PATHS
from dli_domain.errors import ServerExecutionError
from dli_domain.model.quality import QualityOutcome, Verdict
from dli_domain.model.run import ExecutionMode
from dli_domain.model.spec import ResourceKind
from dli_domain.ports.spec_registry import BundleKind
from dli_server.http.endpoint import Call, Endpoint
from dli_server.http.scopes import Access
from dli_server.runs.classic import driven

_STATUS: Mapping[Verdict, str] = {Verdict.PASS: "PASSED", Verdict.FAIL: "FAILED"}


async def run_resource(kind: ResourceKind, call: Call) -> DatasetRows | MetricRows:
    """Run a dataset or a metric to its end, and give its first rows.

    Raises:
        DliError: what ended it.
    """
    body: DatasetRun | MetricRun = call.body
    submission = RunSubmission(
        resource=ResourceRun(
            kind=kind.value, name=call.path["name"], parameters=dict(body.parameters)
        ),
        timeout_seconds=body.timeout,
    )
    found = await driven(call, submission, body.limit or MOST_ROWS)
    answer = _done(found.answer)
    rows = found.rows or []
    form = DatasetRows if kind is ResourceKind.DATASET else MetricRows
    return form(
        rows=rows,
        row_count=len(rows),
        duration_seconds=(answer.duration_ms or 0) / 1000,
        rendered_sql=answer.sql,
    )


async def run_tests(call: Call) -> TestsOutcome:
    """Run the quality tests of a resource to their end.

    Raises:
        DliError: nothing could be judged.
    """
    body: TestsRun = call.body
    name = call.path["name"]
    submission = RunSubmission(
        quality=QualityRun(reference=name, tests=body.test_names),
        timeout_seconds=body.timeout,
    )
    answer = _done((await driven(call, submission)).answer)
    report = unpacked_report(msgspec.json.encode(answer.report), ExecutionMode.SERVER)
    return TestsOutcome(
        run_id=answer.run_id,
        resource_name=name,
        quality_spec_name=name,
        status="COMPLETED",
        overall_status="PASSED" if report.ok else "FAILED",
        passed_tests=report.passed_count,
        failed_tests=report.count(Verdict.FAIL, Verdict.ERROR),
        total_tests=len(report.outcomes),
        duration_seconds=report.duration_ms / 1000,
        started_at=report.started_at,
        completed_at=report.finished_at,
        executed_by=body.executed_by or call.principal.owner,
        test_results=tuple(map(_result, report.outcomes)),
    )


def _done(answer: RunAnswer) -> RunAnswer:
    if answer.state == "DONE":
        return answer
    if answer.failure is not None:
        raise unpacked(answer.failure)
    raise ServerExecutionError(f"The run {answer.run_id} is {answer.state}")


def _result(one: QualityOutcome) -> TestResult:
    return TestResult(
        test_name=one.test.name,
        test_type=one.test.type.value.upper(),
        status=_STATUS.get(one.verdict, one.verdict.value.upper()),
        failed_rows=one.rows_failed,
        message=(one.problem.message if one.problem else one.message) or None,
    )


def _bound(kind: ResourceKind) -> Callable[[Call], Awaitable[DatasetRows | MetricRows]]:
    async def handler(call: Call) -> DatasetRows | MetricRows:
        return await run_resource(kind, call)

    return handler


ENDPOINTS = (
    Endpoint(
        method="POST",
        path=f"{PATHS[BundleKind.DATASET]}/{{name}}/run",
        handler=_bound(ResourceKind.DATASET),
        access=Access.CHECKED_INSIDE,
        summary="Run a registered dataset and give its first rows.",
        body=DatasetRun,
        answer=DatasetRows,
    ),
    Endpoint(
        method="POST",
        path=f"{PATHS[BundleKind.METRIC]}/{{name}}/run",
        handler=_bound(ResourceKind.METRIC),
        access=Access.CHECKED_INSIDE,
        summary="Run a registered metric and give its first rows.",
        body=MetricRun,
        answer=MetricRows,
    ),
    Endpoint(
        method="POST",
        path=f"{PATHS[BundleKind.QUALITY]}/{{name}}/run",
        handler=run_tests,
        access=Access.CHECKED_INSIDE,
        summary="Run registered quality tests.",
        body=TestsRun,
        answer=TestsOutcome,
    ),
)
