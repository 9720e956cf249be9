"""A value as a table on a screen shows it."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import final

from dli_cli.output import plain
from dli_cli.text import safe_line
from dli_domain.model.result import Cell

NULL = "NULL"
# Numbers that are names: nobody writes the year 2,013 or the order 45,231.
_NAMING = re.compile(r"(^|_)(id|year|yyyymm|yyyymmdd)$", re.IGNORECASE)
_LONGEST = 2_000


@final
class CellFormat:
    """How the cells of one column look."""

    def __init__(self, column: str) -> None:
        self._group = "" if _NAMING.search(column) else ","

    def __call__(self, value: Cell) -> str:  # noqa: PLR0911 - one return a type
        """The value on one line, without control characters."""
        if value is None:
            return NULL
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return f"{value:{self._group}d}"
        if isinstance(value, float):
            return self._float(value)
        if isinstance(value, Decimal):
            return f"{value:{self._group}f}" if value.is_finite() else str(value)
        if isinstance(value, datetime):
            return value.isoformat(sep=" ")
        if isinstance(value, bytes):
            return f"x'{value[:_LONGEST].hex()}'"
        if isinstance(value, str):
            # The text NULL must not pass for no value.
            return "'NULL'" if value == NULL else safe_line(value[:_LONGEST])
        if isinstance(value, Mapping | Sequence):
            text = json.dumps(value, ensure_ascii=False, default=plain)
            return safe_line(text[:_LONGEST])
        return safe_line(str(value))

    def _float(self, value: float) -> str:
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        text = repr(value)
        if "e" in text or not self._group:
            return text
        whole, _, rest = text.partition(".")
        sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
        return f"{sign}{int(digits):,}" + (f".{rest}" if rest else "")


def is_number(value: Cell) -> bool:
    """Whether a value belongs on the right side of its column."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
