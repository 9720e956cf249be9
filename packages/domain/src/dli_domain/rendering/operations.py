"""What templates may do with values: operators, filters, methods, each within the budget."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from dli_domain.errors import TemplateError
from dli_domain.model.values import Digits, Identifier
from dli_domain.rendering.budget import Budget
from dli_domain.rendering.placing import SqlList
from dli_domain.rendering.sqltext import SqlText, joined, written

_TEXT_METHODS = frozenset(
    "upper lower strip lstrip rstrip replace title capitalize removeprefix removesuffix"
    " startswith endswith split".split()
)
_METHODS: Mapping[type, frozenset[str]] = {
    str: _TEXT_METHODS,
    date: frozenset({"strftime", "isoformat", "weekday", "isoweekday"}),
    datetime: frozenset({"strftime", "isoformat", "weekday", "isoweekday", "date"}),
    dict: frozenset({"get", "items", "keys", "values"}),
}
_FIELDS: Mapping[type, frozenset[str]] = {
    date: frozenset({"year", "month", "day"}),
    datetime: frozenset({"year", "month", "day", "hour", "minute", "second"}),
}
METHOD_NAMES = frozenset().union(*_METHODS.values())
LOOP_FIELDS = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0"}
)


def forbidden(what: str, hint: str | None = None) -> TemplateError:
    """The error for what templates may not do."""
    return TemplateError(f"A template may not {what}", hint=hint)


class Operations:
    """The operations of one rendering."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def binary(self, operator: str, left: object, right: object) -> object:
        """`left operator right` for the operators that could make something large."""
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return self.concat([left, right])
        if operator == "+" and isinstance(left, (list, tuple)) and isinstance(right, type(left)):
            self._budget.items(len(left) + len(right))
            return left + right  # type: ignore[operator]
        if isinstance(left, (str, list, tuple)) or isinstance(right, (str, list, tuple)):
            raise forbidden(
                f"use {operator!r} on a {_type(left)} and a {_type(right)}",
                "Join texts with '~'.",
            )
        self._budget.spend(1)
        result = _ARITHMETIC[operator](left, right)
        self._budget.number(result)
        return result

    def concat(self, values: Iterable[object]) -> str:
        """The values one after the other (`~`)."""
        items = list(values)
        self._budget.text(sum(len(str(item)) for item in items))
        return joined(items)

    def join(self, values: Iterable[object], separator: str = "") -> str:
        """The filter `join`: each value is placed by itself."""
        items = list(self._budget.ticking(values))
        self._budget.text(sum(len(str(item)) + len(separator) for item in items))
        return joined(items, separator)

    def method(self, value: object, name: str, *args: object, **kwargs: object) -> object:
        """`value.name(...)` for the methods that templates may call."""
        kind = next((k for k in (str, datetime, date, dict) if isinstance(value, k)), None)
        if kind is None or name not in _METHODS[kind]:
            raise forbidden(f"call .{name}() on a {_type(value)}")
        if kind is str:
            return self._text_method(str(value), value, name, args)
        self._budget.spend(4)
        result = getattr(value, name)(*args, **kwargs)
        if name == "strftime" and isinstance(result, str) and result.isdigit():
            return Digits(result)
        return list(result) if name in ("items", "keys", "values") else result

    def field(self, value: object, name: str) -> object:
        """`value.name` for the fields that templates may read."""
        kind = next((k for k in (datetime, date) if isinstance(value, k)), None)
        if kind is not None and name in _FIELDS[kind]:
            return getattr(value, name)
        if isinstance(value, Mapping):
            if name in value:
                return value[name]
            raise TemplateError(f"The template reads .{name}, which the map does not have")
        if type(value).__name__ == "LoopContext" and name in LOOP_FIELDS:
            return getattr(value, name)
        raise forbidden(f"read .{name} of a {_type(value)}")

    def text_filter(self, name: str) -> Callable[..., object]:
        """The filter of that name, with the rules of the method."""
        return lambda value, *args: self.method(
            value if isinstance(value, str) else str(value), name, *args
        )

    def _text_method(self, text: str, value: object, name: str, args: tuple[object, ...]) -> object:
        texts = [str(arg) for arg in args if isinstance(arg, str)]
        growth = 1 + max((len(one) for one in texts[1:]), default=0) if name == "replace" else 1
        self._budget.text(len(text) * growth)
        if isinstance(value, SqlText) and not value.written:
            raise forbidden(
                f"use {name} on template text and values joined together",
                "Apply it to the value before joining.",
            )
        plain = [str(arg) if isinstance(arg, str) else arg for arg in args]
        result = getattr(text, name)(*plain)
        if not isinstance(result, str):
            return result
        if isinstance(value, SqlText):
            return written(result)
        if isinstance(value, Identifier) and name in ("upper", "lower"):
            return Identifier(result)
        return Digits(result) if result.isdigit() and _dated(value) else result


def sql_list(values: Sequence[object]) -> SqlList:
    """The filter `sql_list`: `('a', 'b')`; an empty list is `(NULL)`."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        return SqlList((values,))
    return SqlList(values)


def sql_identifier(value: object) -> Identifier:
    """The filter `sql_identifier`: a name, checked and quoted."""
    try:
        return Identifier.parse(str(value))
    except ValueError as error:
        raise TemplateError(f"The filter sql_identifier refuses the value: {error}") from error


def sql_date(value: object, pattern: str = "%Y-%m-%d") -> str:
    """The filter `sql_date`: the date's text, to be quoted as a text."""
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    return day.strftime(pattern)


def _dated(value: object) -> bool:
    return type(value).__name__ in ("IsoDate", "Digits")


def _type(value: object) -> str:
    return "text" if isinstance(value, str) else type(value).__name__


_ARITHMETIC: Mapping[str, Callable[[Any, Any], object]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}
