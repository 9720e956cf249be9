"""Workflows, runs and backfills as the library gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from dli_domain.model.run import ResultStatus
from dli_domain.model.workflow import Backfill, RunStatus, Workflow, WorkflowRun


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowInfo:
    """A workflow. `source_type` is manual or code, `status` active, paused or disabled."""

    dataset_name: str
    source_type: str
    status: str
    cron: str | None
    timezone: str
    next_run: datetime | None = None
    last_run: datetime | None = None
    last_run_status: str | None = None
    owner: str = ""
    team: str | None = None
    dag_id: str = ""
    dag_visible: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunInfo:
    """A run. `status` is PENDING, RUNNING, SUCCESS, FAILED, STOPPED, ..."""

    run_id: str
    dataset_name: str
    status: str
    run_type: str
    parameters: Mapping[str, Any]
    day: date | None = None
    logical_date: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    triggered_by: str = ""
    error_message: str | None = None
    log_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunResult:
    """What became of an order. `existing` says that the run was there before."""

    dataset_name: str
    status: ResultStatus
    run_id: str | None = None
    run_status: str | None = None
    dry_run: bool = False
    existing: bool = False
    message: str | None = None
    run: WorkflowRunInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillDayResult:
    """One interval of a backfill: what was there, what is done, how it stands."""

    day: date
    run_id: str
    action: str
    found: str | None
    run_status: str | None
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowBackfillResult:
    """A backfill. `run_status` is RUNNING, SUCCESS, FAILED or STOPPED."""

    dataset_name: str
    status: ResultStatus
    backfill_id: str | None
    run_status: str
    days: tuple[BackfillDayResult, ...] = field(default_factory=tuple)
    dry_run: bool = False
    message: str | None = None


def workflow_info(one: Workflow) -> WorkflowInfo:
    """The workflow for callers."""
    last = one.last_run_status
    return WorkflowInfo(
        dataset_name=one.name,
        source_type=one.source_type.value.lower(),
        status=one.status.value.lower(),
        cron=one.cron,
        timezone=one.timezone,
        next_run=one.next_run_at,
        last_run=one.last_run_at,
        last_run_status=None if last is None else last.value,
        owner=one.owner,
        team=one.team,
        dag_id=one.dag_id,
        dag_visible=one.visible,
    )


def run_info(run: WorkflowRun) -> WorkflowRunInfo:
    """The run for callers."""
    return WorkflowRunInfo(
        run_id=run.run_id,
        dataset_name=run.workflow,
        status=run.status.value,
        run_type=run.mode.value.lower(),
        parameters=run.parameters,
        day=run.day,
        logical_date=run.logical_date,
        started_at=run.started_at,
        finished_at=run.ended_at,
        triggered_by=run.triggered_by,
        error_message=run.error,
        log_url=run.log_url,
    )


def run_result(run: WorkflowRun) -> WorkflowRunResult:
    """What became of the order of a run."""
    return WorkflowRunResult(
        dataset_name=run.workflow,
        status=_result(run.status),
        run_id=run.run_id,
        run_status=run.status.value,
        dry_run=run.dry_run,
        existing=run.existing,
        message=run.error,
        run=run_info(run),
    )


def backfill_result(backfill: Backfill) -> WorkflowBackfillResult:
    """The backfill for callers."""
    days = tuple(
        BackfillDayResult(
            day=one.day,
            run_id=one.run_id,
            action=one.action,
            found=None if one.found is None else one.found.value,
            run_status=None if one.status is None else one.status.value,
            error_message=one.error,
        )
        for one in backfill.days
    )
    statuses = {"SUCCESS": ResultStatus.SUCCESS, "RUNNING": ResultStatus.PENDING}
    return WorkflowBackfillResult(
        dataset_name=backfill.workflow,
        status=statuses.get(backfill.state, ResultStatus.FAILURE),
        backfill_id=None if backfill.dry_run else backfill.backfill_id,
        run_status=backfill.state,
        days=days,
        dry_run=backfill.dry_run,
        message=backfill.trouble,
    )


def order_result(one: Workflow) -> WorkflowRunResult:
    """What became of an order about a workflow."""
    return WorkflowRunResult(
        dataset_name=one.name, status=ResultStatus.SUCCESS, message=one.status.value.lower()
    )


def _result(status: RunStatus) -> ResultStatus:
    if status is RunStatus.SUCCESS:
        return ResultStatus.SUCCESS
    return ResultStatus.FAILURE if status.ended else ResultStatus.PENDING
