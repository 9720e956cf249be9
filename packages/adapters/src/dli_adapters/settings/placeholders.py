"""`${VAR}`, `${VAR:-text}` and `${VAR:?text}` in configuration files."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.problems import Location

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PLACEHOLDER = re.compile(r"\$\$\{|\$\{(" + _NAME + r")(?::([-?])([^}]*))?\}|\$\{")
_WHOLE = re.compile(r"\$\{(" + _NAME + r")(?::[-?][^}]*)?\}\Z")


@dataclass(frozen=True, slots=True)
class Template:
    """A text with placeholders that has not been filled in yet."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its values in place, and the variables that gave them."""

    text: str
    used: tuple[str, ...]


def has_placeholder(text: str) -> bool:
    """Whether the text holds `${`, escaped or not."""
    return "${" in text


def variables_in(text: str) -> tuple[str, ...]:
    """The names that the text's placeholders ask for."""
    return tuple(m.group(1) for m in _PLACEHOLDER.finditer(text) if m.group(1))


def sole_variable(text: str) -> str | None:
    """The variable's name if the whole text is one placeholder."""
    match = _WHOLE.match(text)
    return match.group(1) if match else None


def fill(
    text: str, look_up: Callable[[str], str | None], *, key: str, location: Location | None
) -> Filled:
    """The text with each placeholder replaced once; what a variable holds is not read again.

    Raises:
        ConfigError: DLI-005, a variable is not set or a placeholder is malformed. The message
            names the variable and never holds a value.
    """
    used: list[str] = []

    def put(match: re.Match[str]) -> str:
        if match.group() == "$${":
            return "${"
        name, operator, rest = match.group(1), match.group(2), match.group(3) or ""
        if name is None or "${" in rest:
            raise _malformed(key, location)
        value = look_up(name)
        if value is not None:
            used.append(name)
            return value
        if operator == "-":
            return rest
        raise _unset(name, rest, key, location)

    return Filled(_PLACEHOLDER.sub(put, text), tuple(used))


def _malformed(key: str, location: Location | None) -> ConfigError:
    return ConfigError(
        f"The value of {key!r} holds a placeholder that cannot be read",
        code=ErrorCode.CONFIG_TEMPLATE_ERROR,
        hint="Write ${NAME}, ${NAME:-default} or ${NAME:?message}, not nested; "
        "$${ stands for the text '${'.",
        location=location,
    )


def _unset(name: str, reason: str, key: str, location: Location | None) -> ConfigError:
    return ConfigError(
        f"The variable {name!r}, which {key!r} needs, is not set"
        + (f": {reason}" if reason else ""),
        code=ErrorCode.CONFIG_TEMPLATE_ERROR,
        hint=f"Set {name}, or write ${{{name}:-default}}.",
        location=location,
    )
