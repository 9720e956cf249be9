"""`Workflows` of a server over HTTP."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from dli_adapters.server.lost import LostAnswerError
from dli_adapters.server.paths import NamelessError
from dli_adapters.server.policy import policy_of
from dli_adapters.server.transport import Transport, segment
from dli_adapters.wire.workflows import (
    EXTENSION,
    BackfillAnswer,
    BackfillBody,
    ReasonBody,
    RegisterBody,
    RunBody,
    WorkflowAnswer,
    WorkflowRunAnswer,
    backfill_of,
    run_of,
    workflow_of,
)
from dli_domain.errors import (
    ErrorCode,
    ServerError,
    ServerUnreachableError,
    WorkflowNotFoundError,
)
from dli_domain.model.names import did_you_mean
from dli_domain.model.settings import Settings
from dli_domain.model.workflow import Backfill, Workflow, WorkflowRun, run_status
from dli_domain.ports.clock import Clock
from dli_domain.ports.workflows import (
    BackfillAsked,
    HistoryFilter,
    RegistrationAsked,
    RunAsked,
    WorkflowFilter,
    Workflows,
)

T = TypeVar("T")
BASE = "/api/v1/workflows"
_PAGE = 500
_TRIES = 3
# The server waits for Airflow for half a minute, and looks afterwards.
_PATIENCE_SECONDS = 90.0


class ServerWorkflows(Workflows):
    """Workflows of the server behind a transport.

    What a server of the older API cannot do is refused before anything is sent, and never left
    out: it would start a run where a plan was asked for.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def run(self, asked: RunAsked) -> WorkflowRun:
        """Start a run, or say which one it is."""
        self._need(asked.dry_run, "plans no runs (--dry-run)")
        self._need(asked.day is not None, "starts no runs for a day (--ds)")
        self._need(asked.again, "runs nothing again (--again)")
        body = RunBody(
            parameters=dict(asked.parameters),
            dry_run=asked.dry_run,
            ds=asked.day,
            again=asked.again,
        )
        path = f"{BASE}/{segment(asked.workflow)}/run"
        return run_of(self._once(path, body, asked.key, WorkflowRunAnswer))

    def backfill(self, asked: BackfillAsked) -> Backfill:
        """Start filling days, or plan it."""
        self._need(asked.dry_run, "plans no backfills (--dry-run)")
        self._need(asked.again, "runs nothing again (--again)")
        self._need(asked.parallel != 1, "has no limit of its own (--parallel)")
        body = BackfillBody(
            start_date=asked.start,
            end_date=asked.end,
            parameters=dict(asked.parameters),
            dry_run=asked.dry_run,
            parallel=asked.parallel,
            again=asked.again,
            confirmed=asked.confirmed,
        )
        path = f"{BASE}/{segment(asked.workflow)}/backfill"
        return backfill_of(self._once(path, body, asked.key, BackfillAnswer))

    def backfill_status(self, backfill_id: str) -> Backfill:
        """How far it is."""
        self._need(True, "tells nothing of a backfill as a whole")
        path = f"{BASE}/backfills/{segment(backfill_id)}"
        return backfill_of(self._get(path, BackfillAnswer))

    def stop_backfill(self, backfill_id: str) -> Backfill:
        """Start nothing more for it, and stop its active runs."""
        self._need(True, "stops no backfill as a whole")
        path = f"{BASE}/backfills/{segment(backfill_id)}/stop"
        return backfill_of(self._post(path, ReasonBody(), BackfillAnswer))

    def status(self, run_id: str) -> WorkflowRun:
        """How far the run is."""
        return run_of(self._get(f"{BASE}/runs/{segment(run_id)}", WorkflowRunAnswer))

    def stop(self, run_id: str, reason: str | None = None) -> WorkflowRun:
        """Stop the run."""
        path = f"{BASE}/runs/{segment(run_id)}/stop"
        return run_of(self._post(path, ReasonBody(reason=reason), WorkflowRunAnswer))

    def list(self, wanted: WorkflowFilter) -> Sequence[Workflow]:
        """The workflows that pass the filter, by name."""
        query: dict[str, Any] = {
            "status": wanted.status,
            "sourceType": wanted.source_type,
            "owner": wanted.owner,
        }
        if self._extended:
            query |= {
                "datasetName": wanted.dataset,
                "running": wanted.running or None,
                "enabledOnly": wanted.enabled_only or None,
            }
        self._need(wanted.running, "does not say what is running (--running)")
        found: list[Workflow] = []
        size = min(_PAGE, wanted.limit)
        while len(found) < wanted.limit:
            page = self._get(
                BASE, list[WorkflowAnswer], {**query, "limit": size, "offset": len(found)}
            )
            found += [workflow_of(one) for one in page]
            if len(page) < size:
                break
        if not self._extended:
            found = [one for one in found if wanted.dataset is None or wanted.dataset in one.name]
            found = [one for one in found if one.enabled or not wanted.enabled_only]
        return found[: wanted.limit]

    def get(self, name: str) -> Workflow:
        """One workflow."""
        if self._extended:
            return workflow_of(self._get(f"{BASE}/{segment(name)}", WorkflowAnswer))
        known = {one.name: one for one in self.list(WorkflowFilter(limit=10_000))}
        if name not in known:
            raise WorkflowNotFoundError(
                f"There is no workflow {name!r}", hint=did_you_mean(name, known)
            )
        return known[name]

    def history(self, wanted: HistoryFilter) -> Sequence[WorkflowRun]:
        """The runs that pass the filter."""
        query: dict[str, Any] = {
            "datasetName": wanted.dataset,
            "startDate": None if wanted.start is None else wanted.start.isoformat(),
            "endDate": None if wanted.end is None else wanted.end.isoformat(),
            "limit": wanted.limit if self._extended else 100,
        }
        if self._extended:
            status = None if wanted.status is None else run_status(wanted.status).value
            query |= {"sourceType": wanted.source_type, "status": status}
        self._need(wanted.source_type is not None, "does not tell runs by source (--source)")
        runs = [run_of(one) for one in self._get(f"{BASE}/history", list[WorkflowRunAnswer], query)]
        if wanted.status is not None:
            runs = [run for run in runs if run.status is run_status(wanted.status)]
        return runs[: wanted.limit]

    def pause(self, name: str, reason: str | None = None) -> Workflow:
        """Make no runs by schedule."""
        body = ReasonBody(reason=reason)
        return workflow_of(self._post(f"{BASE}/{segment(name)}/pause", body, WorkflowAnswer))

    def unpause(self, name: str) -> Workflow:
        """Make runs by schedule again."""
        path = f"{BASE}/{segment(name)}/unpause"
        return workflow_of(self._post(path, ReasonBody(), WorkflowAnswer))

    def register(self, asked: RegistrationAsked) -> Workflow:
        """Register a workflow."""
        self._need(asked.force, "replaces no registered workflow (--force)")
        self._need(not asked.enabled, "registers no disabled workflow (--disabled)")
        body = RegisterBody(
            dataset_name=asked.workflow,
            owner=asked.owner,
            team=asked.team,
            description=asked.description or None,
            schedule_cron=asked.cron,
            schedule_timezone=asked.timezone,
            yaml_content=asked.yaml_content,
            enabled=asked.enabled,
            retry_max_attempts=asked.retries,
            retry_delay_seconds=asked.retry_delay_seconds,
            force=asked.force,
        )
        sent = msgspec.to_builtins(body) | {"source_type": "MANUAL"}
        return workflow_of(self._post(f"{BASE}/register", sent, WorkflowAnswer))

    def unregister(self, name: str, *, force: bool = False) -> None:
        """Remove a registered workflow."""
        path = f"{BASE}/{segment(name)}"
        query = {"force": True} if force else None
        self._told(lambda: self._transport.delete(path, query, answer=type(None)))

    @cached_property
    def _extended(self) -> bool:
        return EXTENSION in policy_of(self._transport).extensions

    def _need(self, asked: bool, lack: str) -> None:
        if asked and not self._extended:
            raise ServerError(
                f"This server {lack}",
                code=ErrorCode.SERVER_PROTOCOL,
                context={"Server": self._transport.target.url, "Missing": EXTENSION},
                hint="Leave it out, or use a server that offers it.",
            )

    def _get(self, path: str, answer: type[T], query: Mapping[str, Any] | None = None) -> T:
        return self._told(
            lambda: self._transport.get(path, query, answer=answer, within=_PATIENCE_SECONDS)
        )

    def _post(self, path: str, body: msgspec.Struct | Mapping[str, Any], answer: type[T]) -> T:
        return self._told(
            lambda: self._transport.post(path, body, answer=answer, within=_PATIENCE_SECONDS)
        )

    def _once(self, path: str, body: msgspec.Struct, key: str, answer: type[T]) -> T:
        """Asked again where the answer was lost: by the key, the server knows what it did."""
        left = _TRIES
        while True:
            left -= 1
            try:
                return self._told(
                    lambda: self._transport.post(
                        path, body, answer=answer, key=key, within=_PATIENCE_SECONDS
                    )
                )
            except LostAnswerError:
                if not left or not self._extended:
                    raise

    def _told(self, ask: Callable[[], T]) -> T:
        """What the server answers; its own code of a missing workflow becomes ours."""
        try:
            return ask()
        except NamelessError as error:
            context = {"Server": self._transport.target.url}
            raise WorkflowNotFoundError(error.message, context=context) from error
        except ServerError as error:
            code = error.context.get("Server's code", "")
            if code in ("WORKFLOW_NOT_FOUND", "WORKFLOW_RUN_NOT_FOUND"):
                raise WorkflowNotFoundError(error.message, context=error.context) from error
            raise


@contextmanager
def open_workflows(settings: Settings, clock: Clock) -> Iterator[Workflows]:
    """The workflows of the configured server.

    Raises:
        ServerUnreachableError: DLI-501, no server is configured.
    """
    if settings.server is None:
        raise ServerUnreachableError(
            "Workflows run at a server, and no server is configured",
            context={"Missing": "server.url (or the variable DLI_SERVER_URL)"},
            hint="Run 'dli config set server.url URL'.",
        )
    with Transport.connect(settings.server, clock) as transport:
        yield ServerWorkflows(transport)
