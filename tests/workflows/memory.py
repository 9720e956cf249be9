"""An orchestrator and a journal in memory that fail where a test says so."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from dli_domain.errors import WorkflowNotFoundError, WorkflowUnavailableError
from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location
from dli_domain.model.spec import (
    QueryType,
    ResourceKind,
    ResourceSpec,
    ScheduleSpec,
    SqlSource,
)
from dli_domain.model.workflow import Backfill, RunStatus, Workflow
from dli_domain.ports.orchestrator import DagRun, DagState, DagTrigger
from dli_domain.ports.workflow_journal import JournalRun, Registration

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


class StillClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def today(self) -> date:
        return self.now().date()

    def monotonic(self) -> float:
        return self.seconds


class MemoryOrchestrator:
    """DAG runs in a dictionary. `before` and `after` are called around each change."""

    def __init__(self, *dag_ids: str) -> None:
        self.known = {
            one: DagState(dag_id=one, paused=False, schedule="0 6 * * *") for one in dag_ids
        }
        self.made: dict[tuple[str, str], DagRun] = {}
        self.created: list[str] = []
        self.reruns: list[str] = []
        self.most_active = 0
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self.reachable = True
        self._lock = threading.Lock()

    def dags(self, dag_ids: Collection[str]) -> Mapping[str, DagState]:
        self._reach()
        return {one: self.known[one] for one in dag_ids if one in self.known}

    def pause(self, dag_id: str, *, paused: bool) -> DagState:
        self._reach()
        if dag_id not in self.known:
            raise WorkflowNotFoundError("no dag")
        self.known[dag_id] = replace(self.known[dag_id], paused=paused)
        return self.known[dag_id]

    def trigger(self, trigger: DagTrigger) -> DagRun:
        self._reach()
        self.before(trigger.run_id)
        with self._lock:
            start = None if trigger.interval is None else trigger.interval[0]
            for run in self.made.values():
                same = run.run_id == trigger.run_id or (start and run.logical_date == start)
                if run.dag_id == trigger.dag_id and same:
                    return run
            run = DagRun(
                dag_id=trigger.dag_id,
                run_id=trigger.run_id,
                state="queued",
                run_type="manual",
                logical_date=start,
                conf=trigger.conf,
                created_at=NOW,
            )
            self.made[run.dag_id, run.run_id] = run
            self.created.append(run.run_id)
            self._count()
        self.after(trigger.run_id)
        return run

    def run(self, dag_id: str, run_id: str) -> DagRun | None:
        self._reach()
        return self.made.get((dag_id, run_id))

    def runs_between(self, dag_id: str, first: datetime, last: datetime) -> Sequence[DagRun]:
        self._reach()
        return [
            run
            for run in self.made.values()
            if run.dag_id == dag_id and run.logical_date and first <= run.logical_date <= last
        ]

    def newest_runs(
        self,
        dag_ids: Collection[str],
        *,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        states: Collection[str] = (),
    ) -> Sequence[DagRun]:
        self._reach()
        del since, until
        found = [
            run
            for run in reversed(self.made.values())
            if run.dag_id in dag_ids and (not states or run.state in states)
        ]
        return found[:limit]

    def stop(self, dag_id: str, run_id: str, note: str) -> DagRun:
        return self.put(dag_id, run_id, state="failed", note=note)

    def rerun(self, dag_id: str, run_id: str, note: str) -> DagRun:
        self._reach()
        self.before(run_id)
        self.reruns.append(run_id)
        run = self.put(dag_id, run_id, state="queued", note=note)
        self._count()
        self.after(run_id)
        return run

    def failure(self, dag_id: str, run_id: str) -> str | None:
        return f"task run: {run_id} went wrong in {dag_id}"

    def log_url(self, dag_id: str, run_id: str) -> str | None:
        return f"http://airflow/{dag_id}/{run_id}"

    def put(self, dag_id: str, run_id: str, state: str, note: str | None = None) -> DagRun:
        """Let a run be in a state."""
        run = self.made[dag_id, run_id]
        self.made[dag_id, run_id] = replace(run, state=state, note=note or run.note)
        return self.made[dag_id, run_id]

    def there(self, dag_id: str, logical_date: datetime, state: str, **rest: object) -> DagRun:
        """A run that the schedule made."""
        run_id = f"scheduled__{logical_date.isoformat()}"
        run = DagRun(
            dag_id=dag_id,
            run_id=run_id,
            state=state,
            run_type="scheduled",
            logical_date=logical_date,
            created_at=NOW,
            **rest,  # type: ignore[arg-type]
        )
        self.made[dag_id, run_id] = run
        return run

    def finish(self, state: str = "success") -> None:
        """End everything that is active."""
        for (dag_id, run_id), run in list(self.made.items()):
            if run.state in ("queued", "running"):
                self.put(dag_id, run_id, state)

    def _count(self) -> None:
        active = sum(run.state in ("queued", "running") for run in self.made.values())
        self.most_active = max(self.most_active, active)

    def _reach(self) -> None:
        if not self.reachable:
            raise WorkflowUnavailableError("Airflow cannot be reached: ConnectError")


class MemoryJournal:
    """What the server's database keeps, in dictionaries."""

    def __init__(self) -> None:
        self.kept: dict[str, JournalRun] = {}
        self.fills: dict[str, Backfill] = {}
        self.registered: dict[str, Registration] = {}
        self._lock = threading.Lock()

    def workflows(self) -> Sequence[Workflow]:
        return [self.registered[name].workflow for name in sorted(self.registered)]

    def workflow(self, name: str) -> Workflow | None:
        found = self.registered.get(name)
        return None if found is None else found.workflow

    def register(self, registration: Registration) -> None:
        self.registered[registration.workflow.name] = registration

    def unregister(self, name: str) -> None:
        self.registered.pop(name, None)

    def set_status(self, name: str, status: str) -> None:
        del name, status

    def begin_run(self, entry: JournalRun) -> tuple[JournalRun, bool]:
        with self._lock:
            known = self.kept.setdefault(entry.run.run_id, entry)
            return known, known is entry

    def run(self, run_id: str) -> JournalRun | None:
        return self.kept.get(run_id)

    def runs(self, run_ids: Collection[str]) -> Mapping[str, JournalRun]:
        return {one: self.kept[one] for one in run_ids if one in self.kept}

    def note_run(self, run_id: str, status: RunStatus, error: str | None = None) -> None:
        if run_id in self.kept:
            entry = self.kept[run_id]
            self.kept[run_id] = replace(entry, run=replace(entry.run, status=status, error=error))

    def begin_backfill(self, backfill: Backfill) -> None:
        self.fills[backfill.backfill_id] = backfill

    def backfill(self, backfill_id: str) -> Backfill | None:
        return self.fills.get(backfill_id)

    def open_backfills(self) -> Sequence[Backfill]:
        return [one for one in self.fills.values() if not one.ended]

    def save_backfill(self, backfill: Backfill) -> None:
        self.fills[backfill.backfill_id] = backfill


def dataset(
    name: str, cron: str | None = "0 6 * * *", timezone: str = "Asia/Seoul"
) -> ResourceSpec:
    """A dataset, with a schedule unless `cron` is None."""
    place = Location(f"dataset.{name}.yaml")
    return ResourceSpec(
        kind=ResourceKind.DATASET,
        name=ResourceName.parse(name),
        owner="kim@example.com",
        team="data",
        query_type=QueryType.DML,
        sql=SqlSource(text="SELECT 1", origin=place),
        location=place,
        schedule=None if cron is None else ScheduleSpec(cron=cron, timezone=timezone),
    )
