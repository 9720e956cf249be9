"""The settings with their sources: what wins, why, and what a checkout decides of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from dli_adapters.settings.guard import Grant, Sourced, require
from dli_adapters.settings.inputs import SettingsInputs
from dli_adapters.settings.location import Project
from dli_adapters.settings.placeholders import Template, fill, sole_variable, variables_in
from dli_adapters.settings.schema import BY_PATH, Kind, Setting, setting_of
from dli_adapters.settings.secrecy import MASK, is_secret_path, is_secret_variable, masked
from dli_adapters.settings.sections import fold
from dli_adapters.settings.trust_file import approved_for
from dli_adapters.settings.values import WrongValueError, typed
from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.problems import Problem
from dli_domain.model.secret import Secret
from dli_domain.precedence import Key, Layer, Said, Sayings, history, merge


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A value with its placeholders filled in.

    `own` are the variables of the user's environment in it, `foreign` is whether the checkout
    decides it: a text that is nothing but one such variable is the user's.
    """

    value: object
    said: Said
    own: tuple[str, ...] = ()
    foreign: bool = False


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """All sources, merged; values are filled in when they are asked for.

    So a variable that only a server needs may be unset while a query runs here.
    """

    inputs: SettingsInputs
    project: Project | None
    environment: str | None
    environments: tuple[str, ...]
    sources: tuple[Sayings, ...]
    environment_sources: tuple[Sayings, ...] = ()
    dotenv: Mapping[str, str] = field(default_factory=dict, repr=False)
    warnings: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()

    @cached_property
    def values(self) -> Mapping[Key, Said]:
        """The winners."""
        return merge(*self.sources)

    @cached_property
    def approved(self) -> frozenset[str]:
        """What the user allowed to this checkout."""
        return approved_for(self.checkout, self.inputs.trust_file)

    @property
    def checkout(self) -> Path:
        """The folder that is trusted or not."""
        return self.project.root if self.project is not None else self.inputs.cwd

    def said(self, name: str) -> Said | None:
        """Who decides a key given by its dotted name, fixed keys only."""
        return self.values.get(tuple(name.split(".")))

    def history(self, key: Key) -> tuple[Said, ...]:
        """Everything said of a key, the winner first."""
        return history(key, self.sources)

    def get(self, name: str) -> object:
        """The value of a fixed key, filled in; None where nobody says one.

        Raises:
            ConfigError: as `resolve`.
        """
        key = tuple(name.split("."))
        resolved = self.resolve(key)
        return BY_PATH[key].default if resolved is None else resolved.value

    def resolve(self, key: Key) -> Resolved | None:
        """The winner's value, filled in and typed.

        Raises:
            ConfigError: a variable is not set (DLI-005), the filled-in value does not fit
                (DLI-006), or a checkout reads a secret of the user's environment (DLI-008).
        """
        said = self.values.get(key)
        setting = setting_of(key)
        if said is None or setting is None:
            return None
        return self.resolve_said(key, setting, said)

    def resolve_said(self, key: Key, setting: Setting, said: Said) -> Resolved:
        """One saying's value, whoever wins; raises as `resolve`."""
        name = ".".join(key)
        own: list[str] = []

        def put(template: Template) -> str:
            filled = fill(template.text, self._look_up(said), key=name, location=said.location)
            own.extend(v for v in filled.used if v in self.inputs.environ)
            return filled.text

        value = fold(said.value, put)
        if own and said.from_checkout and setting.kind is not Kind.SECRET:
            self._guard_reading(name, said, own)
        if isinstance(said.value, Template):
            value = _retyped(setting, value, name, said)
        if setting.kind is Kind.SECRET:
            # A secret that holds any part of the user's is the user's.
            users = bool(own)
        else:
            users = isinstance(said.value, Template) and sole_variable(said.value.text) in own
        foreign = said.from_checkout and not users
        return Resolved(value=value, said=said, own=tuple(own), foreign=foreign)

    def sourced(self, name: str) -> Sourced | None:
        """A text key as the guard sees it, or None where it has no value."""
        resolved = self.resolve(tuple(name.split(".")))
        if resolved is None or resolved.value is None:
            return None
        said, value = resolved.said, resolved.value
        template = said.value if isinstance(said.value, Template) else None
        return Sourced(
            key=name,
            value=value.reveal() if isinstance(value, Secret) else str(value),
            place=said.place,
            foreign=resolved.foreign,
            written=template.text if template is not None and said.from_checkout else None,
        )

    def shown(self, key: Key, said: Said, *, reveal: bool = False) -> object:
        """The value as it may be printed; a placeholder that cannot be filled stays as written.

        Args:
            key: The key.
            said: One saying of it.
            reveal: Whether secrets are shown; for a user who asked for it.
        """
        setting = setting_of(key)
        if setting is None:
            return MASK
        if not reveal and _is_secret(key, said.value):
            return MASK if said.value is not None else None
        held = said if reveal else replace(said, value=fold(said.value, _hidden))
        try:
            value = self.resolve_said(key, setting, held).value
        except ConfigError:
            value = held.value
        if value is None and said.layer is Layer.DEFAULT:
            value = setting.assumed
        if reveal:
            return _revealed(value)
        return masked(key, value)

    def _look_up(self, said: Said) -> "_Variables":
        return _Variables(self.inputs.environ, self.dotenv if said.from_checkout else {})

    def _guard_reading(self, name: str, said: Said, own: list[str]) -> None:
        secret = [v for v in own if is_secret_variable(v)]
        if secret:
            wanted = reading_asks(name, said)
            theirs = f"{', '.join(secret)} of your environment"
            require(wanted, self.approved, root=self.checkout, theirs=theirs)


class _Variables:
    """Names to values: the user's environment first, then the checkout's `.env`."""

    def __init__(self, environ: Mapping[str, str], dotenv: Mapping[str, str]) -> None:
        self._environ = environ
        self._dotenv = dotenv

    def __call__(self, name: str) -> str | None:
        value = self._environ.get(name)
        return self._dotenv.get(name) if value is None else value


def reading_asks(name: str, said: Said) -> tuple[Grant, ...]:
    """What a checkout asks for that puts secret variables into a value that is shown or sent."""
    names = dict.fromkeys(v for v in _variables(said.value) if is_secret_variable(v))
    return tuple(
        Grant(
            key=name,
            wants=f"${{{variable}}}",
            place=said.place,
            gets="a secret of your environment becomes part of a setting that is shown or sent",
        )
        for variable in names
    )


def _variables(value: object) -> list[str]:
    found: list[str] = []

    def note(template: Template) -> None:
        found.extend(variables_in(template.text))

    fold(value, note)
    return found


def _hidden(template: Template) -> Template | str:
    return MASK if any(map(is_secret_variable, variables_in(template.text))) else template


def _is_secret(key: Key, value: object) -> bool:
    """A value that is masked as a whole: by its key's name or by the variables in it."""
    named = is_secret_path(key) and not isinstance(value, dict)
    template = isinstance(value, Template) and any(map(is_secret_variable, _variables(value)))
    return isinstance(value, Secret) or named or template


def _revealed(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, tuple):
        return list(value)
    return value


def _retyped(setting: Setting, value: object, name: str, said: Said) -> object:
    try:
        return typed(setting, value)
    except WrongValueError as error:
        used = ", ".join(_variables(said.value))
        raise ConfigError(
            f"{name!r}, filled in from {used}, {error}",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            context={"Variable": used},
            hint=f"Correct {used}, or the value at {said.place}.",
            location=said.location,
        ) from error
