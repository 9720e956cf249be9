"""Every configuration key: its type, default, limits, variable, and older spellings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from dli_domain.model.run import DataSource, ExecutionMode
from dli_domain.precedence import Key

ANY = "*"
ENGINES = ("bigquery", "duckdb", "trino")
MAX_TIMEOUT_SECONDS = 3600


class Kind(Enum):
    """What a value must be."""

    TEXT = auto()
    PROSE = auto()  # may be empty
    INTEGER = auto()
    BOOLEAN = auto()
    CHOICE = auto()
    BYTES = auto()
    MEMORY = auto()
    PATH = auto()
    URL = auto()
    ADDRESS = auto()
    SECRET = auto()
    TEXTS = auto()
    RULES = auto()
    FREE = auto()
    UNUSED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key. `idle` says why it has no effect in this version, where it has none.

    `default` is what counts where nobody says anything; `assumed` is what is shown instead of
    None where another place decides (a spec's own timeout comes before 300 seconds).
    """

    path: Key
    kind: Kind
    default: object = None
    assumed: object = None
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int | None = None
    variable: str | None = None
    in_files: bool = True
    idle: str | None = None

    @property
    def name(self) -> str:
        """The key as users write it."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Alias:
    """An older or shorter spelling of `target`."""

    target: Key
    deprecated: bool = True


Section = dict[str, "Section | Setting | Alias"]


def _s(name: str, kind: Kind, **rest: object) -> Setting:
    return Setting(path=tuple(name.split(".")), kind=kind, **rest)  # type: ignore[arg-type]  # each rest is a field of Setting


_NO_TRINO = "Trino is not available in this version"
_NOT_READ = "it has no effect in this version"

SETTINGS: tuple[Setting, ...] = (
    _s("version", Kind.CHOICE, default="1", choices=("1",)),
    _s("project.name", Kind.TEXT, default="unnamed"),
    _s("project.description", Kind.PROSE, default=""),
    _s("discovery.datasets_dir", Kind.TEXT, default="datasets"),
    _s("discovery.metrics_dir", Kind.TEXT, default="metrics"),
    _s("discovery.dataset_patterns", Kind.TEXTS),
    _s("discovery.metric_patterns", Kind.TEXTS),
    _s("discovery.sql_patterns", Kind.TEXTS, idle="a spec names its SQL file by 'query_file'"),
    _s("defaults.dialect", Kind.TEXT, default="trino"),
    _s("defaults.timeout_seconds", Kind.INTEGER, minimum=1, maximum=86_400),
    _s("defaults.retry_count", Kind.INTEGER, idle="dli decides itself what is safe to repeat"),
    _s("defaults.retry_delay_seconds", Kind.INTEGER, idle="dli decides itself what to repeat"),
    _s(
        "execution.default_mode",
        Kind.CHOICE,
        default="local",
        choices=tuple(mode.value for mode in ExecutionMode),
        variable="DLI_EXECUTION_MODE",
    ),
    _s("execution.source", Kind.CHOICE, choices=tuple(source.value for source in DataSource)),
    _s(
        "execution.timeout",
        Kind.INTEGER,
        assumed=300,
        minimum=1,
        maximum=MAX_TIMEOUT_SECONDS,
        variable="DLI_TIMEOUT",
    ),
    _s("execution.dialect", Kind.TEXT, variable="DLI_DIALECT"),
    _s("execution.max_bytes", Kind.BYTES, minimum=1, variable="DLI_MAX_BYTES"),
    _s("execution.dry_run", Kind.BOOLEAN, default=False, variable="DLI_DRY_RUN", in_files=False),
    _s("execution.max_rows", Kind.INTEGER, idle="all rows are given, there is no hidden limit"),
    _s("execution.server.verify_ssl", Kind.BOOLEAN, idle="certificates are always verified"),
    _s(f"execution.trino.{ANY}", Kind.UNUSED, idle=_NO_TRINO),
    _s("local.engine", Kind.CHOICE, default="bigquery", choices=ENGINES, variable="DLI_ENGINE"),
    _s("local.bigquery.project", Kind.TEXT),
    _s("local.bigquery.location", Kind.TEXT, default="US"),
    _s("local.bigquery.credentials_path", Kind.PATH),
    _s("local.bigquery.impersonate_service_account", Kind.TEXT),
    _s("local.bigquery.endpoint", Kind.ADDRESS, variable="BIGQUERY_EMULATOR_HOST"),
    _s("local.bigquery.storage_endpoint", Kind.ADDRESS),
    _s("local.bigquery.maximum_bytes_billed", Kind.BYTES, minimum=1),
    _s("local.bigquery.job_timeout_ms", Kind.INTEGER, idle="'execution.timeout' is the limit"),
    _s("local.duckdb.path", Kind.PATH, default=":memory:"),
    _s("local.duckdb.read_only", Kind.BOOLEAN, default=False),
    _s("local.duckdb.memory_limit", Kind.MEMORY),
    _s("local.duckdb.threads", Kind.INTEGER, minimum=1, maximum=1024),
    _s(f"local.duckdb.attach.{ANY}.path", Kind.PATH),
    _s(f"local.duckdb.attach.{ANY}.read_only", Kind.BOOLEAN),
    _s(f"local.duckdb.sources.{ANY}.path", Kind.PATH),
    _s(
        f"local.duckdb.sources.{ANY}.format",
        Kind.CHOICE,
        choices=("csv", "json", "ndjson", "parquet"),
    ),
    _s(f"local.trino.{ANY}", Kind.UNUSED, idle=_NO_TRINO),
    _s("server.url", Kind.URL, variable="DLI_SERVER_URL"),
    _s("server.api_key", Kind.SECRET, variable="DLI_API_TOKEN"),
    _s("server.timeout", Kind.INTEGER, default=30, minimum=1, maximum=MAX_TIMEOUT_SECONDS),
    _s("server.ca_file", Kind.PATH, variable="DLI_SERVER_CA_FILE"),
    _s(f"vars.{ANY}", Kind.FREE),
    _s("templates.env_vars", Kind.TEXTS, default=()),
    _s("transpile.rules", Kind.RULES, default=()),
    _s("active_environment", Kind.TEXT, variable="DLI_ENVIRONMENT"),
    _s(
        "trace",
        Kind.CHOICE,
        default="error_only",
        choices=("always", "error_only", "never"),
        variable="DLI_TRACE",
        idle=_NOT_READ,
    ),
    _s("verbose", Kind.BOOLEAN, default=False, variable="DLI_VERBOSE", in_files=False),
    _s("parameters", Kind.FREE, variable="DLI_PARAMETERS", in_files=False),
)

ALIASES: Mapping[str, Alias] = MappingProxyType(
    {
        "execution.mode": Alias(("execution", "default_mode")),
        "execution.timeout_seconds": Alias(("execution", "timeout")),
        "execution.server.url": Alias(("server", "url")),
        "execution.server.api_token": Alias(("server", "api_key")),
        "execution.bigquery.project": Alias(("local", "bigquery", "project")),
        "execution.bigquery.location": Alias(("local", "bigquery", "location")),
        "execution.bigquery.credentials_path": Alias(("local", "bigquery", "credentials_path")),
        "execution.bigquery.job_timeout_ms": Alias(("local", "bigquery", "job_timeout_ms")),
        f"variables.{ANY}": Alias(("vars", ANY), deprecated=False),
        f"local.duckdb.attach.{ANY}": Alias(("local", "duckdb", "attach", ANY, "path"), False),
        f"local.duckdb.sources.{ANY}": Alias(("local", "duckdb", "sources", ANY, "path"), False),
    }
)
# What `environments.<name>` may say flat, besides the sections themselves.
_FLAT: Mapping[str, Key] = MappingProxyType(
    {
        "server_url": ("server", "url"),
        "api_key": ("server", "api_key"),
        "dialect": ("execution", "dialect"),
        "timeout_seconds": ("execution", "timeout"),
        "execution_mode": ("execution", "default_mode"),
    }
)
_FLAT_IDLE = ("connection_string", "catalog", "schema")
_ENVIRONMENT_SECTIONS = (
    "defaults",
    "execution",
    "local",
    "server",
    "templates",
    "transpile",
    "variables",
    "vars",
)
# A section that may be written as one value: the shorthand for its `path`.
SHORTHAND = "path"

BY_PATH: Mapping[Key, Setting] = MappingProxyType({s.path: s for s in SETTINGS})
BY_VARIABLE: Mapping[str, Setting] = MappingProxyType(
    {s.variable: s for s in SETTINGS if s.variable}
)
# Read elsewhere, or free to use in ${...}; nobody misspelled them.
OTHER_VARIABLES = frozenset({"DLI_API_KEY", "DLI_HOME", "DLI_PROJECT_PATH", "DLI_STRICT"})
FREE_PREFIX = "DLI_SECRET_"


def _build() -> Section:
    root: Section = {}
    for setting in SETTINGS:
        if setting.in_files:
            _plant(root, setting.path, setting)
    for name, alias in ALIASES.items():
        path = tuple(name.split("."))
        if path[-1] != ANY or path[-2] == "variables":
            _plant(root, path, alias)
    environment: Section = {name: root[name] for name in _ENVIRONMENT_SECTIONS}
    for flat, target in _FLAT.items():
        environment[flat] = Alias(target, deprecated=False)
    for idle in _FLAT_IDLE:
        environment[idle] = Setting(path=(idle,), kind=Kind.UNUSED, idle=_NOT_READ)
    root["environments"] = {ANY: environment}
    return root


def _plant(root: Section, path: Key, leaf: "Setting | Alias") -> None:
    section = root
    for part in path[:-1]:
        below = section.setdefault(part, {})
        if not isinstance(below, dict):
            raise TypeError(f"{'.'.join(path)} stands below a value")
        section = below
    section[path[-1]] = leaf


TREE: Section = _build()


def setting_of(key: Key) -> Setting | None:
    """The setting that a concrete key such as `vars.region` belongs to."""
    return BY_PATH.get(key) or next((s for s in _wild() if _matches(s.path, key)), None)


def key_of(name: str) -> Key | None:
    """The key that a dotted name means; names below `attach`, `sources`, `vars` may hold dots."""
    parts = tuple(name.split("."))
    return _concrete(parts, TREE, ())


def names() -> Iterator[str]:
    """Every key as users write it in files, for suggestions."""
    yield from (s.name for s in SETTINGS if s.in_files)


def _wild() -> Iterator[Setting]:
    return (s for s in SETTINGS if ANY in s.path)


def _matches(pattern: Key, key: Key) -> bool:
    return len(pattern) == len(key) and all(
        p in (ANY, k) for p, k in zip(pattern, key, strict=True)
    )


def _concrete(parts: Key, section: Section, above: Key) -> Key | None:
    if not parts or not all(parts):
        return None
    below = section.get(parts[0])
    if below is None and ANY in section:
        return _named(parts, section[ANY], above)
    if isinstance(below, Setting):
        return (*above, parts[0]) if len(parts) == 1 else None
    if isinstance(below, Alias):
        return _prefixed(above, below.target) if len(parts) == 1 else None
    return None if below is None else _concrete(parts[1:], below, (*above, parts[0]))


def _named(parts: Key, leaf: "Section | Setting | Alias", above: Key) -> Key | None:
    if isinstance(leaf, Setting):
        return (*above, ".".join(parts))
    if isinstance(leaf, Alias):
        return (*_prefixed(above, leaf.target)[:-1], ".".join(parts))
    if "server_url" in leaf:
        return _concrete(parts[1:], leaf, (*above, parts[0]))
    # attach and sources: a name with dots, then perhaps one of its keys
    if len(parts) > 1 and parts[-1] in leaf:
        return (*above, ".".join(parts[:-1]), parts[-1])
    return (*above, ".".join(parts), SHORTHAND)


def _prefixed(above: Key, target: Key) -> Key:
    return (*above[:2], *target) if above[:1] == ("environments",) else target
