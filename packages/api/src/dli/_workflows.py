"""Workflows from Python: what the server has Airflow run."""

import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, final
from uuid import uuid4

from dli._workflow_results import (
    WorkflowBackfillResult,
    WorkflowInfo,
    WorkflowRunInfo,
    WorkflowRunResult,
    backfill_result,
    order_result,
    run_info,
    run_result,
    workflow_info,
)
from dli_domain.errors import ConfigError, ErrorCode, ParameterError, WorkflowNotFoundError
from dli_domain.model.run import Deadline, ExecutionMode, ResultStatus
from dli_domain.model.workflow import Backfill, WorkflowRun
from dli_domain.ports.workflows import (
    BackfillAsked,
    HistoryFilter,
    RegistrationAsked,
    RunAsked,
    WorkflowFilter,
    Workflows,
)

if TYPE_CHECKING:
    from dli._context import ExecutionContext
    from dli_domain.usecases.watch_workflow import WatchWorkflow

T = TypeVar("T")
_FOLLOWED_SECONDS = 3600


@final
class WorkflowAPI:
    """Runs, fills, follows and registers workflows of the server. Nothing runs here.

    Args:
        context: Which server; read from the environment and the configuration files where it
            says nothing.
        client: Workflows to use in place of the configured server's; the caller closes it.

    Raises:
        ConfigError: a configuration file or variable is wrong.
    """

    def __init__(
        self, context: "ExecutionContext | None" = None, *, client: Workflows | None = None
    ) -> None:
        # as in the other facades: `from dli import WorkflowAPI` must not pay for it
        from dli._compose import compose  # noqa: PLC0415

        self._composed = compose(context, mode=ExecutionMode.SERVER)
        self._client = client

    def get(self, dataset_name: str) -> WorkflowInfo | None:
        """The workflow, or None.

        Raises:
            ServerError: the server cannot be asked.
        """
        try:
            return workflow_info(self._ask(lambda workflows: workflows.get(dataset_name)))
        except WorkflowNotFoundError:
            return None

    def run(
        self,
        dataset_name: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        ds: date | str | None = None,
        dry_run: bool = False,
        again: bool = False,
    ) -> WorkflowRunResult:
        """Start a run, or say which one it is.

        Args:
            dataset_name: The workflow.
            parameters: Those of the dataset.
            ds: A day of the schedule: there is one run of it, however often it is asked for.
            dry_run: Start nothing.
            again: Run the run of that day once more, if it has ended.

        Raises:
            WorkflowError: DLI-800 to 809; DLI-407 where it is not known whether it started.
            ServerError: the server cannot be asked.
        """
        asked = RunAsked(
            workflow=dataset_name,
            key=uuid4().hex,
            parameters=parameters or {},
            day=None if ds is None else _day("ds", ds),
            again=again,
            dry_run=dry_run,
        )
        return run_result(self._ask(lambda workflows: workflows.run(asked)))

    def backfill(  # noqa: PLR0913 - what users know it by, and the limits of a backfill
        self,
        dataset_name: str,
        *,
        start_date: date | str,
        end_date: date | str,
        parameters: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        parallel: int = 1,
        again: bool = False,
        confirmed: bool = False,
    ) -> WorkflowBackfillResult:
        """Run every interval of the schedule in these days that is missing or has failed.

        Args:
            dataset_name: The workflow.
            start_date: The first day.
            end_date: The last day, included.
            parameters: Those of the dataset.
            dry_run: Plan only.
            parallel: How many runs may be active at a time.
            again: Also run again what has succeeded.
            confirmed: Allow more than 366 runs.

        Raises:
            ParameterError: DLI-204, the range is reversed, empty, or too long.
            WorkflowError: as for `run`.
            ServerError: the server cannot be asked.
        """
        asked = BackfillAsked(
            workflow=dataset_name,
            key=uuid4().hex,
            start=_day("start_date", start_date),
            end=_day("end_date", end_date),
            parameters=parameters or {},
            parallel=parallel,
            again=again,
            confirmed=confirmed,
            dry_run=dry_run,
        )
        return backfill_result(self._ask(lambda workflows: workflows.backfill(asked)))

    def backfill_status(self, backfill_id: str) -> WorkflowBackfillResult:
        """How far a backfill is."""
        return backfill_result(self._ask(lambda workflows: workflows.backfill_status(backfill_id)))

    def wait_for_run(self, run_id: str, timeout: float = _FOLLOWED_SECONDS) -> WorkflowRunInfo:
        """The run at its end, or as it is after `timeout` seconds; it goes on after that.

        Raises:
            WorkflowNotFoundError: there is no such run.
        """

        def work(workflows: Workflows) -> WorkflowRun:
            run = workflows.status(run_id)
            return self._watch(workflows).run(run, self._deadline(timeout))

        return run_info(self._ask(work))

    def wait_for_backfill(
        self, backfill_id: str, timeout: float = _FOLLOWED_SECONDS
    ) -> WorkflowBackfillResult:
        """The same of a backfill."""

        def work(workflows: Workflows) -> Backfill:
            backfill = workflows.backfill_status(backfill_id)
            return self._watch(workflows).backfill(backfill, self._deadline(timeout))

        return backfill_result(self._ask(work))

    def stop(self, run_id: str, reason: str | None = None) -> WorkflowRunResult:
        """Stop a run."""
        return run_result(self._ask(lambda workflows: workflows.stop(run_id, reason)))

    def pause(self, dataset_name: str) -> WorkflowRunResult:
        """Let the schedule make no more runs."""
        return order_result(self._ask(lambda workflows: workflows.pause(dataset_name)))

    def unpause(self, dataset_name: str) -> WorkflowRunResult:
        """Let the schedule make runs again."""
        return order_result(self._ask(lambda workflows: workflows.unpause(dataset_name)))

    def get_status(self, run_id: str) -> WorkflowRunInfo:
        """How far a run is, and why it failed."""
        return run_info(self._ask(lambda workflows: workflows.status(run_id)))

    def list_workflows(
        self,
        *,
        source_type: str | None = None,
        status: str | None = None,
        dataset_filter: str | None = None,
        running_only: bool = False,
        enabled_only: bool = False,
        limit: int = 100,
    ) -> list[WorkflowInfo]:
        """The workflows that pass every filter, by name."""
        wanted = WorkflowFilter(
            source_type=None if source_type is None else source_type.upper(),
            status=None if status is None else status.upper(),
            dataset=dataset_filter,
            running=running_only,
            enabled_only=enabled_only,
            limit=limit,
        )
        return [workflow_info(one) for one in self._ask(lambda workflows: workflows.list(wanted))]

    def history(
        self,
        *,
        dataset_name: str | None = None,
        source_type: str | None = None,
        run_status: str | None = None,
        limit: int = 20,
    ) -> list[WorkflowRunInfo]:
        """The newest runs that pass every filter."""
        wanted = HistoryFilter(
            dataset=dataset_name,
            source_type=None if source_type is None else source_type.upper(),
            status=run_status,
            limit=limit,
        )
        return [run_info(run) for run in self._ask(lambda workflows: workflows.history(wanted))]

    def register(
        self,
        dataset_name: str,
        *,
        cron: str,
        timezone: str = "UTC",
        enabled: bool = True,
        retry_max_attempts: int = 1,
        retry_delay_seconds: int = 300,
        force: bool = False,
    ) -> WorkflowInfo:
        """Have Airflow run a dataset by a schedule; `dag_visible` says whether it shows it yet."""
        asked = RegistrationAsked(
            workflow=dataset_name,
            cron=cron,
            timezone=timezone,
            enabled=enabled,
            retries=retry_max_attempts,
            retry_delay_seconds=retry_delay_seconds,
            force=force,
        )
        return workflow_info(self._ask(lambda workflows: workflows.register(asked)))

    def unregister(self, dataset_name: str, *, force: bool = False) -> WorkflowRunResult:
        """Take a registered workflow back."""
        self._ask(lambda workflows: workflows.unregister(dataset_name, force=force))
        return WorkflowRunResult(dataset_name=dataset_name, status=ResultStatus.SUCCESS)

    def _ask(self, work: Callable[[Workflows], T]) -> T:
        if self._client is not None:
            return work(self._client)
        # The HTTP client, for those who ask a server.
        from dli_adapters.server.workflows import open_workflows  # noqa: PLC0415

        composed = self._composed
        with open_workflows(composed.settings, composed.clock) as workflows:
            return work(workflows)

    def _watch(self, workflows: Workflows) -> "WatchWorkflow":
        from dli_domain.usecases.watch_workflow import WatchWorkflow  # noqa: PLC0415 - only to wait

        return WatchWorkflow(workflows=workflows, clock=self._composed.clock, sleep=time.sleep)

    def _deadline(self, seconds: float) -> Deadline:
        if seconds <= 0:
            raise ConfigError(
                f"timeout is {seconds}; it must be more than 0 seconds",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
            )
        return Deadline(self._composed.clock.monotonic() + seconds, seconds)


def _day(name: str, given: date | str) -> date:
    if not isinstance(given, str):
        return given
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise ParameterError(
            f"{name} is {given!r}, which is no day", hint="Write it as YYYY-MM-DD."
        ) from error
