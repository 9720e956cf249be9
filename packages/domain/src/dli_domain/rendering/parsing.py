"""The one door to sqlglot's parser: bounded, and with our errors."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.rendering.rendered import RenderedSql

_MAX_TOKENS = 200_000
_MAX_NESTING = 200

# sqlglot documents SqlglotError; on hostile input it was also seen to raise these.
_PARSER_FAULTS = (
    SqlglotError,
    RecursionError,
    TypeError,
    ValueError,
    IndexError,
    KeyError,
    AttributeError,
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The statements of a text and its tokens, with 0-based offsets."""

    statements: tuple[exp.Expr, ...]
    tokens: tuple[Token, ...]


def parse(sql: RenderedSql, dialect: str) -> Parsed:
    """Every statement of `sql`.

    Raises:
        SqlError: DLI-202, it does not parse in this dialect; placed in the template.
    """
    try:
        grammar = sqlglot.Dialect.get_or_raise(dialect)
        tokens = grammar.tokenize(sql.text)
        _bound(tokens, sql)
        # sqlglot.parse() would make the tokens once more: a third of its time
        trees = grammar.parser().parse(tokens, sql.text)
    except ParseError as error:
        raise _syntax_error(sql, dialect, error) from error
    except TokenError as error:
        raise SqlError(
            f"The SQL cannot be read as {dialect}: {str(error).splitlines()[0]}",
            location=sql.source.origin,
        ) from error
    except _PARSER_FAULTS as error:
        raise SqlError(
            f"The SQL cannot be read as {dialect}: {type(error).__name__}: {error}",
            location=sql.source.origin,
        ) from error
    return Parsed(tuple(tree for tree in trees if tree is not None), tuple(tokens))


def check_syntax(sql: RenderedSql, dialect: str) -> None:
    """Refuse what is no statement.

    Raises:
        SqlError: DLI-202, it does not parse, or is an expression only, such as `SELEC 1`.
    """
    for tree in parse(sql, dialect).statements:
        if isinstance(tree, exp.Condition | exp.Alias):
            raise SqlError(
                f"The SQL is an expression and no statement: {tree.sql(dialect)[:80]!r}",
                location=sql.source.origin,
                hint="Check its first word.",
            )


def _bound(tokens: Sequence[Token], sql: RenderedSql) -> None:
    depth = deepest = 0
    for token in tokens:
        if token.token_type in (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.CASE):
            depth += 1
            deepest = max(deepest, depth)
        elif token.token_type in (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.END):
            depth -= 1
    if len(tokens) > _MAX_TOKENS or deepest > _MAX_NESTING:
        raise SqlError(
            f"The SQL has {len(tokens):,} tokens, nested {deepest} deep; "
            f"the most are {_MAX_TOKENS:,} and {_MAX_NESTING}",
            code=ErrorCode.SPEC_LIMIT,
            location=sql.source.origin,
            hint="Put large lists into a table and join it.",
        )


def _syntax_error(sql: RenderedSql, dialect: str, error: ParseError) -> SqlError:
    details = error.errors[0] if error.errors else {}
    line, column = details.get("line"), details.get("col")
    what = details.get("description") or str(error).splitlines()[0]
    near = details.get("highlight")
    # sqlglot's column is that of the token's last character.
    start = max(column - len(near) + 1, 1) if column and near else column
    return SqlError(
        f"The SQL is not valid {dialect}: {what.rstrip('.')}" + (f" near {near!r}" if near else ""),
        location=(sql.locate(line, start) if line and start else None) or sql.source.origin,
    )
