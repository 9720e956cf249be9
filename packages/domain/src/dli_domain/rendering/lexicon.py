"""Where a value stands in a SQL text: bare, inside quotes, inside a name, inside a comment.

The scan follows each dialect's lexical rules:
Trino https://trino.io/docs/current/language/reserved.html and its grammar SqlBase.g4,
BigQuery https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical,
DuckDB (PostgreSQL's lexer) https://duckdb.org/docs/stable/sql/dialect/keywords_and_identifiers.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from dli_domain.errors import ErrorCode, SqlError

# A value's seat in a text that is not filled yet: U+E000, its number, U+E001. Templates that
# hold one of these private characters are refused, and values are filled in after the scan.
SEAT = re.compile("\ue000([0-9]+)\ue001")
PRIVATE = re.compile("[\ue000-\ue003]")

DIALECTS = ("bigquery", "duckdb", "trino")


class Within(StrEnum):
    """What surrounds a seat."""

    BARE = "bare"
    STRING = "string"
    NAME = "name"
    COMMENT = "comment"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True)
class Seat:
    """One value's place in the text.

    `start` and `end` bound the seat's own characters. `quote` is what opened the string, name
    or opaque region. `before` and `after` are the nearest characters on either side (empty at
    the text's ends), `gap_before` and `gap_after` tell whether white space lies between, and
    `word` is the last bare word before it.
    """

    number: int
    start: int
    end: int
    within: Within
    quote: str = ""
    before: str = ""
    after: str = ""
    gap_before: bool = False
    gap_after: bool = False
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The lexical rules of one dialect."""

    name: str
    strings: tuple[str, ...]
    names: tuple[str, ...]
    backslash: bool
    line_comments: tuple[str, ...]
    nested_comments: bool
    dollar_quotes: bool
    # A word directly before a quote that makes the string something else than plain text.
    prefixes: frozenset[str]


LEXICONS: Mapping[str, Lexicon] = {
    "bigquery": Lexicon(
        name="bigquery",
        strings=("'''", '"""', "'", '"'),
        names=("`",),
        backslash=True,
        line_comments=("--", "#"),
        nested_comments=False,
        dollar_quotes=False,
        prefixes=frozenset({"r", "b", "rb", "br"}),
    ),
    "duckdb": Lexicon(
        name="duckdb",
        strings=("'",),
        names=('"',),
        backslash=False,
        line_comments=("--",),
        nested_comments=True,
        dollar_quotes=True,
        prefixes=frozenset({"e", "x", "b", "n", "u&"}),
    ),
    "trino": Lexicon(
        name="trino",
        strings=("'",),
        names=('"', "`"),
        backslash=False,
        line_comments=("--",),
        nested_comments=False,
        dollar_quotes=True,
        prefixes=frozenset({"x", "u&"}),
    ),
}


def lexicon(dialect: str) -> Lexicon:
    """The rules of `dialect`.

    Raises:
        SqlError: DLI-302, the dialect is not one that values can be placed in.
    """
    try:
        return LEXICONS[dialect]
    except KeyError:
        raise SqlError(
            f"Dialect {dialect!r} is not supported",
            code=ErrorCode.DIALECT_UNSUPPORTED,
            hint=f"Supported are {', '.join(DIALECTS)}.",
        ) from None


def find_seats(text: str, rules: Lexicon) -> list[Seat]:
    """Every seat of `text` with what surrounds it, in order."""
    return _Scan(text, rules).seats()


_WORD = re.compile(r"[^\W\d][\w$]*")
_DOLLAR = re.compile(r"\$(?:[^\W\d]\w*)?\$")
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"[0-9][\w.]*")


class _Scan:
    def __init__(self, text: str, rules: Lexicon) -> None:
        self._text = text
        self._rules = rules
        self._at = 0
        self._word = ""
        self._seats: list[Seat] = []

    def seats(self) -> list[Seat]:
        steps: tuple[Callable[[], bool], ...] = (
            self._space,
            self._seat,
            self._comment,
            self._prefixed_or_word,
            self._quoted,
            self._dollar,
        )
        while self._at < len(self._text):
            if not any(step() for step in steps):
                number = _NUMBER.match(self._text, self._at)
                self._at = number.end() if number else self._at + 1
                self._word = ""
        return self._seats

    def _space(self) -> bool:
        match = _SPACE.match(self._text, self._at)
        if match:
            self._at = match.end()
        return match is not None

    def _seat(self) -> bool:
        match = SEAT.match(self._text, self._at)
        if match is None:
            return False
        before, gap_before = _neighbour(self._text, range(match.start() - 1, -1, -1))
        after, gap_after = _neighbour(self._text, range(match.end(), len(self._text)))
        self._seats.append(
            Seat(
                number=int(match[1]),
                start=match.start(),
                end=match.end(),
                within=Within.BARE,
                before=before,
                after=after,
                gap_before=gap_before,
                gap_after=gap_after,
                word=self._word,
            )
        )
        self._at, self._word = match.end(), ""
        return True

    def _comment(self) -> bool:
        rest = self._text[self._at : self._at + 2]
        for mark in self._rules.line_comments:
            if rest.startswith(mark):
                end = self._text.find("\n", self._at)
                self._region(Within.COMMENT, mark, len(self._text) if end < 0 else end)
                return True
        if rest == "/*":
            self._region(Within.COMMENT, "/*", self._block_end())
            return True
        return False

    def _block_end(self) -> int:
        depth, at = 1, self._at + 2
        for mark in re.compile(r"/\*|\*/").finditer(self._text, at):
            if mark.start() < at:
                continue
            if mark[0] == "*/":
                depth -= 1
            elif self._rules.nested_comments:
                depth += 1
            at = mark.end()
            if depth == 0:
                return at
        return len(self._text)

    def _prefixed_or_word(self) -> bool:
        match = _WORD.match(self._text, self._at)
        if match is None:
            return False
        word, end = match[0].lower(), match.end()
        if self._text.startswith("&", end) and word == "u":
            word, end = "u&", end + 1
        quote = self._opening(end, self._rules.strings)
        if quote and word in self._rules.prefixes:
            self._at = end
            raw = "r" in word
            self._region(Within.OPAQUE, word + quote, self._string_end(quote, word, raw=raw))
        else:
            self._at, self._word = match.end(), match[0].upper()
        return True

    def _quoted(self) -> bool:
        quote = self._opening(self._at, self._rules.strings)
        if quote:
            end = self._string_end(quote, "", raw=False)
            # BigQuery: an empty value in 'S'' would make a triple quote of what surrounds it.
            joined = self._rules.backslash and self._text.startswith(quote[0], end)
            self._region(Within.OPAQUE if joined else Within.STRING, quote, end)
            return True
        quote = self._opening(self._at, self._rules.names)
        if quote:
            self._region(Within.NAME, quote, self._string_end(quote, "", raw=False))
            return True
        return False

    def _dollar(self) -> bool:
        match = _DOLLAR.match(self._text, self._at) if self._rules.dollar_quotes else None
        if match is None:
            return False
        end = self._text.find(match[0], match.end())
        self._region(Within.OPAQUE, match[0], len(self._text) if end < 0 else end + len(match[0]))
        return True

    def _opening(self, at: int, quotes: tuple[str, ...]) -> str:
        return next((quote for quote in quotes if self._text.startswith(quote, at)), "")

    def _string_end(self, quote: str, prefix: str, *, raw: bool) -> int:
        """The offset behind the closing quote. A raw string's backslash still guards a quote."""
        escapes = self._rules.backslash or prefix == "e" or raw
        at = self._at + len(quote)
        while at < len(self._text):
            if escapes and self._text[at] == "\\":
                at += 2
            elif self._text.startswith(quote, at):
                at += len(quote)
                doubled = not self._rules.backslash and self._text.startswith(quote, at)
                if not doubled:
                    return at
                at += len(quote)
            else:
                at += 1
        return len(self._text)

    def _region(self, within: Within, quote: str, end: int) -> None:
        for match in SEAT.finditer(self._text, self._at, end):
            self._seats.append(
                Seat(int(match[1]), match.start(), match.end(), within=within, quote=quote)
            )
        self._at = end
        if within is not Within.COMMENT:
            self._word = ""


def _neighbour(text: str, indexes: range) -> tuple[str, bool]:
    """The nearest character that is no white space, and whether there was some between."""
    gap = False
    for index in indexes:
        if not text[index].isspace():
            return text[index], gap
        gap = True
    return "", gap
