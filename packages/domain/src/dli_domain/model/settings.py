"""Settings as plain values, resolved: no layers, no files, no environment any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dli_domain.model.run import DataSource, ExecutionMode
from dli_domain.model.secret import Secret
from dli_domain.model.transpile import TableRule


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedDatabase:
    """A DuckDB file that stands for a catalog, so that three-part names work."""

    alias: str
    path: str
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A view `name` (dotted) over CSV, Parquet or JSON files; `path` may hold `*`."""

    name: str
    path: str
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuckDbTarget:
    """Which DuckDB to open. Paths are absolute, or `:memory:`.

    A `confined` one serves others: its sessions reach no file but those named here, no network
    and no setting, and spill no more than `max_temp_directory_size` in all.
    """

    path: str = ":memory:"
    read_only: bool = False
    memory_limit: str | None = None
    threads: int | None = None
    attach: tuple[AttachedDatabase, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    confined: bool = False
    max_temp_directory_size: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BigQueryTarget:
    """Which BigQuery to talk to, and as whom. Application default credentials unless said."""

    project: str | None = None
    location: str = "US"
    credentials_path: str | None = None
    impersonate_service_account: str | None = None
    endpoint: str | None = None
    storage_endpoint: str | None = None
    maximum_bytes_billed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTarget:
    """Which Basecamp server to talk to.

    `timeout` bounds one request, in seconds. `ca_file` holds certificates of a private authority.
    """

    url: str
    api_key: Secret | None = None
    timeout: int = 30
    ca_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """What `dli.yaml` says of the project; `root` is its absolute folder, None without one."""

    root: str | None = None
    name: str = "unnamed"
    description: str = ""
    datasets_dir: str = "datasets"
    metrics_dir: str = "metrics"
    dataset_patterns: tuple[str, ...] = (
        "dataset.*.yaml",
        "dataset.*.yml",
        "dataset.yaml",
        "dataset.yml",
    )
    metric_patterns: tuple[str, ...] = (
        "metric.*.yaml",
        "metric.*.yml",
        "metric.yaml",
        "metric.yml",
    )
    default_dialect: str = "trino"
    default_timeout_seconds: int | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    allowed_env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a composition root needs to know.

    `timeout` is None where nobody set it: then a spec's own `timeout_seconds` counts before
    the default of 300 seconds. `env` holds the variables that templates may read.
    `server` is there where a run or its spec needs it, `policy_server` where a local run only
    keeps to what it allows.
    """

    mode: ExecutionMode = ExecutionMode.LOCAL
    source: DataSource = DataSource.LOCAL
    engine: str = "bigquery"
    timeout: int | None = None
    dialect: str | None = None
    max_bytes: int | None = None
    dry_run: bool = False
    project: ProjectSettings = field(default_factory=ProjectSettings)
    duckdb: DuckDbTarget = field(default_factory=DuckDbTarget)
    bigquery: BigQueryTarget = field(default_factory=BigQueryTarget)
    server: ServerTarget | None = None
    policy_server: ServerTarget | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
    transpile_rules: tuple[TableRule, ...] = ()
