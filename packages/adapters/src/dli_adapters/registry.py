"""Engine name to executor: the only place of late imports of adapters."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from dli_adapters.extras import needs
from dli_adapters.folders import cache_folder
from dli_domain.errors import ConfigError, ServerUnreachableError
from dli_domain.model.names import did_you_mean
from dli_domain.model.policy import ReadAccess
from dli_domain.model.run import RunScope
from dli_domain.model.settings import ServerTarget, Settings
from dli_domain.ports.catalog import Catalog
from dli_domain.ports.clock import Clock
from dli_domain.ports.engine_metadata import EngineMetadata
from dli_domain.ports.quality_source import QualitySource
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.ports.query_history import QueryHistory
from dli_domain.ports.registered_runs import OpenRuns
from dli_domain.ports.spec_registry import SpecRegistry
from dli_domain.ports.spec_source import SpecSource
from dli_domain.ports.sql_referee import SqlReferee

if TYPE_CHECKING:
    from dli_adapters.server.kept import KeptTransport
    from dli_adapters.server.opening import ServerEngine
    from dli_adapters.server.published import PublishedPolicy
    from dli_adapters.wire.messages import PolicyAnswer

OpenExecutor = Callable[[RunScope], AbstractContextManager[QueryExecutor]]


def _bigquery(settings: Settings, reading: ReadAccess | None) -> OpenExecutor:
    with needs("bigquery", "google.cloud.bigquery"):
        from dli_adapters.bigquery.executor import BigQueryExecutor  # noqa: PLC0415 - its driver only
    if reading is None:
        return lambda scope: BigQueryExecutor.connect(settings.bigquery, scope)

    @contextmanager
    def opened(scope: RunScope) -> Iterator[QueryExecutor]:
        with BigQueryExecutor.connect(settings.bigquery, scope) as executor:
            yield _judged(executor, executor.referee, reading)

    return opened


def _duckdb(settings: Settings, reading: ReadAccess | None) -> OpenExecutor:
    with needs("duckdb", "duckdb"):
        from dli_adapters.duckdb.executor import DuckDbExecutor  # noqa: PLC0415 - its driver only
    if reading is None:
        return lambda scope: DuckDbExecutor.connect(settings.duckdb, scope)

    @contextmanager
    def opened(scope: RunScope) -> Iterator[QueryExecutor]:
        target = confined(settings).duckdb
        with DuckDbExecutor.connect(target, scope, read_only=True) as executor:
            yield _judged(executor, executor.referee, reading)

    return opened


def _judged(executor: QueryExecutor, referee: SqlReferee, reading: ReadAccess) -> QueryExecutor:
    from dli_adapters.read_only.executor import ReadOnlyExecutor  # noqa: PLC0415 - brings sqlglot

    return ReadOnlyExecutor(executor, referee, reading)


ENGINES: Mapping[str, Callable[[Settings, ReadAccess | None], OpenExecutor]] = MappingProxyType(
    {"bigquery": _bigquery, "duckdb": _duckdb}
)

# The configuration may name these already.
_PLANNED = frozenset({"trino"})


def confined(settings: Settings) -> Settings:
    """The same engines behind the boundary of a server, whose sessions serve others.

    Readers and writers of one process share a DuckDB, so all of them open it by these.
    """
    return replace(settings, duckdb=replace(settings.duckdb, confined=True))


def open_executor(
    settings: Settings, clock: Clock, *, reading: ReadAccess | None = None
) -> OpenExecutor:
    """How to open the engine that the settings name; only its driver is imported.

    What is opened keeps the run's deadline and can be cancelled while it waits. With `reading`
    it takes only what the SQL policy lets pass, inside the boundary of `confined`.

    Raises:
        ConfigError: there is no such engine.
        EngineNotInstalledError: its driver is not installed.
    """
    return _supervised(open_bare(settings, reading=reading), clock)


def open_bare(settings: Settings, *, reading: ReadAccess | None = None) -> OpenExecutor:
    """The same without the deadline, for who sets one for each statement.

    Raises:
        ConfigError: there is no such engine.
        EngineNotInstalledError: its driver is not installed.
    """
    build = ENGINES.get(settings.engine)
    if settings.engine in _PLANNED:
        raise ConfigError(
            f"The engine {settings.engine!r} is not available in this version; "
            f"available are {', '.join(ENGINES)}",
            hint="Choose one with --engine, DLI_ENGINE or 'dli config set local.engine ENGINE'.",
        )
    if build is None:
        raise ConfigError(
            f"Unknown engine {settings.engine!r}; known are {', '.join(ENGINES)}",
            hint=did_you_mean(settings.engine, ENGINES),
        )
    return build(settings, reading)


def metadata(settings: Settings, executor: QueryExecutor) -> EngineMetadata:
    """What the configured engine says of its tables, asked through an open session of it.

    Raises:
        ConfigError: the engine tells nothing of them here.
    """
    if settings.engine == "duckdb":
        from dli_adapters.duckdb.metadata import DuckDbMetadata  # noqa: PLC0415 - its driver only

        return DuckDbMetadata(executor, settings.duckdb)
    if settings.engine == "bigquery":
        from dli_adapters.bigquery.metadata import BigQueryMetadata  # noqa: PLC0415 - as above

        return BigQueryMetadata(executor, settings.bigquery)
    raise ConfigError(f"There is no catalog of the engine {settings.engine!r}")


def server_engine(settings: Settings, clock: Clock, *, truncate: bool = False) -> "ServerEngine":
    """The engine behind the server that the settings name; its driver is not needed here.

    With `truncate`, results may be cut that a server of the older API cut.

    Raises:
        ServerUnreachableError: DLI-501, no server is configured.
    """
    target = required_server(settings)
    from dli_adapters.server.opening import ServerEngine  # noqa: PLC0415 - brings the HTTP client

    dialect, limit = settings.project.default_dialect, settings.timeout
    return ServerEngine(target, dialect, clock, truncate=truncate, limit=limit)


def required_server(
    settings: Settings, what: str = "run through the server", *, local: bool = True
) -> ServerTarget:
    """The server that the settings name.

    Args:
        settings: What the user said.
        what: What cannot be done without one, for the message.
        local: Whether the same can be done without a server.

    Raises:
        ServerUnreachableError: DLI-501, they name none.
    """
    if settings.server is None:
        raise ServerUnreachableError(
            f"Cannot {what}: no server is configured",
            context={"Missing": "server.url (or the variable DLI_SERVER_URL)"},
            hint="Run 'dli config set server.url URL'"
            + (", or run it with --local." if local else "."),
        )
    return settings.server


def open_server(server: "ServerEngine", clock: Clock) -> OpenExecutor:
    """How to open it. What is opened keeps the run's deadline and can be cancelled."""
    return _supervised(server.open, clock)


def published_policy(settings: Settings, clock: Clock) -> "PolicyAnswer | None":
    """The configured server's policy as it was known in the last ten minutes.

    None where no server is configured, or where it never answered.
    """
    policy = _published(settings, clock)
    return None if policy is None else policy.read()


def refuse_denied_local(settings: Settings, clock: Clock) -> None:
    """Refuse to run on an engine directly where the configured server forbids it.

    Raises:
        ExecutionPermissionError: DLI-404, the server's policy is `local: deny`.
    """
    policy = _published(settings, clock)
    if policy is not None:
        policy.refuse_local()


def _published(settings: Settings, clock: Clock) -> "PublishedPolicy | None":
    target = settings.server or settings.policy_server
    if target is None:
        return None
    from dli_adapters.server.published import PublishedPolicy  # noqa: PLC0415 - with a server only

    folder = cache_folder(os.environ)
    return PublishedPolicy(target=target, clock=clock, folder=folder)


def open_registered(settings: Settings, clock: Clock) -> OpenRuns | None:
    """How to run by name what is registered at the configured server.

    What is opened keeps the run's deadline and can be cancelled while it waits. None where the
    server is a classic Basecamp, which runs nothing by name.

    Raises:
        ServerError: no server is configured, or it cannot be asked what it offers.
    """
    server = server_engine(settings, clock)
    # as above
    from dli_adapters.server.registered_runs import open_registered_runs  # noqa: PLC0415
    from dli_adapters.supervision.registered_runs import supervised_runs  # noqa: PLC0415
    from dli_adapters.wire.messages import EXTENSION  # noqa: PLC0415

    if EXTENSION not in server.policy.extensions:
        return None
    return supervised_runs(lambda scope: open_registered_runs(server, scope, clock), clock)


def server_specs(settings: Settings, clock: Clock) -> SpecSource:
    """The datasets and metrics that the configured server knows.

    Raises:
        ServerUnreachableError: DLI-501, no server is configured.
    """
    from dli_adapters.server.specs import ServerSpecSource  # noqa: PLC0415 - brings the HTTP client
    from dli_adapters.yaml_specs.bundles import resource_of  # noqa: PLC0415 - brings the YAML reader

    server = _kept_server(settings, clock, settings.timeout)
    return ServerSpecSource(server, resource_of, settings.project.default_dialect)


def server_qualities(settings: Settings, clock: Clock) -> QualitySource:
    """The quality files that the configured server knows; raises as `server_specs` does."""
    from dli_adapters.server.specs import ServerQualitySource  # noqa: PLC0415 - as above
    from dli_adapters.yaml_specs.bundles import qualities_of  # noqa: PLC0415 - as above

    return ServerQualitySource(_kept_server(settings, clock, settings.timeout), qualities_of)


def spec_registry(settings: Settings, clock: Clock) -> SpecRegistry:
    """Where the configured server keeps specs; raises as `server_specs` does."""
    from dli_adapters.server.specs import ServerSpecRegistry  # noqa: PLC0415 - as above

    return ServerSpecRegistry(_kept_server(settings, clock))


@contextmanager
def open_catalog(settings: Settings, clock: Clock) -> Iterator[Catalog]:
    """The catalog of the configured server.

    Raises:
        ServerUnreachableError: DLI-501, no server is configured.
    """
    target = required_server(settings, "look into the catalog", local=False)
    from dli_adapters.server.catalog import ServerCatalog  # noqa: PLC0415 - brings the HTTP client
    from dli_adapters.server.transport import Transport  # noqa: PLC0415 - as above

    with Transport.connect(target, clock) as transport:
        yield ServerCatalog(transport)


@contextmanager
def open_queries(settings: Settings, clock: Clock) -> Iterator[QueryHistory]:
    """The queries of the configured server; raises as `open_catalog` does."""
    target = required_server(settings, "look at queries", local=False)
    from dli_adapters.server.queries import ServerQueries  # noqa: PLC0415 - brings the HTTP client
    from dli_adapters.server.transport import Transport  # noqa: PLC0415 - as above

    with Transport.connect(target, clock) as transport:
        yield ServerQueries(transport)


def _kept_server(settings: Settings, clock: Clock, limit: int | None = None) -> "KeptTransport":
    """With `limit`, the seconds that a run may take, no question before it takes longer."""
    from dli_adapters.server.kept import KeptTransport  # noqa: PLC0415 - as above

    target = required_server(settings)
    if limit is not None:
        target = replace(target, timeout=min(target.timeout, limit))
    return KeptTransport(target, clock)


def injected(executor: QueryExecutor, clock: Clock) -> OpenExecutor:
    """How to run on an executor that somebody else made, and will close."""
    return _supervised(lambda _: nullcontext(executor), clock)


def _supervised(open_inner: OpenExecutor, clock: Clock) -> OpenExecutor:
    from dli_adapters.supervision.executor import supervised  # noqa: PLC0415 - brings pyarrow

    return supervised(open_inner, clock)
