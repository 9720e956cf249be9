"""CSV: what a reader gets, cell by cell."""

import csv
import io
from pathlib import Path

import duckdb
import pyarrow as pa

from dli_domain.model.result import QueryResult
from tests.adapters.writers.results import Engine, Save


def rows_read_by_python(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_header_stands_also_above_no_rows(engine: Engine, save: Save) -> None:
    saved = save(engine.run("SELECT 1 AS id, 'x' AS name WHERE false"), "csv")
    assert saved.text == "id,name\n"
    assert saved.written.row_count == 0


def test_a_statement_without_rows_gives_an_empty_file(engine: Engine, save: Save) -> None:
    assert save(QueryResult(affected_rows=3), "csv").text == ""


def test_null_and_empty_text_are_kept_apart(engine: Engine, save: Save) -> None:
    text = save(
        engine.run("SELECT * FROM (VALUES (NULL, ''), ('', NULL), ('NULL', 'x')) t(a, b)"), "csv"
    ).text
    assert text == 'a,b\n,""\n"",\nNULL,x\n'


def test_a_single_column_keeps_null_and_empty_text_apart(
    engine: Engine, save: Save, tmp_path: Path
) -> None:
    text = save(engine.run("SELECT * FROM (VALUES ('a'), (NULL), (''), ('b')) t(a)"), "csv").text
    assert text == 'a\na\n\n""\nb\n'
    read = duckdb.connect().execute(
        f"FROM read_csv('{tmp_path}/saved.csv', header = true, delim = ',', quote = '\"', "
        "columns = {'a': 'VARCHAR'}, allow_quoted_nulls = false)"
    )
    assert read.fetchall() == [("a",), (None,), ("",), ("b",)]


def test_separators_quotes_and_line_ends_stay_inside_their_cell(engine: Engine, save: Save) -> None:
    cells = [
        "a,b",
        'say "hi"',
        "one\ntwo",
        "cr\rcr",
        "crlf\r\nend",
        '"',
        ",",
        "\n",
        "\u2028",
        "\0x",
    ]
    text = save(engine.of_arrays([pa.array(cells), pa.array(range(len(cells)))]), "csv").text
    assert [row[0] for row in rows_read_by_python(text)[1:]] == cells


def test_only_cells_that_need_quotes_have_them(engine: Engine, save: Save) -> None:
    text = save(
        engine.run("SELECT 'plain text' AS a, 'with \"quotes\"' AS b, 'x,y' AS c"), "csv"
    ).text
    assert text == 'a,b,c\nplain text,"with ""quotes""","x,y"\n'


def test_column_names_are_quoted_like_cells(engine: Engine, save: Save) -> None:
    arrays = [pa.array([1])] * 5
    text = save(engine.of_arrays(arrays, ["a,b", 'q"', "", "한글", "\ufeffbom"]), "csv").text
    assert text.startswith('"a,b","q""","",한글,"\ufeffbom"\n')


def test_repeated_column_names_are_kept(engine: Engine, save: Save) -> None:
    text = save(engine.of_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), "csv").text
    assert text == "a,a\n1,2\n"


def test_numbers_keep_every_digit_and_words_stand_for_no_numbers(
    engine: Engine, save: Save
) -> None:
    sql = """SELECT 9223372036854775807 AS big, 18446744073709551615::UBIGINT AS ubig,
        0.000000001::DECIMAL(38, 9) AS tiny, 'nan'::DOUBLE AS n, 'inf'::DOUBLE AS i,
        '-inf'::DOUBLE AS j, -0.0::DOUBLE AS z, 5e-324::DOUBLE AS d, 1e22::DOUBLE AS e,
        1::DOUBLE AS one, true AS t"""
    assert save(engine.run(sql), "csv").text.splitlines()[1] == (
        "9223372036854775807,18446744073709551615,0.000000001,NaN,Infinity,-Infinity,"
        "-0.0,5e-324,1e+22,1.0,true"
    )


def test_times_are_iso_8601_with_the_precision_of_the_engine(engine: Engine, save: Save) -> None:
    sql = """SELECT TIMESTAMP '2024-01-02 03:04:05.000006' AS us,
        TIMESTAMP_NS '2024-01-02 03:04:05.123456789' AS ns,
        TIMESTAMPTZ '2024-01-02 03:04:05+09' AS tz, DATE '2024-01-02' AS d,
        TIME '24:00:00' AS t, INTERVAL '1 month 2 days 3 seconds' AS i,
        'infinity'::TIMESTAMP AS f, DATE '0044-03-15 (BC)' AS bc, DATE '10000-01-01' AS far"""
    assert save(engine.run(sql), "csv").text.splitlines()[1] == (
        "2024-01-02T03:04:05.000006,2024-01-02T03:04:05.123456789,2024-01-01T18:04:05.000000Z,"
        "2024-01-02,24:00:00.000000,P1M2DT3S,infinity,-0043-03-15,10000-01-01"
    )


def test_bytes_are_base64_and_nested_values_json(engine: Engine, save: Save) -> None:
    sql = r"""SELECT '\xFF\x00'::BLOB AS b, ''::BLOB AS e, [1, NULL] AS l,
        {'a': 'x"y', 'd': 1.50::DECIMAL(4, 2)} AS s, MAP {'k': DATE '2024-01-02'} AS m"""
    text = save(engine.run(sql), "csv").text
    assert rows_read_by_python(text)[1] == [
        "/wA=",
        "",
        "[1,null]",
        '{"a":"x\\"y","d":"1.50"}',
        '{"k":"2024-01-02"}',
    ]
    assert text.splitlines()[1].startswith('/wA=,"",')


FORMULAS = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝x", "＋x", "－x", "＠x"]


def test_formulas_are_unchanged_and_counted_by_default(engine: Engine, save: Save) -> None:
    arrays = [pa.array([*FORMULAS, "harmless", None]), pa.array(range(-6, 6))]
    saved = save(engine.of_arrays(arrays), "csv")
    assert [row[0] for row in rows_read_by_python(saved.text)[1:]] == [*FORMULAS, "harmless", ""]
    assert len(saved.written.warnings) == 1
    assert saved.written.warnings[0].startswith("10 text cells begin like a spreadsheet formula")


def test_csv_safe_disarms_text_but_never_numbers(engine: Engine, save: Save) -> None:
    arrays = [
        pa.array([*FORMULAS, "harmless", None]),
        pa.array(range(-6, 6)),
        pa.array([b"\xfb"] * 12),
    ]
    saved = save(engine.of_arrays(arrays, ["=name", "n", "b"]), "csv", csv_safe=True)
    rows = rows_read_by_python(saved.text)
    assert rows[0] == ["'=name", "n", "b"]
    assert [row[0] for row in rows[1:]] == [*(f"'{cell}" for cell in FORMULAS), "harmless", ""]
    assert [row[1] for row in rows[1:]] == [str(n) for n in range(-6, 6)]
    assert {row[2] for row in rows[1:]} == {"'+w=="}
    assert saved.written.warnings == ()


def test_cells_beyond_one_part_are_all_there_in_order(engine: Engine, save: Save) -> None:
    saved = save(engine.many(40_000), "csv", preview=3)
    assert rows_read_by_python(saved.text)[1:] == [[str(n), f"row {n}"] for n in range(40_000)]
    assert saved.written.row_count == 40_000
    assert saved.written.byte_count == len(saved.text)
    assert saved.written.table is not None
    assert list(saved.written.table.rows()) == [{"n": n, "note": f"row {n}"} for n in range(3)]
