"""The server's configuration file: YAML with `${VARIABLES}`, each mistake with its place."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec

from dli_adapters.documents.nodes import MappingNode, Node, ScalarNode
from dli_adapters.documents.reader import read_yaml_file
from dli_adapters.settings.placeholders import fill, has_placeholder
from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.problems import Location
from dli_server.configuration import ServerConfig

_PATHS = ("state", "tls_certificate", "tls_key")


def read_config(
    file: Path | None,
    environ: Mapping[str, str],
    said: Mapping[str, object],
    *,
    state: Path,
) -> ServerConfig:
    """The server's settings: defaults, then the file, then what the caller says.

    Args:
        file: A YAML file; relative paths in it are seen from its folder.
        environ: The variables that `${...}` may name.
        said: Fields by name; None is "not said".
        state: The folder that counts where nobody says one.

    Raises:
        ConfigError: a setting is unknown or wrong.
    """
    found: dict[str, Any] = {"state": str(state)}
    if file is not None:
        found.update(_told_in(file, environ))
    found.update({name: value for name, value in said.items() if value is not None})
    found["state"] = str(Path(found["state"]).expanduser().absolute())
    try:
        config = msgspec.convert(found, ServerConfig, strict=False)
    except msgspec.ValidationError as error:
        where = f" in {file.name}" if file is not None else ""
        raise ConfigError(
            f"The settings of the server are wrong{where}: {error}",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            location=Location(str(file)) if file is not None else None,
            hint="docs/server.md lists every setting.",
        ) from error
    check(config)
    return config


def check(config: ServerConfig) -> None:
    """Refuse what would be open to the network without protection.

    Raises:
        ConfigError: two settings do not go together.
    """
    if (config.tls_certificate is None) != (config.tls_key is None):
        raise ConfigError(
            "TLS needs both 'tls_certificate' and 'tls_key'",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
        )
    protected = config.tls_certificate is not None or config.behind_proxy
    if not is_loopback(config.host) and not protected:
        raise ConfigError(
            f"The server does not listen on {config.host!r} without TLS: keys would go in clear",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            hint="Set 'tls_certificate' and 'tls_key', or 'behind_proxy: true' where a proxy "
            "in front of it ends TLS, or listen on 127.0.0.1.",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _told_in(file: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    node = read_yaml_file(file)
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        raise ConfigError(
            f"{file} must hold settings as 'name: value'", location=Location(str(file))
        )
    found = _plain(node, environ, "")
    folder = file.absolute().parent
    _place(found, _PATHS, folder)
    if isinstance(found.get("airflow"), dict):
        _place(found["airflow"], ("dags_folder",), folder)
    return dict(found)


def _place(said: dict[str, Any], names: tuple[str, ...], folder: Path) -> None:
    for name in names:
        if isinstance(said.get(name), str):
            said[name] = str(folder / Path(said[name]).expanduser())


def _plain(node: Node, environ: Mapping[str, str], key: str) -> Any:
    if isinstance(node, MappingNode):
        return {
            entry.key: _plain(entry.value, environ, f"{key}.{entry.key}".lstrip("."))
            for entry in node.entries
        }
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str) and has_placeholder(node.value):
            return fill(node.value, environ.get, key=key, location=node.location).text
        return node.value
    return [_plain(item, environ, f"{key}[{at}]") for at, item in enumerate(node.items)]
