"""The port of what the server writes down about workflows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dli_domain.model.workflow import Backfill, RunStatus, Workflow, WorkflowRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A workflow as it is registered, with the text of its spec."""

    workflow: Workflow
    yaml_content: str
    registered_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRun:
    """A run that was asked for, and the digest of what was asked."""

    run: WorkflowRun
    digest: str
    key: str | None = None


class WorkflowJournal(Protocol):
    """Keeps workflows, runs and backfills; what a method wrote is on disk when it returns."""

    def workflows(self) -> Sequence[Workflow]:
        """Every registered workflow, by name."""
        ...

    def workflow(self, name: str) -> Workflow | None:
        """The registered workflow, or None."""
        ...

    def register(self, registration: Registration) -> None:
        """Write it down, over the one of the same name if there is one."""
        ...

    def unregister(self, name: str) -> None:
        """Forget the workflow; its runs stay."""
        ...

    def set_status(self, name: str, status: str) -> None:
        """ACTIVE or PAUSED."""
        ...

    def begin_run(self, entry: JournalRun) -> tuple[JournalRun, bool]:
        """Write a run down before it is asked for, and True; or give the one of the same id."""
        ...

    def run(self, run_id: str) -> JournalRun | None:
        """What was written down of the run, or None."""
        ...

    def runs(self, run_ids: Collection[str]) -> Mapping[str, JournalRun]:
        """Those of the runs that were written down."""
        ...

    def note_run(self, run_id: str, status: RunStatus, error: str | None = None) -> None:
        """What was seen of a run last; nothing if it is not written down."""
        ...

    def begin_backfill(self, backfill: Backfill) -> None:
        """Write a backfill down before its first run is asked for."""
        ...

    def backfill(self, backfill_id: str) -> Backfill | None:
        """The backfill as planned, with its state; its days as last seen."""
        ...

    def open_backfills(self) -> Sequence[Backfill]:
        """Every backfill that is not ended, oldest first."""
        ...

    def save_backfill(self, backfill: Backfill) -> None:
        """Its state and its days."""
        ...
