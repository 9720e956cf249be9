"""The catalog of a caller, over the server's engine, specs and journal."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, final

from sqlalchemy import Engine

from dli_adapters import registry as engines
from dli_domain.model.catalog import Parts
from dli_domain.model.policy import ReadAccess
from dli_domain.model.result import Row
from dli_domain.model.run import Deadline, RunScope
from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_domain.ports.engine_metadata import EngineMetadata
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.usecases.browse_catalog import BrowseCatalog, Sources
from dli_server.catalog.records import JournalRecords
from dli_server.http.endpoint import Principal
from dli_server.http.scopes import Scope
from dli_server.registry.registry import Registry
from dli_server.registry.visibility import sees
from dli_server.runs.ids import new_id
from dli_server.runs.service import RunService

if TYPE_CHECKING:
    from dli_domain.lineage.project import ProjectLineage
    from dli_domain.ports.spec_source import SpecListing

# A page of the catalog is read while somebody waits for it.
_SECONDS = 30.0


@final
class CatalogService:
    """Makes the catalog of a caller.

    Args:
        settings: The project's: its engine is the server's.
        clock: The machine's.
        database: Holds the journal and the verdicts.
        registry: The server's specs and quality files.
        runs: Opens sessions of the engine under the server's limits.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        database: Engine,
        registry: Registry,
        runs: RunService,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._database = database
        self._registry = registry
        self._runs = runs
        self._graph: tuple[SpecListing, ProjectLineage] | None = None
        self._building = Lock()

    def of(self, principal: Principal) -> BrowseCatalog:
        """What this caller may see: tables of its patterns, and texts that it ran itself."""
        mine = None if Scope.ADMIN in principal.scopes else principal.key_id
        return BrowseCatalog(
            sources=Sources(
                specs=self._registry.specs,
                qualities=self._registry.qualities,
                open_metadata=self._metadata,
                records=JournalRecords(self._database, mine),
                lineage=self._lineage,
                touches=_touches,
                sample=self._sample,
                clock=self._clock,
            ),
            sees=partial(sees, principal),
        )

    @contextmanager
    def _metadata(self) -> Iterator[EngineMetadata]:
        with self._session(None) as executor:
            yield engines.metadata(self._settings, executor)

    def _sample(self, sql: str) -> Sequence[Row]:
        # Whether the caller may see the table is settled; nothing but it is read.
        with self._session(self._runs.engines.access()) as executor:
            return executor.execute(sql).rows

    @contextmanager
    def _session(self, reading: ReadAccess | None) -> Iterator[QueryExecutor]:
        scope = RunScope(
            run_id=new_id(),
            resource="catalog",
            deadline=Deadline(self._clock.monotonic() + _SECONDS, _SECONDS),
        )
        with self._runs.engines.open(scope, reading) as executor:
            yield executor

    def _lineage(self) -> "ProjectLineage":
        """The graph of all specs, made again when one of them has changed."""
        # sqlglot and the graph come with it.
        from dli_domain.usecases.trace_lineage import TraceLineage  # noqa: PLC0415

        with self._building:
            listing = self._registry.specs.list()
            if self._graph is None or self._graph[0] != listing:
                trace = TraceLineage(
                    render=replace(self._registry.render, engine=None),
                    common=self._settings.parameters,
                )
                self._graph = (listing, trace.project())
            return self._graph[1]


def _touches(table: Parts) -> Callable[[str, str], bool]:
    # sqlglot is for those who ask for the queries of a table.
    from dli_domain.lineage.mentions import names_table  # noqa: PLC0415

    return lambda sql, engine: names_table(sql, engine, table)
