"""JSON and NDJSON: strict, lossless, refused where an object would lose something."""

import json
from decimal import Decimal

import pyarrow as pa
import pytest

from dli_domain.errors import ExecutionLimitError, ResultInvalidError
from dli_domain.model.result import QueryResult
from tests.adapters.writers.results import Engine, Save, raw_text, strict_json

INT64 = 2**63


def test_no_rows_are_an_empty_array_and_an_empty_file(engine: Engine, save: Save) -> None:
    assert save(engine.run("SELECT 1 AS id WHERE false"), "json").text == "[]\n"
    assert save(engine.run("SELECT 1 AS id WHERE false"), "ndjson").text == ""
    assert save(QueryResult(affected_rows=1), "json").text == "[]\n"


def test_json_is_an_array_with_an_object_a_line(engine: Engine, save: Save) -> None:
    sql = "SELECT * FROM (VALUES (1, 'a'), (NULL, '')) t(id, name)"
    assert save(engine.run(sql), "json").text == (
        '[\n{"id":1,"name":"a"},\n{"id":null,"name":""}\n]\n'
    )
    assert save(engine.run(sql), "ndjson").text == '{"id":1,"name":"a"}\n{"id":null,"name":""}\n'


@pytest.mark.parametrize("name", ["json", "ndjson"])
def test_the_parts_of_a_large_result_join_into_one_document(
    engine: Engine, save: Save, name: str
) -> None:
    text = save(engine.many(40_000), name).text
    rows = strict_json(text) if name == "json" else [strict_json(x) for x in text.splitlines()]
    assert rows == [{"n": n, "note": f"row {n}"} for n in range(40_000)]


def test_whole_numbers_are_digits_up_to_64_bits_and_strings_beyond(
    engine: Engine, save: Save
) -> None:
    huge = pa.array([Decimal(INT64 - 1), Decimal(INT64), Decimal(-INT64), Decimal(-INT64 - 1)])
    arrays = [
        huge.cast(pa.decimal128(38, 0)),
        pa.array([0, INT64 - 1, INT64, 2**64 - 1], pa.uint64()),
        pa.array([2**53 + 1, -INT64, INT64 - 1, None]),
    ]
    rows = strict_json(save(engine.of_arrays(arrays, ["h", "u", "i"]), "json").text)
    assert [row["h"] for row in rows] == [INT64 - 1, str(INT64), -INT64, str(-INT64 - 1)]
    assert [row["u"] for row in rows] == [0, INT64 - 1, str(INT64), str(2**64 - 1)]
    assert [row["i"] for row in rows] == [2**53 + 1, -INT64, INT64 - 1, None]


def test_decimals_with_a_scale_are_strings_with_all_digits(engine: Engine, save: Save) -> None:
    digits = ["0.000000001", "-12345678901234567890123456789.123456789", "0.000000000"]
    big = ["0." + "0" * 37 + "1", "-12345678901234567890123456789012345678." + "9" * 38]
    arrays = [
        pa.array([Decimal(d) for d in digits] + [None], pa.decimal128(38, 9)),
        pa.array([Decimal(d) for d in big] + [None, None], pa.decimal256(76, 38)),
    ]
    rows = strict_json(save(engine.of_arrays(arrays, ["d", "b"]), "json").text)
    assert [row["d"] for row in rows] == [*digits, None]
    assert [row["b"] for row in rows] == [*big, None, None]


def test_floats_that_are_no_numbers_are_words_and_the_rest_comes_back_bit_by_bit(
    engine: Engine, save: Save
) -> None:
    numbers = [0.1, -0.0, 5e-324, 1e22, 1e15, 1e16, 123456789.125, 1.0, 1.7976931348623157e308]
    arrays = [pa.array([float("nan"), float("inf"), float("-inf"), None, *numbers])]
    rows = strict_json(save(engine.of_arrays(arrays, ["f"]), "json").text)
    assert [row["f"] for row in rows[:4]] == ["NaN", "Infinity", "-Infinity", None]
    assert [row["f"].hex() for row in rows[4:]] == [number.hex() for number in numbers]


def test_every_character_survives(engine: Engine, save: Save) -> None:
    text = "".join(map(chr, range(256))) + "\ufeff\u202e\u2028\u2029한글😀\\\"'/"
    cells = [text, "\\n", '\\"', "\0", ""]
    saved = save(engine.of_arrays([pa.array(cells)], ["t"]), "ndjson").text
    assert [strict_json(line)["t"] for line in saved.split("\n")[:-1]] == cells


def test_odd_column_names_are_keys(engine: Engine, save: Save) -> None:
    names = ["", 'q"', "a\nb", "한글", "x" * 2**20]
    text = save(engine.of_arrays([pa.array([1])] * 5, names), "json").text
    assert list(strict_json(text)[0]) == names


def test_nested_values_follow_the_same_rules_at_every_depth(engine: Engine, save: Save) -> None:
    sql = r"""SELECT * FROM (VALUES (
        {'n': 1.5::DECIMAL(4, 2), 'f': 'nan'::DOUBLE, 'l': [TIMESTAMP '2024-01-02', NULL],
         'b': '\xFF'::BLOB, 'm': MAP {'k': [1, 2]}, 'h': 9223372036854775808::HUGEINT},
        MAP {1: 'one', 2: NULL}, [[1], [], NULL], [1, 2]::INT[2], union_value(u := 7)
    ), (NULL, MAP {}, [], NULL, NULL)) t(s, m, l, a, u)"""
    first, second = strict_json(save(engine.run(sql), "json").text)
    assert first == {
        "s": {
            "n": "1.50",
            "f": "NaN",
            "l": ["2024-01-02T00:00:00.000000", None],
            "b": "/w==",
            "m": {"k": [1, 2]},
            "h": "9223372036854775808",
        },
        "m": {"1": "one", "2": None},
        "l": [[1], [], None],
        "a": [1, 2],
        "u": 7,
    }
    assert second == {"s": None, "m": {}, "l": [], "a": None, "u": None}


def test_a_json_column_is_json_with_its_digits_untouched(engine: Engine, save: Save) -> None:
    sql = """SELECT * FROM (VALUES ('{"a" : [1.50,\n 12345678901234567890]}'::JSON), (NULL)) t(j)"""
    text = save(engine.run(sql), "ndjson").text
    assert text == '{"j":{"a":[1.50,12345678901234567890]}}\n{"j":null}\n'


@pytest.mark.parametrize("name", ["json", "ndjson", "parquet"])
def test_repeated_column_names_are_refused(engine: Engine, save: Save, name: str) -> None:
    with pytest.raises(ResultInvalidError, match="two columns named 'a'") as caught:
        save(engine.of_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), name)
    assert caught.value.code == "DLI-409"
    assert "AS" in str(caught.value.hint)


def test_repeated_keys_of_a_map_are_refused(engine: Engine, save: Save) -> None:
    twice = pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int64()))
    with pytest.raises(ResultInvalidError, match="named 'k'"):
        save(engine.of_arrays([twice], ["m"]), "json")


@pytest.mark.parametrize("name", ["csv", "json", "ndjson", "parquet"])
@pytest.mark.parametrize("bad", [b"\xff", b"\xed\xa0\x80", b"ok\xc3"], ids=["ff", "lone", "cut"])
def test_text_that_is_no_utf8_is_refused_by_row_and_column(
    engine: Engine, save: Save, name: str, bad: bytes
) -> None:
    cells = [b"fine"] * 20_000 + [bad, b"fine"]
    with pytest.raises(ResultInvalidError, match=r"Row 20001, column 't': .* not valid UTF-8"):
        save(engine.of_arrays([pa.array(range(20_002)), raw_text(*cells)], ["n", "t"]), name)
    assert engine.closed == 1


def test_text_inside_nested_values_is_judged_too(engine: Engine, save: Save) -> None:
    texts = raw_text(b"ok", b"\xff")
    ends = pa.array([0, 1, 2], pa.int32())
    for nested in (
        pa.StructArray.from_arrays([texts], names=["x"]),
        pa.ListArray.from_arrays(ends, texts),
        pa.MapArray.from_arrays(ends, texts, texts),
        pa.FixedSizeListArray.from_arrays(texts, 1),
        pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), texts),
        pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [texts]),
    ):
        with pytest.raises(ResultInvalidError, match="Row 2, column 's'"):
            save(engine.of_arrays([nested], ["s"]), "json")


@pytest.mark.parametrize("name", ["csv", "ndjson"])
def test_a_cell_of_more_than_64_mib_is_refused(engine: Engine, save: Save, name: str) -> None:
    with pytest.raises(ExecutionLimitError, match="Row 2, column 't'") as caught:
        save(engine.run("SELECT repeat('x', n * 67108865) AS t FROM (VALUES (0), (1)) v(n)"), name)
    assert caught.value.code == "DLI-408"


def test_cells_of_many_megabytes_are_written(engine: Engine, save: Save) -> None:
    text = save(engine.run("SELECT repeat('é', 9000000) AS t FROM range(4)"), "json").text
    assert [len(row["t"]) for row in json.loads(text)] == [9_000_000] * 4
