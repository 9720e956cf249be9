"""The composition root of the server: a project and the server's own settings, wired."""

from pathlib import Path

from dli_adapters.clock.system import SystemClock
from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_server.audit.log import AuditLog
from dli_server.catalog.service import CatalogService
from dli_server.configuration import ServerConfig
from dli_server.history.journal import HistoryService
from dli_server.history.repository import QueryRepository
from dli_server.keys.ring import KeyRing
from dli_server.lifecycle import Lifecycle
from dli_server.observing.figures import Figures
from dli_server.registry.registry import open_registry
from dli_server.runs.opening import open_runs
from dli_server.services import Services
from dli_server.storage.opening import open_database
from dli_server.workflows.service import open_workflows


def compose(config: ServerConfig, settings: Settings, clock: Clock | None = None) -> Services:
    """Everything that handlers use; the database is open and up to date.

    Whoever builds an area makes its service here, and gives its hooks to the lifecycle.

    Args:
        config: The server's own settings.
        settings: Those of the project it runs.
        clock: The machine's unless given.

    Raises:
        ConfigError: the database cannot be opened.
    """
    clock = clock or SystemClock()
    state = Path(config.state)
    lifecycle = Lifecycle()
    database = open_database(state, config.database_url)
    lifecycle.on_close(database.dispose)
    audit = AuditLog(state, clock)
    registry = open_registry(database, settings, clock)
    runs = open_runs(config, settings, clock, database, registry, audit, lifecycle)
    return Services(
        config=config,
        settings=settings,
        clock=clock,
        database=database,
        lifecycle=lifecycle,
        keys=KeyRing(database, clock),
        audit=audit,
        figures=Figures(database),
        registry=registry,
        runs=runs,
        workflows=open_workflows(
            config.airflow, settings, clock, database, registry.specs, lifecycle
        ),
        catalog=CatalogService(
            settings=settings, clock=clock, database=database, registry=registry, runs=runs
        ),
        history=HistoryService(
            repository=QueryRepository(database), runs=runs, specs=registry.specs, clock=clock
        ),
    )
