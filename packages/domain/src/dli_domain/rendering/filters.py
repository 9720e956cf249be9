"""The filters of templates, by name."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from jinja2 import Undefined

from dli_domain.errors import TemplateError
from dli_domain.rendering.budget import Budget
from dli_domain.rendering.literals import UnplaceableError, plain_text
from dli_domain.rendering.operations import (
    Operations,
    forbidden,
    sql_date,
    sql_identifier,
    sql_list,
)
from dli_domain.rendering.sqltext import SqlText

Filter = Callable[..., object]


def filters(operations: Operations, budget: Budget) -> Mapping[str, Filter]:
    """Every filter that templates may name."""

    def listed(name: str, work: Callable[[list[Any]], object]) -> Filter:
        def run(values: object) -> object:
            if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
                raise forbidden(f"use the filter {name} on a {type(values).__name__}")
            budget.items(len(values))
            return work(list(values))

        return run

    return {
        "upper": operations.text_filter("upper"),
        "lower": operations.text_filter("lower"),
        "trim": operations.text_filter("strip"),
        "replace": operations.text_filter("replace"),
        "title": operations.text_filter("title"),
        "capitalize": operations.text_filter("capitalize"),
        "default": default,
        "d": default,
        "join": operations.join,
        "length": len,
        "count": len,
        "first": listed("first", lambda values: values[0]),
        "last": listed("last", lambda values: values[-1]),
        "unique": listed("unique", lambda values: list(dict.fromkeys(values))),
        "sort": listed("sort", sorted),
        "reverse": listed("reverse", lambda values: values[::-1]),
        "list": listed("list", list),
        "min": listed("min", min),
        "max": listed("max", max),
        "sum": listed("sum", _sum),
        "int": to_int,
        "float": to_float,
        "string": to_text,
        "abs": abs,
        "round": _round,
        "sql_string": to_text,
        "sql_list": sql_list,
        "sql_identifier": sql_identifier,
        "sql_date": sql_date,
    }


def default(value: object, instead: object = "", also_empty: bool = False) -> object:
    """The filter `default`: `instead` where the value is undefined, or empty when asked so."""
    if isinstance(value, Undefined) or (also_empty and not value):
        return instead
    return value


def to_int(value: Any) -> int:
    """The filter `int`; unlike Jinja's own it never turns nonsense into 0."""
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise TemplateError(f"The filter int cannot read {str(value)[:60]!r}") from error


def to_float(value: Any) -> float:
    """The filter `float`; unlike Jinja's own it never turns nonsense into 0.0."""
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise TemplateError(f"The filter float cannot read {str(value)[:60]!r}") from error


def to_text(value: object) -> str:
    """The filters `string` and `sql_string`: the value's text, to be quoted as a text."""
    if isinstance(value, SqlText):
        return str(value) if not value.written else value
    try:
        return plain_text(value)
    except UnplaceableError as error:
        raise TemplateError(f"The filter string cannot take it: {error}", hint=error.fix) from error


def _sum(values: list[Any]) -> object:
    if not all(isinstance(value, (int, float, Decimal)) for value in values):
        raise forbidden("use the filter sum on anything but numbers")
    return sum(values)


def _round(value: Any, digits: int = 0) -> object:
    return round(value, digits) if digits else float(round(value))
