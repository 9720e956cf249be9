"""One way from files, variables and arguments to settings, for the command and the library."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dli_adapters.settings.configuration import Configuration
from dli_adapters.settings.files import read_layer, readable_by_others
from dli_adapters.settings.inputs import (
    DOTENV_FILE,
    LOCAL_FILE,
    PROJECT_FILE,
    SettingsInputs,
)
from dli_adapters.settings.location import Project, find_project, no_project, require_own
from dli_adapters.settings.schema import SETTINGS, Kind, Setting, key_of, names, setting_of
from dli_adapters.settings.sections import FileSayings, Source
from dli_adapters.settings.targets import server_target, settings_of
from dli_adapters.settings.values import WrongValueError, typed
from dli_adapters.settings.variables import (
    read_dotenv,
    say_dotenv,
    say_variables,
    unknown_variables,
)
from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Location, Problem
from dli_domain.model.settings import ServerTarget, Settings
from dli_domain.precedence import Key, Layer, Said, Sayings, activate

_STRICT = "DLI_STRICT"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSettings:
    """The settings, and how they came to be."""

    settings: Settings
    configuration: Configuration
    verbose: bool = False

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What the user should know and nothing fails on."""
        return self.configuration.warnings

    @property
    def origins(self) -> Mapping[str, Said]:
        """Dotted key to who says it: `.layer.label`, `.place`."""
        return {".".join(key): said for key, said in self.configuration.values.items()}

    def require_project(self) -> Path:
        """The project's folder.

        Raises:
            ConfigError: DLI-003, there is none.
        """
        if self.configuration.project is None:
            raise no_project(self.configuration.inputs)
        return self.configuration.project.root

    def server(self) -> ServerTarget | None:
        """The server, for work that needs it whatever the mode is.

        Raises:
            ConfigError: DLI-005, DLI-006, or DLI-008 where a checkout asks for the token.
        """
        return self.settings.server or server_target(self.configuration)


def load_settings(inputs: SettingsInputs) -> LoadedSettings:
    """The settings that count, low to high: defaults, `~/.dli/config.yaml`, `dli.yaml`,
    `.dli.local.yaml`, the active environment, `.env`, variables, the command line.

    Raises:
        ConfigError: DLI-001 and 006 with every problem of the files, 003 no such project,
            004 no such environment, 005 a variable that is needed is not set, 008 a checkout
            wants the user's credentials.
    """  # noqa: D205 - the order is the summary
    configuration = read_configuration(inputs)
    return LoadedSettings(
        settings=settings_of(configuration),
        configuration=configuration,
        verbose=bool(configuration.get("verbose")),
    )


def read_configuration(inputs: SettingsInputs) -> Configuration:
    """All sources, merged and checked; nothing filled in, nothing refused by the guard.

    Raises:
        ConfigError: as `load_settings`, without DLI-005 and, but for a foreign file, DLI-008.
    """
    dotenv = _dotenv(inputs)
    project = find_project(inputs, dotenv)
    files = tuple(_files(inputs, project))
    _raise_problems(files)
    said = tuple(f.said for _, f in files)
    base = Configuration(
        inputs=inputs,
        project=project,
        environment=None,
        environments=tuple(sorted({name for _, f in files for name in f.environments})),
        sources=(
            _defaults(),
            *(_settings_in(s) for s in said),
            say_dotenv(dotenv, str(inputs.cwd)),
            say_variables(inputs.environ, str(inputs.cwd)),
            _overrides(inputs),
        ),
        environment_sources=said,
        dotenv={name: text for name, (text, _) in dotenv.items()},
        warnings=(
            *(w for _, f in files for w in f.warnings),
            *_permissions(inputs, files),
            *unknown_variables(inputs.environ, dotenv),
        ),
        notices=tuple(n for _, f in files for n in f.notices),
    )
    return _activated(base)


def _activated(base: Configuration) -> Configuration:
    name = base.inputs.environment or base.get("active_environment")
    if name is None:
        return base
    name = str(name)
    if name not in base.environments:
        said = base.said("active_environment")
        place = "--environment" if base.inputs.environment or said is None else said.place
        raise ConfigError(
            f"There is no environment {name!r}",
            code=ErrorCode.CONFIG_ENV_NOT_FOUND,
            context={
                "Asked for by": place,
                "Known": ", ".join(base.environments) or "none",
            },
            hint=did_you_mean(name, base.environments)
            or f"Add 'environments.{name}' to {PROJECT_FILE}.",
        )
    layers = tuple(activate(said, name) for said in base.environment_sources)
    return replace(base, environment=name, sources=(*base.sources, *layers))


def _settings_in(said: Sayings) -> Sayings:
    return {key: value for key, value in said.items() if key[0] != "environments"}


def _defaults() -> dict[Key, Said]:
    return {
        s.path: Said(value=s.default, layer=Layer.DEFAULT, place="default")
        for s in SETTINGS
        if "*" not in s.path and s.kind is not Kind.UNUSED
    }


def _overrides(inputs: SettingsInputs) -> dict[Key, Said]:
    found: dict[Key, Said] = {}
    for name, value in inputs.overrides.items():
        if value is None:
            continue
        key = key_of(name) or tuple(name.split("."))
        setting = setting_of(key)
        if setting is None:
            raise ConfigError(
                f"There is no setting {name!r}",
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
                hint=did_you_mean(name, names()),
            )
        found[key] = Said(
            value=_given(setting, name, value, inputs.overrides_place),
            layer=Layer.CLI,
            place=inputs.overrides_place,
            folder=str(inputs.cwd),
        )
    return found


def _given(setting: Setting, name: str, value: object, place: str) -> object:
    try:
        return typed(setting, os.fspath(value) if isinstance(value, os.PathLike) else value)
    except WrongValueError as error:
        raise ConfigError(
            f"{name!r} {error}",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            context={"Given by": place},
        ) from error


def _files(inputs: SettingsInputs, project: Project | None) -> Iterator[tuple[Path, FileSayings]]:
    places: list[tuple[Path, Layer]] = []
    if inputs.load_global:
        places.append((inputs.global_file, Layer.GLOBAL))
    if project is not None:
        places.append((project.root / PROJECT_FILE, Layer.PROJECT))
        if inputs.load_local:
            places.append((project.root / LOCAL_FILE, Layer.LOCAL))
    for path, layer in places:
        source = Source(
            layer=layer, folder=str(path.parent), from_checkout=layer is not Layer.GLOBAL
        )
        said = read_layer(path, source)
        if said is not None:
            yield path, said


def _raise_problems(files: tuple[tuple[Path, FileSayings], ...]) -> None:
    problems = tuple(p for _, f in files for p in f.problems)
    if not problems:
        return
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    raise ConfigError(
        f"{first.message}{more}",
        code=ErrorCode.CONFIG_VALIDATION_FAILED,
        hint=first.fix if len(problems) == 1 else None,
        location=first.location,
        problems=problems,
    )


def _permissions(
    inputs: SettingsInputs, files: tuple[tuple[Path, FileSayings], ...]
) -> Iterator[Problem]:
    strict = _strict(inputs)
    for path, said in files:
        found = readable_by_others(path, said)
        if found is not None and strict:
            raise ConfigError(
                found.message,
                code=ErrorCode.CONFIG_UNTRUSTED,
                hint=f"{found.fix}, or unset {_STRICT}.",
                location=found.location,
            )
        if found is not None:
            yield found


def _strict(inputs: SettingsInputs) -> bool:
    text = inputs.environ.get(_STRICT)
    if text is None:
        return False
    try:
        return bool(typed(Setting(path=(_STRICT,), kind=Kind.BOOLEAN), text))
    except WrongValueError as error:
        raise ConfigError(
            f"The variable {_STRICT} {error}",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            context={"Variable": _STRICT},
            hint=f"Correct {_STRICT}, or unset it.",
        ) from error


def _dotenv(inputs: SettingsInputs) -> dict[str, tuple[str, Location]]:
    path = inputs.cwd / DOTENV_FILE
    if not path.is_file():
        return {}
    found = read_dotenv(path)
    if any(name.startswith("DLI_") for name in found):
        require_own(path, inputs)
    return found
