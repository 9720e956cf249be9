"""Workflows: a dataset on a schedule, the runs of it, and ranges of days to fill."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

_MAX_NAME_IN_ID = 150
_PLACE = ":"


class SourceType(StrEnum):
    """Who declared a workflow: somebody by `register`, or the dataset's spec by `schedule:`."""

    MANUAL = "MANUAL"
    CODE = "CODE"


class WorkflowStatus(StrEnum):
    """Whether a workflow's schedule makes runs."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"


class TriggerMode(StrEnum):
    """Who asked for a run."""

    SCHEDULED = "SCHEDULED"
    MANUAL = "MANUAL"
    BACKFILL = "BACKFILL"


class RunStatus(StrEnum):
    """How far a run is."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    SKIPPED = "SKIPPED"
    TIMEOUT = "TIMEOUT"
    UNKNOWN = "UNKNOWN"

    @property
    def ended(self) -> bool:
        """Whether it stays so."""
        return self in _ENDED

    @property
    def active(self) -> bool:
        """Whether the orchestrator still has to do with it."""
        return self in _ACTIVE


_ENDED = frozenset(
    {RunStatus.SUCCESS, RunStatus.FAILED, RunStatus.STOPPED, RunStatus.SKIPPED, RunStatus.TIMEOUT}
)
_ACTIVE = frozenset({RunStatus.PENDING, RunStatus.RUNNING, RunStatus.STOPPING})
# What older servers and clients call the same.
_ALIASES = {
    "COMPLETED": RunStatus.SUCCESS,
    "KILLED": RunStatus.STOPPED,
    "CANCELLED": RunStatus.STOPPED,
    "QUEUED": RunStatus.PENDING,
}


def run_status(text: str) -> RunStatus:
    """The status that a server means; UNKNOWN for a word that nobody knows."""
    word = text.upper()
    return _ALIASES.get(word) or next((one for one in RunStatus if one == word), RunStatus.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A workflow as it is declared, and what the orchestrator says of it.

    `visible` is whether the orchestrator shows its DAG; None where it was not asked. `paused`
    and the times are the orchestrator's. Days before `start` have no runs.
    """

    name: str
    dag_id: str
    source_type: SourceType = SourceType.MANUAL
    status: WorkflowStatus = WorkflowStatus.ACTIVE
    owner: str = ""
    team: str | None = None
    description: str = ""
    cron: str | None = None
    timezone: str = "UTC"
    retries: int | None = None
    retry_delay_seconds: int | None = None
    start: date | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    visible: bool | None = None
    paused: bool | None = None
    next_run_at: datetime | None = None
    last_run_at: datetime | None = None
    last_run_status: RunStatus | None = None

    @property
    def enabled(self) -> bool:
        """Whether it is not switched off for good."""
        return self.status is not WorkflowStatus.DISABLED


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """One run of a workflow.

    `day` is the day that the run is for, by the calendar of the schedule's zone: what `ds`
    means in it. `existing` says that an answer names a run that was there before.
    """

    run_id: str
    workflow: str
    status: RunStatus
    mode: TriggerMode
    day: date | None = None
    logical_date: datetime | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    triggered_by: str = ""
    orchestrator_run_id: str = ""
    log_url: str | None = None
    error: str | None = None
    backfill_id: str | None = None
    existing: bool = False
    dry_run: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it ran."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillDay:
    """One interval of a backfill: what was found, what is done about it, how it stands.

    `found` is the status of the run that was there when the backfill was planned; `action` is
    create, rerun, keep, wait or not due. `status` is None for what was never started.
    """

    day: date
    logical_date: datetime
    interval_end: datetime
    run_id: str
    action: str
    found: RunStatus | None = None
    status: RunStatus | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """A range of days to fill. `state` is RUNNING, SUCCESS, FAILED or STOPPED.

    `skipped_days` are those that the zone's calendar lacks; `trouble` is why it does not go on
    just now.
    """

    backfill_id: str
    workflow: str
    start: date
    end: date
    days: tuple[BackfillDay, ...]
    state: str = "RUNNING"
    parallel: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)
    skipped_days: tuple[date, ...] = ()
    created_at: datetime | None = None
    created_by: str = ""
    trouble: str | None = None
    dry_run: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more will be started for it."""
        return self.state != "RUNNING"


def manual_run_id(name: str, key: str) -> str:
    """The id of a run that no day decides: the same for the same key."""
    return f"dli__{_short(name)}__manual__{_digest(name, key)}"


def day_run_id(name: str, logical_date: datetime, day: date) -> str:
    """The id of the run of an interval: the same however often it is asked for."""
    instant = logical_date.astimezone(UTC).isoformat()
    return f"dli__{_short(name)}__{day}__{_digest(name, instant)}"


def public_run_id(name: str, orchestrator_run_id: str) -> str:
    """The id by which users name a run: ours as it is, another one with its workflow before."""
    if orchestrator_run_id.startswith("dli__"):
        return orchestrator_run_id
    return f"{name}{_PLACE}{orchestrator_run_id}"


def split_run_id(run_id: str) -> tuple[str | None, str]:
    """The workflow's name, where the id tells it, and the orchestrator's id of the run."""
    name, place, rest = run_id.partition(_PLACE)
    if run_id.startswith("dli__") or not place:
        return None, run_id
    return name, rest


def request_digest(workflow: str, parameters: Mapping[str, Any], day: date | None) -> str:
    """The same for two requests that ask for the same."""
    text = json.dumps([workflow, parameters, str(day)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(asked: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, str]:
    """What two sets of parameters differ in, one line for each name, for a message."""
    return {
        name: f"asked for {_told(asked, name)}, the run has {_told(found, name)}"
        for name in _both(asked, found)
        if _plain(asked.get(name)) != _plain(found.get(name))
    }


def _both(asked: Mapping[str, Any], found: Mapping[str, Any]) -> Iterable[str]:
    return sorted({*asked, *found})


def _told(values: Mapping[str, Any], name: str) -> str:
    return repr(values[name]) if name in values else "nothing"


def _plain(value: Any) -> Any:
    # As it comes back from the orchestrator, which keeps JSON.
    return json.loads(json.dumps(value, default=str))


def _short(name: str) -> str:
    return name[:_MAX_NAME_IN_ID]


def _digest(name: str, what: str) -> str:
    return hashlib.sha256(f"{name}\n{what}".encode()).hexdigest()[:8]
