"""`Orchestrator` over Airflow's REST API."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, final

import msgspec

from dli_adapters.airflow.client import (
    AirflowClient,
    ConflictError,
    LostAnswerError,
    segment,
)
from dli_adapters.airflow.target import AirflowTarget
from dli_domain.errors import (
    WorkflowConflictError,
    WorkflowError,
    WorkflowUnknownError,
)
from dli_domain.ports.clock import Clock
from dli_domain.ports.orchestrator import DagRun, DagState, DagTrigger

_API = "/api/v2"
_PAGE = 100
_ONE_BY_ONE = 5
_TRIES = 4
_ENDED = frozenset({"success", "failed"})
_LONGEST = 1000


class _Dag(msgspec.Struct):
    dag_id: str
    is_paused: bool
    timetable_summary: str | None = None
    next_dagrun_run_after: datetime | None = None
    has_import_errors: bool = False
    is_stale: bool = False


class _Dags(msgspec.Struct):
    dags: list[_Dag]


class _Run(msgspec.Struct):
    dag_id: str
    dag_run_id: str
    state: str
    run_type: str = "manual"
    logical_date: datetime | None = None
    run_after: datetime | None = None
    queued_at: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    conf: dict[str, Any] | None = None
    note: str | None = None


class _Runs(msgspec.Struct):
    dag_runs: list[_Run]
    total_entries: int | None = None


class _Task(msgspec.Struct):
    task_id: str
    state: str | None = None
    try_number: int = 1


class _Tasks(msgspec.Struct):
    task_instances: list[_Task]


class _Raised(msgspec.Struct):
    exc_type: str = ""
    exc_value: str = ""


class _Event(msgspec.Struct):
    event: str = ""
    level: str = ""
    error_detail: list[_Raised] = []


class _Log(msgspec.Struct):
    content: list[_Event]


@final
class AirflowOrchestrator:
    """DAGs and runs of one Airflow. `close` it at the end."""

    def __init__(self, target: AirflowTarget, clock: Clock) -> None:
        self._client = AirflowClient(target, clock)
        self._url = target.url.rstrip("/")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def dags(self, dag_ids: Collection[str]) -> Mapping[str, DagState]:
        """The DAGs that Airflow shows, of those named."""
        if len(dag_ids) <= _ONE_BY_ONE:
            asked = (self._client.find(f"{_API}/dags/{segment(one)}", _Dag) for one in dag_ids)
            shown = [one for one in asked if one is not None]
        else:
            # Airflow has no list of chosen ones.
            shown = [one for one in self._all_dags() if one.dag_id in dag_ids]
        return {one.dag_id: _state(one) for one in shown if not one.is_stale}

    def pause(self, dag_id: str, *, paused: bool) -> DagState:
        """Let the schedule make runs, or not."""
        path = f"{_API}/dags/{segment(dag_id)}"
        return _state(self._client.change("PATCH", path, {"is_paused": paused}, _Dag))

    def trigger(self, trigger: DagTrigger) -> DagRun:
        """Make the run, or give the one of that id or logical date which is there."""
        body: dict[str, Any] = {
            "dag_run_id": trigger.run_id,
            "conf": dict(trigger.conf),
            # The key must be there; null is a run of no interval.
            "logical_date": None,
        }
        if trigger.note is not None:
            body["note"] = trigger.note
        if trigger.interval is not None:
            start, end = (moment.astimezone(UTC).isoformat() for moment in trigger.interval)
            # Unsaid, Airflow takes the interval that ends at the logical date.
            body |= {"logical_date": start, "data_interval_start": start, "data_interval_end": end}
        lost: Exception | None = None
        for _ in range(_TRIES):
            try:
                return _run(self._client.post_once(self._runs(trigger.dag_id), body, _Run))
            except LostAnswerError as error:
                lost = error
            except ConflictError:
                return self._there(trigger)
            # Whether it is there is asked before it is sent again; the same id makes no second.
            if (found := self._probed(trigger)) is not None:
                return found
        raise self._unknown(trigger, lost)

    def run(self, dag_id: str, run_id: str) -> DagRun | None:
        """The run, or None."""
        found = self._client.find(self._run_path(dag_id, run_id), _Run)
        return None if found is None else _run(found)

    def runs_between(self, dag_id: str, first: datetime, last: datetime) -> Sequence[DagRun]:
        """All runs with a logical date in between, both included."""
        bounds = {"logical_date_gte": _iso(first), "logical_date_lte": _iso(last)}
        return self._paged({"dag_ids": [dag_id], "order_by": "logical_date", **bounds}, None)

    def newest_runs(
        self,
        dag_ids: Collection[str],
        *,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        states: Collection[str] = (),
    ) -> Sequence[DagRun]:
        """The newest runs of these DAGs, newest first."""
        if not dag_ids:
            return ()
        body: dict[str, Any] = {"dag_ids": sorted(dag_ids), "order_by": "-run_after"}
        if since is not None:
            body["run_after_gte"] = _iso(since)
        if until is not None:
            body["run_after_lte"] = _iso(until)
        if states:
            body["states"] = sorted(states)
        return self._paged(body, limit)

    def stop(self, dag_id: str, run_id: str, note: str) -> DagRun:
        """Mark an active run as failed; Airflow ends its tasks."""
        body = {"state": "failed", "note": note}
        return _run(self._client.change("PATCH", self._run_path(dag_id, run_id), body, _Run))

    def rerun(self, dag_id: str, run_id: str, note: str) -> DagRun:
        """Queue an ended run again."""
        path = self._run_path(dag_id, run_id)
        before = self._client.get(path, _Run)
        body = {"dry_run": False, "note": note}
        for _ in range(_TRIES):
            try:
                return _run(self._client.post_once(f"{path}/clear", body, _Run))
            except (LostAnswerError, ConflictError):
                now = self._client.get(path, _Run)
                if now.state not in _ENDED or now.queued_at != before.queued_at:
                    return _run(now)
        raise WorkflowUnknownError(
            f"Airflow was asked to run {run_id!r} again, and whether it does is not known",
            hint=f"Look with 'dli workflow status {run_id}'.",
        )

    def failure(self, dag_id: str, run_id: str) -> str | None:
        """Which tasks failed and what they said last."""
        path = f"{self._run_path(dag_id, run_id)}/taskInstances"
        tasks = self._client.get(path, _Tasks).task_instances
        failed = [task for task in tasks if task.state == "failed"]
        told = [f"task {task.task_id}: {self._said(path, task)}" for task in failed[:3]]
        return "\n".join(told)[:_LONGEST] or None

    def log_url(self, dag_id: str, run_id: str) -> str | None:
        """The run's page in Airflow."""
        return f"{self._url}/dags/{segment(dag_id)}/runs/{segment(run_id)}"

    def _said(self, path: str, task: _Task) -> str:
        attempt = max(task.try_number, 1)
        try:
            log = self._client.get(f"{path}/{segment(task.task_id)}/logs/{attempt}", _Log)
        except WorkflowError:
            return "failed; its log cannot be read"
        raised = [one for event in log.content for one in event.error_detail if one.exc_value]
        if raised:
            return raised[0].exc_value or raised[0].exc_type
        said = [event.event for event in log.content if event.level in ("error", "critical")]
        return said[-1] if said else "failed; its log says nothing"

    def _all_dags(self) -> list[_Dag]:
        found: list[_Dag] = []
        while True:
            query = {"order_by": "dag_id", "limit": _PAGE, "offset": len(found)}
            page = self._client.get(f"{_API}/dags", _Dags, query).dags
            found += page
            if len(page) < _PAGE:
                return found

    def _paged(self, body: Mapping[str, Any], limit: int | None) -> list[DagRun]:
        found: list[DagRun] = []
        while limit is None or len(found) < limit:
            size = _PAGE if limit is None else min(_PAGE, limit - len(found))
            asked = {**body, "page_offset": len(found), "page_limit": size}
            page = self._client.change("POST", f"{_API}/dags/~/dagRuns/list", asked, _Runs)
            found += [_run(one) for one in page.dag_runs]
            if len(page.dag_runs) < size:
                break
        return found

    def _probed(self, trigger: DagTrigger) -> DagRun | None:
        try:
            return self.run(trigger.dag_id, trigger.run_id)
        except WorkflowError as error:
            raise self._unknown(trigger, error) from error

    def _there(self, trigger: DagTrigger) -> DagRun:
        """The run that stands in the way: of the id, else of the logical date."""
        found = self._probed(trigger)
        if found is None and trigger.interval is not None:
            start = trigger.interval[0]
            others = self.runs_between(trigger.dag_id, start, start + timedelta(microseconds=1))
            found = next(iter(others), None)
        if found is None:
            raise WorkflowConflictError(
                f"Airflow says that there is a run {trigger.run_id!r} already, and shows none",
                hint="Try it again.",
            )
        return found

    def _unknown(self, trigger: DagTrigger, error: Exception | None) -> WorkflowUnknownError:
        return WorkflowUnknownError(
            f"Airflow was asked to start a run, and whether it did is not known: {error}",
            context={"Run": trigger.run_id},
            hint=f"Look with 'dli workflow status {trigger.run_id}'; asking again makes no second run.",
        )

    def _runs(self, dag_id: str) -> str:
        return f"{_API}/dags/{segment(dag_id)}/dagRuns"

    def _run_path(self, dag_id: str, run_id: str) -> str:
        return f"{self._runs(dag_id)}/{segment(run_id)}"


def _state(dag: _Dag) -> DagState:
    return DagState(
        dag_id=dag.dag_id,
        paused=dag.is_paused,
        schedule=dag.timetable_summary,
        next_run_at=dag.next_dagrun_run_after,
        broken=dag.has_import_errors,
    )


def _run(run: _Run) -> DagRun:
    return DagRun(
        dag_id=run.dag_id,
        run_id=run.dag_run_id,
        state=run.state,
        run_type=run.run_type,
        logical_date=run.logical_date,
        conf=run.conf or {},
        created_at=run.run_after
        if run.queued_at is None
        else min(run.queued_at, run.run_after or run.queued_at),
        started_at=run.start_date,
        ended_at=run.end_date,
        note=run.note,
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
