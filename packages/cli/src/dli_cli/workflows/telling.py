"""Workflows, runs and backfills as lines and as JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dli_cli.grid import lay_out
from dli_cli.output import Screen
from dli_cli.panel import seconds
from dli_cli.text import safe_line
from dli_domain.model.workflow import Backfill, BackfillDay, RunStatus, Workflow, WorkflowRun

_COLOURS = {
    RunStatus.SUCCESS: "green",
    RunStatus.FAILED: "red",
    RunStatus.TIMEOUT: "red",
    RunStatus.STOPPED: "yellow",
    RunStatus.UNKNOWN: "yellow",
}


def moment(when: datetime | None) -> str:
    """A time in UTC, to the second."""
    return "" if when is None else f"{when:%Y-%m-%d %H:%M:%S}Z"


def workflow_table(workflows: Sequence[Workflow], width: int | None) -> Iterator[str]:
    """One line a workflow."""
    rows = [
        (
            one.name,
            one.source_type.value.lower(),
            _state(one),
            "" if one.cron is None else f"{one.cron} {one.timezone}",
            moment(one.next_run_at),
            "" if one.last_run_status is None else one.last_run_status.value,
            moment(one.last_run_at),
            one.owner,
        )
        for one in workflows
    ]
    names = ("name", "source", "state", "schedule", "next run", "last", "last run", "owner")
    yield from _table(names, rows, width, whole=("name",))


def run_table(runs: Sequence[WorkflowRun], width: int | None) -> Iterator[str]:
    """One line a run."""
    rows = [
        (
            run.run_id,
            run.workflow,
            run.status.value,
            run.mode.value.lower(),
            "" if run.day is None else run.day.isoformat(),
            moment(run.started_at),
            "" if run.seconds is None else seconds(round(run.seconds * 1000)),
            run.triggered_by,
        )
        for run in runs
    ]
    names = ("run", "dataset", "status", "how", "day", "started", "took", "by")
    yield from _table(names, rows, width, whole=("run", "status"))


def run_lines(run: WorkflowRun, screen: Screen) -> Iterator[str]:
    """All of one run."""
    facts = (
        ("Run", run.run_id),
        ("Workflow", run.workflow),
        ("Status", screen.out.style(run.status.value, *_style(run.status))),
        ("How", run.mode.value.lower()),
        ("Day", "" if run.day is None else run.day.isoformat()),
        ("Parameters", ", ".join(f"{key}={value}" for key, value in run.parameters.items())),
        ("Asked for by", run.triggered_by),
        ("Created", moment(run.created_at)),
        ("Started", moment(run.started_at)),
        ("Ended", moment(run.ended_at)),
        ("Took", "" if run.seconds is None else seconds(round(run.seconds * 1000))),
        ("Log", run.log_url or ""),
        ("Error", " ".join((run.error or "").splitlines())),
    )
    for name, value in facts:
        if value:
            told = value if name == "Status" else safe_line(value)
            yield f"{name}: {told}"


def backfill_lines(backfill: Backfill, screen: Screen) -> Iterator[str]:
    """The plan or the outcome, day by day."""
    days = f"{backfill.start} to {backfill.end}"
    if backfill.dry_run:
        yield f"Plan: {safe_line(backfill.workflow)}, {days}"
    else:
        yield f"Backfill: {backfill.backfill_id} {backfill.state}"
        yield f"Workflow: {safe_line(backfill.workflow)}, {days}, {backfill.parallel} at a time"
    yield from _plan(backfill, screen) if backfill.dry_run else _outcome(backfill, screen)
    for day in backfill.skipped_days:
        yield f"{day} is no day in the schedule's time zone; it has no run"
    yield counted(backfill)


def counted(backfill: Backfill) -> str:
    """How many of each, on one line."""
    if backfill.dry_run:
        told = [day.action for day in backfill.days]
    else:
        told = ["not started" if day.status is None else day.status.value for day in backfill.days]
    parts = [f"{told.count(word)} {word}" for word in dict.fromkeys(told)]
    return f"{len(told)} run{'' if len(told) == 1 else 's'}: {', '.join(parts)}"


def workflow_fields(one: Workflow) -> dict[str, object]:
    """A workflow for `--json`."""
    return {
        "dataset_name": one.name,
        "source": one.source_type.value.lower(),
        "status": one.status.value,
        "schedule": one.cron,
        "timezone": one.timezone,
        "enabled": one.enabled,
        "paused": one.paused,
        "dag_id": one.dag_id,
        "dag_visible": one.visible,
        "owner": one.owner,
        "team": one.team,
        "description": one.description,
        "last_run_at": one.last_run_at,
        "last_run_status": one.last_run_status,
        "next_run_at": one.next_run_at,
    }


def run_fields(run: WorkflowRun) -> dict[str, object]:
    """A run for `--json`; `run_status` beside the envelope's own status."""
    return {
        "run_id": run.run_id,
        "dataset_name": run.workflow,
        "run_status": run.status,
        "run_type": run.mode.value.lower(),
        "day": run.day,
        "logical_date": run.logical_date,
        "params": run.parameters,
        "triggered_by": run.triggered_by,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "duration_seconds": run.seconds,
        "airflow_run_id": run.orchestrator_run_id,
        "log_url": run.log_url,
        "error_message": run.error,
        "backfill_id": run.backfill_id,
        "existing": run.existing,
        "dry_run": run.dry_run,
    }


def backfill_fields(backfill: Backfill) -> dict[str, object]:
    """A backfill for `--json`."""
    return {
        "backfill_id": None if backfill.dry_run else backfill.backfill_id,
        "dataset_name": backfill.workflow,
        "start": backfill.start,
        "end": backfill.end,
        "state": None if backfill.dry_run else backfill.state,
        "parallel": backfill.parallel,
        "params": backfill.parameters,
        "dry_run": backfill.dry_run,
        "trouble": backfill.trouble,
        "skipped_days": backfill.skipped_days,
        "days": [
            {
                "day": day.day,
                "logical_date": day.logical_date,
                "run_id": day.run_id,
                "action": day.action,
                "found": day.found,
                "run_status": day.status,
                "error_message": day.error,
            }
            for day in backfill.days
        ],
    }


def _plan(backfill: Backfill, screen: Screen) -> Iterator[str]:
    rows = [
        (day.day.isoformat(), moment(day.logical_date), _found(day), day.action)
        for day in backfill.days
    ]
    yield from _table(("day", "logical date", "found", "to do"), rows, screen.width, whole=("day",))


def _outcome(backfill: Backfill, screen: Screen) -> Iterator[str]:
    rows = [
        (
            day.day.isoformat(),
            "" if day.status is None else day.status.value,
            day.run_id,
            _found(day),
            day.action,
        )
        for day in backfill.days
    ]
    names = ("day", "status", "run", "found", "to do")
    yield from _table(names, rows, screen.width, whole=("day", "status", "run"))
    for day in backfill.days:
        if day.error:
            yield f"{day.day}: {safe_line(day.error)}"


def _found(day: BackfillDay) -> str:
    return "missing" if day.found is None else day.found.value


def _state(one: Workflow) -> str:
    return "no DAG in Airflow" if one.visible is False else one.status.value.lower()


def _style(status: RunStatus) -> tuple[str, ...]:
    return (_COLOURS[status],) if status in _COLOURS else ()


def _table(
    names: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, *, whole: Sequence[str]
) -> Iterator[str]:
    grid = lay_out(names, rows, width, whole=whole)
    yield "  ".join(grid.header).rstrip()
    yield "  ".join("─" * one for one in grid.widths)
    yield from (line.rstrip() for line in grid.lines("  "))
    if grid.hidden:
        yield f"… not shown: {', '.join(grid.hidden)}"
