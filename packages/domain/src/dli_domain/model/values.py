"""Values that go into SQL: Python's own types, and three kinds of text with a meaning."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

_PART = re.compile(r"[^\W\d][\w$-]{0,127}\Z")


class Identifier(str):
    """A name of a table or column, dots between its parts; never a text of the data."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Identifier":
        """The identifier that `text` spells.

        Raises:
            ValueError: a part is not letters, digits, `_`, `-`, `$`, starting with a letter or `_`.
        """
        for part in text.split("."):
            if not _PART.match(part):
                raise ValueError(
                    f"{text!r} is no identifier: each part must be letters, digits, '_', '-' or "
                    "'$', start with a letter or '_', and have at most 128 characters"
                )
        return cls(text)

    @property
    def parts(self) -> tuple[str, ...]:
        """The names between the dots."""
        return tuple(self.split("."))


class IsoDate(str):
    """A date as ISO text, such as `ds`: text inside quotes, a DATE literal where it stands bare."""

    __slots__ = ()


class Digits(str):
    """Decimal digits, such as `ds_nodash`: may also be glued to a name (`events_{{ ds_nodash }}`)."""

    __slots__ = ()


Scalar: TypeAlias = str | bool | int | float | Decimal | date | datetime | None
Value: TypeAlias = Scalar | Sequence[Scalar]
