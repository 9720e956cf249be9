"""Fill the days of a workflow: one run for each interval, a few at a time, each once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dli_domain.errors import (
    WorkflowConflictError,
    WorkflowError,
    WorkflowNotFoundError,
    WorkflowStateError,
    WorkflowUnavailableError,
    WorkflowUnknownError,
)
from dli_domain.model.workflow import (
    Backfill,
    BackfillDay,
    RunStatus,
    TriggerMode,
    Workflow,
    WorkflowRun,
    differences,
    public_run_id,
)
from dli_domain.ports.clock import Clock
from dli_domain.ports.orchestrator import DagRun, Orchestrator
from dli_domain.ports.workflow_journal import WorkflowJournal
from dli_domain.ports.workflows import BackfillAsked
from dli_domain.scheduling.backfill import (
    BackfillAction,
    BackfillPlan,
    ExistingRun,
    PlannedRun,
    plan_backfill,
)
from dli_domain.scheduling.intervals import Interval
from dli_domain.usecases.know_workflows import (
    STOPPED_NOTE,
    check_started,
    parameters_of,
    schedule_of,
    status_of,
)
from dli_domain.usecases.trigger_workflow import EXECUTION_DATE, TriggerWorkflow

RUNNING, SUCCESS, FAILED, STOPPED = "RUNNING", "SUCCESS", "FAILED", "STOPPED"
_SHOWN_CONFLICTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillWorkflow:
    """Plans backfills, and takes them forward step by step.

    What is done is read from the orchestrator at every step, so that a step may be repeated,
    and a backfill goes on after whatever stopped it.
    """

    orchestrator: Orchestrator
    journal: WorkflowJournal
    clock: Clock
    trigger: TriggerWorkflow

    def begin(self, workflow: Workflow, asked: BackfillAsked, by: str) -> Backfill:
        """The backfill, written down; its first run is started by `advance`.

        Raises:
            ParameterError: the range is reversed, empty, or too long without `confirmed`.
            WorkflowConflictError: a run of these days, or another backfill of them, is there
                with other parameters.
            WorkflowStateError: the workflow has no schedule.
        """
        plan, there = self._plan(workflow, asked)
        made = Backfill(
            backfill_id=_id(workflow.name, asked.key),
            workflow=workflow.name,
            start=asked.start,
            end=asked.end,
            days=tuple(_day(workflow, one, there.get(one.run_id)) for one in plan.runs),
            parallel=asked.parallel,
            parameters=asked.parameters,
            skipped_days=plan.skipped_days,
            created_at=self.clock.now(),
            created_by=by,
            dry_run=asked.dry_run,
        )
        if asked.dry_run:
            return made
        known = self.journal.backfill(made.backfill_id) or self._running(made)
        if known is not None:
            return known
        self.journal.begin_backfill(made)
        return made

    def advance(self, workflow: Workflow, backfill: Backfill) -> Backfill:
        """The backfill one step on: what is seen of its runs, and the next ones started.

        Raises:
            WorkflowUnavailableError: the orchestrator cannot be asked; nothing has changed.
        """
        if backfill.ended or not backfill.days:
            return backfill
        seen = self._seen(workflow, backfill)
        days = [_as_seen(backfill, day, seen.get(_moment(day))) for day in backfill.days]
        trouble = self._start_next(workflow, backfill, days)
        if any(not _settled(day) for day in days):
            return replace(backfill, days=tuple(days), trouble=trouble)
        whole = tuple(self._explained(workflow, day) for day in days)
        good = all(day.status in (RunStatus.SUCCESS, RunStatus.SKIPPED) for day in whole)
        return replace(backfill, days=whole, state=SUCCESS if good else FAILED, trouble=None)

    def stop(self, workflow: Workflow, backfill: Backfill, reason: str) -> Backfill:
        """Start nothing more, and stop what is active.

        Raises:
            WorkflowStateError: it has ended.
        """
        if backfill.ended:
            raise WorkflowStateError(f"The backfill has ended: {backfill.state}")
        stopped = replace(backfill, state=STOPPED, trouble=None)
        self.journal.save_backfill(stopped)
        seen = self._seen(workflow, backfill)
        days = []
        for day in backfill.days:
            run = seen.get(_moment(day))
            if run is not None and status_of(run).active:
                run = self.orchestrator.stop(
                    workflow.dag_id, run.run_id, f"{STOPPED_NOTE}: {reason}"
                )
            days.append(_as_seen(backfill, day, run))
        stopped = replace(stopped, days=tuple(days))
        self.journal.save_backfill(stopped)
        return stopped

    def _plan(
        self, workflow: Workflow, asked: BackfillAsked
    ) -> tuple[BackfillPlan, Mapping[str, DagRun]]:
        schedule = schedule_of(workflow)
        if schedule is None:
            raise WorkflowStateError(
                f"The workflow {workflow.name!r} has no schedule, so it has no days to fill",
                hint=f"Run it for a day with -p {EXECUTION_DATE}=YYYY-MM-DD.",
            )
        if EXECUTION_DATE in asked.parameters:
            raise WorkflowStateError("A backfill gives each run its own execution_date")
        bounds = (asked.start, asked.end)
        check_started(workflow, min(bounds))
        bare = plan_backfill(workflow.name, schedule, bounds, confirmed=asked.confirmed)
        first, last = bare.runs[0].interval.start, bare.runs[-1].interval.start
        runs = self.orchestrator.runs_between(workflow.dag_id, first, last)
        plan = plan_backfill(
            workflow.name,
            schedule,
            bounds,
            existing=[
                ExistingRun(run.run_id, run.logical_date, run.state)
                for run in runs
                if run.logical_date is not None
            ],
            now=self.clock.now(),
            again=asked.again,
            confirmed=asked.confirmed,
        )
        there = {run.run_id: run for run in runs}
        _check_parameters(workflow, asked, [there[one.run_id] for one in plan.runs if one.state])
        return plan, there

    def _running(self, made: Backfill) -> Backfill | None:
        """The same one, where it is under way: asking twice fills nothing twice.

        Raises:
            WorkflowConflictError: another one of some of these days is under way.
        """
        for other in self.journal.open_backfills():
            if other.workflow != made.workflow or other.end < made.start or made.end < other.start:
                continue
            same = (other.start, other.end) == (made.start, made.end)
            if same and not differences(made.parameters, other.parameters):
                return other
            raise WorkflowConflictError(
                f"Another backfill of {made.workflow!r} is under way",
                context={
                    "Backfill": other.backfill_id,
                    "Days": f"{other.start} to {other.end}",
                    **differences(made.parameters, other.parameters),
                },
                hint=f"Wait for it with 'dli workflow status {other.backfill_id}', or stop it.",
            )
        return None

    def _seen(self, workflow: Workflow, backfill: Backfill) -> Mapping[str, DagRun]:
        moments = [day.logical_date for day in backfill.days]
        runs = self.orchestrator.runs_between(workflow.dag_id, min(moments), max(moments))
        return {run.logical_date.isoformat(): run for run in runs if run.logical_date is not None}

    def _start_next(
        self, workflow: Workflow, backfill: Backfill, days: list[BackfillDay]
    ) -> str | None:
        """Start as many of `days` as may run beside each other; why not more, if that is so."""
        active = sum(day.status is not None and day.status.active for day in days)
        to_start = any(day.status is None for day in days)
        if not to_start or active >= backfill.parallel:
            return None
        state = self.orchestrator.dags([workflow.dag_id]).get(workflow.dag_id)
        if state is None:
            return f"Airflow shows no DAG {workflow.dag_id!r}"
        if state.paused:
            return "The workflow is paused: runs would not start"
        for number, day in enumerate(days):
            if active >= backfill.parallel:
                return None
            if day.status is not None:
                continue
            try:
                days[number] = self._started(workflow, backfill, day)
                active += 1
            except (WorkflowUnavailableError, WorkflowUnknownError) as error:
                # Seen at the next step: the run's id makes a second one impossible.
                return error.message
            except WorkflowError as error:
                days[number] = replace(day, status=RunStatus.FAILED, error=error.message)
        return None

    def _started(self, workflow: Workflow, backfill: Backfill, day: BackfillDay) -> BackfillDay:
        if day.action == BackfillAction.RERUN:
            run = self.orchestrator.rerun(workflow.dag_id, _orchestrators(day), _note(backfill))
            return replace(day, status=status_of(run))
        asked = WorkflowRun(
            run_id=day.run_id,
            workflow=workflow.name,
            status=RunStatus.PENDING,
            mode=TriggerMode.BACKFILL,
            day=day.day,
            logical_date=day.logical_date,
            parameters=backfill.parameters,
            created_at=self.clock.now(),
            triggered_by=backfill.created_by,
            orchestrator_run_id=day.run_id,
            backfill_id=backfill.backfill_id,
        )
        interval = Interval(day.logical_date, day.interval_end, day.day)
        made, _ = self.trigger.start(workflow, interval, asked)
        return replace(day, status=made.status, run_id=made.run_id)

    def _explained(self, workflow: Workflow, day: BackfillDay) -> BackfillDay:
        if day.status is not RunStatus.FAILED or day.error is not None:
            return day
        try:
            told = self.orchestrator.failure(workflow.dag_id, _orchestrators(day))
        except (WorkflowNotFoundError, WorkflowUnavailableError):
            told = None
        return replace(day, error=told or "failed")


def _check_parameters(workflow: Workflow, asked: BackfillAsked, runs: Sequence[DagRun]) -> None:
    told: dict[str, str] = {}
    for run in runs:
        found = differences(asked.parameters, parameters_of(run))
        if found and len(told) < _SHOWN_CONFLICTS:
            what = "; ".join(f"{name}: {text}" for name, text in found.items())
            told[public_run_id(workflow.name, run.run_id)] = what
    if told:
        raise WorkflowConflictError(
            "Runs of these days are there already, with other parameters",
            context={"Workflow": workflow.name, **told},
            hint="A run keeps the parameters that it was made with: ask for the same ones.",
        )


def _day(workflow: Workflow, planned: PlannedRun, run: DagRun | None) -> BackfillDay:
    found = None if run is None else status_of(run)
    status = found if planned.action in (BackfillAction.KEEP, BackfillAction.WAIT) else None
    if planned.action is BackfillAction.NOT_DUE:
        status = RunStatus.SKIPPED
    return BackfillDay(
        day=planned.interval.day,
        logical_date=planned.interval.start,
        interval_end=planned.interval.end,
        run_id=public_run_id(workflow.name, planned.run_id),
        action=planned.action.value,
        found=found,
        status=status,
    )


def _as_seen(backfill: Backfill, day: BackfillDay, run: DagRun | None) -> BackfillDay:
    """The day with the status of its run; None where this backfill still has to start it."""
    if run is None or day.action == BackfillAction.NOT_DUE:
        # Refused when it was to be started: that stays. A run that is gone is started again.
        refused = day.status is RunStatus.FAILED and day.error is not None
        kept = refused or day.action == BackfillAction.NOT_DUE
        return day if kept else replace(day, status=None)
    status = status_of(run)
    mine = run.note is not None and run.note.startswith(_note(backfill))
    if day.action == BackfillAction.RERUN and status.ended and not mine:
        status_now = RunStatus.STOPPED if _stopped_since(day, status) else None
        return replace(day, status=status_now)
    return replace(day, status=status)


def _stopped_since(day: BackfillDay, status: RunStatus) -> bool:
    # Stopped by somebody after this backfill had started it: its note went over ours.
    started = day.status is not None
    return started and status is RunStatus.STOPPED


def _settled(day: BackfillDay) -> bool:
    return day.status is not None and day.status.ended


def _moment(day: BackfillDay) -> str:
    return day.logical_date.isoformat()


def _orchestrators(day: BackfillDay) -> str:
    return day.run_id if day.run_id.startswith("dli__") else day.run_id.partition(":")[2]


def _note(backfill: Backfill) -> str:
    return f"Run again through dli, backfill {backfill.backfill_id}"


def _id(workflow: str, key: str) -> str:
    return hashlib.sha256(f"{workflow}\n{key}".encode()).hexdigest()[:32]
