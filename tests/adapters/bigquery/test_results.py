"""What a user gets from BigQuery: types, rows, counts. The engine is the emulator."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from dli_domain.model.result import QueryResult
from tests.adapters.bigquery.conftest import Open
from tests.engines.local_bigquery import BigQueryServer

pytestmark = pytest.mark.xdist_group("bigquery")

EVERY_TYPE = """
SELECT NUMERIC '99999999999999999999999999999.999999999' AS numeric_max,
  NUMERIC '-1.5' AS numeric_small,
  BIGNUMERIC '12345678901234567890.123456789012345678' AS bignumeric,
  DATE '0001-01-01' AS date_min, DATE '9999-12-31' AS date_max,
  DATETIME '2020-01-01 01:02:03.000001' AS datetime_micros,
  TIMESTAMP '2020-01-01 00:00:00.123456+09' AS timestamp_micros,
  TIMESTAMP '1969-12-31 23:59:59.999999+00' AS before_epoch,
  TIME '23:59:59.999999' AS time_max, TIME '01:02:03' AS time_plain,
  b'\\x00\\xff' AS bytes_value,
  JSON '{"a": [1, null, "한글"]}' AS json_value,
  [1, 2] AS int_array, CAST([] AS ARRAY<STRING>) AS empty_array,
  STRUCT(1 AS a, 'x' AS b) AS struct_value,
  [STRUCT(1 AS q, [TRUE, FALSE] AS flags), STRUCT(2, CAST([] AS ARRAY<BOOL>))] AS structs,
  ST_GEOGPOINT(1, 2) AS geography,
  INTERVAL '1-2 3 4:5:6.7' YEAR TO SECOND AS interval_value,
  RANGE<DATE> '[2020-01-01, UNBOUNDED)' AS range_value,
  CAST('nan' AS FLOAT64) AS nan, CAST('-inf' AS FLOAT64) AS minus_infinity, 1e22 AS large_float,
  TRUE AS bool_value, '한글 "x"\\n' AS string_value, '' AS empty_string,
  9223372036854775807 AS int_max, CAST(NULL AS INT64) AS nothing
"""
EXPECTED = {
    "numeric_max": Decimal("99999999999999999999999999999.999999999"),
    "numeric_small": Decimal("-1.5"),
    "bignumeric": Decimal("12345678901234567890.123456789012345678"),
    "date_min": date(1, 1, 1),
    "date_max": date(9999, 12, 31),
    "datetime_micros": datetime(2020, 1, 1, 1, 2, 3, 1),  # noqa: DTZ001 - a DATETIME has no zone
    "timestamp_micros": datetime(2019, 12, 31, 15, 0, 0, 123456, tzinfo=UTC),
    "before_epoch": datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "time_max": time(23, 59, 59, 999999),
    "time_plain": time(1, 2, 3),
    "bytes_value": b"\x00\xff",
    "json_value": '{"a":[1,null,"한글"]}',
    "int_array": [1, 2],
    "empty_array": [],
    "struct_value": {"a": 1, "b": "x"},
    "structs": [{"q": 1, "flags": [True, False]}, {"q": 2, "flags": []}],
    "geography": "POINT(1 2)",
    "interval_value": "1-2 3 4:5:6.7",
    "range_value": {"start": date(2020, 1, 1), "end": None},
    "minus_infinity": -math.inf,
    "large_float": 1e22,
    "bool_value": True,
    "string_value": '한글 "x"\n',
    "empty_string": "",
    "int_max": 9223372036854775807,
    "nothing": None,
}
NAMES = {
    "numeric_max": "NUMERIC",
    "bignumeric": "BIGNUMERIC",
    "datetime_micros": "DATETIME",
    "int_array": "ARRAY<INT64>",
    "struct_value": "STRUCT<a INT64, b STRING>",
    "structs": "ARRAY<STRUCT<q INT64, flags ARRAY<BOOL>>>",
    "range_value": "RANGE<DATE>",
    "nan": "FLOAT64",
    "bool_value": "BOOL",
    "geography": "GEOGRAPHY",
    "interval_value": "INTERVAL",
    "json_value": "JSON",
}


@pytest.fixture
def dataset(bigquery_server: BigQueryServer, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"d_{abs(hash(request.node.nodeid)):x}"
    with bigquery_server.client() as client:
        client.create_dataset(name)
        yield name
        client.delete_dataset(name, delete_contents=True)


def table_of(result: QueryResult) -> pa.Table:
    assert result.stream is not None
    return pa.table(result.stream)


def test_every_type_arrives_exactly(open_bigquery: Open) -> None:
    with open_bigquery() as executor:
        result = executor.execute(EVERY_TYPE)
        types = {column.name: column.type for column in result.columns}
        (row,) = result.rows
    assert {name: row[name] for name in EXPECTED} == EXPECTED
    nan = row["nan"]
    assert isinstance(nan, float)
    assert math.isnan(nan)
    assert {name: types[name] for name in NAMES} == NAMES


def test_storage_and_rest_give_the_same_rows_and_types(open_bigquery: Open) -> None:
    sql = EVERY_TYPE + ", n FROM UNNEST(GENERATE_ARRAY(1, 10500)) AS n ORDER BY n"
    with open_bigquery(storage=False) as executor:
        paged = executor.execute(sql)
        assert paged.stats.notes == (
            "read over REST: an endpoint is configured, but no storage endpoint",
        )
        by_rest, rest_columns = table_of(paged), paged.columns
    with open_bigquery() as executor:
        stored = executor.execute(sql)
        assert stored.stats.notes == ()
        by_storage, storage_columns = table_of(stored), stored.columns
    assert rest_columns == storage_columns
    assert by_rest.schema == by_storage.schema
    # NaN is unequal to itself
    assert by_rest.drop(["nan"]).equals(by_storage.drop(["nan"]))
    assert by_rest["n"].to_pylist() == list(range(1, 10501))


@pytest.mark.parametrize("storage", [True, False], ids=["storage", "rest"])
def test_120000_rows_arrive_whole_and_in_order(open_bigquery: Open, *, storage: bool) -> None:
    sql = "SELECT n, CONCAT('row ', n) AS t FROM UNNEST(GENERATE_ARRAY(1, 120000)) n ORDER BY n"
    with open_bigquery(storage=storage) as executor:
        table = table_of(executor.execute(sql))
    assert table["n"].to_pylist() == list(range(1, 120001))
    assert table["t"][119999].as_py() == "row 120000"


def test_messages_of_more_than_4_mib_are_taken(open_bigquery: Open) -> None:
    sql = "SELECT n, REPEAT('x', 1000) AS t FROM UNNEST(GENERATE_ARRAY(1, 12000)) n"
    with open_bigquery() as executor:
        result = executor.execute(sql)
        assert result.stats.notes == ()
        table = table_of(result)
    assert (table.num_rows, table.nbytes > 12_000_000) == (12000, True)


def test_a_large_result_comes_in_many_batches(open_bigquery: Open) -> None:
    with open_bigquery(storage=False) as executor:
        stream = executor.execute("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 35000)) n").stream
        assert stream is not None
        sizes = [batch.num_rows for batch in pa.RecordBatchReader.from_stream(stream)]
    assert sizes == [10000, 10000, 10000, 5000]


def test_zero_rows_keep_their_columns(open_bigquery: Open) -> None:
    with open_bigquery() as executor:
        result = executor.execute("SELECT 1 AS a, 'x' AS b FROM UNNEST([1]) WHERE FALSE")
        assert [(c.name, c.type) for c in result.columns] == [("a", "INT64"), ("b", "STRING")]
        assert result.rows == ()
        assert result.has_rows


def test_changes_of_data_tell_their_rows(open_bigquery: Open, dataset: str) -> None:
    with open_bigquery() as executor:
        made = executor.execute(f"CREATE TABLE {dataset}.t AS SELECT 1 AS a")
        assert not made.has_rows
        assert executor.execute(f"INSERT INTO {dataset}.t VALUES (2), (3)").affected_rows == 2
        assert executor.execute(f"UPDATE {dataset}.t SET a = 9 WHERE a > 1").affected_rows == 2
        merge = (
            f"MERGE {dataset}.t t USING (SELECT 1 AS a UNION ALL SELECT 7) s ON t.a = s.a "
            "WHEN MATCHED THEN UPDATE SET a = 10 WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a)"
        )
        assert executor.execute(merge).affected_rows == 2
        assert executor.execute(f"DELETE FROM {dataset}.t WHERE TRUE").affected_rows == 4


def test_a_script_gives_the_rows_of_its_last_query(open_bigquery: Open) -> None:
    script = "DECLARE x INT64 DEFAULT 3; SELECT x AS y; SELECT x + 1 AS z;"
    with open_bigquery() as executor:
        result = executor.execute(script)
        assert result.rows == ({"z": 4},)


def test_a_temporary_table_is_seen_by_the_statements_after_it(open_bigquery: Open) -> None:
    with open_bigquery() as executor:
        executor.execute("CREATE TEMP TABLE kept AS SELECT 5 AS a")
        executor.execute("INSERT INTO kept VALUES (6)")
        result = executor.execute("SELECT a FROM kept ORDER BY a")
        assert result.rows == ({"a": 5}, {"a": 6})


def test_two_runs_do_not_see_each_others_temporary_tables(open_bigquery: Open) -> None:
    with open_bigquery() as one, open_bigquery() as other:
        one.execute("CREATE TEMP TABLE mine AS SELECT 1 AS a")
        other.execute("CREATE TEMP TABLE mine AS SELECT 2 AS a")
        assert one.execute("SELECT a FROM mine").rows == ({"a": 1},)
        assert other.execute("SELECT a FROM mine").rows == ({"a": 2},)


def test_named_parameters_arrive_with_their_types(open_bigquery: Open) -> None:
    values = {
        "text": "it's \n 한글",
        "whole": 2**63 - 1,
        "real": 0.1,
        "exact": Decimal("0.123456789"),
        "yes": True,
        "raw": b"\x00\xff",
        "day": date(2024, 2, 29),
        "moment": datetime(2024, 1, 1, 3, 4, 5, 678901, tzinfo=UTC),
        "wall": datetime(2024, 1, 1, 3, 4, 5, 678901),  # noqa: DTZ001 - a DATETIME has no zone
        "clock": time(1, 2, 3, 4),
        "many": [1, 2, 3],
        "nothing": None,
    }
    picked = ", ".join(f"@{name} AS {name}" for name in values)
    with open_bigquery() as executor:
        result = executor.execute(f"SELECT {picked}", values)
        types = [column.type for column in result.columns]
        (row,) = result.rows
    assert dict(row) == values
    assert types == (
        "STRING INT64 FLOAT64 NUMERIC BOOL BYTES DATE TIMESTAMP DATETIME TIME ARRAY<INT64> STRING"
    ).split(" ")
