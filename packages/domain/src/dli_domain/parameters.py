"""Given values against declared parameters: typed, checked, all findings at once."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from dli_domain.errors import ErrorCode, ParameterError
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Location, Problem
from dli_domain.model.spec import ParameterSpec, ParameterType
from dli_domain.model.values import Identifier, Scalar, Value

_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,38}\Z")
_FLOAT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_MAX_DIGITS = 76  # BIGNUMERIC, the widest decimal of any engine here
_MAX_TEXT = 1 << 20
_UNORDERED = frozenset(
    {ParameterType.STRING, ParameterType.BOOLEAN, ParameterType.IDENTIFIER, ParameterType.LIST}
)

T = TypeVar("T")


class _WrongValueError(ValueError):
    """A value is not of its type; the message completes 'parameter x ...'."""


def resolve_parameters(
    declared: Sequence[ParameterSpec], given: Mapping[str, object]
) -> dict[str, Value]:
    """The value of every declared parameter, in the order declared.

    `given` holds texts as typed on a command line, or Python values. A default counts where
    nothing is given; an optional parameter without one is None.

    Raises:
        ParameterError: something is missing, unknown or ill-typed; `problems` names each with
            the place of its declaration.
    """
    known = {parameter.name: parameter for parameter in declared}
    problems = [
        _problem(f"unknown parameter {name!r}", _declared_at(declared), _unknown(name, known))
        for name in given
        if name not in known
    ]
    values: dict[str, Value] = {}
    for parameter in declared:
        try:
            values[parameter.name] = _value(parameter, given)
        except _WrongValueError as wrong:
            problems.append(
                _problem(
                    f"parameter {parameter.name!r} {wrong}", parameter.location, _say(parameter)
                )
            )
    if problems:
        raise parameter_error(problems)
    return values


def check_declarations(declared: Sequence[ParameterSpec]) -> tuple[Problem, ...]:
    """What is wrong with the declarations themselves: defaults, bounds, choices, patterns."""
    problems = []
    for parameter in declared:
        for check in (_check_choices, _check_bounds, _check_pattern, _check_default):
            try:
                check(parameter)
            except _WrongValueError as wrong:
                problems.append(
                    _problem(
                        f"parameter {parameter.name!r} {wrong}",
                        parameter.location,
                        None,
                        ErrorCode.SPEC_INVALID,
                    )
                )
    return tuple(problems)


def parameter_error(problems: Sequence[Problem]) -> ParameterError:
    """One error that carries every finding; its message is the first."""
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return ParameterError(
        first.message[0].upper() + first.message[1:] + more,
        hint=first.fix,
        location=first.location,
        problems=tuple(problems),
    )


def _problem(
    message: str,
    location: Location | None,
    fix: str | None,
    code: ErrorCode = ErrorCode.PARAMETER_INVALID,
) -> Problem:
    return Problem(code=code, message=message, location=location, fix=fix)


def _declared_at(declared: Sequence[ParameterSpec]) -> Location | None:
    """Where the declarations begin: the place to add one."""
    return declared[0].location if declared else None


def _unknown(name: str, known: Mapping[str, ParameterSpec]) -> str:
    if not known:
        return "The spec declares no parameters."
    return did_you_mean(name, known) or f"Declared are {', '.join(map(repr, known))}."


def _say(parameter: ParameterSpec) -> str:
    kind = str(parameter.type)
    if parameter.type is ParameterType.LIST:
        kind = f"list of {parameter.items}"
    return f"Give it with -p {parameter.name}=VALUE ({kind})."


def _value(parameter: ParameterSpec, given: Mapping[str, object]) -> Value:
    if parameter.name in given:
        raw: object = given[parameter.name]
    elif parameter.has_default:
        raw = parameter.default
    elif parameter.required:
        raise _WrongValueError("is required and was not given")
    else:
        return None
    if raw is None:
        if parameter.required and not parameter.has_default:
            raise _WrongValueError("is required and was given as null")
        return None
    value = _convert(parameter, raw)
    for one in value if isinstance(value, tuple) else (value,):
        _check_rules(parameter, one)
    return value


def _convert(parameter: ParameterSpec, raw: object) -> Value:
    if parameter.type is not ParameterType.LIST:
        return _CONVERT[parameter.type](raw)
    convert = _CONVERT[parameter.items]
    return tuple(convert(item) for item in _items(raw))


def _items(raw: object) -> Sequence[object]:
    if isinstance(raw, str):
        text = raw.strip()
        if not text.startswith("["):
            return [item.strip() for item in text.split(",")] if text else []
        try:
            raw = json.loads(text)
        except ValueError as error:
            raise _WrongValueError(f"is no JSON array: {error}") from error
    if isinstance(raw, (str, bytes)) or not isinstance(raw, Sequence):
        raise _WrongValueError(f"must be a list, not {_name(raw)}")
    return raw


def _check_rules(parameter: ParameterSpec, value: Scalar) -> None:
    kind = parameter.items if parameter.type is ParameterType.LIST else parameter.type
    convert = _CONVERT[kind]
    if parameter.enum and value not in [convert(choice) for choice in parameter.enum]:
        raise _WrongValueError(f"is {_show(value)}, which is none of {', '.join(parameter.enum)}")
    if kind not in _UNORDERED:
        if parameter.min is not None and _less(value, convert(parameter.min)):
            raise _WrongValueError(
                f"is {_show(value)}, less than the least allowed, {parameter.min}"
            )
        if parameter.max is not None and _less(convert(parameter.max), value):
            raise _WrongValueError(
                f"is {_show(value)}, more than the most allowed, {parameter.max}"
            )
    matched = parameter.pattern is None or re.fullmatch(parameter.pattern, str(value))
    if isinstance(value, str) and not matched:
        raise _WrongValueError(f"is {_show(value)}, which does not match {parameter.pattern!r}")


def _less(left: Scalar, right: Scalar) -> bool:
    try:
        return bool(left < right)  # type: ignore[operator]
    except TypeError as error:
        # a timestamp with an offset against one without
        raise _WrongValueError(f"cannot be compared with the bound {right}: {error}") from error


def _check_choices(parameter: ParameterSpec) -> None:
    kind = parameter.items if parameter.type is ParameterType.LIST else parameter.type
    for choice in parameter.enum:
        _declared("enum", kind, choice)


def _check_bounds(parameter: ParameterSpec) -> None:
    kind = parameter.items if parameter.type is ParameterType.LIST else parameter.type
    bounds = [b for b in (parameter.min, parameter.max) if b is not None]
    if bounds and kind in _UNORDERED:
        raise _WrongValueError(f"has min or max, which a {kind} cannot have")
    low, *high = [_declared("min or max", kind, bound) for bound in bounds] or [None]
    if high and _less(high[0], low):
        raise _WrongValueError(f"has min {parameter.min} above max {parameter.max}")


def _check_pattern(parameter: ParameterSpec) -> None:
    if parameter.pattern is None:
        return
    kind = parameter.items if parameter.type is ParameterType.LIST else parameter.type
    if kind not in (ParameterType.STRING, ParameterType.IDENTIFIER):
        raise _WrongValueError(f"has a pattern, which a {kind} cannot have")
    try:
        re.compile(parameter.pattern)
    except re.error as error:
        raise _WrongValueError(f"has the pattern {parameter.pattern!r}: {error}") from error


def _check_default(parameter: ParameterSpec) -> None:
    if parameter.has_default and parameter.default is not None:
        try:
            _value(parameter, {})
        except _WrongValueError as wrong:
            raise _WrongValueError(f"has a default that {wrong}") from wrong
        except re.error:
            return  # the pattern's own finding says it


def _declared(what: str, kind: ParameterType, text: str) -> Scalar:
    try:
        return _CONVERT[kind](text)
    except _WrongValueError as wrong:
        raise _WrongValueError(f"has {what} {text!r}, which {wrong}") from wrong


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise _WrongValueError(f"must be text, not {_name(raw)}")
    if len(raw) > _MAX_TEXT:
        raise _WrongValueError(f"is {len(raw):,} characters long; {_MAX_TEXT:,} is the most")
    if "\x00" in raw:
        raise _WrongValueError("holds a NUL character, which no SQL text can carry")
    try:
        raw.encode()
    except UnicodeEncodeError as error:
        raise _WrongValueError(
            "holds half a character (a lone surrogate), which is no text"
        ) from error
    return str(raw)


def _integer(raw: object) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        if abs(raw) >= 10**38:
            raise _WrongValueError("has more than 38 digits")
        return raw
    return int(_matching(raw, _INTEGER, "a whole number"))


def _float(raw: object) -> float:
    if isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool):
        try:
            number = float(raw)
        except OverflowError:
            number = math.inf
    else:
        number = float(_matching(raw, _FLOAT, "a number"))
    if not math.isfinite(number):
        raise _WrongValueError(f"is {_show(raw)}, which is no finite number")
    return number


def _decimal(raw: object) -> Decimal:
    if isinstance(raw, (int, Decimal)) and not isinstance(raw, bool):
        number = Decimal(raw)
    elif isinstance(raw, float):
        number = Decimal(repr(raw))
    else:
        try:
            number = Decimal(_matching(raw, _DECIMAL, "a decimal number"))
        except InvalidOperation as error:  # pragma: no cover - the pattern excludes it
            raise _WrongValueError(f"is {_show(raw)}, which is no decimal number") from error
    if not number.is_finite():
        raise _WrongValueError(f"is {_show(raw)}, which is no finite number")
    if len(format(number, "f").strip("-").replace(".", "")) > _MAX_DIGITS:
        raise _WrongValueError(f"has more than {_MAX_DIGITS} digits")
    return number


def _boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    text = str(raw).lower() if isinstance(raw, (str, int)) else None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _WrongValueError(f"is {_show(raw)}; a boolean is true, false, 1, 0, yes or no")


def _date(raw: object) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    return _parsed(_matching(raw, _DATE, "a date (YYYY-MM-DD)"), date.fromisoformat)


def _timestamp(raw: object) -> datetime:
    if isinstance(raw, datetime):
        return raw
    if isinstance(raw, date):
        return datetime(raw.year, raw.month, raw.day)  # noqa: DTZ001 - a day without a zone
    return _parsed(_text(raw), datetime.fromisoformat)


def _identifier(raw: object) -> Identifier:
    return _parsed(_text(raw), Identifier.parse)


def _parsed(text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise _WrongValueError(f"is {_show(text)}: {error}") from error


def _matching(raw: object, pattern: re.Pattern[str], what: str) -> str:
    text = raw.strip() if isinstance(raw, str) else None
    if text is None or not pattern.match(text):
        raise _WrongValueError(f"is {_show(raw)}, which is not {what}")
    return text


def _show(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _name(raw: object) -> str:
    return type(raw).__name__


_CONVERT: Mapping[ParameterType, Callable[[object], Scalar]] = {
    ParameterType.STRING: _text,
    ParameterType.INTEGER: _integer,
    ParameterType.FLOAT: _float,
    ParameterType.DECIMAL: _decimal,
    ParameterType.BOOLEAN: _boolean,
    ParameterType.DATE: _date,
    ParameterType.TIMESTAMP: _timestamp,
    ParameterType.IDENTIFIER: _identifier,
}
