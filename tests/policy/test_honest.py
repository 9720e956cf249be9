"""What people send passes; one node changed to something that harms, and it does not."""

import pytest
import sqlglot
from sqlglot import exp

from dli_domain.errors import PolicyError
from dli_domain.policy.judging import judge_read_only
from tests.policy.honest import honest
from tests.policy.test_escapes import DEEP, DIALECTS, accepted

HARM = {
    "duckdb": ("read_text('/etc/passwd')", '"/etc/passwd"'),
    "bigquery": ("ds.udf(1)", "`ds.events_*`"),
    "trino": ("catalog.schema.fn(1)", '"t$files"'),
}


def test_the_corpus_is_as_large_as_promised() -> None:
    assert all(len(honest(dialect)) >= 500 for dialect in DIALECTS)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_at_most_one_honest_query_of_a_hundred_is_refused(dialect: str) -> None:
    corpus = honest(dialect)
    refused = [sql for sql in corpus if not accepted(sql, dialect)]
    assert len(refused) <= len(corpus) // 100, refused


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_passes_as_it_came_byte_for_byte(dialect: str) -> None:
    for sql in filter(lambda text: accepted(text, dialect), honest(dialect)[:60]):
        assert judge_read_only(sql, dialect, tables=None).sql == sql


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_honest_query_with_one_harmful_node_is_refused(dialect: str) -> None:
    function, table = HARM[dialect]
    changes = (
        (exp.Column, sqlglot.parse_one(f"SELECT {function}", dialect=dialect).expressions[0]),
        (
            exp.Table,
            sqlglot.parse_one(f"SELECT * FROM {table}", dialect=dialect).args["from_"].this,
        ),
    )
    passed = []
    for sql in honest(dialect)[:: 1 if DEEP else 12]:
        for kind, harm in changes:
            tree = sqlglot.parse_one(sql, dialect=dialect)
            node = tree.find(kind)
            if node is None:
                continue
            node.replace(harm.copy())
            if accepted(tree.sql(dialect), dialect):
                passed.append(tree.sql(dialect))
    assert passed == []


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("tables", "name", "allowed"),
    [
        (None, "any.thing", True),
        ((), "nyc.trips", False),
        (("nyc.*",), "nyc.trips", True),
        (("nyc.*",), "nyc.raw.trips", True),
        (("nyc.*",), "other.nyc.trips", False),
        (("nyc.*",), "trips", False),
        (("nyc.*",), "nycx.trips", False),
        (("nyc.tri*",), "nyc.trips", True),
        (("nyc.tri*",), "nyc.zones", False),
        (("*.raw.trips",), "nyc.raw.trips", True),
        (("nyc.trips",), "nyc.trips", True),
        (("nyc.trips", "nyc.zones"), "nyc.zones", True),
        (("nyc.trips",), "nyc.trips.more", False),
    ],
)
def test_only_tables_of_the_list_may_be_read(
    dialect: str, tables: tuple[str, ...] | None, name: str, *, allowed: bool
) -> None:
    shapes = (
        "SELECT * FROM {0}",
        "WITH a AS (SELECT * FROM {0}) SELECT * FROM a",
        "SELECT 1 WHERE 1 IN (SELECT 1 FROM {0})",
        "SELECT (SELECT max(x) FROM {0})",
    )
    for shape in shapes:
        sql = shape.replace("{0}", name)
        if allowed:
            judge_read_only(sql, dialect, tables=tables)
        else:
            with pytest.raises(PolicyError, match="is not among the allowed"):
                judge_read_only(sql, dialect, tables=tables)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "sql",
    [
        "WITH secret AS (SELECT * FROM secret) SELECT * FROM secret",
        "SELECT * FROM (WITH secret AS (SELECT 1 AS x) SELECT * FROM secret) AS a, secret",
        "WITH RECURSIVE secret AS (SELECT * FROM secret) SELECT * FROM secret",
        "WITH RECURSIVE secret AS (SELECT * FROM secret UNION ALL SELECT 1) SELECT * FROM secret",
        "WITH a AS (SELECT * FROM secret), secret AS (SELECT 1 AS x) SELECT * FROM a",
        "WITH secret AS (SELECT 1 AS x) SELECT * FROM other.secret",
        "WITH \u017fecret AS (SELECT 1 AS x) SELECT * FROM secret",
        "WITH a AS (SELECT * FROM a.secret) SELECT * FROM a",
        "SELECT * FROM (SELECT * FROM a.secret) AS q, nyc.trips AS a",
    ],
)
def test_a_name_of_the_query_hides_no_table_out_of_its_sight(dialect: str, sql: str) -> None:
    with pytest.raises(PolicyError):
        judge_read_only(sql, dialect, tables=("nyc.*",))


def test_case_tells_tables_apart_on_bigquery_only() -> None:
    judge_read_only("SELECT * FROM NYC.Trips", "duckdb", tables=("nyc.*",))
    with pytest.raises(PolicyError):
        judge_read_only("SELECT * FROM NYC.Trips", "bigquery", tables=("nyc.*",))


def test_the_engines_own_catalog_is_read_where_the_scope_allows() -> None:
    sql = "SELECT table_name FROM information_schema.tables"
    checked = judge_read_only(sql, "duckdb", tables=("nyc.*",), metadata=True)
    assert checked.tables == {("information_schema", "tables")}


@pytest.mark.parametrize(
    ("sql", "step"),
    [
        ("SELECT 1" + " " * 262_144, "2 bounds"),
        ("SELECT " + "1, " * 10_000 + "1", "2 bounds"),
        ("SELECT " + "(" * 101 + "1" + ")" * 101, "2 bounds"),
        ("SELECT 'a\x00b'", "2 bounds"),
        ("SELECT\x0b1", "2 bounds"),
        ("SELECT a\x08b", "2 bounds"),
        ("SELECT 1 -- \x1b", "2 bounds"),
        ('SELECT "a\x7fb"', "2 bounds"),
        ("SELECT\ufeff 1", "2 bounds"),
        ("", "3 one statement"),
        ("-- nothing", "3 one statement"),
        ("SELECT 1; SELECT 2", "3 one statement"),
        ("DROP TABLE x", "4 syntax"),
        ("SELECT FROM WHERE", "4 syntax"),
        ("SELECT nextval('a')", "5 functions"),
        ("SELECT * FROM '/etc/passwd'", "6 tables"),
    ],
)
def test_a_refusal_says_which_step_refused(sql: str, step: str) -> None:
    with pytest.raises(PolicyError) as caught:
        judge_read_only(sql, "duckdb", tables=None)
    assert caught.value.context == {"Step": step}


def test_a_comment_or_a_semicolon_at_the_end_is_no_second_statement() -> None:
    for sql in ("SELECT 1;", "SELECT 1; -- x", "SELECT 1 /* ; */;\n", "-- x\nSELECT 1"):
        assert judge_read_only(sql, "duckdb", tables=None).sql == sql


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_control_character_in_a_string_is_data(dialect: str) -> None:
    sql = "SELECT * FROM nyc.trips WHERE note IN ('\x01', '\x1b[0m', '\x7f', '\ufeff', '가\u202e')"
    assert judge_read_only(sql, dialect, tables=None).sql == sql


def test_a_dialect_without_a_list_is_refused() -> None:
    with pytest.raises(PolicyError, match="no policy for the dialect 'mysql'"):
        judge_read_only("SELECT 1", "mysql", tables=None)
