"""Engine name to executor: the only place of late imports of adapters."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from types import MappingProxyType

from dli_adapters.extras import needs
from dli_domain.errors import ConfigError
from dli_domain.model.names import did_you_mean
from dli_domain.model.policy import ReadAccess
from dli_domain.model.run import RunScope
from dli_domain.model.settings import ServerTarget, Settings
from dli_domain.ports.clock import Clock
from dli_domain.ports.engine_metadata import EngineMetadata
from dli_domain.ports.query_executor import QueryExecutor
from dli_domain.ports.sql_referee import SqlReferee

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


def open_server(target: ServerTarget, dialect: str, clock: Clock) -> OpenExecutor:
    """How to open the engine behind a server; its driver is not needed here.

    What is opened keeps the run's deadline and can be cancelled while it waits.

    Args:
        target: The server.
        dialect: What SQL is written in for a server that does not say its engine.
        clock: For all times.
    """
    from dli_adapters.server.opening import open_on_server  # noqa: PLC0415 - brings the HTTP client

    return _supervised(lambda scope: open_on_server(target, scope, clock, dialect), clock)


def injected(executor: QueryExecutor, clock: Clock) -> OpenExecutor:
    """How to run on an executor that somebody else made, and will close."""
    return _supervised(lambda _: nullcontext(executor), clock)


def _supervised(open_inner: OpenExecutor, clock: Clock) -> OpenExecutor:
    from dli_adapters.supervision.executor import supervised  # noqa: PLC0415 - brings pyarrow

    return supervised(open_inner, clock)
