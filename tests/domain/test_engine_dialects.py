"""A text in one dialect for an engine of another: the same meaning, or a loud refusal."""

import contextlib

import duckdb
import pytest

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.model.problems import Location
from dli_domain.model.spec import ResourceKind
from tests.domain.specs import renderer, resource


def translated(text: str, dialect: str, engine: str | None) -> str:
    dataset = resource("a.b.c", text, dialect=dialect)
    return renderer(dataset, engine=engine)("a.b.c", ResourceKind.DATASET).main.sql.text


def failure(text: str, dialect: str, engine: str) -> SqlError:
    with pytest.raises(SqlError) as info:
        translated(text, dialect, engine)
    return info.value


def test_the_engines_own_dialect_goes_out_byte_for_byte() -> None:
    text = "select  a -- x\n\tfrom t ;"
    assert translated(text, "duckdb", "duckdb") == text
    assert translated(text, "trino", None) == text


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("trino", "SELECT date_diff('day', DATE '2025-01-01', DATE '2025-01-03')", 2),
        ("trino", "SELECT approx_distinct(x) FROM (VALUES 1, 2, 2) AS t(x)", 2),
        ("trino", "SELECT date_format(DATE '2025-01-02', '%Y/%m')", "2025/01"),
        ("trino", "SELECT cardinality(ARRAY[1, 2, 3])", 3),
        ("bigquery", "SELECT DATE_DIFF(DATE '2025-01-03', DATE '2025-01-01', DAY)", 2),
        ("bigquery", "SELECT SAFE_DIVIDE(1, 0)", None),
        ("bigquery", "SELECT FORMAT_DATE('%Y/%m', DATE '2025-01-02')", "2025/01"),
        ("bigquery", "SELECT COUNT(*) FROM UNNEST([1, 2, 3])", 3),
        ("bigquery", "SELECT SAFE_CAST('x' AS INT64)", None),
    ],
)
def test_the_engine_gives_what_the_text_means(dialect: str, text: str, expected: object) -> None:
    connection = duckdb.connect()
    try:
        row = connection.execute(translated(text, dialect, "duckdb")).fetchone()
    finally:
        connection.close()
    assert row == (expected,)


@pytest.mark.parametrize(
    ("dialect", "engine", "text", "line"),
    [
        ("bigquery", "duckdb", "SELECT 1,\n  ARRAY_AGG(x ORDER BY x LIMIT 2)\nFROM t", 2),
        ("bigquery", "duckdb", "SELECT 1\n,\n  JSON_KEYS(j) FROM t", 3),
        ("trino", "bigquery", "SELECT a,\n element_at(x, -1) FROM t", 2),
    ],
)
def test_what_has_no_equal_is_refused_with_its_line(
    dialect: str, engine: str, text: str, line: int
) -> None:
    error = failure(text, dialect, engine)
    assert error.code == ErrorCode.TRANSPILE_FAILED
    assert "without loss" in error.message
    assert error.location is not None
    assert error.location.line == line


def test_a_syntax_error_points_at_the_template() -> None:
    error = failure("SELECT a\nFROM t WHERE WHERE", "trino", "duckdb")
    assert error.code == ErrorCode.SQL_SYNTAX_ERROR
    assert error.location == Location("a.b.c.sql", 2, 14)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
        "SELECT * FROM " + "(SELECT * FROM " * 2000 + "t" + ")" * 2000,
        "SELECT 1 WHERE x IN (" + ", ".join(["1"] * 200_000) + ")",
        "SELECT 'unfinished",
        'SELECT "unfinished',
        "/* unfinished",
        "SELECT CASE " * 500,
        "EXPLAIN ANALYZE VERBOSE x y z",
        "\\", "?", "@", "SELECT * FROM", ")",
    ],
    ids=range(13),
)  # fmt: skip
@pytest.mark.timeout(30)
def test_nothing_but_our_errors_come_out_of_hostile_sql(text: str) -> None:
    with contextlib.suppress(SqlError):
        translated(text, "trino", "duckdb")


def test_an_engines_place_is_found_again_by_the_word_that_stands_there() -> None:
    dataset = resource("a.b.c", "SELECT date_diff('day', a, b),\n  amount FROM t", dialect="trino")
    sql = renderer(dataset)("a.b.c", ResourceKind.DATASET).main.sql
    line = next(i for i, one in enumerate(sql.text.splitlines(), 1) if "amount" in one)
    column = sql.text.splitlines()[line - 1].index("amount") + 1
    assert sql.locate(line, column) == Location("a.b.c.sql", 2, 3)
