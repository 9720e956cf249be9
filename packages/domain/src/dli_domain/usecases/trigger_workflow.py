"""Start a run of a workflow: once, however often it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from dli_domain.errors import (
    ParameterError,
    WorkflowConflictError,
    WorkflowError,
    WorkflowStateError,
    WorkflowUnknownError,
)
from dli_domain.model.workflow import (
    RunStatus,
    TriggerMode,
    Workflow,
    WorkflowRun,
    differences,
    manual_run_id,
    public_run_id,
    request_digest,
)
from dli_domain.ports.clock import Clock
from dli_domain.ports.orchestrator import DagRun, DagTrigger, Orchestrator
from dli_domain.ports.workflow_journal import JournalRun, WorkflowJournal
from dli_domain.ports.workflows import RunAsked
from dli_domain.scheduling.backfill import backfill_run_id
from dli_domain.scheduling.cron import CronSchedule
from dli_domain.scheduling.intervals import Interval, intervals
from dli_domain.usecases.know_workflows import check_started, parameters_of, run_of, schedule_of

EXECUTION_DATE = "execution_date"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerWorkflow:
    """Starts runs. A run is written down before the orchestrator is asked for it."""

    orchestrator: Orchestrator
    journal: WorkflowJournal
    clock: Clock

    def __call__(self, workflow: Workflow, asked: RunAsked, by: str) -> WorkflowRun:
        """The run that was asked for, new or there before.

        Args:
            workflow: One whose runs would start.
            asked: `key` decides which run it is, or `day`, where one is given.
            by: Who asks, for the journal.

        Raises:
            ParameterError: the schedule has not one interval on that day.
            WorkflowConflictError: the run is there, with other parameters.
            WorkflowStateError: the day's interval has not ended.
            WorkflowUnknownError: whether it started is not known.
        """
        if asked.day is None:
            return self._by_key(workflow, asked, by)
        return self._by_day(workflow, asked, by, self._interval(workflow, asked.day))

    def start(
        self, workflow: Workflow, interval: Interval, run: WorkflowRun
    ) -> tuple[WorkflowRun, bool]:
        """Have the run of an interval made; whether it is new.

        Raises:
            WorkflowConflictError: the run of that interval has other parameters.
        """
        trigger = DagTrigger(
            dag_id=workflow.dag_id,
            run_id=run.orchestrator_run_id,
            conf={"parameters": dict(run.parameters)} if run.parameters else {},
            interval=(interval.start, interval.end),
        )
        return self._made(workflow, run, trigger)

    def _by_day(
        self, workflow: Workflow, asked: RunAsked, by: str, interval: Interval
    ) -> WorkflowRun:
        if EXECUTION_DATE in asked.parameters:
            raise ParameterError(
                "A day and the parameter execution_date are both given", hint="Give one of them."
            )
        there = self.orchestrator.runs_between(workflow.dag_id, interval.start, interval.start)
        if there:
            return self._existing(workflow, asked, there[0])
        run_id = backfill_run_id(workflow.name, interval)
        run = self._new(workflow, asked, by, run_id, day=asked.day, interval=interval)
        if asked.dry_run:
            return replace(run, dry_run=True)
        found, new = self.start(workflow, interval, run)
        return replace(found, existing=not new)

    def _by_key(self, workflow: Workflow, asked: RunAsked, by: str) -> WorkflowRun:
        run_id = manual_run_id(workflow.name, asked.key)
        run = self._new(workflow, asked, by, run_id)
        if asked.dry_run:
            return replace(run, dry_run=True)
        entry = self._entry(workflow, run, asked.key)
        kept, new = self.journal.begin_run(entry)
        if not new and kept.digest != entry.digest:
            raise _other(workflow, run_id, asked.parameters, kept.run.parameters)
        trigger = DagTrigger(
            dag_id=workflow.dag_id, run_id=run_id, conf=_conf(workflow, kept.run), note=None
        )
        found, made = self._made(workflow, kept.run, trigger)
        return replace(found, existing=not (new and made))

    def _existing(self, workflow: Workflow, asked: RunAsked, there: DagRun) -> WorkflowRun:
        found = parameters_of(there)
        run_id = public_run_id(workflow.name, there.run_id)
        if differences(asked.parameters, found):
            raise _other(workflow, run_id, asked.parameters, found)
        entry = self.journal.run(run_id)
        if asked.again and not asked.dry_run and run_of(workflow, there).status.ended:
            there = self.orchestrator.rerun(workflow.dag_id, there.run_id, "Run again through dli")
        run = run_of(workflow, there, entry)
        return replace(run, existing=True, dry_run=asked.dry_run)

    def _made(
        self, workflow: Workflow, run: WorkflowRun, trigger: DagTrigger
    ) -> tuple[WorkflowRun, bool]:
        entry = self._entry(workflow, run, None)
        self.journal.begin_run(entry)
        try:
            made = self.orchestrator.trigger(trigger)
        except WorkflowUnknownError as error:
            self.journal.note_run(run.run_id, RunStatus.UNKNOWN, error.message)
            raise
        except WorkflowError as error:
            self.journal.note_run(run.run_id, RunStatus.SKIPPED, f"never started: {error.message}")
            raise
        asked, found = trigger.conf.get("parameters", {}), parameters_of(made)
        if differences(asked, found):
            raise _other(workflow, public_run_id(workflow.name, made.run_id), asked, found)
        seen = run_of(workflow, made, self.journal.run(run.run_id) or entry)
        self.journal.note_run(run.run_id, seen.status)
        return seen, made.run_id == trigger.run_id

    def _new(
        self,
        workflow: Workflow,
        asked: RunAsked,
        by: str,
        run_id: str,
        *,
        day: date | None = None,
        interval: Interval | None = None,
    ) -> WorkflowRun:
        return WorkflowRun(
            run_id=run_id,
            workflow=workflow.name,
            status=RunStatus.PENDING,
            mode=TriggerMode.MANUAL,
            day=day,
            logical_date=None if interval is None else interval.start,
            parameters=asked.parameters,
            created_at=self.clock.now(),
            triggered_by=by,
            orchestrator_run_id=run_id,
        )

    def _entry(self, workflow: Workflow, run: WorkflowRun, key: str | None) -> JournalRun:
        day = run.day if run.logical_date is not None else None
        digest = request_digest(workflow.name, run.parameters, day)
        return JournalRun(run=run, digest=digest, key=key)

    def _interval(self, workflow: Workflow, day: date) -> Interval:
        schedule = _scheduled(workflow)
        check_started(workflow, day)
        found = list(intervals(schedule, day, day))
        if len(found) != 1:
            count = f"fires {len(found)} times" if found else "does not fire"
            raise ParameterError(
                f"The schedule {schedule.cron!r} ({schedule.timezone}) {count} on {day}",
                hint=(
                    f"Fill the day with 'dli workflow backfill {workflow.name} --start {day} "
                    f"--end {day}'."
                    if found
                    else f"Run it for that day with -p {EXECUTION_DATE}={day}."
                ),
            )
        if found[0].end > self.clock.now():
            raise WorkflowStateError(
                f"The interval of {day} ends at {found[0].end:%Y-%m-%d %H:%M} UTC; it is not due",
                hint=f"Run it before its time with -p {EXECUTION_DATE}={day}.",
            )
        return found[0]


def _scheduled(workflow: Workflow) -> CronSchedule:
    schedule = schedule_of(workflow)
    if schedule is None:
        raise WorkflowStateError(
            f"The workflow {workflow.name!r} has no schedule, so it has no days",
            hint=f"Run it for a day with -p {EXECUTION_DATE}=YYYY-MM-DD.",
        )
    return schedule


def _conf(workflow: Workflow, run: WorkflowRun) -> dict[str, Any]:
    """What the DAG is handed: a run of no interval is told its day."""
    given = dict(run.parameters)
    day = given.pop(EXECUTION_DATE, None)
    if day is None and run.created_at is not None:
        day = run.created_at.astimezone(ZoneInfo(workflow.timezone)).date().isoformat()
    return {"parameters": given, EXECUTION_DATE: str(day)}


def _other(
    workflow: Workflow, run_id: str, asked: Mapping[str, Any], found: Mapping[str, Any]
) -> WorkflowConflictError:
    return WorkflowConflictError(
        f"The run {run_id!r} is there already, with other parameters",
        context={"Workflow": workflow.name, **differences(asked, found)},
        hint="Ask for the same parameters, or for a run of another day or key.",
    )
