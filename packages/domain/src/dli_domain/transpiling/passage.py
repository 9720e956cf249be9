"""From one dialect to another, and what is found on the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True, slots=True)
class Passage:
    """The way from one dialect to another."""

    source: str
    target: str

    def to(self, *targets: str) -> bool:
        """Whether it ends in one of them."""
        return self.target in targets

    def of(self, *sources: str) -> bool:
        """Whether it begins in one of them."""
        return self.source in sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that does not mean the same in the target's dialect.

    `certain` where the result differs whatever the data is; otherwise it depends on types or
    values that the text does not show.
    """

    node: exp.Expr | None
    what: str
    fix: str = ""
    certain: bool = True


# What looks at one node, and what puts another in its place (None: leave it).
Check = Callable[[exp.Expr, Passage], Loss | None]
Rewrite = Callable[[exp.Expr, Passage], exp.Expr | None]
Checks = Mapping[type[exp.Expr], tuple[Check, ...]]
Rewrites = Mapping[type[exp.Expr], tuple[Rewrite, ...]]


def texts_of(node: object) -> str | None:
    """The value of a text literal, or None."""
    return node.name if isinstance(node, exp.Literal) and node.is_string else None


def number_of(node: object) -> int | None:
    """The value of a whole number as written, a minus before it included, or None."""
    if isinstance(node, exp.Neg):
        below = number_of(node.this)
        return None if below is None else -below
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        return int(node.name)
    return None


def written(node: exp.Expr, dialect: str) -> str:
    """The node's text, short enough for a message."""
    text = " ".join(node.sql(dialect=dialect, comments=False).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
