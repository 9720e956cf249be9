"""`WorkflowJournal` in the server's database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, final

import msgspec
from sqlalchemy import Engine, RowMapping, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from dli_adapters.wire.workflows import BackfillDayAnswer, day_answer, day_of
from dli_domain.model.workflow import (
    Backfill,
    RunStatus,
    SourceType,
    TriggerMode,
    Workflow,
    WorkflowRun,
    WorkflowStatus,
)
from dli_domain.ports.clock import Clock
from dli_domain.ports.workflow_journal import JournalRun, Registration
from dli_domain.scheduling.dags import dag_id
from dli_server.storage.tables import BACKFILLS, WORKFLOW_RUNS, WORKFLOWS

_BATCH = 500


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    days: tuple[BackfillDayAnswer, ...]
    skipped_days: tuple[date, ...] = ()
    trouble: str | None = None


@final
class DatabaseWorkflowJournal:
    """Workflows, runs and backfills in tables. Safe to use from several threads."""

    def __init__(self, database: Engine, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def workflows(self) -> Sequence[Workflow]:
        """Every registered workflow, by name."""
        return [_workflow(row) for row in self._read(select(WORKFLOWS).order_by("dataset_name"))]

    def workflow(self, name: str) -> Workflow | None:
        """The registered workflow, or None."""
        query = select(WORKFLOWS).where(WORKFLOWS.c.dataset_name == name)
        return next((_workflow(row) for row in self._read(query)), None)

    def register(self, registration: Registration) -> None:
        """Write it down, over the one of the same name."""
        workflow, now = registration.workflow, self._clock.now()
        values: dict[str, Any] = {
            "dag_id": workflow.dag_id,
            "source_type": workflow.source_type.value,
            "status": workflow.status.value,
            "owner": workflow.owner,
            "team": workflow.team,
            "description": workflow.description,
            "cron": workflow.cron,
            "timezone": workflow.timezone,
            "retries": workflow.retries,
            "retry_delay_seconds": workflow.retry_delay_seconds,
            "yaml_content": registration.yaml_content,
            "updated_at": now,
            "registered_by": registration.registered_by,
        }
        change = update(WORKFLOWS).where(WORKFLOWS.c.dataset_name == workflow.name).values(values)
        new = insert(WORKFLOWS).values(dataset_name=workflow.name, created_at=now, **values)
        with self._database.begin() as connection:
            if connection.execute(change).rowcount == 0:
                connection.execute(new)

    def unregister(self, name: str) -> None:
        """Forget the workflow; its runs stay."""
        with self._database.begin() as connection:
            connection.execute(delete(WORKFLOWS).where(WORKFLOWS.c.dataset_name == name))

    def set_status(self, name: str, status: str) -> None:
        """ACTIVE or PAUSED."""
        change = (
            update(WORKFLOWS)
            .where(WORKFLOWS.c.dataset_name == name)
            .values(status=status, updated_at=self._clock.now())
        )
        with self._database.begin() as connection:
            connection.execute(change)

    def begin_run(self, entry: JournalRun) -> tuple[JournalRun, bool]:
        """Write a run down, and True; or give the one of the same id."""
        run = entry.run
        values = {
            "run_id": run.run_id,
            "dataset_name": run.workflow,
            "dag_id": dag_id(run.workflow),
            "trigger_mode": run.mode.value,
            "status": run.status.value,
            "logical_date": _utc(run.logical_date),
            "idempotency_key": entry.key,
            "request_hash": entry.digest,
            "parameters": dict(run.parameters),
            "backfill_id": run.backfill_id,
            "triggered_by": run.triggered_by,
            "created_at": _utc(run.created_at) or self._clock.now(),
        }
        try:
            with self._database.begin() as connection:
                connection.execute(insert(WORKFLOW_RUNS).values(values))
        except IntegrityError:
            known = self.run(run.run_id)
            if known is None:
                raise
            return known, False
        return entry, True

    def run(self, run_id: str) -> JournalRun | None:
        """What was written down of the run, or None."""
        return self.runs([run_id]).get(run_id)

    def runs(self, run_ids: Collection[str]) -> Mapping[str, JournalRun]:
        """Those of the runs that were written down."""
        found: dict[str, JournalRun] = {}
        wanted = list(run_ids)
        for start in range(0, len(wanted), _BATCH):
            some = wanted[start : start + _BATCH]
            query = select(WORKFLOW_RUNS).where(WORKFLOW_RUNS.c.run_id.in_(some))
            found.update((row["run_id"], _run(row)) for row in self._read(query))
        return found

    def note_run(self, run_id: str, status: RunStatus, error: str | None = None) -> None:
        """What was seen of a run last."""
        change = (
            update(WORKFLOW_RUNS)
            .where(WORKFLOW_RUNS.c.run_id == run_id)
            .where(WORKFLOW_RUNS.c.status != status.value)
            .values(status=status.value, error=error)
        )
        with self._database.begin() as connection:
            connection.execute(change)

    def begin_backfill(self, backfill: Backfill) -> None:
        """Write a backfill down."""
        values = {
            "backfill_id": backfill.backfill_id,
            "dataset_name": backfill.workflow,
            "start_date": backfill.start.isoformat(),
            "end_date": backfill.end.isoformat(),
            "parameters": dict(backfill.parameters),
            "plan": _plan(backfill),
            "parallel": backfill.parallel,
            "state": backfill.state,
            "created_at": _utc(backfill.created_at) or self._clock.now(),
            "created_by": backfill.created_by,
        }
        with self._database.begin() as connection:
            connection.execute(insert(BACKFILLS).values(values))

    def backfill(self, backfill_id: str) -> Backfill | None:
        """The backfill, its days as last seen."""
        query = select(BACKFILLS).where(BACKFILLS.c.backfill_id == backfill_id)
        return next((_backfill(row) for row in self._read(query)), None)

    def open_backfills(self) -> Sequence[Backfill]:
        """Every backfill that is not ended, oldest first."""
        query = select(BACKFILLS).where(BACKFILLS.c.state == "RUNNING").order_by("created_at")
        return [_backfill(row) for row in self._read(query)]

    def save_backfill(self, backfill: Backfill) -> None:
        """Its state and its days; one that has ended stays as it is."""
        change = (
            update(BACKFILLS)
            .where(BACKFILLS.c.backfill_id == backfill.backfill_id)
            .values(state=backfill.state, plan=_plan(backfill))
        )
        if not backfill.ended:
            change = change.where(BACKFILLS.c.state == "RUNNING")
        with self._database.begin() as connection:
            connection.execute(change)

    def _read(self, query: Select[Any]) -> Sequence[RowMapping]:
        with self._database.connect() as connection:
            return connection.execute(query).mappings().all()


def _workflow(row: RowMapping) -> Workflow:
    return Workflow(
        name=row["dataset_name"],
        dag_id=row["dag_id"],
        source_type=SourceType(row["source_type"]),
        status=WorkflowStatus(row["status"]),
        owner=row["owner"],
        team=row["team"],
        description=row["description"],
        cron=row["cron"],
        timezone=row["timezone"],
        retries=row["retries"],
        retry_delay_seconds=row["retry_delay_seconds"],
        created_at=_aware(row["created_at"]),
        updated_at=_aware(row["updated_at"]),
    )


def _run(row: RowMapping) -> JournalRun:
    run = WorkflowRun(
        run_id=row["run_id"],
        workflow=row["dataset_name"],
        status=RunStatus(row["status"]),
        mode=TriggerMode(row["trigger_mode"]),
        logical_date=_aware(row["logical_date"]),
        parameters=row["parameters"],
        created_at=_aware(row["created_at"]),
        triggered_by=row["triggered_by"],
        orchestrator_run_id=row["run_id"],
        error=row["error"],
        backfill_id=row["backfill_id"],
    )
    return JournalRun(run=run, digest=row["request_hash"] or "", key=row["idempotency_key"])


def _backfill(row: RowMapping) -> Backfill:
    plan = msgspec.convert(row["plan"], _Plan)
    return Backfill(
        backfill_id=row["backfill_id"],
        workflow=row["dataset_name"],
        start=date.fromisoformat(row["start_date"]),
        end=date.fromisoformat(row["end_date"]),
        days=tuple(map(day_of, plan.days)),
        state=row["state"],
        parallel=row["parallel"],
        parameters=row["parameters"],
        skipped_days=plan.skipped_days,
        created_at=_aware(row["created_at"]),
        created_by=row["created_by"],
        trouble=plan.trouble,
    )


def _plan(backfill: Backfill) -> Any:
    days = tuple(map(day_answer, backfill.days))
    plan = _Plan(days=days, skipped_days=backfill.skipped_days, trouble=backfill.trouble)
    return msgspec.to_builtins(plan)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _aware(moment: datetime | None) -> datetime | None:
    """SQLite keeps no zone; all times in the tables are UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
