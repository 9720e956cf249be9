"""The port of workflows as a client sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from dli_domain.model.workflow import Backfill, Workflow, WorkflowRun


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAsked:
    """A run to make. `key` makes two askings of it one; `day` is a day of the schedule.

    With `again`, a run of that day that has ended is run once more.
    """

    workflow: str
    key: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    day: date | None = None
    again: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillAsked:
    """Days to fill, both ends included; at most `parallel` runs are active at a time."""

    workflow: str
    key: str
    start: date
    end: date
    parameters: Mapping[str, Any] = field(default_factory=dict)
    parallel: int = 1
    again: bool = False
    confirmed: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowFilter:
    """Which workflows are wanted; None takes all."""

    source_type: str | None = None
    status: str | None = None
    owner: str | None = None
    dataset: str | None = None
    running: bool = False
    enabled_only: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which runs are wanted; None takes all, newest first."""

    dataset: str | None = None
    source_type: str | None = None
    status: str | None = None
    start: date | None = None
    end: date | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationAsked:
    """A workflow to register; `yaml_content` is the dataset's spec."""

    workflow: str
    cron: str
    timezone: str = "UTC"
    enabled: bool = True
    retries: int = 1
    retry_delay_seconds: int = 300
    owner: str = ""
    team: str | None = None
    description: str = ""
    yaml_content: str = ""
    force: bool = False


class Workflows(Protocol):
    """Workflows of a server. Every method raises `ServerError` or `WorkflowError`."""

    def run(self, asked: RunAsked) -> WorkflowRun:
        """Start a run, or say which one it is."""
        ...

    def backfill(self, asked: BackfillAsked) -> Backfill:
        """Start filling days, or plan it."""
        ...

    def backfill_status(self, backfill_id: str) -> Backfill:
        """How far it is."""
        ...

    def stop_backfill(self, backfill_id: str) -> Backfill:
        """Start nothing more for it, and stop its active runs."""
        ...

    def status(self, run_id: str) -> WorkflowRun:
        """How far the run is."""
        ...

    def stop(self, run_id: str, reason: str | None = None) -> WorkflowRun:
        """Stop the run."""
        ...

    def list(self, wanted: WorkflowFilter) -> Sequence[Workflow]:
        """The workflows that pass the filter, by name."""
        ...

    def get(self, name: str) -> Workflow:
        """One workflow."""
        ...

    def history(self, wanted: HistoryFilter) -> Sequence[WorkflowRun]:
        """The runs that pass the filter."""
        ...

    def pause(self, name: str, reason: str | None = None) -> Workflow:
        """Make no runs by schedule."""
        ...

    def unpause(self, name: str) -> Workflow:
        """Make runs by schedule again."""
        ...

    def register(self, asked: RegistrationAsked) -> Workflow:
        """Register a workflow."""
        ...

    def unregister(self, name: str, *, force: bool = False) -> None:
        """Remove a registered workflow."""
        ...
