"""Arrow columns as text and as Python cells: nothing lost, whatever the engine holds."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from dli_adapters.arrow.cells import cells_of, rows_of
from dli_adapters.arrow.text import plain, text_of
from dli_domain.errors import ResultInvalidError

CORPUS: list[tuple[str, str]] = [
    ("DATE '1970-01-01'", "1970-01-01"),
    ("DATE '1969-12-31'", "1969-12-31"),
    ("DATE '2000-02-29'", "2000-02-29"),
    ("DATE '0001-01-01'", "0001-01-01"),
    ("DATE '0001-12-31 (BC)'", "0000-12-31"),
    ("DATE '0044-03-15 (BC)'", "-0043-03-15"),
    ("DATE '4713-11-24 (BC)'", "-4712-11-24"),
    ("DATE '9999-12-31'", "9999-12-31"),
    ("DATE '10000-01-01'", "10000-01-01"),
    ("DATE '5881580-07-10'", "5881580-07-10"),
    ("DATE '5877642-06-25 (BC)'", "-5877641-06-25"),
    ("DATE 'infinity'", "infinity"),
    ("DATE '-infinity'", "-infinity"),
    ("TIMESTAMP '1970-01-01 00:00:00'", "1970-01-01T00:00:00.000000"),
    ("TIMESTAMP '2024-02-29 23:59:59.999999'", "2024-02-29T23:59:59.999999"),
    ("TIMESTAMP '1969-12-31 23:59:59.999999'", "1969-12-31T23:59:59.999999"),
    ("TIMESTAMP '0001-01-01 00:00:00'", "0001-01-01T00:00:00.000000"),
    ("TIMESTAMP '0044-03-15 (BC) 01:02:03'", "-0043-03-15T01:02:03.000000"),
    ("TIMESTAMP '9999-12-31 23:59:59.999999'", "9999-12-31T23:59:59.999999"),
    ("TIMESTAMP '10000-01-01 00:00:00'", "10000-01-01T00:00:00.000000"),
    ("TIMESTAMP '294247-01-10 04:00:54.775806'", "294247-01-10T04:00:54.775806"),
    ("TIMESTAMP '290309-12-22 (BC) 00:00:00'", "-290308-12-22T00:00:00.000000"),
    ("TIMESTAMP 'infinity'", "infinity"),
    ("TIMESTAMP '-infinity'", "-infinity"),
    ("TIMESTAMP_S '2024-01-02 03:04:05'", "2024-01-02T03:04:05"),
    ("TIMESTAMP_S '10000-01-02 03:04:05'", "10000-01-02T03:04:05"),
    ("TIMESTAMP_MS '2024-01-02 03:04:05.006'", "2024-01-02T03:04:05.006"),
    ("TIMESTAMP_MS '0001-01-01 (BC) 03:04:05.006'", "0000-01-01T03:04:05.006"),
    ("TIMESTAMP_NS '2024-01-02 03:04:05.123456789'", "2024-01-02T03:04:05.123456789"),
    ("TIMESTAMP_NS '1677-09-22 00:12:43.145224193'", "1677-09-22T00:12:43.145224193"),
    ("TIMESTAMP_NS '2262-04-11 23:47:16.854775806'", "2262-04-11T23:47:16.854775806"),
    ("TIMESTAMPTZ '2024-01-02 03:04:05+00'", "2024-01-02T03:04:05.000000Z"),
    ("TIMESTAMPTZ '2024-01-02 03:04:05+09'", "2024-01-01T18:04:05.000000Z"),
    ("TIMESTAMPTZ '2024-01-02 03:04:05.000001-11:30'", "2024-01-02T14:34:05.000001Z"),
    ("TIMESTAMPTZ '1900-01-01 00:00:00+08:27:52'", "1899-12-31T15:32:08.000000Z"),
    ("TIMESTAMPTZ '0044-03-15 (BC) 00:00:00+00'", "-0043-03-15T00:00:00.000000Z"),
    ("TIMESTAMPTZ 'infinity'", "infinity"),
    ("TIMESTAMPTZ '-infinity'", "-infinity"),
    ("TIME '00:00:00'", "00:00:00.000000"),
    ("TIME '23:59:59.999999'", "23:59:59.999999"),
    ("TIME '24:00:00'", "24:00:00.000000"),
    ("TIME_NS '01:02:03.123456789'", "01:02:03.123456789"),
    ("INTERVAL '0 days'", "PT0S"),
    ("INTERVAL '1 month'", "P1M"),
    ("INTERVAL '14 months'", "P14M"),
    ("INTERVAL '1 month 2 days'", "P1M2D"),
    ("INTERVAL '32 days'", "P32D"),
    ("INTERVAL '36 hours'", "PT129600S"),
    ("INTERVAL '1 month -2 days 3.5 seconds'", "P1M-2DT3.5S"),
    ("INTERVAL '-1 microsecond'", "PT-0.000001S"),
    ("INTERVAL '-1.5 seconds'", "PT-1.5S"),
    ("0.000000001::DECIMAL(38, 9)", "0.000000001"),
    ("0::DECIMAL(38, 38)", "0." + "0" * 38),
    ("-0.5::DECIMAL(18, 8)", "-0.50000000"),
    (
        "12345678901234567890123456789.123456789::DECIMAL(38, 9)",
        "12345678901234567890123456789.123456789",
    ),
    ("1.50::DECIMAL(4, 2)", "1.50"),
    ("-0.0::DOUBLE", "-0.0"),
    ("5e-324::DOUBLE", "5e-324"),
    ("1e22::DOUBLE", "1e+22"),
    ("1e15::DOUBLE", "1e+15"),
    ("999999999999999::DOUBLE", "9.99999999999999e+14"),
    ("1::DOUBLE", "1.0"),
    ("0.1::FLOAT", "0.1"),
    ("16777216::FLOAT", "16777216.0"),
    ("'nan'::FLOAT", "NaN"),
    ("'-inf'::DOUBLE", "-Infinity"),
    ("170141183460469231731687303715884105::HUGEINT", "170141183460469231731687303715884105"),
    ("18446744073709551615::UBIGINT", "18446744073709551615"),
    ("'a'::ENUM ('a', 'b')", "a"),
    ("NULL", ""),
]


def column(sql: str) -> pa.Array:
    """A NULL, the value, and a NULL, as DuckDB hands them out."""
    with duckdb.connect() as connection:
        relation = connection.sql(f"SELECT x FROM (VALUES (NULL), ({sql}), (NULL)) t(x)")
        batches = list(pa.RecordBatchReader.from_stream(relation))
    assert len(batches) == 1
    return batches[0].column(0)


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 60


@pytest.mark.parametrize(("sql", "text"), CORPUS, ids=[sql for sql, _ in CORPUS])
def test_a_value_of_the_engine_becomes_its_full_text(sql: str, text: str) -> None:
    cells = text_of(plain(column(sql))).to_pylist()
    assert cells == [None, text or None, None]


@pytest.mark.parametrize(
    ("sql", "cell"),
    [
        ("DATE '2024-01-02'", date(2024, 1, 2)),
        ("DATE 'infinity'", "infinity"),
        ("DATE '0044-03-15 (BC)'", "-0043-03-15"),
        ("TIMESTAMP '2024-01-02 03:04:05.000006'", datetime(2024, 1, 2, 3, 4, 5, 6)),  # noqa: DTZ001 - it has no zone
        ("TIMESTAMP '10000-01-01 00:00:00'", "10000-01-01T00:00:00.000000"),
        ("TIMESTAMP_NS '2024-01-02 03:04:05.000006'", datetime(2024, 1, 2, 3, 4, 5, 6)),  # noqa: DTZ001 - same
        ("TIMESTAMP_NS '2024-01-02 03:04:05.123456789'", "2024-01-02T03:04:05.123456789"),
        ("TIMESTAMPTZ '2024-01-02 03:04:05+09'", datetime(2024, 1, 1, 18, 4, 5, tzinfo=UTC)),
        ("TIME '03:04:05.000006'", time(3, 4, 5, 6)),
        ("TIME '24:00:00'", "24:00:00.000000"),
        ("TIME_NS '03:04:05.000000001'", "03:04:05.000000001"),
        ("INTERVAL '1 month 2 days'", "P1M2D"),
        ("1.50::DECIMAL(4, 2)", Decimal("1.50")),
        ("[DATE '2024-01-02', NULL]", [date(2024, 1, 2), None]),
        ("[1, 2]::INT[2]", [1, 2]),
        ("{'a': 1, 'b': INTERVAL '1 day'}", {"a": 1, "b": "P1D"}),
        ("MAP {'k': DATE '2024-01-02'}", {"k": date(2024, 1, 2)}),
        ("MAP {1: 'x'}", [[1, "x"]]),
        ("union_value(u := 7)", 7),
    ],
)
def test_a_value_of_the_engine_becomes_a_python_cell_without_loss(sql: str, cell: Any) -> None:
    cells = cells_of(column(sql))
    assert cells == [None, cell, None]
    assert type(cells[1]) is type(cell)


def test_a_slice_gives_the_same_cells_as_the_whole() -> None:
    for sql in ("[1, 2]", "{'a': 'x'}", "MAP {'k': 1}", "[1, 2]::INT[2]", "DATE '2024-01-02'"):
        array = column(sql)
        assert cells_of(array.slice(1, 1)) == cells_of(array)[1:2]


def test_other_encodings_of_a_column_are_seen_through() -> None:
    values = ["a", "a", None]
    for encoded in (
        pa.array(values, pa.large_string()),
        pa.array(values, pa.string_view()),
        pa.array(values).dictionary_encode(),
        pa.RunEndEncodedArray.from_arrays([2, 3], pa.array(["a", None])),
        pa.ExtensionArray.from_storage(pa.json_(), pa.array(values)),
    ):
        assert cells_of(encoded) == values
        assert text_of(plain(encoded)).to_pylist() == values


def test_a_type_that_arrow_holds_as_bare_bytes_is_refused_with_a_way_out() -> None:
    opaque = pa.opaque(pa.binary(), "bit", "DuckDB")
    array = pa.ExtensionArray.from_storage(opaque, pa.array([b"\x07"], pa.binary()))
    with pytest.raises(ResultInvalidError, match="'bit'") as caught:
        cells_of(array)
    assert "CAST" in str(caught.value.hint)


def test_repeated_column_names_get_numbers_in_rows() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([n]) for n in range(4)], ["a", "a", "a_1", "b"])
    assert list(rows_of(batch)) == [{"a": 0, "a_1": 1, "a_1_1": 2, "b": 3}]
