"""What the routes of workflows have in common."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import msgspec

from dli_domain.model.workflow import Workflow
from dli_server.audit.log import AuditEntry, digest_of
from dli_server.http.endpoint import Call, Endpoint
from dli_server.registry.visibility import sees
from dli_server.workflows.service import WorkflowService

_BASE = "/api/v1/workflows"


def service_of(call: Call) -> WorkflowService:
    """What answers for workflows here; refused where there is no Airflow."""
    return call.services.workflows.require()


def workflow_of(call: Call, service: WorkflowService) -> Workflow:
    """The workflow that the path names, as far as the key may see it."""
    return service.known.find(call.path["dataset_name"], visible_to(call))


def visible_to(call: Call) -> Callable[[str], bool]:
    """Whether the caller may see a workflow of a name."""
    return lambda name: sees(call.principal, name)


def key_of(call: Call) -> str:
    """The key of the request: sent again, it means the same run."""
    # Two keys of the API that choose the same key of idempotency mean two runs.
    return f"{call.principal.key_id}:{call.idempotency_key or uuid4().hex}"


def reason_of(call: Call) -> str:
    """Who asks, and why."""
    told = " ".join((call.body.reason or "").split())[:200]
    return f"{call.principal.owner}{f': {told}' if told else ''}"


def record(
    call: Call,
    event: str,
    name: str,
    *,
    run_id: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Write to the audit log what is asked for."""
    values = msgspec.json.encode(parameters, order="deterministic") if parameters else None
    call.services.audit.record(
        AuditEntry(
            event=event,
            key_id=call.principal.key_id,
            owner=call.principal.owner,
            address=call.principal.address,
            trace_id=call.trace_id,
            run_id=run_id,
            kind="workflow",
            resource=name,
            parameters_sha256=None if values is None else digest_of(values),
            decision="allowed",
        )
    )


def row(method: str, path: str, handler: Callable[[Call], Any], **rest: Any) -> Endpoint:
    """A route below that of workflows; the handler says what it is for."""
    summary = (handler.__doc__ or "").split("\n")[0]
    return Endpoint(method=method, path=f"{_BASE}{path}", handler=handler, summary=summary, **rest)
