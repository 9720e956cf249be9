"""The composition root of the library: the settings of a context, and all that follows."""

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dli._composed import Composed
from dli_adapters.clock.system import SystemClock
from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.loader import load_settings
from dli_domain.model.run import ExecutionMode
from dli_domain.ports.clock import Clock
from dli_domain.ports.query_executor import QueryExecutor

if TYPE_CHECKING:
    from dli._context import ExecutionContext

# The context's names for what configuration files know by a longer key.
_KEYS: Mapping[str, str] = {
    "api_token": "server.api_key",
    "dialect": "execution.dialect",
    "dry_run": "execution.dry_run",
    "engine": "local.engine",
    "execution_mode": "execution.default_mode",
    "parameters": "parameters",
    "server_url": "server.url",
    "timeout": "execution.timeout",
    "verbose": "verbose",
}


def compose(
    context: "ExecutionContext | None",
    *,
    executor: QueryExecutor | None = None,
    project: str | PathLike[str] | None = None,
    mode: ExecutionMode | None = None,
    source: str | None = None,
    clock: Clock | None = None,
) -> Composed:
    """Settle the context with the files and variables, and wire what a facade needs.

    Args:
        context: What the caller said; None says nothing.
        executor: Wins over whatever the settings name.
        project: Another project's folder than the context's.
        mode: Another mode than the context's.
        source: Where specs are read, `local` or `server`; what the settings say unless given.
        clock: The machine's own unless given.

    Raises:
        ConfigError: a setting is wrong, or not to be trusted.
    """
    said = {} if context is None else context.said()
    root = project if project is not None else said.get("project_path")
    overrides = {_KEYS[name]: _plain(value) for name, value in said.items() if name in _KEYS}
    if mode is not None:
        overrides["execution.default_mode"] = mode
    if source is not None:
        overrides["execution.source"] = source
    inputs = SettingsInputs.of_process(
        project=None if root is None else Path(fspath(root)),
        overrides=overrides,
        overrides_place="ExecutionContext",
    )
    return Composed(loaded=load_settings(inputs), clock=clock or SystemClock(), injected=executor)


def _plain(value: Any) -> object:
    """A secret as its text; the loader wraps it again."""
    reveal = getattr(value, "get_secret_value", None)
    return value if reveal is None else reveal()
