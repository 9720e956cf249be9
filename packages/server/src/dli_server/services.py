"""What handlers may use, wired once by the composition root."""

from dataclasses import dataclass

from sqlalchemy import Engine

from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_server.audit.log import AuditLog
from dli_server.catalog.service import CatalogService
from dli_server.configuration import ServerConfig
from dli_server.history.journal import HistoryService
from dli_server.keys.ring import KeyRing
from dli_server.lifecycle import Lifecycle
from dli_server.observing.figures import Figures
from dli_server.registry.registry import Registry
from dli_server.runs.service import RunService
from dli_server.workflows.service import Workflows


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One field an area; whoever builds an area adds its field."""

    config: ServerConfig
    settings: Settings
    clock: Clock
    database: Engine
    lifecycle: Lifecycle
    keys: KeyRing
    audit: AuditLog
    figures: Figures
    registry: Registry
    runs: RunService
    workflows: Workflows
    catalog: CatalogService
    history: HistoryService
