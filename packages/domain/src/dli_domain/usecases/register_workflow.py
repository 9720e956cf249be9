"""Register a dataset as a workflow, and take it back."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from dli_domain.errors import (
    ErrorCode,
    SpecNotFoundError,
    WorkflowConflictError,
    WorkflowError,
    WorkflowNotFoundError,
    WorkflowStateError,
)
from dli_domain.model.spec import ResourceKind, ResourceSpec
from dli_domain.model.workflow import SourceType, Workflow, WorkflowStatus
from dli_domain.ports.clock import Clock
from dli_domain.ports.orchestrator import Orchestrator
from dli_domain.ports.workflow_journal import Registration, WorkflowJournal
from dli_domain.ports.workflows import RegistrationAsked
from dli_domain.scheduling.cron import CronSchedule, InvalidScheduleError
from dli_domain.scheduling.dags import dag_id
from dli_domain.usecases.know_workflows import KnowWorkflows, Visible, status_of


class DagFolder(Protocol):
    """Where the orchestrator reads its DAG files."""

    def put(self, workflow: Workflow) -> None:
        """Write the file of a workflow, whole at once.

        Raises:
            WorkflowError: DLI-801, it cannot be written.
        """
        ...

    def remove(self, workflow: Workflow) -> None:
        """Delete the file, if it is there.

        Raises:
            WorkflowError: DLI-808, it cannot be deleted.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterWorkflow:
    """Keeps what is registered; `folder` is there where the server may write DAG files."""

    known: KnowWorkflows
    orchestrator: Orchestrator
    journal: WorkflowJournal
    clock: Clock
    folder: DagFolder | None = None

    def __call__(self, asked: RegistrationAsked, by: str, visible: Visible) -> Workflow:
        """The workflow, registered; `visible` says whether the orchestrator shows its DAG yet.

        Raises:
            WorkflowError: DLI-801 the dataset or its DAG is missing, DLI-805 the schedule is none.
            WorkflowConflictError: it is registered, and `force` is false.
        """
        schedule = _schedule(asked)
        spec = self._spec(asked, visible)
        self._check_undeclared(spec)
        if self.journal.workflow(asked.workflow) is not None and not asked.force:
            raise WorkflowConflictError(
                f"The workflow {asked.workflow!r} is registered already",
                hint="Say --force to replace it.",
            )
        now = self.clock.now()
        workflow = Workflow(
            name=asked.workflow,
            dag_id=dag_id(asked.workflow),
            source_type=SourceType.MANUAL,
            status=WorkflowStatus.ACTIVE if asked.enabled else WorkflowStatus.DISABLED,
            owner=asked.owner or spec.owner,
            team=asked.team or spec.team or None,
            description=asked.description or spec.description,
            cron=schedule.cron,
            timezone=schedule.timezone,
            retries=asked.retries,
            retry_delay_seconds=asked.retry_delay_seconds,
            created_at=now,
            updated_at=now,
        )
        self._check_id(workflow, visible)
        if self.folder is None:
            self._check_shown(workflow)
        else:
            self.folder.put(workflow)
        self.journal.register(
            Registration(workflow=workflow, yaml_content=asked.yaml_content, registered_by=by)
        )
        return self._paused_as_asked(workflow)

    def remove(self, name: str, visible: Visible, *, force: bool) -> None:
        """Forget the workflow; its DAG makes no more runs.

        Raises:
            WorkflowNotFoundError: there is none.
            WorkflowStateError: runs of it are active, and `force` is false.
            WorkflowError: DLI-808, a spec declares it.
        """
        workflow = self.known.find(name, visible)
        if self.journal.workflow(name) is None:
            raise WorkflowError(
                f"The workflow {name!r} is declared by the dataset's spec, not registered",
                code=ErrorCode.WORKFLOW_UNREGISTER_FAILED,
                hint="Take 'schedule:' out of the spec, or pause the workflow.",
            )
        shown = bool(self.orchestrator.dags([workflow.dag_id]))
        if shown and not force:
            newest = self.orchestrator.newest_runs(
                [workflow.dag_id], limit=1, states=("queued", "running")
            )
            active = [run.run_id for run in newest if status_of(run).active]
            if active:
                raise WorkflowStateError(
                    f"The workflow {name!r} has active runs, such as {active[0]!r}",
                    hint="Stop them, wait for them, or say --force.",
                )
        if shown:
            self.orchestrator.pause(workflow.dag_id, paused=True)
        if self.folder is not None:
            self.folder.remove(workflow)
        self.journal.unregister(name)

    def _spec(self, asked: RegistrationAsked, visible: Visible) -> ResourceSpec:
        if visible(asked.workflow):
            with suppress(SpecNotFoundError):
                return self.known.specs.get(asked.workflow, ResourceKind.DATASET)
        raise WorkflowError(
            f"The server knows no dataset {asked.workflow!r}",
            code=ErrorCode.WORKFLOW_REGISTRATION_FAILED,
            hint=f"Register it first: 'dli dataset register {asked.workflow}'.",
        )

    def _check_undeclared(self, spec: ResourceSpec) -> None:
        """Two files for one DAG would take turns in Airflow."""
        if self.folder is not None and spec.schedule is not None and spec.schedule.enabled:
            raise WorkflowError(
                f"The spec of {str(spec.name)!r} has a schedule: it is a workflow already",
                code=ErrorCode.WORKFLOW_REGISTRATION_FAILED,
                context={"Schedule": f"{spec.schedule.cron} ({spec.schedule.timezone})"},
                hint="Change 'schedule:' in the spec, or take it out to register another one.",
            )

    def _check_id(self, workflow: Workflow, visible: Visible) -> None:
        del visible  # two names with one id clash whoever may see them
        for other in self.known.all(lambda _: True):
            if other.dag_id == workflow.dag_id and other.name != workflow.name:
                raise WorkflowError(
                    f"Another workflow has the DAG id {workflow.dag_id!r} already",
                    code=ErrorCode.WORKFLOW_REGISTRATION_FAILED,
                    hint="Rename the dataset: '.' and '-' become '_' in Airflow.",
                )

    def _check_shown(self, workflow: Workflow) -> None:
        state = self.orchestrator.dags([workflow.dag_id]).get(workflow.dag_id)
        if state is None:
            raise WorkflowError(
                f"Airflow shows no DAG {workflow.dag_id!r}, and this server may not write one",
                code=ErrorCode.WORKFLOW_REGISTRATION_FAILED,
                hint=(
                    "Give the dataset a 'schedule:' and put its project where Airflow reads DAG "
                    "files, or set 'airflow.dags_folder' in the server's configuration."
                ),
            )
        if state.schedule is not None and state.schedule != workflow.cron:
            raise WorkflowError(
                f"The DAG {workflow.dag_id!r} has another schedule, and this server may not "
                "write it",
                code=ErrorCode.WORKFLOW_REGISTRATION_FAILED,
                context={"Asked for": str(workflow.cron), "The DAG has": state.schedule},
                hint="Change 'schedule:' in the dataset's spec, or register what the DAG has.",
            )

    def _paused_as_asked(self, workflow: Workflow) -> Workflow:
        try:
            self.orchestrator.pause(workflow.dag_id, paused=not workflow.enabled)
        except WorkflowNotFoundError:
            # The file is there, and Airflow has not read it yet: it says for itself whether it
            # begins paused.
            return replace(workflow, visible=False)
        return self.known.live([workflow])[0]


def _schedule(asked: RegistrationAsked) -> CronSchedule:
    try:
        return CronSchedule.parse(asked.cron, asked.timezone)
    except InvalidScheduleError as error:
        raise WorkflowError(
            str(error), code=ErrorCode.WORKFLOW_INVALID_CRON, hint=error.fix
        ) from error
