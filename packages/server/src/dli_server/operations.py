"""What an operator does with a server; the command `dli server` calls these."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from dli_adapters.clock.system import SystemClock
from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.loader import load_settings
from dli_domain.errors import ConfigError
from dli_domain.model.settings import Settings
from dli_server.audit.log import AuditEntry, AuditLog
from dli_server.audit.verifying import AuditVerdict, verify
from dli_server.configuration import ServerConfig
from dli_server.configuration_file import check, is_loopback, read_config
from dli_server.http.scopes import Scope
from dli_server.keys.form import NewKey
from dli_server.keys.ring import KeyFacts, KeyRing
from dli_server.serving.sole import sole_server
from dli_server.storage.opening import open_database

DEMO_OWNER = "demo"

__all__ = [
    "KeyFacts",
    "ServerConfig",
    "create_key",
    "list_keys",
    "now",
    "project_settings",
    "read_config",
    "revoke_key",
    "scopes",
    "start",
    "verify_audit",
]


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


def start(
    config: ServerConfig,
    project: Path | None,
    announce: Callable[[str, str | None], None],
    *,
    demo: bool = False,
) -> None:
    """Serve a project until a signal comes.

    Args:
        config: The server's own settings.
        project: The project's folder; None for that around the working directory.
        announce: Called with the address, and the key of a demo, once requests are answered.
        demo: Make a key with every scope that ends after a day; those of earlier demos are revoked.

    Raises:
        ConfigError: the project or the server's settings are wrong, another server runs on the
            same folder, or a demo would be reachable from other machines.
    """
    check(config)
    if demo and not is_loopback(config.host):
        raise ConfigError(
            f"A demo listens on this machine only, not on {config.host!r}",
            hint="Leave --host out, or start it without --demo and make keys of your own.",
        )
    settings = project_settings(project)
    # The keys and the audit log are kept without the engines and the web server.
    from dli_server.compose import compose  # noqa: PLC0415
    from dli_server.serving.running import serve  # noqa: PLC0415

    with sole_server(Path(config.state)):
        # Only now: a demo that runs on this folder keeps its key.
        key = _demo_key(config) if demo else None
        serve(compose(config, settings), lambda url: announce(url, key))


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
    made, facts = _ring(config).create(owner, scopes, specs=specs, days=days)
    _told(config, "key.created", facts.key_id, owner)
    return made, facts


def list_keys(config: ServerConfig) -> tuple[KeyFacts, ...]:
    """Every key of the server, without its text."""
    return _ring(config).list()


def revoke_key(config: ServerConfig, key_id: str) -> bool:
    """Make a key worthless within a second; whether there was a live one."""
    done = _ring(config).revoke(key_id)
    if done:
        _told(config, "key.revoked", key_id, None)
    return done


def verify_audit(config: ServerConfig, head: str | None = None) -> AuditVerdict:
    """Whether the audit log is as it was written."""
    return verify(Path(config.state), head)


def scopes(names: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes of these names."""
    return tuple(Scope(name) for name in names)


def now() -> datetime:
    """The moment, by which keys are live or ended."""
    return SystemClock().now()


def _demo_key(config: ServerConfig) -> str:
    for key in list_keys(config):
        if key.owner == DEMO_OWNER and key.revoked_at is None:
            revoke_key(config, key.key_id)
    return create_key(config, DEMO_OWNER, Scope, days=1)[0].text


def _told(config: ServerConfig, event: str, key_id: str, owner: str | None) -> None:
    log = AuditLog(Path(config.state), SystemClock())
    log.record(AuditEntry(event=event, key_id=key_id, owner=owner))


def _ring(config: ServerConfig) -> KeyRing:
    return KeyRing(open_database(Path(config.state), config.database_url), SystemClock())
