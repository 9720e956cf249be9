"""Laws of translation over generated queries."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dli_domain.errors import SqlError
from dli_domain.rendering.parsing import parse
from dli_domain.transpiling.formatting import formatted
from tests.transpile.passing import ROWS, passed, rendered, rows_of, same_rows

NUMBERS = st.sampled_from(["a", "b", "f", "n", "1", "2", "3", "0.5", "1.25", "2e0", "7"])
TEXTS = st.sampled_from(["s", "'a-b'", "'x'", "''", "NULL"])
DAYS = st.sampled_from(["d", "DATE '2025-01-05'", "ts::DATE"])


def _call(name: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda args: f"{name}({', '.join(args)})")


def _infix(inner: st.SearchStrategy[str], *signs: str) -> st.SearchStrategy[str]:
    return st.tuples(inner, st.sampled_from(signs), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")


texts = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        _call("upper", inner),
        _call("concat", inner, inner),
        _call("replace", inner, st.just("'a'"), inner),
        _call("regexp_extract", inner, st.sampled_from(["'b'", "'[a-z]+'"])),
        _call(
            "regexp_replace", inner, st.just("'-'"), st.sampled_from(["'$'", "'+'"]), st.just("'g'")
        ),
        _call("coalesce", inner, inner),
    ),
    max_leaves=4,
)
numbers = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        _infix(inner, "+", "-", "*", "/"),
        _call("greatest", inner, inner),
        _call("coalesce", inner, inner),
        _call("abs", inner),
        _call("length", texts),
        _call("date_diff", st.sampled_from(["'week'", "'day'", "'month'", "'year'"]), DAYS, DAYS),
        _call("dayofweek", DAYS),
        inner.map(lambda x: f"CASE WHEN {x} > 1 THEN {x} ELSE 0 END"),
    ),
    max_leaves=6,
)
conditions = st.one_of(
    _infix(numbers, "<", ">=", "=", "IS DISTINCT FROM"),
    texts.map(lambda x: f"{x} LIKE 'a%'"),
    DAYS.map(lambda x: f"{x} IN (DATE '2025-01-05', DATE '2024-02-29')"),
)


@st.composite
def queries(draw: st.DrawFn) -> str:
    items = draw(st.lists(st.one_of(numbers, texts), min_size=1, max_size=3))
    columns = ", ".join(f"{item} AS c{number}" for number, item in enumerate(items))
    where = f" WHERE {draw(conditions)}" if draw(st.booleans()) else ""
    inner = f"SELECT {columns} FROM t{where}"
    if draw(st.booleans()):
        return f"WITH q AS ({inner}) SELECT count(*), max(c0), sum(1) / 2 FROM q"
    return f"{inner} ORDER BY c0"


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(ROWS)
    yield connection
    connection.close()


@given(text=queries(), dialect=st.sampled_from(["bigquery", "duckdb", "trino"]))
def test_the_same_dialect_keeps_the_text_and_laying_out_keeps_the_tree(
    text: str, dialect: str
) -> None:
    try:
        before = parse(rendered(text), dialect).statements
    except SqlError:
        return
    assert passed(text, dialect, dialect).sql.text == text
    try:
        laid_out = formatted(text, dialect)
    except SqlError:
        return  # it would have changed the tree, and says so
    assert parse(rendered(laid_out), dialect).statements == before


@given(text=queries(), other=st.sampled_from(["bigquery", "trino"]))
def test_a_journey_through_another_dialect_gives_the_same_rows_or_is_refused(
    text: str, other: str, engine: duckdb.DuckDBPyConnection
) -> None:
    try:
        before = rows_of(engine, text)
    except duckdb.Error:
        return
    try:
        there = passed(text, "duckdb", other).sql.text
        back = passed(there, other, "duckdb").sql.text
    except SqlError:
        return
    assert same_rows(before, rows_of(engine, back)), f"{there}\n---\n{back}"
