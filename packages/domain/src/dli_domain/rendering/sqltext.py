"""Text that the template's author wrote, told apart from values, through every operation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Written:
    """A piece of the template's own text: it is SQL and goes out as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Given:
    """A value: it is placed by where it stands."""

    value: object


Part = Written | Given


class SqlText(str):
    """A str that remembers which of it the author wrote and which came from values.

    As a str it is the plain concatenation, so that comparisons and keys work as usual.
    """

    __slots__ = ("parts",)
    parts: tuple[Part, ...]

    def __new__(cls, parts: Sequence[Part]) -> Self:
        self = super().__new__(cls, "".join(_shown(part) for part in parts))
        self.parts = tuple(parts)
        return self

    @property
    def written(self) -> bool:
        """Whether the author wrote all of it."""
        return all(isinstance(part, Written) for part in self.parts)


class Block(SqlText):
    """What a `set` block or a macro gave: markers and seats are already in its text."""

    __slots__ = ()

    def __str__(self) -> str:
        return self


def written(text: str) -> SqlText:
    """`text` as the author's own."""
    return SqlText((Written(text),))


def parts_of(value: object) -> tuple[Part, ...]:
    """The pieces of anything a template can print."""
    return value.parts if isinstance(value, SqlText) else (Given(value),)


def joined(values: Iterable[object], separator: object = "") -> str:
    """The values one after the other.

    Where the author wrote some of it the result is a `SqlText`, and each value in it is placed
    by itself; else it is a plain text, one value.
    """
    items = list(values)
    if not any(isinstance(item, SqlText) for item in (*items, separator)):
        return str(separator).join(_plain(item) for item in items)
    parts: list[Part] = []
    for index, item in enumerate(items):
        if index and separator != "":
            parts.extend(parts_of(separator))
        parts.extend(parts_of(item))
    return SqlText(parts)


def _shown(part: Part) -> str:
    return part.text if isinstance(part, Written) else _plain(part.value)


def _plain(value: object) -> str:
    return "" if value is None else str(value)
