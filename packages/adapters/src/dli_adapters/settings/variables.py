"""What `DLI_*` variables and a `.env` file say."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from dli_adapters.settings.schema import BY_VARIABLE, FREE_PREFIX, OTHER_VARIABLES, Kind, Setting
from dli_adapters.settings.values import WrongValueError, typed
from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.precedence import Key, Layer, Said

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*\Z", re.DOTALL)
_PREFIX = "DLI_"


def say_variables(environ: Mapping[str, str], cwd: str) -> dict[Key, Said]:
    """What the environment's variables say.

    Raises:
        ConfigError: DLI-006, one is empty or does not fit; the message names it, not its value.
    """
    return {
        setting.path: Said(
            value=_read(setting, name, environ[name], None),
            layer=Layer.VARIABLE,
            place=name,
            folder=cwd,
        )
        for name, setting in BY_VARIABLE.items()
        if name in environ
    }


def say_dotenv(lines: Mapping[str, tuple[str, Location]], folder: str) -> dict[Key, Said]:
    """What a `.env` says: its `DLI_*` lines and nothing else.

    Raises:
        ConfigError: DLI-006, as for variables, with the line.
    """
    return {
        setting.path: Said(
            value=_read(setting, name, *lines[name]),
            layer=Layer.DOTENV,
            place=f"{name} in {lines[name][1].path}:{lines[name][1].line}",
            location=lines[name][1],
            folder=folder,
            from_checkout=True,
        )
        for name, setting in BY_VARIABLE.items()
        if name in lines and name.startswith(_PREFIX)
    }


def unknown_variables(
    environ: Iterable[str], dotenv: Mapping[str, tuple[str, Location]]
) -> list[Problem]:
    """A warning for each `DLI_*` name that nobody reads."""
    known = {*BY_VARIABLE, *OTHER_VARIABLES}
    found: list[Problem] = []
    for name in sorted({*environ, *dotenv}):
        if not name.startswith(_PREFIX) or name in known or name.startswith(FREE_PREFIX):
            continue
        found.append(
            Problem(
                code=ErrorCode.CONFIG_VALIDATION_FAILED,
                message=f"Unknown variable {name}; it has no effect",
                location=dotenv[name][1] if name in dotenv else None,
                fix=did_you_mean(name, known),
                severity=Severity.WARNING,
            )
        )
    return found


def read_dotenv(path: Path) -> dict[str, tuple[str, Location]]:
    """The assignments in a `.env` with their places; no file gives none.

    Raises:
        ConfigError: DLI-001, it cannot be read, or a `DLI_*` line is malformed.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}",
            hint="Make it readable, or remove it.",
            location=Location(str(path)),
        ) from error
    found: dict[str, tuple[str, Location]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.match(line)
        if match is not None:
            location = Location(str(path), number, match.start(1) + 1)
            found[match.group(1)] = (_unquoted(match.group(2), match.group(1), location), location)
    return found


def _unquoted(text: str, name: str, location: Location) -> str:
    quote = text[:1]
    if quote not in ("'", '"'):
        return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].rstrip()
    end = text.find(quote, 1)
    while quote == '"' and end > 0 and text[end - 1] == "\\":
        end = text.find(quote, end + 1)
    tail = text[end + 1 :].strip() if end > 0 else ""
    if end < 0 or (tail and not tail.startswith("#")):
        if not name.startswith(_PREFIX):
            return ""
        raise ConfigError(
            f"The value of {name} has no closing quote",
            hint="Write it on one line, as NAME=value or NAME='value'.",
            location=location,
        )
    inner = text[1:end]
    return inner if quote == "'" else inner.replace('\\"', '"').replace("\\\\", "\\")


def _read(setting: Setting, name: str, text: str, location: Location | None) -> object:
    try:
        if setting.kind is Kind.FREE:
            return _json_object(text)
        return typed(setting, text)
    except WrongValueError as error:
        raise ConfigError(
            f"The variable {name} {error}",
            code=ErrorCode.CONFIG_VALIDATION_FAILED,
            context={"Variable": name},
            hint=f"Correct {name}, or unset it.",
            location=location,
        ) from error


def _json_object(text: str) -> object:
    # Only who sets DLI_PARAMETERS pays for the import.
    import json  # noqa: PLC0415

    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongValueError("must be a JSON object") from error
    if not isinstance(value, dict):
        raise WrongValueError("must be a JSON object")
    return value
