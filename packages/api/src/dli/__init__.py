"""Datasets, metrics and quality tests from Python.

    from dli import DatasetAPI

    result = DatasetAPI().run("nyc.marts.daily_delays", parameters={"from_date": "2013-01-31"})

Names are loaded when they are first used: importing `dli` imports no engine, no SQL parser
and no configuration library.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dli._catalog import CatalogAPI, CatalogListResult, CatalogSearchResult
    from dli._config import ConfigAPI
    from dli._context import ExecutionContext
    from dli._datasets import DatasetAPI
    from dli._factory import ExecutorFactory
    from dli._lineage import LineageAPI, LineageDirection, LineageResult
    from dli._metrics import MetricAPI
    from dli._quality import QualityAPI, QualityInfo
    from dli._queries import QueryAPI, QueryCancelResult, QueryListResult
    from dli._transpile import TranspileAPI, TranspileResult
    from dli._workflow_results import (
        WorkflowBackfillResult,
        WorkflowInfo,
        WorkflowRunInfo,
        WorkflowRunResult,
    )
    from dli._workflows import WorkflowAPI
    from dli_adapters.memory.executor import MockExecutor
    from dli_domain.errors import (
        CatalogError,
        ConfigError,
        DliError,
        EngineError,
        EngineNotInstalledError,
        ErrorCode,
        ExecutionCancelledError,
        ExecutionConnectionError,
        ExecutionError,
        ExecutionLimitError,
        ExecutionPermissionError,
        ExecutionQueryError,
        ExecutionTimeoutError,
        ExecutionUnknownError,
        OutputError,
        ParameterError,
        PolicyError,
        QueryHistoryError,
        ResultInvalidError,
        ServerAuthError,
        ServerError,
        ServerExecutionError,
        ServerUnreachableError,
        SpecInvalidError,
        SpecNotFoundError,
        SqlError,
        TemplateError,
        WorkflowConflictError,
        WorkflowError,
        WorkflowNotFoundError,
        WorkflowPermissionError,
        WorkflowStateError,
        WorkflowUnavailableError,
        WorkflowUnknownError,
    )
    from dli_domain.model.catalog import TableDetail, TableInfo
    from dli_domain.model.history import QueryDetail, QueryInfo, QueryScope, QueryState
    from dli_domain.model.quality import QualityReport, QualitySpec, Verdict
    from dli_domain.model.result import QueryResult
    from dli_domain.model.run import DataSource, ExecutionMode, ExecutionResult, ResultStatus
    from dli_domain.ports.query_executor import QueryExecutor

__version__ = "0.1.0"

__all__ = [
    "CatalogAPI",
    "CatalogError",
    "CatalogListResult",
    "CatalogSearchResult",
    "ConfigAPI",
    "ConfigError",
    "DataSource",
    "DatasetAPI",
    "DliError",
    "EngineError",
    "EngineNotInstalledError",
    "ErrorCode",
    "ExecutionCancelledError",
    "ExecutionConnectionError",
    "ExecutionContext",
    "ExecutionError",
    "ExecutionLimitError",
    "ExecutionMode",
    "ExecutionPermissionError",
    "ExecutionQueryError",
    "ExecutionResult",
    "ExecutionTimeoutError",
    "ExecutionUnknownError",
    "ExecutorFactory",
    "LineageAPI",
    "LineageDirection",
    "LineageResult",
    "MetricAPI",
    "MockExecutor",
    "OutputError",
    "ParameterError",
    "PolicyError",
    "QualityAPI",
    "QualityInfo",
    "QualityReport",
    "QualitySpec",
    "QueryAPI",
    "QueryCancelResult",
    "QueryDetail",
    "QueryExecutor",
    "QueryHistoryError",
    "QueryInfo",
    "QueryListResult",
    "QueryResult",
    "QueryScope",
    "QueryState",
    "ResultInvalidError",
    "ResultStatus",
    "ServerAuthError",
    "ServerError",
    "ServerExecutionError",
    "ServerUnreachableError",
    "SpecInvalidError",
    "SpecNotFoundError",
    "SqlError",
    "TableDetail",
    "TableInfo",
    "TemplateError",
    "TranspileAPI",
    "TranspileResult",
    "Verdict",
    "WorkflowAPI",
    "WorkflowBackfillResult",
    "WorkflowConflictError",
    "WorkflowError",
    "WorkflowInfo",
    "WorkflowNotFoundError",
    "WorkflowPermissionError",
    "WorkflowRunInfo",
    "WorkflowRunResult",
    "WorkflowStateError",
    "WorkflowUnavailableError",
    "WorkflowUnknownError",
    "__version__",
]

_HOMES = {
    "CatalogAPI": "dli._catalog",
    "CatalogListResult": "dli._catalog",
    "CatalogSearchResult": "dli._catalog",
    "ConfigAPI": "dli._config",
    "DataSource": "dli_domain.model.run",
    "DatasetAPI": "dli._datasets",
    "ErrorCode": "dli_domain.errors",
    "ExecutionContext": "dli._context",
    "ExecutionMode": "dli_domain.model.run",
    "ExecutionResult": "dli_domain.model.run",
    "ExecutorFactory": "dli._factory",
    "LineageAPI": "dli._lineage",
    "LineageDirection": "dli._lineage",
    "LineageResult": "dli._lineage",
    "MetricAPI": "dli._metrics",
    "MockExecutor": "dli_adapters.memory.executor",
    "QualityAPI": "dli._quality",
    "QualityInfo": "dli._quality",
    "QualityReport": "dli_domain.model.quality",
    "QualitySpec": "dli_domain.model.quality",
    "QueryAPI": "dli._queries",
    "QueryCancelResult": "dli._queries",
    "QueryDetail": "dli_domain.model.history",
    "QueryExecutor": "dli_domain.ports.query_executor",
    "QueryInfo": "dli_domain.model.history",
    "QueryListResult": "dli._queries",
    "QueryResult": "dli_domain.model.result",
    "QueryScope": "dli_domain.model.history",
    "QueryState": "dli_domain.model.history",
    "ResultStatus": "dli_domain.model.run",
    "TableDetail": "dli_domain.model.catalog",
    "TableInfo": "dli_domain.model.catalog",
    "TranspileAPI": "dli._transpile",
    "TranspileResult": "dli._transpile",
    "Verdict": "dli_domain.model.quality",
    "WorkflowAPI": "dli._workflows",
    "WorkflowBackfillResult": "dli._workflow_results",
    "WorkflowInfo": "dli._workflow_results",
    "WorkflowRunInfo": "dli._workflow_results",
    "WorkflowRunResult": "dli._workflow_results",
}


if not TYPE_CHECKING:  # a checker that saw this would let every misspelling pass

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES.get(name, "dli_domain.errors")), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
