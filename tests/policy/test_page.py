"""docs/sql-policy.md lists the functions that the code lists."""

import re
from pathlib import Path

from sqlglot import exp

from dli_domain.policy.function_names import NAMES, TABLE_NAMES
from dli_domain.policy.node_names import FUNCTIONS, QUERIES, SYNTAX

PAGE = Path(__file__).parents[2] / "docs" / "sql-policy.md"


def test_the_page_lists_the_functions_of_every_dialect() -> None:
    blocks = re.findall(r"### (\w+)\n\n```text\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert {dialect: set(names.split()) for dialect, names in blocks} == NAMES


def test_nothing_listed_is_known_to_harm() -> None:
    harmful = {"read_csv", "read_text", "glob", "query", "nextval", "getenv", "external_query"}
    for dialect, names in NAMES.items():
        assert not harmful & (names | TABLE_NAMES[dialect])


def test_every_listed_node_is_one_of_sqlglot() -> None:
    unknown = {name for name in SYNTAX | FUNCTIONS | QUERIES if not hasattr(exp, name)}
    assert unknown == set()


def test_functions_and_syntax_are_told_apart() -> None:
    assert all(issubclass(getattr(exp, name), exp.Func) for name in FUNCTIONS)
