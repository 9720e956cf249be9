"""`ExecutionContext`: what a caller says about where and how runs happen."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.names import did_you_mean
from dli_domain.model.run import ExecutionMode

# Their values may be, or may hold, a secret: an error tells the name only.
_UNSHOWN = frozenset({"api_token", "server_url", "parameters"})


class ExecutionContext(BaseSettings):
    """Where runs happen and with which defaults.

    Each field may be given as an argument, as `DLI_<FIELD>` in the environment, or in a `.env`
    file of the working directory. What is given as an argument beats every configuration
    file; the rest is settled in the usual order (environment, the project's `dli.yaml`,
    `~/.dli/config.yaml`, defaults), so a field that nobody set here may still be set by a file.

    Raises:
        ConfigError: DLI-006, a value is wrong or an argument unknown; every wrong one is named,
            and by its variable if it came from the environment.
    """

    model_config = SettingsConfigDict(
        env_prefix="DLI_",
        env_file=".env",
        extra="ignore",
        validate_assignment=True,
        hide_input_in_errors=True,
    )

    project_path: Path | None = Field(
        default=None, description="Project root path for local spec files"
    )
    server_url: str | None = Field(default=None, description="Basecamp server URL", repr=False)
    api_token: SecretStr | None = Field(default=None, description="API authentication token")
    execution_mode: ExecutionMode = Field(
        default=ExecutionMode.LOCAL, description="Query execution mode (local/server/mock)"
    )
    engine: str | None = Field(
        default=None, description="What runs a local query (duckdb/bigquery)"
    )
    dialect: str = Field(default="trino", description="SQL dialect")
    timeout: int = Field(default=300, ge=1, le=3600, description="Timeout in seconds")
    dry_run: bool = Field(default=False, description="Render only, run nothing")
    verbose: bool = Field(default=False, description="Log each statement of a run")
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="Values for every resource that declares a parameter of that name",
        repr=False,
    )

    _said: set[str] = PrivateAttr(default_factory=set)

    def __init__(self, **values: Any) -> None:
        unknown = sorted(set(values) - set(type(self).model_fields) - {"mock_mode"})
        if unknown:
            raise ConfigError(
                f"ExecutionContext has no argument {unknown[0]!r}",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
                hint=did_you_mean(unknown[0], type(self).model_fields),
            )
        # an argument beats DLI_EXECUTION_MODE: who asks for the mock never reaches an engine
        if values.pop("mock_mode", None) is True:
            values.setdefault("execution_mode", ExecutionMode.MOCK)
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _wrong(error, set(values)) from error
        except SettingsError as error:
            raise ConfigError(
                f"The environment cannot be read: {error}",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
                hint="DLI_PARAMETERS takes a JSON object.",
            ) from error
        self._said = set(values)

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise _wrong(error, {name}) from error
        if name in type(self).model_fields:
            self._said.add(name)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values; they count as given by the caller, and are checked."""
        copy = super().model_copy(deep=deep)
        copy._said = set(self._said)  # noqa: SLF001 - our own class
        for name, value in (update or {}).items():
            setattr(copy, name, value)
        return copy

    def said(self) -> dict[str, Any]:
        """The fields that the caller gave, without those of the environment or the defaults."""
        return {name: getattr(self, name) for name in sorted(self._said)}

    @property
    def mock_mode(self) -> bool:
        """Deprecated. Use `execution_mode == ExecutionMode.MOCK` instead."""
        warnings.warn(
            "mock_mode is deprecated. Use execution_mode == ExecutionMode.MOCK",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.execution_mode == ExecutionMode.MOCK


def _wrong(error: ValidationError, arguments: set[str]) -> ConfigError:
    findings = {}
    for found in error.errors(include_url=False, include_context=False):
        field = str(found["loc"][0]) if found["loc"] else "value"
        place = field if field in arguments else f"DLI_{field.upper()}"
        got = "" if field in _UNSHOWN else f" (got {str(found['input'])[:80]!r})"
        findings[place] = f"{found['msg']}{got}"
    return ConfigError(
        f"Wrong in the execution context: {', '.join(findings)}",
        code=ErrorCode.CONFIG_VALIDATION_FAILED,
        context=findings,
    )
