"""Steps 2 and 3: a text is measured and cut into tokens before any parser sees it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from dli_domain.policy.refusal import Step, refused

MAX_BYTES = 256 * 1024
MAX_TOKENS = 20_000
MAX_NESTING = 100
DIALECTS = frozenset({"duckdb", "bigquery", "trino"})

# sqlglot documents SqlglotError; on hostile input it was also seen to raise these.
_FAULTS = (
    SqlglotError,
    RecursionError,
    TypeError,
    ValueError,
    IndexError,
    KeyError,
    AttributeError,
    AssertionError,
)
_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_TEXTS = frozenset(
    {
        TokenType.STRING,
        TokenType.RAW_STRING,
        TokenType.BYTE_STRING,
        TokenType.HEX_STRING,
        TokenType.BIT_STRING,
    }
)
# Texts whose end another lexer may see elsewhere, templates, and hints to an optimiser.
_STRANGE = frozenset(
    {
        TokenType.HEREDOC_STRING,
        TokenType.UNICODE_STRING,
        TokenType.NATIONAL_STRING,
        TokenType.BLOCK_START,
        TokenType.BLOCK_END,
        TokenType.HINT,
        TokenType.COMMAND,
    }
)
_FIRST = frozenset(
    {
        TokenType.SELECT,
        TokenType.WITH,
        TokenType.FROM,
        TokenType.VALUES,
        TokenType.L_PAREN,
    }
)
_NOWHERE = re.compile("[\x00\ud800-\udfff]")
# In a string they are data; elsewhere engines differ in what is a blank.
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_NAME = re.compile(r"[^\W\d]\w*(?:[$\-]\w+)*|\d\w*")
_QUOTED_NAME = re.compile(r"[^\\`\"\r\n\t\u0085\u2028\u2029]+")
# A raw string's end after a backslash is the lexers' oldest quarrel.
_RAW_QUARREL = re.compile(r"\\['\"]|\\\Z")
# Between two tokens stand plain blanks and comments. No comment in a comment, which only some
# engines nest, and no line end but a newline, which only some engines take for one.
_PLAIN = r"[^\r\u0085\u2028\u2029]"
_BLANKS = (
    rf"(?:[ \t\n]|\r\n|{{line}}(?:(?!\n){_PLAIN})*(?:\r?\n|\Z)"
    rf"|/\*(?!\+)(?:(?!/\*|\*/)(?:\r\n|{_PLAIN}))*\*/)*"
)
_GAPS = {
    dialect: re.compile(_BLANKS.format(line="(?:--|#)" if dialect == "bigquery" else "--"))
    for dialect in DIALECTS
}


@dataclass(frozen=True, slots=True)
class ReadText:
    """One statement: its text, its tokens without a semicolon at the end, its tree."""

    sql: str
    dialect: str
    tokens: tuple[Token, ...]
    tree: exp.Expr


def read(sql: str, dialect: str) -> ReadText:
    """The one statement of the text.

    Raises:
        PolicyError: it is too large, is not plainly written, holds no or several statements,
            or does not parse.
    """
    if dialect not in DIALECTS:
        raise refused(Step.BOUNDS, f"there is no policy for the dialect {dialect!r}")
    tokens = _one_statement(_bounded(sql, dialect))
    try:
        trees = sqlglot.Dialect.get_or_raise(dialect).parser().parse(tokens, sql)
    except _FAULTS as error:
        raise refused(
            Step.SYNTAX,
            f"it does not parse as {dialect}",
            hint="Correct the statement; it must parse before it is sent.",
        ) from error
    found = [tree for tree in trees if tree is not None]
    if len(found) != 1:
        raise refused(Step.ONE_STATEMENT, f"it holds {len(found)} statements")
    return ReadText(sql, dialect, tuple(tokens), found[0])


def _bounded(sql: str, dialect: str) -> list[Token]:
    size = len(sql.encode(errors="replace"))
    if size > MAX_BYTES:
        raise refused(Step.BOUNDS, f"it has {size:,} bytes, the most are {MAX_BYTES:,}")
    if _NOWHERE.search(sql):
        raise refused(Step.BOUNDS, "it holds a NUL or half a character")
    try:
        tokens = sqlglot.Dialect.get_or_raise(dialect).tokenize(sql)
    except _FAULTS as error:
        raise refused(Step.BOUNDS, f"it cannot be cut into words of {dialect}") from error
    if len(tokens) > MAX_TOKENS:
        raise refused(Step.BOUNDS, f"it has {len(tokens):,} tokens, the most are {MAX_TOKENS:,}")
    deepest = _nesting(tokens)
    if deepest > MAX_NESTING:
        raise refused(Step.BOUNDS, f"it is nested {deepest} deep, the most is {MAX_NESTING}")
    _check_spelling(sql, dialect, tokens)
    return tokens


def _nesting(tokens: Sequence[Token]) -> int:
    depth = deepest = 0
    for token in tokens:
        if token.token_type in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif token.token_type in _CLOSING:
            depth = max(depth - 1, 0)
    return deepest


def _check_spelling(sql: str, dialect: str, tokens: Sequence[Token]) -> None:
    """Refuse what two lexers may cut differently."""
    end = 0
    for token in tokens:
        gap = sql[end : token.start]
        if _CONTROL.search(gap) or not _GAPS[dialect].fullmatch(gap):
            raise refused(Step.BOUNDS, "a comment or a blank in it is not read alike everywhere")
        end = token.end + 1
        _check_token(sql[token.start : end], token)
    if _CONTROL.search(sql, end) or not _GAPS[dialect].fullmatch(sql, end):
        raise refused(Step.BOUNDS, "the comment at its end is not read alike everywhere")


def _check_token(written: str, token: Token) -> None:
    kind = token.token_type
    if kind in _STRANGE:
        raise refused(Step.BOUNDS, f"{written[:20]!r} is not read alike everywhere")
    if kind in _TEXTS:
        if kind is TokenType.RAW_STRING and _RAW_QUARREL.search(token.text):
            raise refused(Step.BOUNDS, "a raw string has a backslash before a quote")
    elif _CONTROL.search(written):
        raise refused(Step.BOUNDS, "it holds a control character outside of a string")
    elif kind is TokenType.IDENTIFIER:
        if not _QUOTED_NAME.fullmatch(token.text):
            raise refused(Step.BOUNDS, f"the quoted name {token.text[:40]!r} is no plain name")
    elif not written.isascii() and not _NAME.fullmatch(written):
        raise refused(Step.BOUNDS, f"the word {written[:40]!r} holds more than letters and digits")


def _one_statement(tokens: list[Token]) -> list[Token]:
    if tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens = tokens[:-1]
    if not tokens:
        raise refused(Step.ONE_STATEMENT, "it holds no statement")
    if tokens[0].token_type not in _FIRST:
        # before the parser, which writes what it does not know to the log
        raise refused(Step.SYNTAX, f"{tokens[0].text[:20]!r} begins no query")
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        raise refused(Step.ONE_STATEMENT, "it holds more than one statement")
    return tokens
