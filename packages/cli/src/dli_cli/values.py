"""Texts of the command line as values, or a usage error that says what would do."""

import json
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from dli_cli.usage import UsageError

_SIZE = re.compile(r"(\d{1,18})\s*(?:B|([KMGTP])(I?)B?)?\Z", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_LARGEST_FILE = 16 << 20


def parse_parameters(tokens: Sequence[str] | None) -> dict[str, object]:
    """`key=value` texts as a mapping; the first `=` splits.

    `key=@file.json` takes the value from a JSON file; `key=@@text` is the text `@text`.

    Raises:
        UsageError: a token has no `=` or no key, a key stands twice, a file is no JSON.
    """
    values: dict[str, object] = {}
    for token in tokens or ():
        key, equals, text = token.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--param takes key=value, not {token!r}.")
        if key in values:
            raise UsageError(
                f"--param {key!r} is given twice. A list is one value with commas: {key}=a,b"
            )
        values[key] = _value(key, text)
    return values


def parse_bytes(text: str | None) -> int | None:
    """A number of bytes: `1000000`, `10GB` (10^9 each), `10GiB` (2^30 each).

    Raises:
        UsageError: it is none.
    """
    if text is None:
        return None
    match = _SIZE.match(text.strip())
    count = 0
    if match is not None:
        number, unit, binary = match.groups()
        power = " KMGTP".index((unit or " ").upper())
        count = int(number) * (1024 if binary else 1000) ** power
    if count < 1:
        raise UsageError(f"--max-bytes takes bytes such as 1000000, 10GB or 2GiB, not {text!r}.")
    return count


def parse_day(text: str | None) -> date | None:
    """A day as `2025-01-31`.

    Raises:
        UsageError: it is none.
    """
    if text is None:
        return None
    if _DAY.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise UsageError(f"--ds {text} is no day: {error}.") from error
    raise UsageError(f"--ds takes a day as YYYY-MM-DD, not {text!r}.")


def _value(key: str, text: str) -> object:
    if text.startswith("@@"):
        return text[1:]
    if not text.startswith("@"):
        return text
    path = Path(text[1:])
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise UsageError(f"--param {key}: {str(path)!r} is larger than 16 MiB.")
        # Decimal keeps every digit; the parameter's own type decides what it becomes.
        value: object = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise UsageError(
            f"--param {key}: cannot read {str(path)!r}: {error.strerror}. "
            f"For a text that starts with @, write {key}=@{text}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--param {key}: {str(path)!r} is no JSON: {error}") from error
    return value
