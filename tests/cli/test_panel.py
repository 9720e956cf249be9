"""The result panel as a user sees it, over real rows of DuckDB."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from syrupy.assertion import SnapshotAssertion

from tests.cli.conftest import Dli, add_dataset

KOREAN = """SELECT * FROM (VALUES
  (DATE '2025-01-01', '서울특별시 강남구', 1234567, 0.0234, DECIMAL '12345.60', true, NULL),
  (DATE '2025-01-02', '가나다', -42, 1e-9, DECIMAL '0.10', false, 'NULL'),
  (DATE '2025-01-03', 'café ｆｕｌｌ 👨‍👩‍👧', 0, 'NaN'::DOUBLE, DECIMAL '-7.00', NULL, '')
) AS t(day, 지역_이름, click_count, conversion_rate, 매출, active, note)"""


def timeless(text: str) -> str:
    return re.sub(r"\d+\.\d\ds", "0.00s", text)


def lines_of_box(text: str) -> list[str]:
    return [line for line in text.splitlines() if line[:1] in "┌├│└"]


@pytest.mark.parametrize("width", [80, 140])
def test_korean_wide_and_joined_text_lines_up(
    width: int, project: Path, dli: Dli, page: SnapshotAssertion
) -> None:
    add_dataset("demo.regions", KOREAN)
    shown = dli("dataset", "run", "demo.regions", width=width)
    assert (shown.code, shown.err) == (0, "")
    assert timeless(shown.out) == page
    assert len({cell_len(line) for line in lines_of_box(shown.out)}) == 1
    assert all(cell_len(line) <= width for line in shown.out.splitlines())


def test_the_seeds_own_panel(project: Path, dli: Dli, page: SnapshotAssertion) -> None:
    shown = dli("dataset", "run", "demo.daily_clicks", "-o", "results.csv", width=80)
    assert timeless(shown.out) == page
    assert "│ 2025-01-01 │      45,231 │       12,456 │          0.0234 │" in shown.out
    assert shown.out.endswith("\n✓ Results saved to: results.csv\n")


def test_the_first_rows_are_shown_and_the_rest_is_counted(project: Path, dli: Dli) -> None:
    add_dataset("demo.many", "SELECT range AS n FROM range(1523)")
    shown = dli("dataset", "run", "demo.many", "--rows", "3").out
    assert "Rows: 1,523" in shown
    assert "│ … 1,520 more " in shown
    assert len(lines_of_box(shown)) == 4 + 3 + 3 + 1 + 1
    assert "… 1,503 more" in dli("dataset", "run", "demo.many").out


def test_columns_that_do_not_fit_are_named(project: Path, dli: Dli) -> None:
    columns = ", ".join(f"{n} AS column_number_{n}" for n in range(12))
    add_dataset("demo.wide", f"SELECT {columns}")
    shown = dli("dataset", "run", "demo.wide", width=80).out
    assert "… 8 columns not shown: column_number_4, column_number_5" in shown
    assert all(cell_len(line) <= 80 for line in shown.splitlines())
    assert "not shown" not in dli("dataset", "run", "demo.wide").out


def test_long_texts_end_in_an_ellipsis_and_numbers_are_never_cut(project: Path, dli: Dli) -> None:
    add_dataset("demo.long", "SELECT repeat('가', 500) AS t, 12345678901234567890123456789 AS n")
    shown = dli("dataset", "run", "demo.long", width=80).out
    assert "가…" in shown
    assert "12,345,678,901,234,567,890,123,456,789" in shown
    assert len({cell_len(line) for line in lines_of_box(shown)}) == 1


def test_texts_give_way_before_columns_do(project: Path, dli: Dli) -> None:
    texts = ", ".join(f"repeat('{letter}', 50) AS {letter}" for letter in "abcd")
    add_dataset("demo.texts", f"SELECT {texts}")
    shown = dli("dataset", "run", "demo.texts", width=80).out
    assert "not shown" not in shown
    assert all(f"{letter}…" in shown for letter in "abcd")
    narrow = dli("dataset", "run", "demo.texts", width=40).out
    assert "… 2 columns not shown: c, d" in narrow


def test_one_number_wider_than_the_screen_is_cut_and_says_so(project: Path, dli: Dli) -> None:
    add_dataset(
        "demo.digits", "SELECT 12345678901234567890123456789012345678::HUGEINT AS n, 1 AS m"
    )
    shown = dli("dataset", "run", "demo.digits", width=40).out
    assert "12,345,678,901,234,567,890,123,456,…" in shown
    assert all(cell_len(line) <= 40 for line in shown.splitlines())


def test_control_characters_are_shown_and_never_obeyed(project: Path, dli: Dli) -> None:
    add_dataset(
        "demo.evil",
        "SELECT chr(27) || ']0;x' || chr(7) || chr(8) || chr(155) || chr(8238) || chr(10) || 'y' AS t",
    )
    shown = dli("dataset", "run", "demo.evil").out
    assert r"\x1b]0;x\x07\x08\x9b\u202e\ny" in shown
    assert all(ord(char) >= 32 or char == "\n" for char in shown)


def test_null_is_not_the_text_null_nor_empty_text(project: Path, dli: Dli) -> None:
    add_dataset("demo.nulls", "SELECT NULL AS a, 'NULL' AS b, '' AS c")
    row = dli("dataset", "run", "demo.nulls").out.splitlines()[7]
    assert [cell.strip() for cell in row.split("│")[1:4]] == ["NULL", "'NULL'", ""]


def test_years_and_ids_have_no_separators(project: Path, dli: Dli) -> None:
    add_dataset("demo.ids", "SELECT 2013 AS year, 45231 AS order_id, 45231 AS orders, 1e6 AS f")
    row = dli("dataset", "run", "demo.ids").out.splitlines()[7]
    assert [cell.strip() for cell in row.split("│")[1:5]] == [
        "2013",
        "45231",
        "45,231",
        "1,000,000.0",
    ]


def test_nested_values_bytes_and_instants_have_a_form(project: Path, dli: Dli) -> None:
    add_dataset(
        "demo.nested",
        "SELECT [1, 2] AS l, {'가': DATE '2025-01-01'} AS s, '\\x00\\xFF'::BLOB AS b, "
        "TIMESTAMP '2025-01-01 10:00:00.5' AS t, TIME '10:00:00' AS c",
    )
    shown = dli("dataset", "run", "demo.nested").out
    for text in ("[1, 2]", '{"가": "2025-01-01"}', "x'00ff'", "2025-01-01 10:00:00.5", "10:00:00"):
        assert text in shown


def test_no_rows_still_show_their_columns(project: Path, dli: Dli) -> None:
    add_dataset("demo.none", "SELECT 1 AS a WHERE false")
    shown = dli("dataset", "run", "demo.none").out
    assert "| Rows: 0 " in shown
    assert "│ a " in shown


def test_two_columns_of_one_name_are_both_shown(project: Path, dli: Dli) -> None:
    add_dataset("demo.twice", "SELECT 1 AS a, 2 AS a")
    assert re.search(r"│ 1 │ 2 ", dli("dataset", "run", "demo.twice").out)


def test_a_change_of_data_tells_affected_rows_and_each_statement(
    project: Path, dli: Dli, page: SnapshotAssertion
) -> None:
    head = """pre_statements:
  - {name: make, sql: CREATE TEMP TABLE t (n INTEGER)}
  - {name: broken, sql: SELECT * FROM nowhere, continue_on_error: true}
post_statements:
  - {name: count, sql: SELECT count(*) FROM t}
"""
    add_dataset("demo.dml", "INSERT INTO t SELECT * FROM range(1200)", head=head, query_type="DML")
    shown = dli("dataset", "run", "demo.dml", width=100)
    assert shown.code == 0
    assert "Rows affected: 1,200" in shown.out
    assert timeless(shown.out) == page
    skipped = dli("dataset", "run", "demo.dml", "--skip-post").out
    assert "post · count: skipped" in skipped
    assert dli("dataset", "run", "demo.dml", "--skip-pre").code == 4


def test_an_error_that_was_passed_over_keeps_its_lines(project: Path, dli: Dli) -> None:
    head = """pre_statements:
  - {name: broken, sql: SELECT * FROM nowhere, continue_on_error: true}
"""
    add_dataset("demo.passed", "SELECT 1 AS n", head=head)
    shown = dli("dataset", "run", "demo.passed", width=140)
    assert "\\n" not in shown.out + shown.err
    first, *rest = shown.err.splitlines()
    assert first.startswith("Warning: pre · broken failed and was passed over: [DLI-405] DuckDB: ")
    assert rest
    assert all(line.startswith("  ") for line in rest)
