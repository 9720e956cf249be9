"""Parquet: the engine's types and values, as DuckDB reads them back."""

from pathlib import Path

import duckdb
import pytest

from dli_adapters.writers.files import file_writer
from dli_domain.errors import OutputError, ResultInvalidError
from dli_domain.model.result import QueryResult
from tests.adapters.writers.results import Engine

TYPES = {
    "big": "9223372036854775807",
    "amount": "1.50::DECIMAL(18, 3)",
    "name": "'한글'",
    "price": "'nan'::DOUBLE",
    "day": "DATE '0044-03-15 (BC)'",
    "moment": "TIMESTAMP 'infinity'",
    "instant": "TIMESTAMPTZ '2024-01-02 03:04:05+09'",
    "nano": "TIMESTAMP_NS '2024-01-02 03:04:05.123456789'",
    "clock": "TIME '03:04:05.000006'",
    "flag": "true",
    "raw": r"'\xFF'::BLOB",
    "items": "[1, NULL]",
    "entry": "{'a': 1, 'b': ['x']}",
    "lookup": "MAP {'k': 1}",
}
SELECT = "SELECT " + ", ".join(f"{sql} AS {name}" for name, sql in TYPES.items())


def as_text(connection: duckdb.DuckDBPyConnection, source: str) -> list[tuple[str, ...]]:
    cells = ", ".join(f"typeof({name}) || ' ' || {name}::VARCHAR" for name in TYPES)
    return connection.execute(f"SELECT {cells} FROM {source}").fetchall()


def test_types_and_values_come_back_as_they_were(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "types.parquet"
    file_writer(str(path)).write(engine.run(SELECT))
    with duckdb.connect() as reader:
        assert as_text(reader, f"'{path}'") == as_text(reader, f"({SELECT})")


def test_intervals_become_text_and_that_is_said(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "intervals.parquet"
    written = file_writer(str(path)).write(engine.run("SELECT INTERVAL '1 month 2 days' AS i"))
    assert "'i'" in written.warnings[0]
    assert duckdb.connect().execute(f"FROM '{path}'").fetchall() == [("P1M2D",)]


def test_no_rows_and_no_columns_are_still_files(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    file_writer(str(path)).write(engine.run("SELECT 1 AS a WHERE false"))
    assert duckdb.connect().execute(f"DESCRIBE FROM '{path}'").fetchall()[0][:2] == ("a", "INTEGER")
    assert file_writer(str(path)).write(QueryResult(affected_rows=1)).row_count == 0


def test_many_row_groups_hold_every_row(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    file_writer(str(path)).write(engine.many(300_000))
    found = duckdb.connect().execute(f"SELECT count(*), sum(n), max(note) FROM '{path}'").fetchall()
    assert found == [(300_000, 44_999_850_000, "row 99999")]


def test_what_parquet_cannot_hold_is_refused_with_a_way_out(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "union.parquet"
    with pytest.raises(ResultInvalidError, match="Parquet cannot hold") as caught:
        file_writer(str(path)).write(engine.run("SELECT union_value(a := 1) AS u"))
    assert "CAST" in str(caught.value.hint)
    assert list(tmp_path.glob("*.parquet*")) == []


def test_a_compressed_parquet_file_is_refused_at_once() -> None:
    with pytest.raises(OutputError, match="compresses its pages itself"):
        file_writer("x.parquet.gz")
