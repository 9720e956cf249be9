"""A resource as its author declared it: a dataset or a metric, one shape with a kind."""

from dataclasses import dataclass, field
from enum import StrEnum

from dli_domain.model.names import ResourceName
from dli_domain.model.problems import Location


class ResourceKind(StrEnum):
    """What a spec describes: a table built by SQL, or a query."""

    DATASET = "dataset"
    METRIC = "metric"


class QueryType(StrEnum):
    """What the main statement does: give rows, or change data."""

    SELECT = "SELECT"
    DML = "DML"


class ParameterType(StrEnum):
    """Types a parameter may declare; `list` takes its item type from `items`."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    LIST = "list"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSpec:
    """One declared parameter. `default`, `enum`, `min` and `max` are as written, not converted.

    A scalar written in YAML stays its text (`007` is '007'), a list is a tuple of texts, an
    explicit null is None with `has_default` true.
    """

    name: str
    type: ParameterType = ParameterType.STRING
    items: ParameterType = ParameterType.STRING
    required: bool = True
    has_default: bool = False
    default: str | tuple[str, ...] | None = None
    description: str = ""
    enum: tuple[str, ...] = ()
    min: str | None = None
    max: str | None = None
    pattern: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSource:
    """A template's text and where it stands.

    `origin` is the place of the text's first character. Line n of the text stands on line
    `origin.line + n - 1` of the file; its columns are shifted by `indent`. `exact` is false
    where the file's form (a folded or quoted YAML scalar) hides the columns: then only the
    origin is told.
    """

    text: str
    origin: Location
    indent: int = 0
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSpec:
    """A statement that runs before or after the main one."""

    name: str
    sql: SqlSource
    continue_on_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureSpec:
    """An aggregate that METRIC() may expand to; `filters` are conditions joined by AND."""

    name: str
    aggregation: str
    expression: str
    description: str = ""
    filters: tuple[str, ...] = ()
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionSpec:
    """A column or expression a metric may be grouped by."""

    name: str
    expression: str
    type: str = "categorical"
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSpec:
    """A declared output column; `pii` marks personal data, which no sample shows."""

    name: str
    type: str = ""
    description: str = ""
    pii: bool = False
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSpec:
    """A version of the resource; active while `ended_at` is None. Dates are ISO text."""

    version: str
    started_at: str | None = None
    ended_at: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSpec:
    """How the spec wants to run; None means that the spec does not say."""

    dialect: str | None = None
    timeout_seconds: int | None = None
    retry_count: int | None = None
    retry_delay_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """When a workflow builds the dataset; `dli_domain.scheduling` computes the times.

    `cron` has five fields and is valid, `timezone` is an IANA name. `retries` counts the tries
    after the first. `quality` runs the dataset's quality tests after it. `start` is the ISO day
    of the first interval; with `catchup`, intervals since then that never ran are run.
    """

    cron: str
    timezone: str = "UTC"
    enabled: bool = True
    retries: int = 1
    retry_delay_seconds: int = 300
    quality: bool = False
    start: str | None = None
    catchup: bool = False
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSpec:
    """A dataset or a metric, whole: its SQL files are read.

    `depends_on_places` tells where each entry of `depends_on` stands, where the source knows.
    """

    kind: ResourceKind
    name: ResourceName
    owner: str
    team: str
    query_type: QueryType
    sql: SqlSource
    location: Location
    description: str = ""
    domains: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    versions: tuple[VersionSpec, ...] = ()
    parameters: tuple[ParameterSpec, ...] = ()
    pre_statements: tuple[StatementSpec, ...] = ()
    post_statements: tuple[StatementSpec, ...] = ()
    depends_on: tuple[str, ...] = ()
    depends_on_places: tuple[Location, ...] = ()
    columns: tuple[ColumnSpec, ...] = ()
    execution: ExecutionSpec = field(default_factory=ExecutionSpec)
    measures: tuple[MeasureSpec, ...] = ()
    dimensions: tuple[DimensionSpec, ...] = ()
    schedule: ScheduleSpec | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure and the metric that declares it."""

    metric: ResourceSpec
    spec: MeasureSpec

    @property
    def full_name(self) -> str:
        """`catalog.schema.metric.measure`."""
        return f"{self.metric.name}.{self.spec.name}"
