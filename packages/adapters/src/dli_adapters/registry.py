"""Engine name to executor: the only place of late imports of adapters."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType

from dli_adapters.extras import needs
from dli_domain.errors import ConfigError
from dli_domain.model.names import did_you_mean
from dli_domain.model.run import RunScope
from dli_domain.model.settings import Settings
from dli_domain.ports.query_executor import QueryExecutor

OpenExecutor = Callable[[RunScope], AbstractContextManager[QueryExecutor]]


def _bigquery(settings: Settings) -> OpenExecutor:
    with needs("bigquery", "google.cloud.bigquery"):
        from dli_adapters.bigquery.executor import BigQueryExecutor
    return lambda scope: BigQueryExecutor.connect(settings.bigquery, scope)


def _duckdb(settings: Settings) -> OpenExecutor:
    with needs("duckdb", "duckdb"):
        from dli_adapters.duckdb.executor import DuckDbExecutor
    return lambda scope: DuckDbExecutor.connect(settings.duckdb, scope)


ENGINES: Mapping[str, Callable[[Settings], OpenExecutor]] = MappingProxyType(
    {"bigquery": _bigquery, "duckdb": _duckdb}
)


def open_executor(settings: Settings) -> OpenExecutor:
    """How to open the engine that the settings name; only its driver is imported.

    Raises:
        ConfigError: there is no such engine.
        EngineNotInstalledError: its driver is not installed.
    """
    build = ENGINES.get(settings.engine)
    if build is None:
        raise ConfigError(
            f"Unknown engine {settings.engine!r}; known are {', '.join(sorted(ENGINES))}",
            hint=did_you_mean(settings.engine, ENGINES),
        )
    return build(settings)
