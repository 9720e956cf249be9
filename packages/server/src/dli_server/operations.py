"""What an operator does with a server; the command `dli server` calls these."""

from collections.abc import Callable, Iterable
from pathlib import Path

from dli_adapters.clock.system import SystemClock
from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.loader import load_settings
from dli_domain.model.settings import Settings
from dli_server.compose import compose
from dli_server.configuration import ServerConfig
from dli_server.http.scopes import Scope
from dli_server.keys.form import NewKey
from dli_server.keys.ring import KeyFacts, KeyRing
from dli_server.serving.running import serve
from dli_server.storage.opening import open_database


def project_settings(project: Path | None) -> Settings:
    """The settings of the project that the server runs, with its engines.

    Raises:
        ConfigError: there is no project, or its settings are wrong.
    """
    loaded = load_settings(
        SettingsInputs.of_process(project=project, overrides={"execution.default_mode": "local"})
    )
    loaded.require_project()
    return loaded.settings


def start(config: ServerConfig, project: Path | None, announce: Callable[[str], None]) -> None:
    """Serve a project until a signal comes.

    Args:
        config: The server's own settings.
        project: The project's folder; None for that around the working directory.
        announce: Called with the address once requests are answered.

    Raises:
        ConfigError: the project or the server's settings are wrong.
    """
    serve(compose(config, project_settings(project)), announce)


def create_key(
    config: ServerConfig,
    owner: str,
    scopes: Iterable[Scope],
    *,
    specs: tuple[str, ...] | None = None,
    days: int = 90,
) -> tuple[NewKey, KeyFacts]:
    """A new key; its text is shown once.

    Raises:
        ConfigError: see `KeyRing.create`.
    """
    return _ring(config).create(owner, scopes, specs=specs, days=days)


def list_keys(config: ServerConfig) -> tuple[KeyFacts, ...]:
    """Every key of the server, without its text."""
    return _ring(config).list()


def revoke_key(config: ServerConfig, key_id: str) -> bool:
    """Make a key worthless within a second; whether there was a live one."""
    return _ring(config).revoke(key_id)


def _ring(config: ServerConfig) -> KeyRing:
    return KeyRing(open_database(Path(config.state), config.database_url), SystemClock())
