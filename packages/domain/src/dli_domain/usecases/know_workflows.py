"""Which workflows there are: registered ones, and datasets whose spec has a schedule."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from dli_domain.errors import (
    ParameterError,
    SpecNotFoundError,
    WorkflowNotFoundError,
    WorkflowStateError,
)
from dli_domain.model.names import did_you_mean
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.model.workflow import (
    RunStatus,
    SourceType,
    TriggerMode,
    Workflow,
    WorkflowRun,
    WorkflowStatus,
    public_run_id,
)
from dli_domain.ports.orchestrator import DagRun, DagState, Orchestrator
from dli_domain.ports.spec_source import SpecSource
from dli_domain.ports.workflow_journal import JournalRun, WorkflowJournal
from dli_domain.ports.workflows import WorkflowFilter
from dli_domain.scheduling.cron import CronSchedule, InvalidScheduleError
from dli_domain.scheduling.dags import dag_id

STOPPED_NOTE = "Stopped through dli"
_STATES = {
    "queued": RunStatus.PENDING,
    "scheduled": RunStatus.PENDING,
    "running": RunStatus.RUNNING,
    "success": RunStatus.SUCCESS,
    "failed": RunStatus.FAILED,
}
_MODES = {"manual": TriggerMode.MANUAL, "backfill": TriggerMode.BACKFILL}

Visible = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowWorkflows:
    """Finds workflows. What `visible` refuses is to the caller not there."""

    journal: WorkflowJournal
    specs: SpecSource
    orchestrator: Orchestrator

    def find(self, name: str, visible: Visible) -> Workflow:
        """The workflow, without what the orchestrator says of it.

        Raises:
            WorkflowNotFoundError: there is none of that name.
        """
        if visible(name):
            found = self.journal.workflow(name) or self._declared(name)
            if found is not None:
                return found
        raise WorkflowNotFoundError(
            f"There is no workflow {name!r}",
            causes=("The dataset has no 'schedule:' and is not registered as a workflow",),
            hint=did_you_mean(name, self._names(visible))
            or "Run 'dli workflow list' to see every workflow.",
        )

    def all(self, visible: Visible) -> Sequence[Workflow]:
        """Every workflow, by name; a registered one stands before the spec of its name."""
        found = {
            str(spec.name): workflow_of(spec)
            for spec in self.specs.list(ResourceKind.DATASET).specs
            if spec.schedule is not None
        }
        found.update((one.name, one) for one in self.journal.workflows())
        return [found[name] for name in sorted(found) if visible(name)]

    def listed(self, wanted: WorkflowFilter, visible: Visible, offset: int = 0) -> list[Workflow]:
        """Those that pass the filter, with what the orchestrator says of them."""
        chosen = [one for one in self.all(visible) if _declared_as(one, wanted)]
        # What the orchestrator knows decides these; without them only one page is asked about.
        decided = wanted.status is not None or wanted.running or wanted.enabled_only
        if not decided:
            return self.live(chosen[offset : offset + wanted.limit])
        passed = [one for one in self.live(chosen) if _lives_as(one, wanted)]
        return passed[offset : offset + wanted.limit]

    def live(self, workflows: Sequence[Workflow]) -> list[Workflow]:
        """The same, with what the orchestrator says of them."""
        if not workflows:
            return []
        ids = [one.dag_id for one in workflows]
        states = self.orchestrator.dags(ids)
        newest: dict[str, DagRun] = {}
        for run in self.orchestrator.newest_runs(list(states), limit=100):
            newest.setdefault(run.dag_id, run)
        for missing in states.keys() - newest.keys():
            newest.update(
                (run.dag_id, run) for run in self.orchestrator.newest_runs([missing], limit=1)
            )
        return [_alive(one, states.get(one.dag_id), newest.get(one.dag_id)) for one in workflows]

    def runnable(self, workflow: Workflow) -> Workflow:
        """The workflow, where a run of it would start now.

        Raises:
            WorkflowStateError: it is paused or disabled, or the orchestrator has no DAG for it.
        """
        state = self.orchestrator.dags([workflow.dag_id]).get(workflow.dag_id)
        if state is None:
            raise WorkflowStateError(
                f"Airflow shows no DAG {workflow.dag_id!r} for {workflow.name!r}",
                causes=(
                    "Airflow has not read its file yet",
                    "The project is not where Airflow reads DAG files",
                ),
                hint="See docs/airflow.md for the DAG file that a project needs.",
            )
        if state.paused or not workflow.enabled:
            word = "paused" if workflow.enabled else "disabled"
            raise WorkflowStateError(
                f"The workflow {workflow.name!r} is {word}: its runs would not start",
                hint=f"Run 'dli workflow unpause {workflow.name}' first.",
            )
        return _alive(workflow, state, None)

    def _declared(self, name: str) -> Workflow | None:
        try:
            spec = self.specs.get(name, ResourceKind.DATASET)
        except SpecNotFoundError:
            return None
        return None if spec.schedule is None else workflow_of(spec)

    def _names(self, visible: Visible) -> Iterable[str]:
        return [one.name for one in self.all(visible)]


def workflow_of(spec: ResourceSpec) -> Workflow:
    """The workflow that a dataset's `schedule:` declares; the spec has one."""
    plan = spec.schedule
    if plan is None:
        raise ValueError(f"{spec.name} has no schedule")
    return Workflow(
        name=str(spec.name),
        dag_id=dag_id(str(spec.name)),
        source_type=SourceType.CODE,
        status=WorkflowStatus.ACTIVE if plan.enabled else WorkflowStatus.DISABLED,
        owner=spec.owner,
        team=spec.team or None,
        description=spec.description,
        cron=plan.cron,
        timezone=plan.timezone,
        retries=plan.retries,
        retry_delay_seconds=plan.retry_delay_seconds,
        start=None if plan.start is None else date.fromisoformat(plan.start),
    )


def check_started(workflow: Workflow, day: date) -> None:
    """Let a day pass on which the schedule had begun.

    Raises:
        ParameterError: it is before that: Airflow would end a run of it without its tasks.
    """
    if workflow.start is not None and day < workflow.start:
        raise ParameterError(
            f"The schedule of {workflow.name!r} starts on {workflow.start}, after {day}",
            hint="Choose a later day, or an earlier 'start' in the spec's schedule.",
        )


def schedule_of(workflow: Workflow) -> CronSchedule | None:
    """Its schedule, or None without one."""
    if workflow.cron is None:
        return None
    try:
        return CronSchedule.parse(workflow.cron, workflow.timezone)
    except InvalidScheduleError:
        return None


def status_of(run: DagRun) -> RunStatus:
    """What the orchestrator's state means; a run that dli stopped says so in its note."""
    found = _STATES.get(run.state, RunStatus.UNKNOWN)
    if found is RunStatus.FAILED and (run.note or "").startswith(STOPPED_NOTE):
        return RunStatus.STOPPED
    return found


def run_of(workflow: Workflow, run: DagRun, entry: JournalRun | None = None) -> WorkflowRun:
    """A run as users see it."""
    known = None if entry is None else entry.run
    return WorkflowRun(
        run_id=public_run_id(workflow.name, run.run_id),
        workflow=workflow.name,
        status=status_of(run),
        mode=known.mode if known else _MODES.get(run.run_type, TriggerMode.SCHEDULED),
        day=_day_of(workflow, run, known),
        logical_date=run.logical_date,
        parameters=parameters_of(run),
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        triggered_by=known.triggered_by if known else "airflow",
        orchestrator_run_id=run.run_id,
        backfill_id=known.backfill_id if known else None,
        error=run.note if status_of(run) is RunStatus.STOPPED else None,
    )


def parameters_of(run: DagRun) -> dict[str, object]:
    """The parameters that a run was given."""
    given = run.conf.get("parameters")
    return dict(given) if isinstance(given, dict) else {}


def _day_of(workflow: Workflow, run: DagRun, known: WorkflowRun | None) -> date | None:
    schedule = schedule_of(workflow)
    if run.logical_date is not None and schedule is not None:
        return schedule.local_day(run.logical_date)
    told = run.conf.get("execution_date")
    if isinstance(told, str):
        try:
            return datetime.fromisoformat(told).date()
        except ValueError:
            return None
    return None if known is None else known.day


def _alive(workflow: Workflow, state: DagState | None, last: DagRun | None) -> Workflow:
    if state is None:
        return replace(workflow, visible=False)
    status = workflow.status
    if workflow.enabled:
        status = WorkflowStatus.PAUSED if state.paused else WorkflowStatus.ACTIVE
    return replace(
        workflow,
        status=status,
        visible=True,
        paused=state.paused,
        next_run_at=None if state.paused else state.next_run_at,
        last_run_at=None if last is None else last.started_at or last.created_at,
        last_run_status=None if last is None else status_of(last),
    )


def _declared_as(one: Workflow, wanted: WorkflowFilter) -> bool:
    return (
        wanted.source_type in (None, one.source_type.value)
        and wanted.owner in (None, one.owner)
        and (wanted.dataset is None or wanted.dataset in one.name)
    )


def _lives_as(one: Workflow, wanted: WorkflowFilter) -> bool:
    active = one.last_run_status is not None and one.last_run_status.active
    return (
        wanted.status in (None, one.status.value)
        and (active or not wanted.running)
        and (one.status is WorkflowStatus.ACTIVE or not wanted.enabled_only)
    )
