"""`ConfigAPI`: the configuration that counts here, key by key, with its sources."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from dli_adapters.settings.configuration import Configuration
from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.loader import read_configuration
from dli_adapters.settings.schema import key_of, names, setting_of
from dli_adapters.settings.targets import settings_of
from dli_domain.errors import ConfigError, DliError, ErrorCode
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Problem, Severity
from dli_domain.precedence import Key, Said, activate, merge


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigValue:
    """A value and who says it: the layer's word (`default`, `global`, `project`, `local`,
    `environment`, `dotenv`, `env`) and the place in it.
    """  # noqa: D205 - one sentence

    key: str
    value: Any
    source: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigValidation:
    """What a validation found; truthy where nothing is wrong."""

    valid: bool
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        return self.valid


class ConfigAPI:
    """The configuration as files and variables say it now; read once, when it is first asked for.

    Secrets come as `dli_domain.model.secret.Secret`, which prints as `***`.

    Args:
        project_path: The project's folder; searched upwards from the working directory
            without it.
        load_global: Whether `~/.dli/config.yaml` counts.
        load_local: Whether the project's `.dli.local.yaml` counts.
    """

    def __init__(
        self,
        *,
        project_path: str | PathLike[str] | None = None,
        load_global: bool = True,
        load_local: bool = True,
    ) -> None:
        self._project = None if project_path is None else Path(project_path)
        self._load_global = load_global
        self._load_local = load_local
        self._read: Configuration | None = None

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a dotted key, or `default` where nobody says one.

        A section's name gives a mapping of its keys.

        Raises:
            ConfigError: there is no such key, or its value needs a variable that is not set.
        """
        found = self._lookup(key)
        return default if found is None else found

    def get_all(self) -> dict[str, Any]:
        """Every value, nested as in a file.

        Raises:
            ConfigError: a value needs a variable that is not set.
        """
        return _nested({key: self._value(key, said) for key, said in self._values.items()})

    def get_with_source(self, key: str) -> ConfigValue:
        """The value of one dotted key and who says it.

        Raises:
            ConfigError: there is no such key, or its value needs a variable that is not set.
        """
        path = self._key(key)
        said = self._values.get(path)
        if said is None:
            return ConfigValue(key=key, value=None, source="default", place="default")
        return self._sourced(path, said)

    def get_all_with_sources(self) -> dict[str, ConfigValue]:
        """Every dotted key with its value and who says it.

        Raises:
            ConfigError: a value needs a variable that is not set.
        """
        return {".".join(k): self._sourced(k, said) for k, said in self._values.items()}

    def list_environments(self) -> list[str]:
        """The names below `environments`, sorted."""
        return list(self._configuration.environments)

    def get_environment(self, name: str) -> dict[str, Any]:
        """What `environments.<name>` says, nested; filled in only now.

        Raises:
            ConfigError: DLI-004, there is no such environment; or DLI-005 as `get`.
        """
        configuration = self._configuration
        if name not in configuration.environments:
            raise ConfigError(
                f"There is no environment {name!r}",
                code=ErrorCode.CONFIG_ENV_NOT_FOUND,
                context={"Known": ", ".join(configuration.environments) or "none"},
                hint=did_you_mean(name, configuration.environments),
            )
        said = merge(*(activate(source, name) for source in configuration.environment_sources))
        return _nested({key: self._value(key, one) for key, one in said.items()})

    def get_active_environment(self) -> str | None:
        """The environment that counts, by `DLI_ENVIRONMENT` or `active_environment`."""
        return self._configuration.environment

    def validate(self, *, strict: bool = False) -> ConfigValidation:
        """Whether everything that a run here would use can be read and may be used.

        Args:
            strict: Whether a warning counts as wrong.
        """
        try:
            configuration = self._configuration
            settings_of(configuration)
        except ConfigError as error:
            return ConfigValidation(valid=False, errors=error.problems or (_problem(error),))
        warnings = (*configuration.warnings, *configuration.notices)
        return ConfigValidation(valid=not (strict and warnings), warnings=warnings)

    @property
    def _configuration(self) -> Configuration:
        if self._read is None:
            self._read = read_configuration(
                SettingsInputs.of_process(
                    project=self._project,
                    load_global=self._load_global,
                    load_local=self._load_local,
                )
            )
        return self._read

    @property
    def _values(self) -> Mapping[Key, Said]:
        return self._configuration.values

    def _lookup(self, name: str) -> Any:
        prefix = tuple(name.split("."))
        below = {k: said for k, said in self._values.items() if k[: len(prefix)] == prefix}
        if below and prefix not in self._values:
            inner = {k[len(prefix) :]: self._value(k, said) for k, said in below.items()}
            return _nested(inner)
        key = self._key(name)
        said = self._values.get(key)
        return None if said is None else self._value(key, said)

    def _key(self, name: str) -> Key:
        key = key_of(name) or tuple(name.split("."))
        if setting_of(key) is None and key[0] != "environments":
            raise ConfigError(
                f"There is no setting {name!r}",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
                hint=did_you_mean(name, names()),
            )
        return key

    def _value(self, key: Key, said: Said) -> Any:
        setting = setting_of(key)
        if setting is None:
            return said.value
        value = self._configuration.resolve_said(key, setting, said).value
        if isinstance(value, tuple):
            return list(value)
        return setting.assumed if value is None and said.place == "default" else value

    def _sourced(self, key: Key, said: Said) -> ConfigValue:
        return ConfigValue(
            key=".".join(key),
            value=self._value(key, said),
            source=said.layer.label,
            place=said.place,
        )


def _nested(flat: Mapping[Key, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        section = nested
        for part in key[:-1]:
            section = section.setdefault(part, {})
        section[key[-1]] = value
    return nested


def _problem(error: DliError) -> Problem:
    return Problem(
        code=error.code,
        message=error.message,
        location=error.location,
        fix=error.hint,
        severity=Severity.ERROR,
    )
