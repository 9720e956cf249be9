"""The functions that a text calls, by name, and which of them a dialect does not have."""

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from dli_domain.transpiling.known_functions import KNOWN

_NAME = re.compile(r"[^\W\d]\w*\Z")
# Written like a call, and no function: types with digits, and the grammar's own words.
_NO_FUNCTIONS = frozenset(
    """
    BIGINT BINARY BLOB BYTES CHAR DATETIME DEC DECIMAL DOUBLE FLOAT FLOAT64 INT INT64 INTEGER
    INTERVAL NUMERIC REAL STRING STRUCT TEXT TIME TIMESTAMP TIMESTAMPTZ VARBINARY VARCHAR ROW
    ARRAY MAP EXISTS FILTER OVER VALUES ANY ALL SOME IN AS AND OR NOT ON USING WHEN THEN ELSE
    CASE SET BY ROLLUP CUBE SETS LIST WITH SELECT FROM WHERE UNION DISTINCT EXCEPT EXCLUDE
    REPLACE BERNOULLI SYSTEM LATERAL TABLE GROUPING PARTITION LIMIT INTERSECT TBLPROPERTIES
    """.split()
)
# Carried over by name alone: those that are known to mean the same, and to mean something else.
SAME = frozenset("NOW CARDINALITY ELEMENT_AT URL_ENCODE URL_DECODE MAP_VALUES ERROR ROW".split())
OTHER = frozenset(
    "BAR BIT_COUNT FORMAT_DATETIME HASH JSON_EXISTS RANGE TIMEZONE TO_TIMESTAMP".split()
)
_NO_NAME_BEFORE = (TokenType.ALIAS, TokenType.TABLE, TokenType.INTO)


def called(tokens: Sequence[Token], trees: Sequence[exp.Expr]) -> Iterator[tuple[str, Token]]:
    """Each call as its name in capitals, with what stands before its dot, and its token."""
    aliases = _names_with_columns(trees)
    for index, token in enumerate(tokens[:-1]):
        following = tokens[index + 1]
        if following.token_type is not TokenType.L_PAREN or following.start != token.end + 1:
            continue
        name = token.text.upper()
        if token.end - token.start + 1 != len(token.text) or not _NAME.match(token.text):
            continue
        before = tokens[index - 1] if index else None
        if before is not None and before.token_type in _NO_NAME_BEFORE:
            continue
        if name in _NO_FUNCTIONS or token.text.lower() in aliases:
            continue
        if before is not None and before.token_type is TokenType.DOT and index > 1:
            name = f"{tokens[index - 2].text.upper()}.{name}"
        yield name, token


def is_known(name: str, dialect: str) -> bool:
    """Whether the dialect has a function of that name."""
    return name in KNOWN[dialect]


def _names_with_columns(trees: Sequence[exp.Expr]) -> set[str]:
    found: set[str] = set()
    for tree in trees:
        for node in tree.find_all(exp.TableAlias, exp.Schema):
            if isinstance(node, exp.Schema):
                found.add(node.this.name.lower() if isinstance(node.this, exp.Table) else "")
            elif node.args.get("columns"):
                found.add(node.name.lower())
    return found
