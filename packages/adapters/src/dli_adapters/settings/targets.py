"""A configuration to the domain's settings: paths made absolute, the guard asked."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from dli_adapters.settings.configuration import Configuration, Resolved, reading_asks
from dli_adapters.settings.guard import (
    Grant,
    Sourced,
    credentials_asks,
    endpoint_asks,
    impersonation_asks,
    require,
    server_asks,
    server_needs,
)
from dli_adapters.settings.placeholders import Template
from dli_adapters.settings.schema import ENGINES, Kind, setting_of
from dli_adapters.settings.secrecy import is_secret_variable
from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.run import DataSource, ExecutionMode
from dli_domain.model.secret import Secret
from dli_domain.model.settings import (
    AttachedDatabase,
    BigQueryTarget,
    DuckDbTarget,
    ProjectSettings,
    ServerTarget,
    Settings,
    SourceFile,
)
from dli_domain.model.transpile import TableRule
from dli_domain.precedence import Key, Said, choose_engine

_ENDPOINTS = ("local.bigquery.endpoint", "local.bigquery.storage_endpoint")
_CREDENTIALS = "local.bigquery.credentials_path"
_ACCOUNT = "local.bigquery.impersonate_service_account"
_ENV_VARS = "templates.env_vars"
_GOOGLE = "your Google credentials (application default credentials)"


def settings_of(configuration: Configuration) -> Settings:
    """What a composition root needs; only what the chosen mode and engine use is filled in.

    Raises:
        ConfigError: a value that is used is missing, wrong, or not to be trusted.
    """
    get = configuration.get
    mode = ExecutionMode(str(get("execution.default_mode")))
    engine = engine_of(configuration)
    source = _source(configuration, mode)
    local = mode is ExecutionMode.LOCAL
    return Settings(
        mode=mode,
        source=source,
        engine=engine,
        timeout=cast("int | None", get("execution.timeout")),
        dialect=cast("str | None", get("execution.dialect")),
        max_bytes=cast("int | None", get("execution.max_bytes")),
        dry_run=bool(get("execution.dry_run")),
        project=project_settings(configuration),
        duckdb=duckdb_target(configuration) if local and engine == "duckdb" else DuckDbTarget(),
        bigquery=bigquery_target(configuration)
        if local and engine == "bigquery"
        else BigQueryTarget(),
        server=server_target(configuration)
        if mode is ExecutionMode.SERVER or source is DataSource.SERVER
        else None,
        policy_server=_policy_server(configuration) if local else None,
        env=_template_env(configuration),
        parameters=cast("Mapping[str, object]", get("parameters") or {}),
        transpile_rules=_transpile_rules(configuration),
    )


def _source(configuration: Configuration, mode: ExecutionMode) -> DataSource:
    """Where specs are read: as said; else in the project, and without one where the run is."""
    said = configuration.get("execution.source")
    if said is not None:
        return DataSource(str(said))
    without = configuration.project is None and mode is ExecutionMode.SERVER
    return DataSource.SERVER if without else DataSource.LOCAL


def _transpile_rules(configuration: Configuration) -> tuple[TableRule, ...]:
    said = configuration.said("transpile.rules")
    rules = cast("tuple[Mapping[str, Any], ...]", configuration.get("transpile.rules") or ())
    return tuple(TableRule(**rule, location=said.location if said else None) for rule in rules)


def engine_of(configuration: Configuration) -> str:
    """The engine's name, by who says it."""
    engine, dialect = (
        configuration.said("local.engine"),
        configuration.said("execution.dialect"),
    )
    if engine is None:
        raise TypeError("local.engine has no default")
    chosen = choose_engine(engine, dialect, ENGINES)
    return str(configuration.get("local.engine") if chosen is engine else chosen.value)


def project_settings(configuration: Configuration) -> ProjectSettings:
    """What is said of the project."""
    get, usual = configuration.get, ProjectSettings()
    return ProjectSettings(
        root=str(configuration.project.root) if configuration.project else None,
        name=str(get("project.name")),
        description=str(get("project.description")),
        datasets_dir=str(get("discovery.datasets_dir")),
        metrics_dir=str(get("discovery.metrics_dir")),
        dataset_patterns=_texts(get("discovery.dataset_patterns")) or usual.dataset_patterns,
        metric_patterns=_texts(get("discovery.metric_patterns")) or usual.metric_patterns,
        default_dialect=str(get("execution.dialect") or get("defaults.dialect")),
        default_timeout_seconds=cast("int | None", get("defaults.timeout_seconds")),
        variables={name: value.value for name, value in _below(configuration, ("vars",))},
        allowed_env=_texts(get(_ENV_VARS)),
    )


def duckdb_target(configuration: Configuration) -> DuckDbTarget:
    """Which DuckDB, with absolute paths.

    Raises:
        ConfigError: an attached file or a source has no path, or a value is wrong.
    """
    get = configuration.get
    attached = _named(configuration, "attach")
    sources = _named(configuration, "sources")
    return DuckDbTarget(
        path=_path(configuration, "local.duckdb.path") or ":memory:",
        read_only=bool(get("local.duckdb.read_only")),
        memory_limit=cast("str | None", get("local.duckdb.memory_limit")),
        threads=cast("int | None", get("local.duckdb.threads")),
        attach=tuple(
            AttachedDatabase(alias=alias, path=path, read_only=bool(rest.get("read_only")))
            for alias, path, rest in attached
        ),
        sources=tuple(
            SourceFile(name=name, path=path, format=cast("str | None", rest.get("format")))
            for name, path, rest in sources
        ),
    )


def bigquery_target(configuration: Configuration) -> BigQueryTarget:
    """Which BigQuery, as whom.

    Raises:
        ConfigError: DLI-008, a checkout redirects the user's credentials.
    """
    require(
        _bigquery_asks(configuration),
        configuration.approved,
        root=configuration.checkout,
        theirs=_GOOGLE,
    )
    get = configuration.get
    return BigQueryTarget(
        project=cast("str | None", get("local.bigquery.project")),
        location=str(get("local.bigquery.location")),
        credentials_path=_path(configuration, _CREDENTIALS),
        impersonate_service_account=cast("str | None", get(_ACCOUNT)),
        endpoint=cast("str | None", get("local.bigquery.endpoint")),
        storage_endpoint=cast("str | None", get("local.bigquery.storage_endpoint")),
        maximum_bytes_billed=cast("int | None", get("local.bigquery.maximum_bytes_billed")),
    )


def _policy_server(configuration: Configuration) -> ServerTarget | None:
    """The server whose policy a local run keeps; none that is broken or not trusted.

    A run that needs no server must not fail for one.
    """
    try:
        return server_target(configuration)
    except ConfigError:
        return None


def server_target(configuration: Configuration) -> ServerTarget | None:
    """Which server, with a token only if it may go there; None where no server is configured.

    Raises:
        ConfigError: DLI-008, the checkout names a server for the user's token.
    """
    url = configuration.sourced("server.url")
    if url is None:
        return None
    token = configuration.sourced("server.api_key")
    theirs = f"server.api_key ({token.place})" if token is not None else "no token"
    require(
        server_needs(url, token, _own_url(configuration)),
        configuration.approved,
        root=configuration.checkout,
        theirs=theirs,
    )
    return ServerTarget(
        url=url.value,
        api_key=Secret(token.value) if token is not None else None,
        timeout=cast("int", configuration.get("server.timeout")),
        ca_file=_ca_file(configuration),
    )


def _ca_file(configuration: Configuration) -> str | None:
    file = configuration.sourced("server.ca_file")
    if file is None:
        return None
    if file.foreign:
        raise ConfigError(
            f"'server.ca_file' ({file.place}) comes with the checkout, which may not say whose "
            "certificates are believed",
            code=ErrorCode.CONFIG_UNTRUSTED,
            hint="Set it with 'dli config set --global server.ca_file FILE', or in "
            "DLI_SERVER_CA_FILE.",
        )
    return _path(configuration, "server.ca_file")


def asked_by_checkout(configuration: Configuration) -> tuple[Grant, ...]:
    """Everything that `dli config trust` would allow, whether or not it is needed now."""
    found: list[Grant] = []
    url = _from_checkout(configuration, "server.url")
    if url is not None:
        found.extend(server_asks(url, _token(configuration)))
    found.extend(_bigquery_asks(configuration))
    found.extend(_env_asks(configuration))
    for key, said in sorted(configuration.values.items()):
        setting = setting_of(key)
        if said.from_checkout and setting is not None and setting.kind is not Kind.SECRET:
            found.extend(reading_asks(".".join(key), said))
    return tuple(dict.fromkeys(found))


def _from_checkout(configuration: Configuration, name: str) -> Sourced | None:
    """The value if the checkout decides it; what is the user's own is not even filled in."""
    said = configuration.said(name)
    if said is None or not said.from_checkout:
        return None
    sourced = configuration.sourced(name)
    return sourced if sourced is not None and sourced.foreign else None


def _token(configuration: Configuration) -> Sourced | None:
    """What the checkout says of the token; its variable may be unset while trust is given."""
    said = configuration.said("server.api_key")
    if said is None or not isinstance(said.value, Template) or not said.from_checkout:
        return None
    text = said.value.text
    return Sourced(key="server.api_key", value="", place=said.place, foreign=False, written=text)


def _bigquery_asks(configuration: Configuration) -> Iterator[Grant]:
    for name in _ENDPOINTS:
        endpoint = _from_checkout(configuration, name)
        if endpoint is not None:
            yield from endpoint_asks(endpoint)
    path = _from_checkout(configuration, _CREDENTIALS)
    if path is not None:
        place = _path(configuration, _CREDENTIALS) or path.value
        yield from credentials_asks(replace(path, value=place))
    account = _from_checkout(configuration, _ACCOUNT)
    if account is not None:
        yield from impersonation_asks(account)


def _own_url(configuration: Configuration) -> str | None:
    key = ("server", "url")
    setting = setting_of(key)
    for said in configuration.history(key):
        if not said.from_checkout and setting is not None and said.value is not None:
            return str(configuration.resolve_said(key, setting, said).value)
    return None


def _env_asks(configuration: Configuration) -> Iterator[Grant]:
    said = configuration.said(_ENV_VARS)
    if said is None or not said.from_checkout:
        return
    for name in _texts(said.value):
        if is_secret_variable(name):
            yield Grant(
                key=_ENV_VARS,
                wants=name,
                place=said.place,
                gets="templates can put this variable of yours into SQL",
            )


def _template_env(configuration: Configuration) -> Mapping[str, str]:
    require(
        _env_asks(configuration),
        configuration.approved,
        root=configuration.checkout,
        theirs="the variables of your environment",
    )
    seen = {**configuration.dotenv, **configuration.inputs.environ}
    return {name: seen[name] for name in _texts(configuration.get(_ENV_VARS)) if name in seen}


def _below(configuration: Configuration, prefix: Key) -> Iterator[tuple[str, Resolved]]:
    for key in sorted(configuration.values):
        if key[: len(prefix)] == prefix:
            resolved = configuration.resolve(key)
            if resolved is not None:
                yield ".".join(key[len(prefix) :]), resolved


def _named(
    configuration: Configuration, section: str
) -> Iterator[tuple[str, str, dict[str, object]]]:
    """The entries of `local.duckdb.<section>`: name, absolute path, the other keys."""
    prefix = ("local", "duckdb", section)
    found: dict[str, dict[str, Resolved]] = {}
    for key in sorted(configuration.values):
        if key[:3] == prefix:
            resolved = configuration.resolve(key)
            if resolved is not None:
                found.setdefault(key[3], {})[key[4]] = resolved
    for name, keys in found.items():
        path = keys.get("path")
        if path is None or path.value is None:
            said: Said = next(iter(keys.values())).said
            raise ConfigError(
                f"'local.duckdb.{section}.{name}' has no path",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
                hint=f"Add 'path', or write {name}: <path>.",
                location=said.location,
            )
        yield name, _absolute(configuration, path), {k: r.value for k, r in keys.items()}


def _path(configuration: Configuration, name: str) -> str | None:
    resolved = configuration.resolve(tuple(name.split(".")))
    if resolved is None or resolved.value is None:
        return None
    return _absolute(configuration, resolved)


def _absolute(configuration: Configuration, resolved: Resolved) -> str:
    text = str(resolved.value)
    if text == ":memory:" or "://" in text:
        return text
    if text == "~" or text.startswith("~/"):
        return os.path.normpath(configuration.inputs.home / text[2:])
    folder = resolved.said.folder or str(configuration.inputs.cwd)
    return os.path.normpath(Path(folder) / text)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, tuple | list) else ()
