"""SQL text with a map back to the template it came from."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace

from dli_domain.model.problems import Location
from dli_domain.model.spec import SqlSource

_METRIC = re.compile(r"\bMETRIC\s*\(", re.IGNORECASE)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of rendered text that came from one place of the template.

    `start` is the offset in the rendered text, `source` the offset in the template. Where
    `literal` the two run in step; otherwise the whole segment came from one expression there.
    """

    start: int
    source: int
    literal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedSql:
    """One statement ready to be sent, and where each piece of it was written.

    `before` is the text as rendered where `text` is a translation of it: then a place is found
    by the word that stands there, the third `amount` being the third `amount`. `skeleton` is what
    the template's author wrote, with a mark for each value: two texts of one skeleton must have
    syntax trees of one shape.
    """

    text: str
    source: SqlSource
    segments: tuple[Segment, ...] = ()
    before: "RenderedSql | None" = None
    skeleton: str = field(default="", repr=False, compare=False)

    def locate(self, line: int, column: int) -> Location | None:
        """The template's place of a 1-based (line, column) of `text`; None if it is outside."""
        offset = offset_of(self.text, line, column)
        return None if offset is None else self.locate_offset(offset)

    def locate_offset(self, offset: int) -> Location | None:
        """The template's place of a 0-based offset of `text`."""
        if self.before is not None:
            return _same_word(self.text, offset, self.before)
        index = bisect_right(self.segments, offset, key=lambda segment: segment.start) - 1
        if index < 0:
            return None
        segment = self.segments[index]
        step = offset - segment.start if segment.literal else 0
        return source_location(self.source, segment.source + step)

    def spliced(self, start: int, end: int, text: str) -> "RenderedSql":
        """The same with `text[start:end]` replaced; the new piece maps to where the old one began."""
        grown = len(text) - (end - start)
        before = [s for s in self.segments if s.start < start]
        after = [replace(s, start=s.start + grown) for s in self.segments if s.start >= end]
        inside = [s for s in self.segments if s.start <= start]
        here = inside[-1] if inside else Segment(0, 0, True)
        source = here.source + (start - here.start if here.literal else 0)
        middle = [Segment(start, source, False)]
        last = [s for s in self.segments if s.start <= end]
        tail = last[-1] if last else here
        if not after or after[0].start > start + len(text):
            resumed = tail.source + (end - tail.start if tail.literal else 0)
            middle.append(Segment(start + len(text), resumed, tail.literal))
        return replace(
            self,
            text=self.text[:start] + text + self.text[end:],
            segments=(*before, *middle, *after),
        )


def offset_of(text: str, line: int, column: int) -> int | None:
    """The 0-based offset of a 1-based (line, column), or None outside the text."""
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return None
    before = sum(len(one) + 1 for one in lines[: line - 1])
    return before + min(max(column - 1, 0), len(lines[line - 1]))


def source_location(source: SqlSource, offset: int) -> Location:
    """The place in the user's file of a 0-based offset of the template's text."""
    if not source.exact:
        return source.origin
    before = source.text[:offset]
    line = before.count("\n")
    column = offset - (before.rfind("\n") + 1)
    first = source.origin.column - 1 if line == 0 else source.indent
    return Location(source.origin.path, source.origin.line + line, first + column + 1)


def may_use_metric(text: str) -> bool:
    """Whether `text` can hold a METRIC(): a cheap look before a parser is worth its start."""
    return _METRIC.search(text) is not None


def _same_word(text: str, offset: int, before: RenderedSql) -> Location | None:
    found = next((m for m in _WORD.finditer(text) if m.start() <= offset < m.end()), None)
    if found is None:
        return None
    word = found[0].lower()
    here = [m.start() for m in _WORD.finditer(text) if m[0].lower() == word]
    there = [m.start() for m in _WORD.finditer(before.text) if m[0].lower() == word]
    if len(here) != len(there):
        return None
    return before.locate_offset(there[here.index(found.start())])
