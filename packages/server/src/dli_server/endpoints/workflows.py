"""Workflows, their registration and their runs so far: Basecamp's paths."""

from datetime import date
from typing import Annotated

import msgspec
from starlette.responses import Response

from dli_adapters.wire.workflows import (
    ReasonBody,
    RegisterBody,
    WorkflowAnswer,
    WorkflowRunAnswer,
    run_answer,
    workflow_answer,
)
from dli_domain.errors import ErrorCode, WorkflowError
from dli_domain.model.workflow import WorkflowStatus
from dli_domain.ports.workflows import HistoryFilter, RegistrationAsked, WorkflowFilter
from dli_server.http.endpoint import Call
from dli_server.http.scopes import Scope
from dli_server.workflows.calls import record, row, service_of, visible_to, workflow_of


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
    found = service_of(call).known.listed(wanted, visible_to(call), query.offset)
    return [workflow_answer(one) for one in found]


def show(call: Call) -> WorkflowAnswer:
    """One workflow."""
    service = service_of(call)
    return workflow_answer(service.known.live([workflow_of(call, service)])[0])


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
    return [run_answer(one) for one in service_of(call).follow.history(wanted, visible_to(call))]


def pause(call: Call) -> WorkflowAnswer:
    """Make no runs by schedule."""
    return _set_paused(call, paused=True)


def unpause(call: Call) -> WorkflowAnswer:
    """Make runs by schedule again."""
    return _set_paused(call, paused=False)


def register(call: Call) -> WorkflowAnswer:
    """Register a workflow."""
    service, body = service_of(call), call.body
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
    found = service.register(asked, call.principal.owner, visible_to(call))
    record(call, "workflow.registered", found.name)
    return workflow_answer(found)


def unregister(call: Call) -> Response:
    """Remove a registered workflow."""
    service, name = service_of(call), call.path["dataset_name"]
    service.register.remove(name, visible_to(call), force=call.query.force)
    record(call, "workflow.unregistered", name)
    return Response(status_code=204)


def _set_paused(call: Call, *, paused: bool) -> WorkflowAnswer:
    service = service_of(call)
    workflow = workflow_of(call, service)
    service.orchestrator.pause(workflow.dag_id, paused=paused)
    status = WorkflowStatus.PAUSED if paused else WorkflowStatus.ACTIVE
    service.journal.set_status(workflow.name, status.value)
    record(call, "workflow.paused" if paused else "workflow.unpaused", workflow.name)
    # As it stands now, and not as it was found.
    return workflow_answer(service.known.live([workflow_of(call, service)])[0])


_SEE, _ACT, _REGISTER = Scope.CATALOG, Scope.WORKFLOW_TRIGGER, Scope.REGISTER
ENDPOINTS = (
    row("GET", "", list_workflows, access=_SEE, query=ListQuery, answer=list[WorkflowAnswer]),
    row(
        "GET", "/history", history, access=_SEE, query=HistoryQuery, answer=list[WorkflowRunAnswer]
    ),
    row(
        "POST",
        "/register",
        register,
        access=_REGISTER,
        body=RegisterBody,
        status=201,
        answer=WorkflowAnswer,
    ),
    row("GET", "/{dataset_name}", show, access=_SEE, answer=WorkflowAnswer),
    row(
        "POST",
        "/{dataset_name}/pause",
        pause,
        access=_ACT,
        body=ReasonBody,
        answer=WorkflowAnswer,
    ),
    row(
        "POST",
        "/{dataset_name}/unpause",
        unpause,
        access=_ACT,
        body=ReasonBody,
        answer=WorkflowAnswer,
    ),
    row("DELETE", "/{dataset_name}", unregister, access=_REGISTER, query=RemoveQuery, status=204),
)
