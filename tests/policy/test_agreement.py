"""Step 7: the engine's own reading of a statement has the last word."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dli_adapters.clock.system import SystemClock
from dli_adapters.duckdb.referee import DuckDbReferee
from dli_adapters.registry import confined, open_bare, open_executor
from dli_domain.errors import EngineError, PolicyError
from dli_domain.model.policy import CheckedQuery, Opinion, ReadAccess
from dli_domain.model.settings import DuckDbTarget, Settings
from dli_domain.policy.agreement import check_agreement
from dli_domain.policy.judging import judge_read_only
from dli_domain.ports.query_executor import QueryExecutor
from tests.contracts.query_executor_contract import scope
from tests.policy.escapes import SPELLINGS, escapes
from tests.policy.honest import honest
from tests.policy.test_escapes import DEEP, accepted

CHECKED = CheckedQuery(sql="SELECT 1", dialect="bigquery", tables=frozenset({("nyc", "trips")}))
AGREED = Opinion(
    statement="SELECT",
    tables=frozenset({("p", "nyc", "trips")}),
    default=("p",),
    through_views=True,
    bytes_processed=100,
)
ACCESS = ReadAccess(tables=("nyc.*",), max_bytes=100)


def test_an_engine_that_agrees_lets_it_pass() -> None:
    check_agreement(CHECKED, AGREED, ACCESS)


@pytest.mark.parametrize(
    ("opinion", "why"),
    [
        (replace(AGREED, count=2), "sees 2 statements"),
        (replace(AGREED, statement="SCRIPT"), "sees a SCRIPT statement"),
        (replace(AGREED, statement="unknown"), "sees a unknown statement"),
        (replace(AGREED, foreign=frozenset({"SHOW_REF"})), "sees SHOW_REF in it"),
        (replace(AGREED, functions=frozenset({"external_query"})), r"external_query\(\)"),
        (replace(AGREED, tables=frozenset({("p", "hr", "pay")})), "'p.hr.pay' is not among"),
        (replace(AGREED, tables=frozenset({("q", "nyc", "trips")})), "'q.nyc.trips' is not among"),
        (replace(AGREED, tables=frozenset()), "disagree on whether it reads a table"),
        (replace(AGREED, bytes_processed=101), "would read 101 bytes, the most are 100"),
        (
            replace(AGREED, through_views=False, tables=frozenset({("nyc", "zones")})),
            "disagree on the table",
        ),
    ],
)
def test_an_engine_that_disagrees_refuses_it(opinion: Opinion, why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        check_agreement(CHECKED, opinion, ACCESS)


def test_duckdb_reads_honest_queries_as_the_policy_does() -> None:
    with duckdb.connect() as connection:
        referee = DuckDbReferee(connection)
        for sql in honest("duckdb")[:: 1 if DEEP else 3]:
            if accepted(sql, "duckdb"):
                checked = judge_read_only(sql, "duckdb", tables=None)
                check_agreement(checked, referee.opinion(sql), ReadAccess())


_PIECES = st.sampled_from(
    "SELECT FROM WITH AS ( ) , ; a t nyc.trips 1 'x' \"q\" * UNION ALL WHERE IN EXISTS -- /* */ \n "
    "DELETE INSERT INTO COPY TO VALUES nextval('s') read_csv('x') count(*) || :: INT . x -> $a "
    "RETURNING DESCRIBE SHOW TABLES RECURSIVE LATERAL PIVOT ORDER BY LIMIT $$ E'\\' \r".split(" ")
)


@given(st.lists(_PIECES, min_size=1, max_size=14).map(lambda p: " ".join(["SELECT 1", *p])))
@settings(max_examples=2000 if DEEP else 150)
def test_what_the_policy_accepts_is_one_select_for_duckdb(sql: str) -> None:
    if not accepted(sql, "duckdb"):
        return
    with duckdb.connect() as connection:
        try:
            statements = connection.extract_statements(sql)
        except duckdb.Error:
            return  # then it never runs
        assert [statement.type.name for statement in statements] == ["SELECT"]


@given(
    st.sampled_from(["duckdb", "bigquery", "trino"]),
    st.integers(min_value=0),
    st.lists(st.sampled_from(sorted(SPELLINGS)), min_size=1, max_size=3),
    st.randoms(use_true_random=False),
)
@settings(max_examples=1000 if DEEP else 100)
def test_the_refused_stay_refused_however_they_are_spelled(
    dialect: str, number: int, spellings: list[str], draw: object
) -> None:
    corpus = escapes(dialect)
    sql = corpus[number % len(corpus)]
    for name in spellings:
        sql = SPELLINGS[name](sql, draw)  # type: ignore[arg-type]  # hypothesis's own Random
    assert not accepted(sql, dialect)


@pytest.fixture
def settings_of(tmp_path: Path) -> Settings:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA nyc; CREATE SCHEMA hr")
        connection.execute("CREATE TABLE nyc.trips AS SELECT range AS id FROM range(3)")
        connection.execute("CREATE TABLE hr.pay AS SELECT 1 AS id")
        connection.execute("CREATE MACRO nyc.upper(x) AS (SELECT max(id) FROM hr.pay)")
        connection.execute("CREATE MACRO sneaky(x) AS (SELECT max(id) FROM hr.pay)")
    return Settings(engine="duckdb", duckdb=DuckDbTarget(path=str(path)))


@contextmanager
def reading(settings_of: Settings, *tables: str) -> Iterator[QueryExecutor]:
    opened = open_executor(settings_of, SystemClock(), reading=ReadAccess(tables=tables))
    with opened(scope(now=SystemClock().monotonic())) as executor:
        yield executor


def test_a_reading_session_gives_rows_estimates_and_binds_values(settings_of: Settings) -> None:
    with reading(settings_of, "nyc.*") as executor:
        executor.check()
        result = executor.execute("SELECT id FROM nyc.trips WHERE id > $least", {"least": 1})
        assert result.rows == ({"id": 2},)
        assert executor.estimate("SELECT id FROM nyc.trips").bytes_processed == 24


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM hr.pay",
        "SELECT sneaky(1)",
        "SELECT nyc.upper(1)",
        "INSERT INTO nyc.trips VALUES (9)",
        "SELECT 1; DROP TABLE nyc.trips",
        "SELECT * FROM nyc.trips; COMMIT; DROP TABLE nyc.trips",
        "WITH x AS (DELETE FROM nyc.trips RETURNING id) SELECT * FROM x",
        "FROM pay: hr.pay",
        "SELECT * FROM (SHOW TABLES)",
    ],
)
def test_a_reading_session_refuses_the_rest_and_goes_on(settings_of: Settings, sql: str) -> None:
    with reading(settings_of, "nyc.*") as executor:
        for ask in (executor.execute, executor.estimate):
            with pytest.raises(PolicyError):
                ask(sql)
        assert executor.execute("SELECT count(*) AS n FROM nyc.trips").rows == ({"n": 3},)


def test_a_writer_and_a_reader_of_one_process_share_the_file(settings_of: Settings) -> None:
    with (
        open_bare(confined(settings_of))(scope(run_id="w")) as writer,
        reading(settings_of, "nyc.*") as reader,
    ):
        writer.execute("INSERT INTO nyc.trips VALUES (3)")
        assert reader.execute("SELECT count(*) AS n FROM nyc.trips").rows == ({"n": 4},)


def test_what_the_engine_cannot_read_is_told_by_the_engine(settings_of: Settings) -> None:
    with reading(settings_of, "nyc.*") as executor:
        with pytest.raises(EngineError, match="nothing"):
            executor.execute("SELECT nothing FROM nyc.trips")
        assert executor.execute("SELECT 1 AS one").rows == ({"one": 1},)
