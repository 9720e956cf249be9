"""The port of what runs workflows by schedule: Airflow."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DagState:
    """A DAG as the orchestrator shows it; `schedule` is its cron, if it has one."""

    dag_id: str
    paused: bool
    schedule: str | None = None
    next_run_at: datetime | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRun:
    """A run of a DAG. `state` is queued, running, success or failed."""

    dag_id: str
    run_id: str
    state: str
    run_type: str
    logical_date: datetime | None = None
    conf: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DagTrigger:
    """A run to make. `interval` is what it covers; its start is the logical date."""

    dag_id: str
    run_id: str
    conf: Mapping[str, Any]
    interval: tuple[datetime, datetime] | None = None
    note: str | None = None


class Orchestrator(Protocol):
    """Runs DAGs. Safe to use from several threads.

    Every method raises `WorkflowUnavailableError` where the orchestrator cannot be reached or
    fails, `WorkflowPermissionError` where it does not let its user do it, and `WorkflowError`
    for anything else it refuses.
    """

    def dags(self, dag_ids: Collection[str]) -> Mapping[str, DagState]:
        """The DAGs it shows, of those named."""
        ...

    def pause(self, dag_id: str, *, paused: bool) -> DagState:
        """Let a DAG's schedule make runs, or not.

        Raises:
            WorkflowNotFoundError: it shows no such DAG.
        """
        ...

    def trigger(self, trigger: DagTrigger) -> DagRun:
        """Make the run, or give the one of that id or logical date which is there.

        However often it is called, and whatever is lost on the way, there is one run. The
        caller compares what it gets with what it asked for.

        Raises:
            WorkflowNotFoundError: it shows no such DAG.
            WorkflowUnknownError: it is not known whether the run was made.
        """
        ...

    def run(self, dag_id: str, run_id: str) -> DagRun | None:
        """The run, or None where there is none."""
        ...

    def runs_between(self, dag_id: str, first: datetime, last: datetime) -> Sequence[DagRun]:
        """All runs with a logical date in `first`..`last`, both included."""
        ...

    def newest_runs(
        self,
        dag_ids: Collection[str],
        *,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        states: Collection[str] = (),
    ) -> Sequence[DagRun]:
        """The newest runs of these DAGs, newest first; since and until bound when they were due."""
        ...

    def stop(self, dag_id: str, run_id: str, note: str) -> DagRun:
        """Mark an active run as failed, end its tasks, and leave the note at it.

        Raises:
            WorkflowNotFoundError: there is no such run.
        """
        ...

    def rerun(self, dag_id: str, run_id: str, note: str) -> DagRun:
        """Queue a run again that has ended.

        Raises:
            WorkflowNotFoundError: there is no such run.
        """
        ...

    def failure(self, dag_id: str, run_id: str) -> str | None:
        """Which tasks of a failed run failed and what they said last, as one text."""
        ...

    def log_url(self, dag_id: str, run_id: str) -> str | None:
        """Where a person sees the run."""
        ...
