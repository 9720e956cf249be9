"""Everything the endpoints of workflows ask for, wired; or nothing, where there is no Airflow."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from dli_adapters.airflow.folder import AirflowDagFolder
from dli_adapters.airflow.orchestrator import AirflowOrchestrator
from dli_adapters.airflow.target import AirflowTarget
from dli_domain.errors import WorkflowUnavailableError
from dli_domain.model.secret import Secret
from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_domain.ports.orchestrator import Orchestrator
from dli_domain.ports.spec_source import SpecSource
from dli_domain.ports.workflow_journal import WorkflowJournal
from dli_domain.usecases.backfill_workflow import BackfillWorkflow
from dli_domain.usecases.follow_workflows import FollowWorkflows
from dli_domain.usecases.know_workflows import KnowWorkflows
from dli_domain.usecases.register_workflow import DagFolder, RegisterWorkflow
from dli_domain.usecases.trigger_workflow import TriggerWorkflow
from dli_server.configuration import AirflowSettings
from dli_server.lifecycle import Lifecycle
from dli_server.workflows.driving import BackfillDriver
from dli_server.workflows.journal import DatabaseWorkflowJournal


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowService:
    """The use cases over one orchestrator and one journal."""

    orchestrator: Orchestrator
    journal: WorkflowJournal
    known: KnowWorkflows
    trigger: TriggerWorkflow
    backfills: BackfillWorkflow
    follow: FollowWorkflows
    register: RegisterWorkflow
    driver: BackfillDriver


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflows:
    """The service, where the server has an Airflow."""

    service: WorkflowService | None = None

    def require(self) -> WorkflowService:
        """The service.

        Raises:
            WorkflowUnavailableError: no Airflow is configured.
        """
        if self.service is None:
            raise WorkflowUnavailableError(
                "This server has no Airflow: it runs no workflows",
                context={"Missing": "airflow.url in the server's configuration"},
                hint="Ask the server's operators to configure one.",
            )
        return self.service


def open_workflows(
    settings: AirflowSettings | None,
    project: Settings,
    clock: Clock,
    database: Engine,
    specs: SpecSource,
    lifecycle: Lifecycle,
) -> Workflows:
    """The workflows of a server; backfills go on once the server starts."""
    if settings is None:
        return Workflows()
    orchestrator = AirflowOrchestrator(_target(settings), clock)
    journal = DatabaseWorkflowJournal(database, clock)
    service = wire(orchestrator, journal, specs, clock, _folder(settings, project))
    lifecycle.on_close(orchestrator.close)
    lifecycle.on_close(service.driver.close)
    lifecycle.on_start(service.driver.start)
    return Workflows(service=service)


def wire(
    orchestrator: Orchestrator,
    journal: WorkflowJournal,
    specs: SpecSource,
    clock: Clock,
    folder: DagFolder | None = None,
) -> WorkflowService:
    """The use cases over these parts."""
    known = KnowWorkflows(journal=journal, specs=specs, orchestrator=orchestrator)
    trigger = TriggerWorkflow(orchestrator=orchestrator, journal=journal, clock=clock)
    backfills = BackfillWorkflow(
        orchestrator=orchestrator, journal=journal, clock=clock, trigger=trigger
    )
    return WorkflowService(
        orchestrator=orchestrator,
        journal=journal,
        known=known,
        trigger=trigger,
        backfills=backfills,
        follow=FollowWorkflows(orchestrator=orchestrator, journal=journal, known=known),
        register=RegisterWorkflow(
            known=known, orchestrator=orchestrator, journal=journal, clock=clock, folder=folder
        ),
        driver=BackfillDriver(known, backfills, journal),
    )


def _target(settings: AirflowSettings) -> AirflowTarget:
    return AirflowTarget(
        url=settings.url,
        username=settings.username,
        password=None if settings.password is None else Secret(settings.password),
        token=None if settings.token is None else Secret(settings.token),
        timeout=settings.timeout,
    )


def _folder(settings: AirflowSettings, project: Settings) -> AirflowDagFolder | None:
    root = settings.project or project.project.root
    if settings.dags_folder is None or root is None:
        return None
    return AirflowDagFolder(Path(settings.dags_folder), root)
