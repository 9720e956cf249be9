"""Workflows: Basecamp's paths, and what the extension `workflows/1` adds."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any
from uuid import uuid4

import msgspec
from starlette.responses import Response

from dli_adapters.wire.workflows import (
    BackfillAnswer,
    BackfillBody,
    ReasonBody,
    RegisterBody,
    RunBody,
    WorkflowAnswer,
    WorkflowRunAnswer,
    backfill_answer,
    run_answer,
    workflow_answer,
)
from dli_domain.errors import (
    ErrorCode,
    WorkflowError,
    WorkflowNotFoundError,
)
from dli_domain.model.workflow import Backfill, Workflow, WorkflowStatus
from dli_domain.ports.workflows import (
    BackfillAsked,
    HistoryFilter,
    RegistrationAsked,
    RunAsked,
    WorkflowFilter,
)
from dli_server.audit.log import AuditEntry, digest_of
from dli_server.http.endpoint import Answer, Call, Endpoint
from dli_server.http.scopes import Scope
from dli_server.registry.visibility import sees
from dli_server.workflows.service import WorkflowService

_BASE = "/api/v1/workflows"


class ListQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which workflows."""

    status: str | None = None
    source_type: str | None = None
    owner: str | None = None
    dataset_name: str | None = None
    running: bool = False
    enabled_only: bool = False
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which runs."""

    dataset_name: str | None = None
    source_type: str | None = None
    status: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20


class RemoveQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How a workflow is removed."""

    force: bool = False


def list_workflows(call: Call) -> list[WorkflowAnswer]:
    """The workflows that the key may see."""
    query = call.query
    wanted = WorkflowFilter(
        source_type=query.source_type,
        status=query.status,
        owner=query.owner,
        dataset=query.dataset_name,
        running=query.running,
        enabled_only=query.enabled_only,
        limit=query.limit,
    )
    found = _service(call).known.listed(wanted, _visible(call), query.offset)
    return [workflow_answer(one) for one in found]


def show(call: Call) -> WorkflowAnswer:
    """One workflow."""
    service = _service(call)
    return workflow_answer(service.known.live([_workflow(call, service)])[0])


def history(call: Call) -> list[WorkflowRunAnswer]:
    """The newest runs."""
    query = call.query
    wanted = HistoryFilter(
        dataset=query.dataset_name,
        source_type=query.source_type,
        status=query.status,
        start=query.start_date,
        end=query.end_date,
        limit=query.limit,
    )
    return [run_answer(one) for one in _service(call).follow.history(wanted, _visible(call))]


def run(call: Call) -> WorkflowRunAnswer | Answer:
    """Start a run, or say which one it is."""
    service, body = _service(call), call.body
    workflow = service.known.runnable(_workflow(call, service))
    asked = RunAsked(
        workflow=workflow.name,
        key=_key(call),
        parameters=body.parameters,
        day=body.ds,
        again=body.again,
        dry_run=body.dry_run,
    )
    if not asked.dry_run:
        _record(call, "workflow.triggered", workflow.name, parameters=asked.parameters)
    found = run_answer(service.trigger(workflow, asked, call.principal.owner))
    return Answer(body=found, status=200) if asked.dry_run else found


def backfill(call: Call) -> BackfillAnswer | Answer:
    """Start filling days, or plan it."""
    service, body = _service(call), call.body
    workflow = _workflow(call, service)
    if not body.dry_run:
        workflow = service.known.runnable(workflow)
        _record(call, "workflow.backfilled", workflow.name, parameters=body.parameters)
    asked = BackfillAsked(
        workflow=workflow.name,
        key=_key(call),
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
    return backfill_answer(_backfill(call, _service(call))[1])


def stop_backfill(call: Call) -> BackfillAnswer:
    """Start nothing more for a backfill, and stop its active runs."""
    service = _service(call)
    with service.driver.alone():
        workflow, found = _backfill(call, service)
        _record(call, "workflow.backfill_stopped", workflow.name, run_id=found.backfill_id)
        return backfill_answer(service.backfills.stop(workflow, found, _reason(call)))


def run_status(call: Call) -> WorkflowRunAnswer:
    """How far a run is."""
    return run_answer(_service(call).follow.status(call.path["run_id"], _visible(call)))


def stop(call: Call) -> WorkflowRunAnswer:
    """Stop a run."""
    service, run_id = _service(call), call.path["run_id"]
    found = service.follow.stop(run_id, _visible(call), _reason(call))
    _record(call, "workflow.stopped", found.workflow, run_id=run_id)
    return run_answer(found)


def pause(call: Call) -> WorkflowAnswer:
    """Make no runs by schedule."""
    return _set_paused(call, paused=True)


def unpause(call: Call) -> WorkflowAnswer:
    """Make runs by schedule again."""
    return _set_paused(call, paused=False)


def register(call: Call) -> WorkflowAnswer:
    """Register a workflow."""
    service, body = _service(call), call.body
    if body.schedule_cron is None:
        raise WorkflowError(
            "A workflow needs a schedule",
            code=ErrorCode.WORKFLOW_INVALID_CRON,
            hint="Give schedule_cron, such as '0 6 * * *'.",
        )
    asked = RegistrationAsked(
        workflow=body.dataset_name,
        cron=body.schedule_cron,
        timezone=body.schedule_timezone,
        enabled=body.enabled,
        retries=body.retry_max_attempts,
        retry_delay_seconds=body.retry_delay_seconds,
        owner=body.owner,
        team=body.team,
        description=body.description or "",
        yaml_content=body.yaml_content,
        force=body.force,
    )
    found = service.register(asked, call.principal.owner, _visible(call))
    _record(call, "workflow.registered", found.name)
    return workflow_answer(found)


def unregister(call: Call) -> Response:
    """Remove a registered workflow."""
    service, name = _service(call), call.path["dataset_name"]
    service.register.remove(name, _visible(call), force=call.query.force)
    _record(call, "workflow.unregistered", name)
    return Response(status_code=204)


def _set_paused(call: Call, *, paused: bool) -> WorkflowAnswer:
    service = _service(call)
    workflow = _workflow(call, service)
    service.orchestrator.pause(workflow.dag_id, paused=paused)
    status = WorkflowStatus.PAUSED if paused else WorkflowStatus.ACTIVE
    service.journal.set_status(workflow.name, status.value)
    _record(call, "workflow.paused" if paused else "workflow.unpaused", workflow.name)
    # As it stands now, and not as it was found.
    return workflow_answer(service.known.live([_workflow(call, service)])[0])


def _service(call: Call) -> WorkflowService:
    return call.services.workflows.require()


def _workflow(call: Call, service: WorkflowService) -> Workflow:
    return service.known.find(call.path["dataset_name"], _visible(call))


def _backfill(call: Call, service: WorkflowService) -> tuple[Workflow, Backfill]:
    backfill_id = call.path["backfill_id"]
    found = service.journal.backfill(backfill_id)
    if found is None or not _visible(call)(found.workflow):
        raise WorkflowNotFoundError(
            f"There is no backfill {backfill_id!r}",
            hint="Run 'dli workflow history' to see the runs there are.",
        )
    return service.known.find(found.workflow, _visible(call)), found


def _visible(call: Call) -> Callable[[str], bool]:
    return lambda name: sees(call.principal, name)


def _key(call: Call) -> str:
    # Two keys of the API that choose the same key of idempotency mean two runs.
    return f"{call.principal.key_id}:{call.idempotency_key or uuid4().hex}"


def _reason(call: Call) -> str:
    told = " ".join((call.body.reason or "").split())[:200]
    return f"{call.principal.owner}{f': {told}' if told else ''}"


def _record(
    call: Call,
    event: str,
    name: str,
    *,
    run_id: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    values = msgspec.json.encode(parameters, order="deterministic") if parameters else None
    call.services.audit.record(
        AuditEntry(
            event=event,
            key_id=call.principal.key_id,
            owner=call.principal.owner,
            trace_id=call.trace_id,
            run_id=run_id,
            kind="workflow",
            resource=name,
            parameters_sha256=None if values is None else digest_of(values),
            decision="allowed",
        )
    )


def _row(method: str, path: str, handler: Callable[[Call], Any], **rest: Any) -> Endpoint:
    summary = (handler.__doc__ or "").split("\n")[0]
    return Endpoint(method=method, path=f"{_BASE}{path}", handler=handler, summary=summary, **rest)


_SEE, _ACT, _REGISTER = Scope.CATALOG, Scope.WORKFLOW_TRIGGER, Scope.REGISTER
ENDPOINTS = (
    _row("GET", "", list_workflows, access=_SEE, query=ListQuery, answer=list[WorkflowAnswer]),
    _row(
        "GET", "/history", history, access=_SEE, query=HistoryQuery, answer=list[WorkflowRunAnswer]
    ),
    _row(
        "POST",
        "/register",
        register,
        access=_REGISTER,
        body=RegisterBody,
        status=201,
        answer=WorkflowAnswer,
    ),
    _row("GET", "/runs/{run_id}", run_status, access=_ACT, answer=WorkflowRunAnswer),
    _row(
        "POST",
        "/runs/{run_id}/stop",
        stop,
        access=_ACT,
        body=ReasonBody,
        answer=WorkflowRunAnswer,
    ),
    _row("GET", "/backfills/{backfill_id}", backfill_status, access=_ACT, answer=BackfillAnswer),
    _row(
        "POST",
        "/backfills/{backfill_id}/stop",
        stop_backfill,
        access=_ACT,
        body=ReasonBody,
        answer=BackfillAnswer,
    ),
    _row("GET", "/{dataset_name}", show, access=_SEE, answer=WorkflowAnswer),
    _row(
        "POST",
        "/{dataset_name}/run",
        run,
        access=_ACT,
        body=RunBody,
        status=202,
        answer=WorkflowRunAnswer,
    ),
    _row(
        "POST",
        "/{dataset_name}/backfill",
        backfill,
        access=_ACT,
        body=BackfillBody,
        status=202,
        answer=BackfillAnswer,
    ),
    _row(
        "POST",
        "/{dataset_name}/pause",
        pause,
        access=_ACT,
        body=ReasonBody,
        answer=WorkflowAnswer,
    ),
    _row(
        "POST",
        "/{dataset_name}/unpause",
        unpause,
        access=_ACT,
        body=ReasonBody,
        answer=WorkflowAnswer,
    ),
    _row("DELETE", "/{dataset_name}", unregister, access=_REGISTER, query=RemoveQuery, status=204),
)
