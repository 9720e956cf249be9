"""Conditions and queries that authors write into quality files, as SQL of the engine."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.model.problems import Location
from dli_domain.model.spec import SqlSource
from dli_domain.rendering.lexicon import PRIVATE, Within, find_seats, lexicon
from dli_domain.rendering.rendered import RenderedSql

_HEAD = "SELECT (\n"
_SELECT = re.compile(r"\s*SELECT\s+", re.IGNORECASE)
_MARKED = re.compile("[();]")

RenderText = Callable[[SqlSource], RenderedSql]


@dataclass(frozen=True, slots=True)
class Fragments:
    """Renders the SQL pieces of one quality file.

    Args:
        render: A template to SQL of the engine.
        engine: The engine's dialect.
    """

    render: RenderText
    engine: str

    def condition(self, source: SqlSource) -> str:
        """The condition in brackets, in the engine's dialect.

        Raises:
            SqlError: it is not one whole expression.
            SpecInvalidError: its template is at fault.
        """
        rendered = self.render(_as_statement(source))
        text = _SELECT.sub("", rendered.text, count=1).rstrip()
        inner = text[1:-1] if text[:1] == "(" and text[-1:] == ")" else ")"
        self._refuse_open(inner, source.origin)
        return text

    def query(self, source: SqlSource) -> RenderedSql:
        """The query without the semicolon at its end.

        Raises:
            SqlError: its brackets do not match, or it is more than one statement.
            SpecInvalidError: its template is at fault.
        """
        rendered = self.render(source)
        text = self._without_end(rendered.text)
        self._refuse_open(text, source.origin)
        return replace(rendered, text=text)

    def _without_end(self, text: str) -> str:
        bare = text.rstrip()
        marks = _bare_marks(bare, self.engine)
        if bare.endswith(";") and marks and marks[-1] == (len(bare) - 1, ";"):
            return bare[:-1]
        return text

    def _refuse_open(self, text: str, origin: Location) -> None:
        """Whatever is put around it must stay around it."""
        depth = 0
        for _, mark in _bare_marks(text, self.engine):
            depth += {"(": 1, ")": -1}.get(mark, 0)
            if depth < 0 or mark == ";":
                break
        else:
            if depth == 0:
                return
        raise SqlError(
            "The SQL is not one whole expression or query: its brackets do not match, "
            "or a ';' stands in it",
            code=ErrorCode.SQL_SYNTAX_ERROR,
            location=origin,
            hint="Write one expression, or one SELECT.",
        )


def _as_statement(source: SqlSource) -> SqlSource:
    """The condition as a statement, with the same places: its text begins on the second line."""
    origin = source.origin
    return replace(
        source,
        # The line end closes a comment at the condition's end.
        text=f"{_HEAD}{source.text}\n)",
        origin=replace(origin, line=origin.line - 1) if source.exact else origin,
    )


def _bare_marks(text: str, dialect: str) -> list[tuple[int, str]]:
    """The brackets and semicolons outside of strings, names and comments, with their offsets."""
    found = list(_MARKED.finditer(text))
    # A private character of a value must not pass for a seat; the length stays.
    marked = _MARKED.sub("\ue0000\ue001", PRIVATE.sub("x", text))
    seats = find_seats(marked, lexicon(dialect))
    return [
        (mark.start(), mark[0])
        for mark, seat in zip(found, seats, strict=True)
        if seat.within is Within.BARE
    ]
