"""Steps 4 and 5: every node of the tree and every name that calls is on a list."""

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from dli_domain.policy.function_names import NAMES, SPACES, TABLE_NAMES
from dli_domain.policy.node_names import FUNCTIONS, QUERIES, SESSION_WORDS, SYNTAX, WORDS
from dli_domain.policy.reading import ReadText
from dli_domain.policy.refusal import Step, refused

_VALUES = frozenset({TokenType.STRING, TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})


def check_nodes(text: ReadText) -> None:
    """Refuse a tree that is no query, or holds a node that no query needs.

    Raises:
        PolicyError: naming the node.
    """
    if type(text.tree).__name__ not in QUERIES:
        raise refused(Step.SYNTAX, f"it is a {_spoken(text.tree)}, and only a query may be sent")
    # a stack of our own: a long chain of AND is a deep tree
    waiting: list[exp.Expr] = [text.tree]
    while waiting:
        node = waiting.pop()
        _check_node(node, text.dialect)
        waiting.extend(node.iter_expressions())


def _check_node(node: exp.Expr, dialect: str) -> None:
    kind = type(node).__name__
    if isinstance(node, exp.Anonymous):
        _check_name(str(node.name), dialect)
    elif isinstance(node, exp.Func):
        if kind not in FUNCTIONS:
            raise refused(Step.FUNCTIONS, f"{_spoken(node)} is not on the list of functions")
    elif kind not in SYNTAX:
        raise refused(Step.SYNTAX, f"it holds {_spoken(node)}, which no query needs")
    if isinstance(node, exp.Parameter) and not isinstance(node.this, exp.Var | exp.Literal):
        raise refused(Step.SYNTAX, "it reads a variable of the engine's own")
    if isinstance(node, exp.CTE) and type(node.this).__name__ not in QUERIES:
        raise refused(Step.SYNTAX, "a name in its WITH stands for no query")
    if isinstance(node, exp.Column) and _tells_of_session(node):
        raise refused(Step.FUNCTIONS, f"{node.name} is not on the list of functions")
    if isinstance(node, exp.Identifier) and node.name.startswith("$"):
        raise refused(Step.TABLES, f"{node.name!r} is a column of the engine's own")


def _tells_of_session(column: exp.Column) -> bool:
    plain = isinstance(column.this, exp.Identifier) and not column.this.args.get("quoted")
    return plain and not column.table and _lower(column.name) in SESSION_WORDS


def check_calls(text: ReadText) -> None:
    """Refuse a call of a function that is not on the dialect's list, by the name as written.

    The tree cannot tell: sqlglot gives several names one class, and engines differ in them.

    Raises:
        PolicyError: naming the function.
    """
    tokens = text.tokens
    for index in range(len(tokens) - 1):
        if tokens[index + 1].token_type is not TokenType.L_PAREN:
            continue
        name = _called(text, index)
        if name is None or _names_columns(tokens, index):
            continue
        _check_space(text, index)
        if tokens[index].token_type is TokenType.IDENTIFIER or name not in WORDS:
            _check_name(name, text.dialect)


def _called(text: ReadText, index: int) -> str | None:
    """The word before a parenthesis, in lower case; None where an operator stands there."""
    token = text.tokens[index]
    if token.token_type is TokenType.IDENTIFIER:
        return _lower(token.text)
    written = text.sql[token.start : token.end + 1]
    if not (written[0].isalpha() or written[0] == "_") or written[-1] in "'\"":
        return None
    # a keyword may be two words, as GROUP BY is
    return _lower(written.split()[-1])


def _names_columns(tokens: Sequence[Token], index: int) -> bool:
    """Whether the parenthesis only names columns: `WITH t(a, b) AS`, `AS t(a, b)`, `) t(a)`."""
    before = tokens[index - 1].token_type if index else None
    named = before in (TokenType.VAR, TokenType.IDENTIFIER, TokenType.ALIAS, TokenType.R_PAREN)
    position = index + 2
    while position < len(tokens) and _is_name(tokens[position]):
        position += 1
        if position >= len(tokens) or tokens[position].token_type is not TokenType.COMMA:
            break
        position += 1
    if position == index + 2 or position >= len(tokens):
        return False
    if tokens[position].token_type is not TokenType.R_PAREN:
        return False
    followed = position + 1 < len(tokens) and tokens[position + 1].token_type is TokenType.ALIAS
    if followed and before in (TokenType.WITH, TokenType.RECURSIVE, TokenType.COMMA):
        # WITH t(a) AS (...): an alias of a call could not be a parenthesis
        after = tokens[position + 2].text.upper() if position + 2 < len(tokens) else ""
        return after in ("(", "MATERIALIZED", "NOT")
    return named


def _is_name(token: Token) -> bool:
    return token.token_type in (TokenType.VAR, TokenType.IDENTIFIER) or token.text.isidentifier()


def _check_space(text: ReadText, index: int) -> None:
    """Refuse a function of a schema's own: `schema.f(x)`."""
    tokens = text.tokens
    if index < 2 or tokens[index - 1].token_type is not TokenType.DOT:
        return
    if text.dialect == "duckdb" and tokens[index - 2].token_type in _VALUES:
        return  # 'text'.upper()
    space = _lower(tokens[index - 2].text)
    nested = index > 2 and tokens[index - 3].token_type is TokenType.DOT
    if space not in SPACES[text.dialect] or nested:
        raise refused(
            Step.FUNCTIONS,
            f"{space[:40]}.{tokens[index].text[:40]}() may be a function of a schema's own",
            hint="Call a built-in function by its name alone, its first argument inside.",
        )


def _check_name(name: str, dialect: str) -> None:
    lowered = _lower(name)
    if lowered not in NAMES[dialect] and lowered not in TABLE_NAMES[dialect]:
        raise refused(
            Step.FUNCTIONS, f"{name[:40]}() is not on the list of functions for {dialect}"
        )


def _lower(name: str) -> str:
    """ASCII only: an engine that folds more would call what the list does not name."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name)


def _spoken(node: exp.Expr) -> str:
    return type(node).__name__.upper()
