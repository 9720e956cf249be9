"""Values, bounds and durations of quality tests."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from math import isfinite

from dli_adapters.documents.nodes import ScalarNode, SequenceNode
from dli_adapters.yaml_specs.fields import Fields
from dli_domain.model.problems import Location, Severity
from dli_domain.model.quality import Literal

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s*(?:w|d|h|min|m|s)\s*)+\Z", re.ASCII)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(w|d|h|min|m|s)", re.ASCII)
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "min": "minutes", "m": "minutes", "s": "seconds"}
_PLAIN_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)
_TEMPLATE_NAMES = frozenset({"target", "ref", "var", "env_var", "source", "ds"})


def warn(fields: Fields, place: Location, message: str, fix: str) -> None:
    """Note what is no error and yet no good."""
    fields.findings.add(place, message, fix, severity=Severity.WARNING)


def read_literals(fields: Fields, key: str) -> tuple[Literal, ...]:
    """The list of values: texts, numbers, truths. A number keeps all its digits."""
    node = fields.node.get(key)
    if node is None:
        return ()
    if not isinstance(node, SequenceNode):
        fields.findings.add(
            node.location, f"'{fields.title(key)}' must be a list", f"Write {key}: [a, b]."
        )
        return ()
    values = []
    for number, item in enumerate(node.items, start=1):
        value = _literal(item) if isinstance(item, ScalarNode) else None
        if value is None:
            fields.findings.add(
                item.location,
                f"'{fields.title(key)}[{number}]' must be a text, a number, true or false",
                "Remove it; a NULL is never tested here, use not_null for it.",
            )
        else:
            values.append(value)
    return tuple(values)


def read_bound(fields: Fields, key: str, *, whole: bool) -> Literal | None:
    """A number; unless `whole`, also a day or a moment in ISO form."""
    scalar = fields.scalar(key)
    if scalar is None:
        return None
    value = _bound(scalar)
    number = isinstance(value, int | float | Decimal)
    if value is None or (whole and not (isinstance(value, int) and value >= 0)):
        wanted = "a whole number, 0 or more" if whole else "a number, a day or a moment"
        fields.findings.add(
            scalar.location,
            f"'{fields.title(key)}' must be {wanted}, not {scalar.text[:60]!r}",
            f"Write, for example, {key}: {100 if whole or number else '2025-01-31'}.",
        )
        return None
    return value


def read_rate(fields: Fields, key: str) -> Decimal | None:
    """A share between 0 and 1, exact."""
    scalar = fields.scalar(key)
    if scalar is None:
        return None
    value = _literal(scalar)
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 <= value <= 1:
        return Decimal(value)
    fields.findings.add(
        scalar.location,
        f"'{fields.title(key)}' must be a number from 0 to 1, not {scalar.text[:60]!r}",
        f"Write, for example, {key}: 0.01 for one row in a hundred.",
    )
    return None


def read_duration(fields: Fields, key: str) -> timedelta | None:
    """A time span such as `36h`, `2d` or `1d 12h`."""
    scalar = fields.scalar(key)
    if scalar is None:
        return None
    text = scalar.text.strip().lower()
    try:
        if _DURATION.match(text):
            spans = [timedelta(**{_UNITS[u]: float(n)}) for n, u in _SPAN.findall(text)]
            return sum(spans, timedelta())
    except OverflowError:
        pass
    fields.findings.add(
        scalar.location,
        f"'{fields.title(key)}' must be a time span, not {scalar.text[:60]!r}",
        f"Write, for example, {key}: 36h, or 2d, or 90min.",
    )
    return None


def read_params(fields: Fields) -> Mapping[str, Literal | tuple[Literal, ...]]:
    """The values that the test's templates may name."""
    given = fields.map("params")
    if given is None:
        return {}
    params: dict[str, Literal | tuple[Literal, ...]] = {}
    for entry in given.node.entries:
        title = given.title(entry.key)
        if not entry.key.isidentifier() or entry.key in _TEMPLATE_NAMES:
            given.findings.add(
                entry.key_location,
                f"{title!r} is no name that a template can use for a value",
                "Use letters, digits and '_', and none of the names every template has.",
            )
        elif isinstance(entry.value, SequenceNode):
            params[entry.key] = read_literals(given, entry.key)
        elif isinstance(entry.value, ScalarNode) and (value := _literal(entry.value)) is not None:
            params[entry.key] = value
        else:
            given.findings.add(
                entry.value.location, f"{title!r} must be a value or a list of values", None
            )
    return params


def _literal(scalar: ScalarNode) -> Literal | None:
    value = scalar.value
    if isinstance(value, float):
        if not isfinite(value):
            return None
        return _decimal(scalar.text) if _PLAIN_DECIMAL.match(scalar.text) else value
    return value


def _bound(scalar: ScalarNode) -> Literal | None:
    value = _literal(scalar)
    if isinstance(value, bool):
        return None
    if not isinstance(value, str):
        return value
    text = value.strip()
    if _PLAIN_DECIMAL.match(text):
        return int(text) if text.lstrip("+-").isdigit() else _decimal(text)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
