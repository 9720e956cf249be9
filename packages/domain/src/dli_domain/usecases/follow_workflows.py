"""What became of runs, and stopping them."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from dli_domain.errors import WorkflowNotFoundError, WorkflowStateError, WorkflowUnavailableError
from dli_domain.model.workflow import (
    RunStatus,
    Workflow,
    WorkflowRun,
    public_run_id,
    run_status,
    split_run_id,
)
from dli_domain.ports.orchestrator import DagRun, Orchestrator
from dli_domain.ports.workflow_journal import WorkflowJournal
from dli_domain.ports.workflows import HistoryFilter
from dli_domain.usecases.know_workflows import (
    STOPPED_NOTE,
    KnowWorkflows,
    Visible,
    run_of,
    status_of,
)

_STATES = {
    RunStatus.PENDING: "queued",
    RunStatus.RUNNING: "running",
    RunStatus.SUCCESS: "success",
    RunStatus.FAILED: "failed",
    RunStatus.STOPPED: "failed",
}
_MOST_READ = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowWorkflows:
    """Tells of runs what the orchestrator says now; the journal adds who asked for them."""

    orchestrator: Orchestrator
    journal: WorkflowJournal
    known: KnowWorkflows

    def status(self, run_id: str, visible: Visible) -> WorkflowRun:
        """How far the run is, and why it failed.

        Raises:
            WorkflowNotFoundError: there is no such run.
        """
        workflow, found = self._found(run_id, visible)
        entry = self.journal.run(run_id)
        if found is None:
            if entry is None:
                raise _no_run(run_id)
            return _unseen(entry.run)
        run = run_of(workflow, found, entry)
        self.journal.note_run(run_id, run.status)
        url = self.orchestrator.log_url(workflow.dag_id, found.run_id)
        return replace(run, log_url=url, error=self._why(workflow, run, found))

    def stop(self, run_id: str, visible: Visible, reason: str) -> WorkflowRun:
        """Stop a run; nothing happens to one that is stopped.

        Raises:
            WorkflowNotFoundError: there is no such run.
            WorkflowStateError: it has ended.
        """
        workflow, found = self._found(run_id, visible)
        if found is None:
            raise _no_run(run_id)
        status = status_of(found)
        if status.ended and status is not RunStatus.STOPPED:
            raise WorkflowStateError(
                f"The run {run_id!r} has ended: {status.value}", hint="There is nothing to stop."
            )
        if status is not RunStatus.STOPPED:
            found = self.orchestrator.stop(
                workflow.dag_id, found.run_id, f"{STOPPED_NOTE}: {reason}"
            )
        run = run_of(workflow, found, self.journal.run(run_id))
        self.journal.note_run(run_id, run.status, run.error)
        return run

    def history(self, wanted: HistoryFilter, visible: Visible) -> list[WorkflowRun]:
        """The runs that pass the filter, newest first.

        Raises:
            WorkflowNotFoundError: the dataset that is asked for is no workflow.
        """
        workflows = {one.dag_id: one for one in self._asked(wanted, visible)}
        status = None if wanted.status is None else run_status(wanted.status)
        if not workflows or (status is not None and status not in _STATES):
            return []
        states = () if status is None else (_STATES[status],)
        read = wanted.limit
        while True:
            runs = self.orchestrator.newest_runs(
                list(workflows),
                limit=read,
                since=None if wanted.start is None else _midnight(wanted.start),
                until=None if wanted.end is None else _midnight(wanted.end + timedelta(days=1)),
                states=states,
            )
            passed = [run for run in runs if status in (None, status_of(run))][: wanted.limit]
            # STOPPED and FAILED are one state there: a page may hold too few of those wanted.
            if len(passed) == wanted.limit or len(runs) < read or read >= _MOST_READ:
                break
            read *= 4
        ids = [public_run_id(workflows[run.dag_id].name, run.run_id) for run in passed]
        entries = self.journal.runs(ids)
        return [
            run_of(workflows[run.dag_id], run, entries.get(run_id))
            for run, run_id in zip(passed, ids, strict=True)
        ]

    def _asked(self, wanted: HistoryFilter, visible: Visible) -> list[Workflow]:
        if wanted.dataset is not None:
            return [self.known.find(wanted.dataset, visible)]
        return [
            one
            for one in self.known.all(visible)
            if wanted.source_type in (None, one.source_type.value)
        ]

    def _found(self, run_id: str, visible: Visible) -> tuple[Workflow, DagRun | None]:
        name, orchestrators = split_run_id(run_id)
        if name is None:
            entry = self.journal.run(run_id)
            name = None if entry is None else entry.run.workflow
        if name is None or not visible(name):
            raise _no_run(run_id)
        try:
            workflow = self.known.find(name, visible)
        except WorkflowNotFoundError as error:
            raise _no_run(run_id) from error
        return workflow, self.orchestrator.run(workflow.dag_id, orchestrators)

    def _why(self, workflow: Workflow, run: WorkflowRun, found: DagRun) -> str | None:
        if run.status is not RunStatus.FAILED:
            return run.error
        try:
            return self.orchestrator.failure(workflow.dag_id, found.run_id)
        except (WorkflowNotFoundError, WorkflowUnavailableError):
            return None


def _unseen(run: WorkflowRun) -> WorkflowRun:
    """A run that was written down and is not at the orchestrator."""
    if run.status.ended:
        return run
    return replace(
        run,
        status=RunStatus.SKIPPED,
        error="Airflow has no such run: it never reached Airflow, or was deleted there",
    )


def _no_run(run_id: str) -> WorkflowNotFoundError:
    return WorkflowNotFoundError(
        f"There is no run {run_id!r}",
        hint="Run 'dli workflow history' to see the runs there are.",
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
