"""What harms is refused with the boundary off: only the text is judged, no engine is there."""

import os
import random

import pytest

from dli_domain.errors import ErrorCode, PolicyError
from dli_domain.policy.judging import judge_read_only
from tests.policy.escapes import SPELLINGS, escapes

DIALECTS = ("duckdb", "bigquery", "trino")
DEEP = os.environ.get("DLI_TEST_DEEP") == "1"


def accepted(sql: str, dialect: str) -> bool:
    try:
        judge_read_only(sql, dialect, tables=None)
    except PolicyError as error:
        told = (error.code, bool(error.hint), "Step" in error.context)
        if told != (ErrorCode.POLICY_REFUSED, True, True):
            raise AssertionError(f"a refusal without code, hint or step: {error!r}") from error
        return False
    return True


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_corpus_is_as_large_as_promised(dialect: str) -> None:
    assert len(escapes(dialect)) >= 500


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_escape_is_accepted(dialect: str) -> None:
    assert [sql for sql in escapes(dialect) if accepted(sql, dialect)] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_spelling_makes_an_escape_acceptable(dialect: str) -> None:
    draw = random.Random(7)  # noqa: S311 - a seed, no secret
    corpus = escapes(dialect)
    some = corpus if DEEP else draw.sample(corpus, 60)
    passed = [
        (name, sql)
        for sql in some
        for name, spell in SPELLINGS.items()
        if accepted(spell(sql, draw), dialect)
    ]
    assert passed == []
