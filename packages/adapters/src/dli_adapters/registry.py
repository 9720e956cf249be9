"""Engine name to executor: the only place of late imports of adapters."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType

from dli_adapters.extras import needs
from dli_domain.errors import ConfigError
from dli_domain.model.names import did_you_mean
from dli_domain.model.run import RunScope
from dli_domain.model.settings import Settings
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor

OpenExecutor = Callable[[RunScope], AbstractContextManager[QueryExecutor]]


def _bigquery(settings: Settings) -> OpenExecutor:
    with needs("bigquery", "google.cloud.bigquery"):
        from dli_adapters.bigquery.executor import BigQueryExecutor  # noqa: PLC0415 - its driver only
    return lambda scope: BigQueryExecutor.connect(settings.bigquery, scope)


def _duckdb(settings: Settings) -> OpenExecutor:
    with needs("duckdb", "duckdb"):
        from dli_adapters.duckdb.executor import DuckDbExecutor  # noqa: PLC0415 - its driver only
    return lambda scope: DuckDbExecutor.connect(settings.duckdb, scope)


ENGINES: Mapping[str, Callable[[Settings], OpenExecutor]] = MappingProxyType(
    {"bigquery": _bigquery, "duckdb": _duckdb}
)

# The configuration may name these already.
_PLANNED = frozenset({"trino"})


def open_executor(settings: Settings, clock: Clock) -> OpenExecutor:
    """How to open the engine that the settings name; only its driver is imported.

    What is opened keeps the run's deadline and can be cancelled while it waits.

    Raises:
        ConfigError: there is no such engine.
        EngineNotInstalledError: its driver is not installed.
    """
    return _supervised(open_bare(settings), clock)


def open_bare(settings: Settings) -> OpenExecutor:
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
    return build(settings)


def injected(executor: QueryExecutor, clock: Clock) -> OpenExecutor:
    """How to run on an executor that somebody else made, and will close."""
    return _supervised(lambda _: nullcontext(executor), clock)


def _supervised(open_inner: OpenExecutor, clock: Clock) -> OpenExecutor:
    from dli_adapters.supervision.executor import supervised  # noqa: PLC0415 - brings pyarrow

    return supervised(open_inner, clock)
