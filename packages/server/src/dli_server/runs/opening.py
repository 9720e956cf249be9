"""The run service of a server, wired and looked after."""

from pathlib import Path

from sqlalchemy import Engine

from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_server.audit.log import AuditLog
from dli_server.configuration import ServerConfig
from dli_server.lifecycle import Lifecycle
from dli_server.registry.registry import Registry
from dli_server.runs.keeping import Caretaker
from dli_server.runs.recovery import recover
from dli_server.runs.service import RunService
from dli_server.runs.spool import Spool

FOLDER = "results"


def open_runs(
    config: ServerConfig,
    settings: Settings,
    clock: Clock,
    database: Engine,
    registry: Registry,
    audit: AuditLog,
    lifecycle: Lifecycle,
) -> RunService:
    """The service; it settles what an earlier server left when the server starts."""
    runs = RunService(
        config=config,
        settings=settings,
        clock=clock,
        database=database,
        registry=registry,
        audit=audit,
        spool=Spool(Path(config.state) / FOLDER),
    )
    caretaker = Caretaker(runs)
    lifecycle.on_start(lambda: recover(runs))
    lifecycle.on_start(caretaker.start)
    lifecycle.on_drain(runs.drain)
    lifecycle.on_close(caretaker.close)
    lifecycle.on_close(runs.engines.held.close)
    return runs
