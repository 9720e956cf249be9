"""What DuckDB gives for each kind of statement."""

from collections.abc import Iterator

import pytest

from dli_adapters.duckdb.executor import DuckDbExecutor
from dli_domain.model.result import Column
from dli_domain.model.settings import DuckDbTarget
from tests.contracts.query_executor_contract import scope


@pytest.fixture
def executor() -> Iterator[DuckDbExecutor]:
    with DuckDbExecutor.connect(DuckDbTarget(), scope()) as opened:
        opened.execute("CREATE TABLE t (a INT, i INTERVAL)")
        opened.execute("INSERT INTO t VALUES (1, INTERVAL 1 MONTH), (2, NULL)")
        yield opened


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT a FROM t", ["a"]),
        ("WITH x AS (SELECT 1 AS b) SELECT * FROM x", ["b"]),
        ("FROM t", ["a", "i"]),
        ("VALUES (1), (2)", ["col0"]),
        ("PIVOT t ON a USING count(*)", ["i", "1", "2"]),
        ("EXPLAIN SELECT 1", ["explain_key", "explain_value"]),
        ("EXPLAIN ANALYZE SELECT 1", ["explain_key", "explain_value"]),
        ("PRAGMA database_list", ["seq", "name", "file"]),
        ("DESCRIBE t", ["column_name", "column_type", "null", "key", "default", "extra"]),
        ("SHOW TABLES", ["name"]),
        ("CALL pragma_version()", ["library_version", "source_id", "codename"]),
        ("SELECT 1 AS a; -- done ;", ["a"]),
        ("WITH d AS (INSERT INTO t VALUES (9, NULL) RETURNING a) SELECT * FROM d", ["a"]),
    ],
)
def test_queries_give_rows(executor: DuckDbExecutor, sql: str, columns: list[str]) -> None:
    result = executor.execute(sql)
    assert [column.name for column in result.columns] == columns
    assert (len(result.rows) > 0, result.affected_rows) == (True, None)


@pytest.mark.parametrize(
    ("sql", "affected"),
    [
        ("INSERT INTO t VALUES (3, NULL) -- RETURNING", 1),
        ("UPDATE t SET a = a + 1", 2),
        ("DELETE FROM t WHERE a = 1", 1),
        ("TRUNCATE t", 2),
        ("COPY (SELECT 1) TO 'x.csv'", 1),
        ("MERGE INTO t USING (FROM t) s ON t.a = s.a WHEN MATCHED THEN DELETE", 2),
        ("CREATE TABLE u AS SELECT * FROM range(5)", None),
        ("CREATE VIEW v AS SELECT 1", None),
        ("SET threads = 2", None),
        ("CHECKPOINT", None),
        ("BEGIN", None),
        ("DROP TABLE t", None),
        ("PREPARE p AS SELECT 1", None),
    ],
)
def test_changes_tell_their_rows_and_the_rest_nothing(
    executor: DuckDbExecutor, sql: str, affected: int | None
) -> None:
    result = executor.execute(sql)
    assert (result.has_rows, result.affected_rows) == (False, affected)


def test_a_change_that_returns_rows_runs_once_and_gives_them(executor: DuckDbExecutor) -> None:
    result = executor.execute('INSERT INTO t VALUES (7, INTERVAL 2 DAY) RETURNING a AS "Count", i')
    assert result.columns == (Column("Count", "INTEGER"), Column("i", "INTERVAL"))
    assert result.rows == ({"Count": 7, "i": "2 days"},)
    assert executor.execute("SELECT count(*) AS n FROM t WHERE a = 7").rows == ({"n": 1},)


def test_columns_of_one_name_and_odd_names_survive(executor: DuckDbExecutor) -> None:
    result = executor.execute('SELECT 1 AS a, INTERVAL 1 DAY AS a, 3 AS "a ""b", 4 AS 가')
    assert [column.name for column in result.columns] == ["a", "a", 'a "b', "가"]
    assert result.rows == ({"a": 1, "a_1": "1 day", 'a "b': 3, "가": 4},)


def test_order_and_parameters_survive_the_casts(executor: DuckDbExecutor) -> None:
    sql = "SELECT range AS n, INTERVAL 1 DAY AS i FROM range($k) ORDER BY n DESC -- last"
    rows = executor.execute(sql, {"k": 100_000}).rows
    assert [row["n"] for row in rows] == list(range(99_999, -1, -1))


def test_text_in_a_zone_does_not_depend_on_the_machine(
    executor: DuckDbExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    with DuckDbExecutor.connect(DuckDbTarget(), scope()) as other:
        sql = "SELECT CAST(TIMESTAMPTZ '2025-01-01 00:00:00+09' AS VARCHAR) AS t"
        assert other.execute(sql).rows == ({"t": "2024-12-31 15:00:00+00"},)


def test_an_estimate_counts_what_the_scans_read_and_says_that_it_is_one(
    executor: DuckDbExecutor,
) -> None:
    executor.execute("CREATE TABLE big AS SELECT range AS n, 'x' AS s FROM range(100000)")
    whole = executor.estimate("SELECT n FROM big WHERE n % 7 = 3")
    assert whole.bytes_processed == 800_000
    assert "approximation" in whole.details["basis"]
    assert "SEQ_SCAN" in whole.plan
    assert executor.estimate("INSERT INTO big SELECT * FROM big").bytes_processed == 2_400_000
    assert executor.execute("SELECT count(*) AS n FROM big").rows == ({"n": 100_000},)
    for free in ("SET threads = 1", "PRAGMA database_list", "EXPLAIN SELECT 1", "SELECT 1"):
        assert executor.estimate(free).bytes_processed == 0


def test_a_long_query_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with DuckDbExecutor.connect(DuckDbTarget(threads=1), scope()) as executor:
        found = executor.execute("SELECT current_setting('enable_progress_bar') AS bar").rows
        executor.execute("CREATE TABLE t AS SELECT count(*) FROM range(30000) a, range(30000) b")
    assert found == ({"bar": False},)
    assert capfd.readouterr() == ("", "")
