"""The settings as a table and as fields, secrets masked."""

from collections.abc import Iterator, Mapping
from typing import cast

from dli_adapters.settings.configuration import Configuration
from dli_adapters.settings.schema import ANY, BY_PATH, TREE
from dli_adapters.settings.targets import engine_of
from dli_cli.errors import location_fields, place, problem_fields
from dli_cli.text import safe_line
from dli_cli.usage import UsageError
from dli_domain.model.names import did_you_mean
from dli_domain.precedence import Key, Layer, Said

_PLAIN_TYPES = (str, int, float, bool)


def chosen_keys(configuration: Configuration, section: str | None) -> list[Key]:
    """The keys to show, in their order: all with a value, or those of one section.

    Raises:
        UsageError: there is no such section.
    """
    wanted = tuple(section.split(".")) if section else ()
    order = {key: number for number, key in enumerate(BY_PATH)}
    keys = sorted(configuration.values, key=lambda key: (_rank(key, order), key))
    found = [key for key in keys if key[: len(wanted)] == wanted and _is_said(configuration, key)]
    if section and not found and wanted[0] not in TREE:
        hint = did_you_mean(section, (name for name in TREE if name != ANY))
        raise UsageError(f"there is no section {section!r}. {hint or ''}".strip())
    return found


def show_fields(
    configuration: Configuration, keys: list[Key], *, reveal: bool
) -> Mapping[str, object]:
    """The settings as `--json` shows them, each with its source and what it beats."""
    return {
        "project": str(configuration.project.root) if configuration.project else None,
        "environment": configuration.environment,
        "environments": configuration.environments,
        "engine": engine_of(configuration),
        "settings": {".".join(key): _fields(configuration, key, reveal=reveal) for key in keys},
        "warnings": [
            problem_fields(problem) for problem in (*configuration.warnings, *configuration.notices)
        ],
    }


def show_lines(
    configuration: Configuration, keys: list[Key], *, reveal: bool, source: bool
) -> Iterator[str]:
    """The settings line by line: key, value, and who says it."""
    rows = []
    for key in keys:
        said = configuration.values[key]
        shown = text_of(configuration.shown(key, said, reveal=reveal))
        rows.append((".".join(key), shown, source_of(said) if source else ""))
    names = max((len(row[0]) for row in rows), default=0)
    values = max((len(row[1]) for row in rows), default=0) if source else 0
    for name, value, origin in rows:
        yield f"{safe_line(name):<{names}}  {safe_line(value):<{values}}  {origin}".rstrip()


def source_of(said: Said) -> str:
    """Layer and place, as an editor opens it."""
    if said.layer is Layer.DEFAULT:
        return said.layer.label
    where = said.place if said.location is None else place(said.location)
    if said.layer is Layer.DOTENV:
        where = f"{said.place.partition(' ')[0]} in {where}"
    return f"{said.layer.label}: {safe_line(where)}"


def text_of(value: object) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "(none)"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {text_of(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(text_of(item) for item in cast("list[object]", value)) + "]"


def _rank(key: Key, order: Mapping[Key, int]) -> int:
    for pattern, number in order.items():
        if pattern == key or (
            ANY in pattern
            and len(pattern) == len(key)
            and all(p in (ANY, k) for p, k in zip(pattern, key, strict=True))
        ):
            return number
    return len(order)


def _is_said(configuration: Configuration, key: Key) -> bool:
    """Whether there is something to show: a value, or somebody who said that there is none."""
    said = configuration.values[key]
    if said.layer is not Layer.DEFAULT:
        return True
    setting = BY_PATH[key]
    if setting.idle is not None or not setting.in_files:
        return False
    value = setting.default if setting.default is not None else setting.assumed
    return value not in (None, (), "")


def _fields(configuration: Configuration, key: Key, *, reveal: bool) -> dict[str, object]:
    winner, *beaten = configuration.history(key)
    return {
        "value": configuration.shown(key, winner, reveal=reveal),
        **_origin(winner),
        "beats": [
            {"value": configuration.shown(key, said, reveal=reveal), **_origin(said)}
            for said in beaten
            if said.layer is not Layer.DEFAULT
        ],
    }


def _origin(said: Said) -> dict[str, object]:
    return {
        "source": said.layer.label,
        "place": said.place,
        "location": location_fields(said.location),
    }
