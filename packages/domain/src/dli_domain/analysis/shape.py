"""The shape of a statement: what of it values must not change."""

from sqlglot import exp, tokenize
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from dli_domain.errors import SqlError
from dli_domain.rendering.parsing import parse
from dli_domain.rendering.rendered import RenderedSql

_TEXT = "<text>"
_NUMBER = "<number>"
_NAME = "<name>"


def token_shape(sql: RenderedSql, dialect: str) -> tuple[object, ...] | None:
    """The tokens with literals left out; None where the text is no sequence of tokens.

    A parser decides by tokens alone, so texts of the same tokens have trees of one shape.
    """
    try:
        tokens = tokenize(sql.text, read=dialect)
    except (SqlglotError, ValueError, IndexError):
        return None
    return tuple(
        token.token_type
        if token.token_type in (TokenType.STRING, TokenType.NUMBER, TokenType.IDENTIFIER)
        else (token.token_type, token.text)
        for token in tokens
    )


def tree_shape(sql: RenderedSql, dialect: str) -> object:
    """The syntax trees with literals and names left out; None where it does not parse."""
    try:
        return tuple(_shape(tree) for tree in parse(sql, dialect).statements)
    except SqlError:
        return None


def _shape(node: exp.Expr) -> object:
    if isinstance(node, exp.Paren) and isinstance(node.this, exp.Neg):
        node = node.this.this  # our form of a negative number is (-1)
    if isinstance(node, exp.Literal):
        return _TEXT if node.is_string else _NUMBER
    if isinstance(node, exp.Boolean | exp.Identifier):
        return type(node).__name__
    if isinstance(node, exp.DataType):
        # BigQuery's decimals with many digits are BIGNUMERIC: the same thing, only wider.
        wide = node.this is exp.DType.BIGDECIMAL
        return _NAME, str(exp.DType.DECIMAL if wide else node.this)
    return type(node).__name__, tuple(_shape(child) for child in node.iter_expressions())
