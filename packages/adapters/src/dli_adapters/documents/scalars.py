"""Plain scalars by the YAML 1.2 core schema, not by PyYAML's 1.1 rules."""

import re

# https://yaml.org/spec/1.2.2/#1032-tag-resolution
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)\Z")
_NAN = frozenset({".nan", ".NaN", ".NAN"})
# Turning digits into an int takes quadratic time, and CPython refuses it beyond 4,300.
MAX_NUMBER_LENGTH = 1000


class NumberTooLongError(ValueError):
    """The text is a number with more digits than are read."""


def core_value(text: str) -> str | int | float | bool | None:
    """What a plain scalar means: null, a boolean, a number, or the text itself.

    Raises:
        NumberTooLongError: it is a number of more than `MAX_NUMBER_LENGTH` characters.
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] in "+-.0123456789":
        return _number(text)
    return text


def _number(text: str) -> str | int | float:
    for pattern, radix in ((_INT, 10), (_OCTAL, 8), (_HEX, 16)):
        if pattern.match(text):
            _check_length(text)
            return int(text if radix == 10 else text[2:], radix)
    if _FLOAT.match(text):
        _check_length(text)
        return float(text)
    if infinity := _INFINITY.match(text):
        return float(infinity[1] + "inf")
    return float("nan") if text in _NAN else text


def _check_length(text: str) -> None:
    if len(text) > MAX_NUMBER_LENGTH:
        raise NumberTooLongError(
            f"a number has {len(text)} characters; at most {MAX_NUMBER_LENGTH} are read"
        )
