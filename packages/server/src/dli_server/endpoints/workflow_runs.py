"""Runs and backfills of workflows: Basecamp's paths, and what the extension `workflows/1` adds."""

from dli_adapters.wire.workflows import (
    BackfillAnswer,
    BackfillBody,
    ReasonBody,
    RunBody,
    WorkflowRunAnswer,
    backfill_answer,
    run_answer,
)
from dli_domain.errors import WorkflowNotFoundError
from dli_domain.model.workflow import Backfill, Workflow
from dli_domain.ports.workflows import BackfillAsked, RunAsked
from dli_server.http.endpoint import Answer, Call
from dli_server.http.scopes import Scope
from dli_server.workflows.calls import (
    key_of,
    reason_of,
    record,
    row,
    service_of,
    visible_to,
    workflow_of,
)
from dli_server.workflows.service import WorkflowService


def run(call: Call) -> WorkflowRunAnswer | Answer:
    """Start a run, or say which one it is."""
    service, body = service_of(call), call.body
    workflow = service.known.runnable(workflow_of(call, service))
    asked = RunAsked(
        workflow=workflow.name,
        key=key_of(call),
        parameters=body.parameters,
        day=body.ds,
        again=body.again,
        dry_run=body.dry_run,
    )
    if not asked.dry_run:
        record(call, "workflow.triggered", workflow.name, parameters=asked.parameters)
    found = run_answer(service.trigger(workflow, asked, call.principal.owner))
    return Answer(body=found, status=200) if asked.dry_run else found


def backfill(call: Call) -> BackfillAnswer | Answer:
    """Start filling days, or plan it."""
    service, body = service_of(call), call.body
    workflow = workflow_of(call, service)
    if not body.dry_run:
        workflow = service.known.runnable(workflow)
        record(call, "workflow.backfilled", workflow.name, parameters=body.parameters)
    asked = BackfillAsked(
        workflow=workflow.name,
        key=key_of(call),
        start=body.start_date,
        end=body.end_date,
        parameters=body.parameters,
        parallel=body.parallel,
        again=body.again,
        confirmed=body.confirmed,
        dry_run=body.dry_run,
    )
    made = service.backfills.begin(workflow, asked, call.principal.owner)
    service.driver.wake()
    found = backfill_answer(made)
    return Answer(body=found, status=200) if asked.dry_run else found


def backfill_status(call: Call) -> BackfillAnswer:
    """How far a backfill is."""
    return backfill_answer(_backfill(call, service_of(call))[1])


def stop_backfill(call: Call) -> BackfillAnswer:
    """Start nothing more for a backfill, and stop its active runs."""
    service = service_of(call)
    with service.driver.alone():
        workflow, found = _backfill(call, service)
        record(call, "workflow.backfill_stopped", workflow.name, run_id=found.backfill_id)
        return backfill_answer(service.backfills.stop(workflow, found, reason_of(call)))


def run_status(call: Call) -> WorkflowRunAnswer:
    """How far a run is."""
    return run_answer(service_of(call).follow.status(call.path["run_id"], visible_to(call)))


def stop(call: Call) -> WorkflowRunAnswer:
    """Stop a run."""
    service, run_id = service_of(call), call.path["run_id"]
    found = service.follow.stop(run_id, visible_to(call), reason_of(call))
    record(call, "workflow.stopped", found.workflow, run_id=run_id)
    return run_answer(found)


def _backfill(call: Call, service: WorkflowService) -> tuple[Workflow, Backfill]:
    backfill_id = call.path["backfill_id"]
    found = service.journal.backfill(backfill_id)
    if found is None or not visible_to(call)(found.workflow):
        raise WorkflowNotFoundError(
            f"There is no backfill {backfill_id!r}",
            hint="Run 'dli workflow history' to see the runs there are.",
        )
    return service.known.find(found.workflow, visible_to(call)), found


_ACT = Scope.WORKFLOW_TRIGGER
ENDPOINTS = (
    row("GET", "/runs/{run_id}", run_status, access=_ACT, answer=WorkflowRunAnswer),
    row(
        "POST",
        "/runs/{run_id}/stop",
        stop,
        access=_ACT,
        body=ReasonBody,
        answer=WorkflowRunAnswer,
    ),
    row("GET", "/backfills/{backfill_id}", backfill_status, access=_ACT, answer=BackfillAnswer),
    row(
        "POST",
        "/backfills/{backfill_id}/stop",
        stop_backfill,
        access=_ACT,
        body=ReasonBody,
        answer=BackfillAnswer,
    ),
    row(
        "POST",
        "/{dataset_name}/run",
        run,
        access=_ACT,
        body=RunBody,
        status=202,
        answer=WorkflowRunAnswer,
    ),
    row(
        "POST",
        "/{dataset_name}/backfill",
        backfill,
        access=_ACT,
        body=BackfillBody,
        status=202,
        answer=BackfillAnswer,
    ),
)
