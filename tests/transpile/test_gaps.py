"""Where the dialects differ and a plain translation says nothing: the gaps that are known.

What DuckDB can run is run before and after; what it cannot is compared with what the other
engine's reference says.
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from dli_domain.errors import SqlError
from tests.transpile.passing import ROWS, one_line, passed, refused, rows_of, same_rows


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(ROWS)
    yield connection
    connection.close()


# What the text means in its own dialect, by that engine's reference; DuckDB must give the same.
MEANT = [
    ("trino", "SELECT 7 / 2", 3),
    ("trino", "SELECT -7 / 2", -3),
    ("trino", "SELECT 7 / 2e0", 3.5),
    ("trino", "SELECT a / b FROM (VALUES (7, 2)) AS t(a, b)", 3),
    ("trino", "SELECT a / b FROM (VALUES (7e0, 2e0)) AS t(a, b)", 3.5),
    ("trino", "SELECT sum(a) / count(*) FROM (VALUES 1, 2, 4) AS t(a)", 2),
    ("trino", "SELECT CAST(2.5e0 AS integer)", 3),
    ("trino", "SELECT CAST(3.5e0 AS integer)", 4),
    ("trino", "SELECT CAST('1.7' AS decimal(2, 1))", Decimal("1.7")),
    ("trino", "SELECT CAST(1.7 AS decimal)", Decimal(2)),
    ("trino", "SELECT CAST('abcdefg' AS varchar(3))", "abc"),
    ("trino", "SELECT date_diff('month', DATE '2025-01-31', DATE '2025-02-01')", 0),
    ("trino", "SELECT date_diff('week', DATE '2025-01-04', DATE '2025-01-06')", 0),
    ("trino", "SELECT date_diff('year', DATE '2024-12-31', DATE '2025-01-01')", 0),
    (
        "trino",
        "SELECT date_diff('day', TIMESTAMP '2025-01-01 23:00:00', TIMESTAMP '2025-01-02 01:00:00')",
        0,
    ),
    ("trino", "SELECT extract(dow FROM DATE '2025-01-05')", 7),
    ("trino", "SELECT day_of_week(DATE '2025-01-05')", 7),
    ("trino", "SELECT extract(week FROM DATE '2024-12-30')", 1),
    ("trino", "SELECT extract(year_of_week FROM DATE '2024-12-30')", 2025),
    ("trino", "SELECT date_trunc('week', DATE '2025-01-05')", dt.date(2024, 12, 30)),
    ("trino", "SELECT DATE '2025-01-31' + INTERVAL '1' MONTH", dt.date(2025, 2, 28)),
    ("trino", "SELECT date_format(DATE '2025-02-03', '%c/%e %W %M')", "2/3 Monday February"),
    ("trino", "SELECT regexp_extract('abc', 'z+')", None),
    ("trino", "SELECT regexp_extract('abc', '(b)(c)', 2)", "c"),
    ("trino", r"SELECT regexp_replace('ab', '(a)(b)', '$2$1')", "ba"),
    ("trino", r"SELECT regexp_replace('ab', 'b', '\$1')", "a$1"),
    ("trino", "SELECT regexp_replace('aaa', 'a', 'b')", "bbb"),
    ("trino", "SELECT concat('a', CAST(NULL AS varchar))", None),
    ("trino", "SELECT greatest(1, NULL)", None),
    ("trino", """SELECT json_extract_scalar('{"a": {"b": 1}}', '$.a')""", None),
    ("trino", """SELECT json_extract_scalar('{"a": "x"}', '$.a')""", "x"),
    ("trino", "SELECT element_at(ARRAY[1, 2], 5)", None),
    ("trino", "SELECT element_at(ARRAY[1, 2], -1)", 2),
    ("trino", "SELECT log(2, 8)", 3.0),
    ("trino", "SELECT o FROM UNNEST(ARRAY['x']) WITH ORDINALITY AS u(x, o)", 1),
    ("trino", "SELECT try(1 / 0)", None),
    ("trino", "SELECT x FROM (VALUES 1, NULL) AS t(x) ORDER BY x LIMIT 1", 1),
    ("bigquery", "SELECT 7 / 2", 3.5),
    ("bigquery", "SELECT DIV(7, 2)", 3),
    ("bigquery", "SELECT IEEE_DIVIDE(1, 0)", float("inf")),
    ("bigquery", "SELECT SAFE_DIVIDE(1, 0)", None),
    ("bigquery", "SELECT CAST(2.5 AS INT64)", 3),
    ("bigquery", "SELECT CAST('1.123456789' AS NUMERIC)", Decimal("1.123456789")),
    ("bigquery", "SELECT EXTRACT(DAYOFWEEK FROM DATE '2025-01-05')", 1),
    ("bigquery", "SELECT EXTRACT(ISOWEEK FROM DATE '2024-12-30')", 1),
    ("bigquery", "SELECT DATE_DIFF(DATE '2025-01-05', DATE '2025-01-04', WEEK)", 1),
    ("bigquery", "SELECT DATE_DIFF(DATE '2025-02-01', DATE '2025-01-31', MONTH)", 1),
    (
        "bigquery",
        (
            "SELECT TIMESTAMP_DIFF(TIMESTAMP '2025-01-01 01:10:00', TIMESTAMP '2025-01-01 00:50:00', "
            "HOUR)"
        ),
        0,
    ),
    ("bigquery", "SELECT UNIX_SECONDS(TIMESTAMP '1970-01-01 00:00:01.7')", 1),
    ("bigquery", "SELECT LOG(8, 2)", 3.0),
    ("bigquery", "SELECT x FROM UNNEST([1, NULL]) AS x ORDER BY x LIMIT 1", None),
    ("bigquery", "SELECT ARRAY_LENGTH([1, 2]) + [10, 20][OFFSET(1)]", 22),
    ("bigquery", "SELECT [10, 20][SAFE_OFFSET(7)]", None),
    ("bigquery", r"SELECT 'a_b' LIKE 'a\\_b' AND NOT 'axb' LIKE 'a\\_b'", True),
    ("bigquery", "SELECT REGEXP_EXTRACT('abc', 'a(b)')", "b"),
    ("bigquery", "SELECT REGEXP_EXTRACT('abc', 'z')", None),
    ("bigquery", r"SELECT REGEXP_REPLACE('ab', r'(a)(b)', r'\2\1')", "ba"),
    ("bigquery", "SELECT CONCAT('a', NULL)", None),
    ("bigquery", "SELECT FORMAT_DATE('%Y/%m/%d', DATE '2025-02-03')", "2025/02/03"),
]


@pytest.mark.parametrize(("source", "text", "meant"), MEANT)
def test_duckdb_gives_what_the_text_means(
    source: str, text: str, meant: object, engine: duckdb.DuckDBPyConnection
) -> None:
    translated = passed(text, source, "duckdb").sql.text
    assert same_rows([(meant,)], rows_of(engine, translated)), translated


def test_a_division_by_zero_fails_where_it_would_have_failed(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    for source, text in (
        ("trino", "SELECT a / (a - a) FROM t WHERE a = 7"),
        ("bigquery", "SELECT a / (a - a) FROM t WHERE a = 7"),
    ):
        with pytest.raises(duckdb.Error, match="Division by zero"):
            rows_of(engine, passed(text, source, "duckdb").sql.text)


# DuckDB's own texts: to the other dialect and back they give the same rows, or are refused there.
JOURNEYS = [
    ("SELECT a / b, b / a, 1 / 0, 0 / 0 FROM t", ""),
    ("SELECT a // b FROM t", ""),
    ("SELECT a % b, -a, a ** 2 FROM t", ""),
    ("SELECT n / 3, n * 1.1 / 7, sum(n) OVER () / 3 FROM t", ""),
    ("SELECT avg(a), avg(n), avg(f), sum(n), count(*) FROM t", ""),
    ("SELECT n::DECIMAL(10, 1), f::DECIMAL(6, 2), f::DECIMAL FROM t", ""),
    ("SELECT greatest(a, b, 3), least(a, NULL, b) FROM t", ""),
    ("SELECT log(abs(a) + 10), log10(100), log2(8), ln(2) FROM t", ""),
    ("SELECT dayofweek(d), isodow(d), extract(dow FROM d), week(d) FROM t", ""),
    ("SELECT extract(isodow FROM d), extract(week FROM d), extract(doy FROM d) FROM t", ""),
    ("SELECT date_diff('week', d, DATE '2025-06-01'), datediff('month', d, DATE '2025-06-01') FROM t", ""),
    ("SELECT date_diff('day', d, DATE '2025-06-01') FROM t", ""),
    ("SELECT date_diff('hour', ts, TIMESTAMP '2025-06-01') FROM t", "bigquery"),
    ("SELECT date_sub('month', d, DATE '2025-06-01') FROM t", "bigquery"),
    ("SELECT date_trunc('week', ts), date_trunc('month', ts) FROM t", ""),
    ("SELECT date_trunc('week', d::DATE) FROM t", ""),
    ("SELECT d + INTERVAL 1 MONTH FROM t", ""),
    ("SELECT strftime(ts, '%Y-%m-%d'), strftime(ts, '%j %a %b') FROM t", ""),
    ("SELECT strftime(ts, '%Y %-d') FROM t", "bigquery"),
    ("SELECT strptime('2025-01-31', '%Y-%m-%d')", ""),
    ("SELECT concat(s, 'x', NULL), s || 'x' FROM t", ""),
    ("SELECT concat_ws('-', s, 'x') FROM t", "bigquery"),
    ("SELECT s LIKE 'a!_b' ESCAPE '!', s LIKE 'a%' FROM t", ""),
    ("SELECT s ILIKE 'A%' FROM t", ""),
    ("SELECT regexp_extract(s, 'b.'), regexp_matches(s, '^a') FROM t", ""),
    ("SELECT regexp_extract(s, '(b)(.)', 2) FROM t", "bigquery"),
    (r"SELECT regexp_replace(s, '([a-z])-', '\1+', 'g') FROM t", ""),
    ("SELECT regexp_replace(s, '-', '$', 'g') FROM t", ""),
    ("SELECT regexp_replace(s, '-', '+') FROM t", "bigquery trino"),
    ("SELECT contains(s, 'B') FROM t", "trino"),
    ("SELECT length(s), upper(s), trim(s), replace(s, 'a', 'b'), left(s, 2), right(s, 2) FROM t", ""),
    ("SELECT substr(s, 2, 2), strpos(s, 'c'), lpad(s, 5, '-'), reverse(s) FROM t", ""),
    ("SELECT substr(s, 0, 2) FROM t", "bigquery trino"),
    ("SELECT l[1], l[3] FROM t", ""),
    ("SELECT l[-1] FROM t", "bigquery"),
    ("SELECT l[1:2] FROM t", "bigquery trino"),
    ("SELECT list_contains(l, 1) FROM t WHERE l IS NOT NULL", ""),
    ("SELECT a, x FROM t, unnest(l) AS u(x)", ""),
    ("SELECT unnest(l) FROM t", "bigquery trino"),
    ("SELECT list_transform(l, lambda x: x + 1) FROM t", "bigquery"),
    ("SELECT a FROM t ORDER BY a DESC NULLS FIRST, b", ""),
    ("SELECT sum(a) OVER (ORDER BY d), row_number() OVER (ORDER BY d DESC) FROM t", ""),
    ("SELECT sum(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t", ""),
    ("SELECT array_agg(b ORDER BY a) FROM t", ""),
    ("SELECT string_agg(s, ',' ORDER BY a) FROM t", ""),
    ("SELECT count(*) FILTER (WHERE a > 0), sum(a) FILTER (WHERE ok) FROM t", ""),
    ("SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY ok ORDER BY a) = 1", ""),
    ("SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY ok ORDER BY a) = 1", "trino"),
    ("SELECT ok, b, sum(a) FROM t GROUP BY ALL", ""),
    ("SELECT * EXCLUDE (l) FROM t", "trino"),
    ("SELECT * REPLACE (a + 1 AS a) FROM t", "trino"),
    ("SELECT * RENAME (a AS z) FROM t", "bigquery trino"),
    ("SELECT COLUMNS('a|b') FROM t", "bigquery trino"),
    ("SELECT a FROM t ORDER BY ALL", "bigquery trino"),
    ("SELECT 0.06 + 0.01 = 0.07, 0.1 * 3 = 0.3", ""),
    ("SELECT median(a), mode(b) FROM t", "bigquery trino"),
    ("SELECT first(a) FROM t", "bigquery trino"),
    ("SELECT any_value(a) IS NOT NULL FROM t", ""),
    ("SELECT a::HUGEINT FROM t", "bigquery trino"),
    ("SELECT a::UINTEGER FROM t WHERE a > 0", "bigquery trino"),
    ("SELECT sha256(s) FROM t", "bigquery trino"),
    ("SELECT md5(s) FROM t WHERE s <> ''", ""),
    ("SELECT typeof(a) FROM t", "bigquery trino"),
    ("SELECT printf('%d', a) FROM t", "bigquery trino"),
    ("SELECT epoch_ms(ts) FROM t", "bigquery trino"),
    ("SELECT ts AT TIME ZONE 'Asia/Seoul' FROM t", "bigquery trino"),
    ("SELECT DATE '2025-01-02' - DATE '2025-01-01'", "bigquery trino"),
    ("SELECT * FROM t SEMI JOIN t AS u USING (a)", "bigquery trino"),
    ("SELECT a FROM t UNION BY NAME SELECT a FROM t", "bigquery trino"),
    ("SELECT a FROM t EXCEPT ALL SELECT 7", "bigquery"),
    ("SELECT DISTINCT ON (ok) ok, b FROM t ORDER BY ok, b", "bigquery trino"),
    ("SELECT DISTINCT ON (b) b FROM t", ""),
    ("PIVOT t ON ok USING sum(a)", "bigquery trino"),
    ("SELECT [x + 1 FOR x IN l] FROM t", "bigquery trino"),
    ("SELECT MAP {'k': a} FROM t", "bigquery trino"),
    ("WITH c AS MATERIALIZED (SELECT a FROM t) SELECT * FROM c", ""),
    ("VALUES (1), (2)", "bigquery"),
    ("SELECT a IS DISTINCT FROM b, a IS NOT NULL FROM t", ""),
    ("SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END, if(a > 0, 1, 2), coalesce(a, b) FROM t", ""),
    ("FROM t SELECT a WHERE a > 0", ""),
    ("SELECT a FROM t LIMIT 50%", "bigquery trino"),
    ("SELECT * FROM t TABLESAMPLE 10 ROWS", "bigquery trino"),
    ("SELECT i FROM range(5) AS r(i)", ""),
    ("SELECT range, g.generate_series FROM range(2), generate_series(1, 2) AS g", ""),
]  # fmt: skip


@pytest.mark.parametrize("other", ["bigquery", "trino"])
@pytest.mark.parametrize(("text", "unsaid_in"), JOURNEYS)
def test_a_text_of_duckdb_comes_back_with_the_same_rows_or_is_refused(
    text: str, unsaid_in: str, other: str, engine: duckdb.DuckDBPyConnection
) -> None:
    if other in unsaid_in.split():
        error = refused(text, "duckdb", other)
        assert error.location is not None
        return
    there = passed(text, "duckdb", other).sql.text
    back = passed(there, other, "duckdb").sql.text
    assert same_rows(rows_of(engine, text), rows_of(engine, back)), f"{there}\n{back}"


# Refused, with the line of what cannot be said and a word of the reason.
REFUSED = [
    ("trino", "bigquery", "SELECT 1,\n a / b FROM t", 2, "whole number"),
    ("trino", "bigquery", "SELECT 1,\n date_diff('month', a, b) FROM t", 2, "whole units"),
    ("trino", "bigquery", "SELECT 1,\n regexp_extract(s, '(a)(b)') FROM t", 2, "groups"),
    ("trino", "bigquery", "SELECT 1,\n regexp_like(s, 'a(?=b)') FROM t", 2, "(?="),
    ("trino", "bigquery", "SELECT 1,\n transform(l, x -> x + 1) FROM t", 2, "lambdas"),
    ("trino", "bigquery", "SELECT 1,\n try(a) FROM t", 2, "TRY"),
    ("trino", "bigquery", "SELECT 1,\n split_part(s, ',', 1) FROM t", 2, "SPLIT_PART"),
    ("trino", "bigquery", "SELECT 1,\n localtimestamp FROM t", 1, "LOCALTIMESTAMP"),
    ("trino", "bigquery", "SELECT 1,\n parse_datetime(s, 'yyyy') FROM t", 2, "letters"),
    ("trino", "bigquery", "SELECT k\nFROM UNNEST(m) AS u(k, v)", 2, "one column"),
    ("trino", "bigquery", "SELECT x\nFROM UNNEST(l) WITH ORDINALITY AS u(x, o)", 2, "from 0"),
    ("trino", "bigquery", "SELECT 1,\n s LIKE p ESCAPE '!' FROM t", 2, "ESCAPE"),
    ("trino", "bigquery", "SELECT *\nFROM t TABLESAMPLE BERNOULLI (10)", 2, "BERNOULLI"),
    ("trino", "duckdb", "SELECT 1,\n 2.50 / DECIMAL '1.5' FROM t", 2, "scale"),
    ("trino", "duckdb", "SELECT 1,\n avg(DECIMAL '1.5') FROM t", 2, "DOUBLE"),
    ("trino", "duckdb", "SELECT a\nFROM t FETCH FIRST 5 ROWS WITH TIES", 2, "WITH TIES"),
    ("trino", "duckdb", "SELECT 1,\n regexp_like(s, '(a)\\1') FROM t", 2, "no equal"),
    ("trino", "duckdb", "SELECT 1,\n CAST(s AS char(3)) FROM t", 2, "pads"),
    ("trino", "duckdb", "SELECT 1,\n slice(l, 1, 2) FROM t", 2, "SLICE"),
    ("trino", "duckdb", "SELECT 1,\n array_position(l, 1) FROM t", 2, "ARRAY_POSITION"),
    ("trino", "duckdb", "SELECT 1,\n sequence(5, 1) FROM t", 2, "goes down"),
    ("trino", "duckdb", "SELECT 1,\n map_agg(a, b) FROM t", 2, "MAP_AGG"),
    ("trino", "duckdb", "SELECT 1,\n format('%s', a) FROM t", 2, "FORMAT"),
    ("trino", "duckdb", "SELECT 1,\n ts AT TIME ZONE 'UTC' FROM t", 2, "ZONE"),
    ("trino", "duckdb", "SELECT 1,\n substr(s, 0) FROM t", 2, "position 0"),
    ("trino", "duckdb", "SELECT 1,\n approx_distinct(a, 0.1) FROM t", 2, "standard error"),
    ("trino", "duckdb", "SELECT 1,\n sha256(b) FROM t", 2, "bytes"),
    ("trino", "duckdb", "SELECT *\nFROM t FOR VERSION AS OF 3", 2, "earlier states"),
    ("trino", "duckdb", "CREATE TABLE x WITH (format = 'ORC') AS SELECT 1 AS a", 1, "property"),
    ("bigquery", "duckdb", "SELECT 1,\n SAFE.SUBSTR(s, 1) FROM t", 2, "SAFE."),
    ("bigquery", "duckdb", "SELECT 1,\n EXTRACT(WEEK FROM d) FROM t", 2, "EXTRACT(WEEK)"),
    ("bigquery", "duckdb", "SELECT 1,\n FORMAT_DATE('%e', d) FROM t", 2, "%-d"),
    ("bigquery", "duckdb", "SELECT 1,\n FORMAT_DATE(f, d) FROM t", 2, "no literal"),
    ("bigquery", "duckdb", "SELECT 1,\n CAST(d AS STRING FORMAT 'YYYY') FROM t", 2, "FORMAT"),
    ("bigquery", "duckdb", "SELECT 1,\n CAST(n AS BIGNUMERIC) FROM t", 2, "BIGNUMERIC"),
    ("bigquery", "duckdb", "SELECT 1,\n CONTAINS_SUBSTR(s, 'x') FROM t", 2, "normalises"),
    ("bigquery", "duckdb", "SELECT 1,\n STRING_AGG(s ORDER BY a LIMIT 2) FROM t", 2, "LIMIT"),
    ("bigquery", "duckdb", "SELECT 1,\n NET.HOST(s) FROM t", 2, "own"),
    ("bigquery", "duckdb", "SELECT 1,\n JSON_KEYS(j) FROM t", 2, "JSON_KEYS"),
    ("bigquery", "duckdb", "SELECT x\nFROM UNNEST(l) AS x WITH OFFSET AS o", 2, "from 0"),
    ("bigquery", "duckdb", "SELECT *\nFROM `p.d.t_*`", 2, "own kind"),
    ("bigquery", "duckdb", "SELECT AS VALUE x\nFROM t", 1, "AS VALUE"),
    ("bigquery", "duckdb", "DECLARE x INT64 DEFAULT 1", 1, "DECLARE"),
    ("bigquery", "trino", "SELECT\n * EXCEPT (a) FROM t", 2, "EXCEPT"),
    ("bigquery", "trino", "SELECT 1,\n DATE_TRUNC(d, WEEK) FROM t", 2, "WEEK"),
    ("bigquery", "trino", "SELECT 1,\n DATE_DIFF(a, b, MONTH) FROM t", 2, "borders"),
    ("bigquery", "trino", "SELECT 1,\n TIMESTAMP_TRUNC(ts, DAY, 'Asia/Seoul') FROM t", 2, "zone"),
    ("bigquery", "trino", "SELECT 1,\n ARRAY_AGG(a IGNORE NULLS) FROM t", 2, "IGNORE NULLS"),
    ("bigquery", "trino", "SELECT 1,\n a IN UNNEST([1, 2]) FROM t", 2, "UNNEST"),
    ("bigquery", "trino", "SELECT 1,\n ANY_VALUE(a HAVING MAX b) FROM t", 2, "HAVING MAX"),
    ("bigquery", "trino", "MERGE t USING s ON t.a = s.a WHEN NOT MATCHED THEN INSERT ROW", 1, "ROW"),
    ("duckdb", "trino", "UPDATE t SET a = 1 FROM u WHERE t.a = u.a", 1, "UPDATE"),
    ("duckdb", "trino", "INSERT OR REPLACE INTO t VALUES (1)", 1, "INSERT"),
    ("duckdb", "trino", "SELECT *\nFROM 'x.parquet'", 2, "file"),
    ("duckdb", "trino", "SELECT *\nFROM read_csv('x.csv')", 2, "READ_CSV"),
    ("duckdb", "bigquery", "COPY t TO 'x.csv'", 1, "COPY"),
    (
        "duckdb",
        "bigquery",
        "SELECT a AS u, 1 FROM t\nJOIN u ON TRUE GROUP BY a ORDER BY a",
        1,
        "table's name",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "text", "line", "word"), REFUSED)
def test_what_would_lose_its_meaning_is_refused_with_its_line(
    source: str, target: str, text: str, line: int, word: str
) -> None:
    error = refused(text, source, target)
    assert word in error.message
    assert error.location is not None
    assert error.location.line == line


# Translated, with a warning about what the text does not show.
WARNED = [
    ("trino", "duckdb", "SELECT a / b FROM t", "DECIMAL"),
    ("trino", "duckdb", "SELECT l[1] FROM t", "past the array's end"),
    ("trino", "duckdb", "SELECT CAST(a AS integer) FROM t", "half"),
    ("trino", "duckdb", "SELECT split_part(s, ',', 9) FROM t", "not there"),
    ("trino", "duckdb", "SELECT avg(a) FROM t", "DOUBLE"),
    ("trino", "duckdb", "SELECT regexp_like(s, p) FROM t", "regular expression"),
    ("trino", "duckdb", "SELECT approx_distinct(a) FROM t", "approximate"),
    ("trino", "duckdb", "SELECT my_udf(a) FROM t", "MY_UDF"),
    ("trino", "duckdb", "SELECT histogram(a) FROM t", "HISTOGRAM"),
    ("trino", "duckdb", "SELECT date_trunc('month', d) FROM t", "TIMESTAMP"),
    ("trino", "bigquery", "SELECT s LIKE p FROM t", "backslash"),
    ("bigquery", "trino", "SELECT a / b FROM t", "zero"),
    ("bigquery", "duckdb", "SELECT PARSE_TIMESTAMP('%F', s) FROM t", "UTC"),
    ("duckdb", "trino", "SELECT a || b FROM t", "lists"),
    ("duckdb", "trino", "SELECT j ->> '$.a' FROM t", "objects"),
    ("duckdb", "trino", "SELECT a + 1 AS x, x * 2 AS y FROM t", "alias"),
    ("duckdb", "trino", "SELECT CAST(2.5e0 AS INT)", "half"),
    ("duckdb", "trino", "SELECT CAST(2.5e0 AS VARCHAR)", "floating"),
]


@pytest.mark.parametrize(("source", "target", "text", "word"), WARNED)
def test_what_may_lose_its_meaning_is_told_with_its_place(
    source: str, target: str, text: str, word: str
) -> None:
    warnings = passed(text, source, target).warnings
    found = [warning for warning in warnings if word in warning.message]
    assert found
    assert found[0].location is not None


# What no engine here can run: the text that says the same, by the target's reference.
WRITTEN = [
    ("trino", "bigquery", "SELECT 7 / 2", "SELECT DIV(7, 2)"),
    ("trino", "bigquery", "SELECT date_trunc('week', d)", "SELECT DATE_TRUNC(d, WEEK(MONDAY))"),
    ("trino", "bigquery", "SELECT extract(week FROM d)", "SELECT EXTRACT(ISOWEEK FROM d)"),
    ("trino", "bigquery", "SELECT CAST(a AS decimal(10, 2))", "SELECT ROUND(CAST(a AS NUMERIC), 2)"),
    ("trino", "bigquery", r"SELECT regexp_replace(s, '(a)', '$1x')", r"SELECT REGEXP_REPLACE(s, '(a)', '\\1x')"),
    ("trino", "bigquery", "SELECT s LIKE 'a!%' ESCAPE '!'", r"SELECT s LIKE 'a\\%'"),
    ("trino", "bigquery", r"SELECT s LIKE 'a\_'", r"SELECT s LIKE 'a\\\\_'"),
    ("duckdb", "bigquery", "SELECT a / b FROM t", "SELECT IEEE_DIVIDE(a, b) FROM t"),
    ("duckdb", "bigquery", "SELECT log(a) FROM t", "SELECT LOG(a, 10) FROM t"),
    ("duckdb", "bigquery", "SELECT dayofweek(d) FROM t", "SELECT (EXTRACT(DAYOFWEEK FROM d) - 1) FROM t"),
    ("duckdb", "bigquery", "SELECT 0.06 + 0.01", "SELECT CAST('0.06' AS NUMERIC) + CAST('0.01' AS NUMERIC)"),
    ("duckdb", "bigquery", "SELECT date_diff('week', a, b) FROM t", "SELECT DIV(DATE_DIFF(b, a, DAY), 7) FROM t"),
    ("duckdb", "bigquery", "SELECT contains(s, 'x') FROM t", "SELECT (INSTR(s, 'x') > 0) FROM t"),
    ("duckdb", "bigquery", "SELECT l[1] FROM t", "SELECT l[SAFE_OFFSET(0)] FROM t"),
    ("duckdb", "trino", "SELECT l[1] FROM t", "SELECT ELEMENT_AT(l, 1) FROM t"),
    ("duckdb", "trino", "SELECT a // b FROM t", "SELECT a / b FROM t"),
    ("duckdb", "trino", "SELECT CAST(s AS VARCHAR(3)) FROM t", "SELECT CAST(s AS VARCHAR) FROM t"),
    ("duckdb", "trino", "SELECT a, sum(b) FROM t GROUP BY ALL", "SELECT a, SUM(b) FROM t GROUP BY 1"),
    ("bigquery", "trino", "SELECT DIV(7, 2)", "SELECT 7 / 2"),
    ("bigquery", "trino", "SELECT EXTRACT(DAYOFWEEK FROM d)", "SELECT ((DAY_OF_WEEK(d) % 7) + 1)"),
    ("bigquery", "trino", "SELECT arr[OFFSET(0)], arr[SAFE_OFFSET(1)]", "SELECT arr[1], ELEMENT_AT(arr, 2)"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "text", "written"), WRITTEN)
def test_the_same_is_said_in_the_targets_words(
    source: str, target: str, text: str, written: str
) -> None:
    found = one_line(passed(text, source, target).sql.text)
    assert found.replace("( ", "(").replace(" )", ")") == written


def test_every_place_is_told_at_once() -> None:
    error = refused("SELECT 1,\n a / b,\n c / d FROM t", "trino", "bigquery")
    assert [problem.location.line for problem in error.problems if problem.location] == [2, 3]


def test_statements_and_comments_are_all_kept() -> None:
    text = "-- head\nSELECT /* one */ 1 -- two\n;\n/* three */ INSERT INTO t SELECT 2;\n-- end\n"
    found = passed(text, "trino", "duckdb").sql.text
    assert found.count(";") == 2
    for comment in ("head", "one", "two", "three"):
        assert comment in found


def test_an_unknown_dialect_is_an_error_of_its_own() -> None:
    with pytest.raises(SqlError, match="DLI-302"):
        passed("SELECT 1", "oracle", "duckdb")
