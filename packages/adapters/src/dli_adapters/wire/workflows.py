"""Workflows on the wire: the fields of Basecamp, and those of the extension `workflows/1`."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import msgspec

from dli_adapters.wire.messages import Message, Request
from dli_domain.model.workflow import (
    Backfill,
    BackfillDay,
    RunStatus,
    SourceType,
    TriggerMode,
    Workflow,
    WorkflowRun,
    WorkflowStatus,
    run_status,
)

EXTENSION = "workflows/1"
"""What a server offers that keeps days, dry runs, limits and states of backfills."""

_DAYS = "%Y-%m-%d"

K = TypeVar("K", bound=StrEnum)
Parallel = Annotated[int, msgspec.Meta(ge=1, le=64)]


class RunBody(Request, frozen=True, kw_only=True):
    """`POST /workflows/{name}/run`; `ds` is a day of the schedule."""

    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    dry_run: bool = False
    ds: date | None = None
    again: bool = False


class BackfillBody(Request, frozen=True, kw_only=True):
    """`POST /workflows/{name}/backfill`; both days are included."""

    start_date: date
    end_date: date
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    dry_run: bool = False
    parallel: Parallel = 1
    again: bool = False
    confirmed: bool = False


class ReasonBody(Request, frozen=True, kw_only=True):
    """Why something is stopped or paused."""

    reason: str | None = None


class RegisterBody(Request, frozen=True, kw_only=True):
    """`POST /workflows/register`."""

    dataset_name: str
    source_type: str = "MANUAL"
    owner: str = ""
    team: str | None = None
    description: str | None = None
    schedule_cron: str | None = None
    schedule_timezone: str = "UTC"
    yaml_content: str = ""
    enabled: bool = True
    retry_max_attempts: int = 1
    retry_delay_seconds: int = 300
    force: bool = False


class WorkflowAnswer(Message, frozen=True, kw_only=True):
    """A workflow. What a server may leave out is None: a value is never left out for its default."""

    dataset_name: str
    source_type: str | None = None
    status: str | None = None
    owner: str | None = None
    team: str | None = None
    description: str | None = None
    airflow_dag_id: str | None = None
    schedule: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    timezone: str | None = None
    retry_max_attempts: int | None = None
    retry_delay_seconds: int | None = None
    dag_visible: bool | None = None
    paused: bool | None = None
    next_run_at: datetime | None = None
    last_run_at: datetime | None = None
    last_run_status: str | None = None


class WorkflowRunAnswer(Message, frozen=True, kw_only=True):
    """A run of a workflow."""

    run_id: str
    dataset_name: str
    status: str
    trigger_mode: str | None = None
    execution_date: datetime | None = None
    parameters: dict[str, Any] | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_seconds: float | None = None
    triggered_by: str | None = None
    airflow_dag_run_id: str | None = None
    airflow_log_url: str | None = None
    error_message: str | None = None
    day: date | None = None
    logical_date: datetime | None = None
    created_at: datetime | None = None
    backfill_id: str | None = None
    existing: bool = False
    dry_run: bool = False


class BackfillDayAnswer(Message, frozen=True, kw_only=True):
    """One interval of a backfill."""

    day: date
    logical_date: datetime
    interval_end: datetime
    run_id: str
    action: str
    found: str | None = None
    status: str | None = None
    error_message: str | None = None


class BackfillAnswer(Message, frozen=True, kw_only=True):
    """A backfill; Basecamp sends the ids of the runs and no days."""

    backfill_id: str
    dataset_name: str
    start_date: date
    end_date: date
    total_runs: int | None = None
    run_ids: tuple[str, ...] | None = None
    status: str | None = None
    created_at: datetime | None = None
    days: tuple[BackfillDayAnswer, ...] = ()
    skipped_days: tuple[date, ...] = ()
    parallel: int | None = None
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    triggered_by: str | None = None
    trouble: str | None = None
    dry_run: bool = False


def workflow_answer(workflow: Workflow) -> WorkflowAnswer:
    """The workflow, ready to be sent."""
    last = workflow.last_run_status
    return WorkflowAnswer(
        dataset_name=workflow.name,
        source_type=workflow.source_type.value,
        status=workflow.status.value,
        owner=workflow.owner,
        team=workflow.team,
        description=workflow.description or None,
        airflow_dag_id=workflow.dag_id,
        schedule=workflow.cron,
        created_at=workflow.created_at,
        updated_at=workflow.updated_at,
        timezone=workflow.timezone,
        retry_max_attempts=workflow.retries,
        retry_delay_seconds=workflow.retry_delay_seconds,
        dag_visible=workflow.visible,
        paused=workflow.paused,
        next_run_at=workflow.next_run_at,
        last_run_at=workflow.last_run_at,
        last_run_status=None if last is None else last.value,
    )


def workflow_of(answer: WorkflowAnswer) -> Workflow:
    """The workflow, as it was sent."""
    return Workflow(
        name=answer.dataset_name,
        dag_id=answer.airflow_dag_id or "",
        source_type=_named(SourceType, answer.source_type, SourceType.MANUAL),
        status=_named(WorkflowStatus, answer.status, WorkflowStatus.ACTIVE),
        owner=answer.owner or "",
        team=answer.team,
        description=answer.description or "",
        cron=answer.schedule,
        timezone=answer.timezone or "UTC",
        retries=answer.retry_max_attempts,
        retry_delay_seconds=answer.retry_delay_seconds,
        created_at=answer.created_at,
        updated_at=answer.updated_at,
        visible=answer.dag_visible,
        paused=answer.paused,
        next_run_at=answer.next_run_at,
        last_run_at=answer.last_run_at,
        last_run_status=_status(answer.last_run_status),
    )


def run_answer(run: WorkflowRun) -> WorkflowRunAnswer:
    """The run, ready to be sent."""
    return WorkflowRunAnswer(
        run_id=run.run_id,
        dataset_name=run.workflow,
        status=run.status.value,
        trigger_mode=run.mode.value,
        execution_date=run.logical_date or run.created_at,
        parameters=dict(run.parameters),
        started_at=run.started_at,
        completed_at=run.ended_at,
        duration_seconds=run.seconds,
        triggered_by=run.triggered_by or None,
        airflow_dag_run_id=run.orchestrator_run_id or None,
        airflow_log_url=run.log_url,
        error_message=run.error,
        day=run.day,
        logical_date=run.logical_date,
        created_at=run.created_at,
        backfill_id=run.backfill_id,
        existing=run.existing,
        dry_run=run.dry_run,
    )


def run_of(answer: WorkflowRunAnswer) -> WorkflowRun:
    """The run, as it was sent."""
    return WorkflowRun(
        run_id=answer.run_id,
        workflow=answer.dataset_name,
        status=run_status(answer.status),
        mode=_named(TriggerMode, answer.trigger_mode, TriggerMode.MANUAL),
        day=answer.day,
        logical_date=answer.logical_date,
        parameters=answer.parameters or {},
        created_at=answer.created_at or answer.execution_date,
        started_at=answer.started_at,
        ended_at=answer.completed_at,
        triggered_by=answer.triggered_by or "",
        orchestrator_run_id=answer.airflow_dag_run_id or "",
        log_url=answer.airflow_log_url,
        error=answer.error_message,
        backfill_id=answer.backfill_id,
        existing=answer.existing,
        dry_run=answer.dry_run,
    )


def backfill_answer(backfill: Backfill) -> BackfillAnswer:
    """The backfill, ready to be sent."""
    return BackfillAnswer(
        backfill_id=backfill.backfill_id,
        dataset_name=backfill.workflow,
        start_date=backfill.start,
        end_date=backfill.end,
        total_runs=len(backfill.days),
        run_ids=tuple(day.run_id for day in backfill.days),
        status=backfill.state,
        created_at=backfill.created_at,
        days=tuple(map(day_answer, backfill.days)),
        skipped_days=backfill.skipped_days,
        parallel=backfill.parallel,
        parameters=dict(backfill.parameters),
        triggered_by=backfill.created_by or None,
        trouble=backfill.trouble,
        dry_run=backfill.dry_run,
    )


def backfill_of(answer: BackfillAnswer) -> Backfill:
    """The backfill, as it was sent."""
    return Backfill(
        backfill_id=answer.backfill_id,
        workflow=answer.dataset_name,
        start=answer.start_date,
        end=answer.end_date,
        days=tuple(map(day_of, answer.days)) or tuple(_bare_days(answer)),
        state="RUNNING" if answer.status in (None, "PENDING") else answer.status,
        parallel=answer.parallel or 1,
        parameters=answer.parameters,
        skipped_days=answer.skipped_days,
        created_at=answer.created_at,
        created_by=answer.triggered_by or "",
        trouble=answer.trouble,
        dry_run=answer.dry_run,
    )


def day_answer(day: BackfillDay) -> BackfillDayAnswer:
    """A day of a backfill, ready to be sent or kept."""
    return BackfillDayAnswer(
        day=day.day,
        logical_date=day.logical_date,
        interval_end=day.interval_end,
        run_id=day.run_id,
        action=day.action,
        found=None if day.found is None else day.found.value,
        status=None if day.status is None else day.status.value,
        error_message=day.error,
    )


def day_of(answer: BackfillDayAnswer) -> BackfillDay:
    """A day of a backfill, as it was sent or kept."""
    return BackfillDay(
        day=answer.day,
        logical_date=answer.logical_date,
        interval_end=answer.interval_end,
        run_id=answer.run_id,
        action=answer.action,
        found=_status(answer.found),
        status=_status(answer.status),
        error=answer.error_message,
    )


def _bare_days(answer: BackfillAnswer) -> list[BackfillDay]:
    """Of a server that tells the ids of runs only: each day stands at the end of its id."""
    days = []
    for run_id in answer.run_ids or ():
        try:
            day = datetime.strptime(run_id[-10:], _DAYS).replace(tzinfo=UTC)
        except ValueError:
            continue
        days.append(
            BackfillDay(
                day=day.date(),
                logical_date=day,
                interval_end=day,
                run_id=run_id,
                action="create",
                status=RunStatus.PENDING,
            )
        )
    return days


def _status(text: str | None) -> RunStatus | None:
    return None if text is None else run_status(text)


def _named(kind: type[K], text: str | None, otherwise: K) -> K:
    return next((one for one in kind if one.value == (text or "").upper()), otherwise)
