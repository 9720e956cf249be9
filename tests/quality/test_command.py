"""`dli quality` as users see it: exit codes, reports, lists, proposals."""

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import duckdb
import pytest
from rich.cells import cell_len

from dli_cli.pages import PAGES
from dli_domain.errors import ErrorCode
from tests.cli.conftest import Dli, dli, process
from tests.quality.planted import create_statements, quality_yaml

__all__ = ["dli", "process"]

_PROJECT = """\
version: "1"
project: {name: shop}
defaults: {dialect: duckdb}
local: {engine: duckdb, duckdb: {path: planted.duckdb}}
"""
_HEAD = "target: {type: dataset, name: shop.orders}\nmetadata: {owner: kim@example.com}\ntests:\n"
GOOD = "  - {name: good, type: row_count, min: 1}\n"
WARNS = "  - {name: warns, type: not_null, column: day, severity: warn}\n"
FAILS = "  - {name: fails, type: not_null, column: day}\n"
BREAKS = "  - {name: breaks, type: expression, expression: nothing > 0}\n"
EMPTY = "  - {name: empty, type: not_null, column: day, where: order_id > 1000}\n"


@pytest.fixture(autouse=True)
def _project() -> None:
    Path("dli.yaml").write_text(_PROJECT)
    with duckdb.connect("planted.duckdb") as connection:
        connection.execute("CREATE SCHEMA shop")
        for statement in create_statements("duckdb"):
            connection.execute(statement)


def write(*tests: str) -> None:
    Path("quality.shop.orders.yaml").write_text(_HEAD + "".join(tests))


# Rows: what the tests' SQL does. Columns: what the data does.
@pytest.mark.parametrize(
    ("tests", "code"),
    [
        ((GOOD,), 0),
        ((WARNS,), 0),
        ((GOOD, FAILS), 1),
        ((GOOD, EMPTY), 1),
        ((GOOD, FAILS, EMPTY, WARNS), 1),
        ((BREAKS,), 4),
        ((BREAKS, GOOD), 4),
        ((BREAKS, WARNS), 4),
        ((BREAKS, FAILS), 4),
        ((BREAKS, EMPTY), 4),
    ],
)
def test_the_exit_code_says_the_worst_that_happened(
    dli: Dli, tests: tuple[str, ...], code: int
) -> None:
    write(*tests)
    shown = dli("quality", "run", "shop.orders", "--json")
    report = json.loads(shown.out)
    assert (shown.code, report["exit_code"]) == (code, code)
    assert report["status"] == ("success" if code == 0 else "failure")
    assert sum(report["counts"].values()) == len(tests)


def test_an_engine_that_is_not_there_makes_errors_and_exit_code_6(dli: Dli) -> None:
    write(GOOD, FAILS)
    Path("dli.yaml").write_text(_PROJECT.replace("planted.duckdb", "no/such/file.duckdb"))
    shown = dli("quality", "run", "shop.orders", "--json")
    assert shown.code == 6
    assert [one["status"] for one in json.loads(shown.out)["test_results"]] == ["error", "error"]


def test_a_missing_table_ends_in_4(dli: Dli) -> None:
    Path("quality.x.yaml").write_text(quality_yaml("shop.nothing", ("rows",)))
    shown = dli("quality", "run", "shop.nothing")
    assert shown.code == 4
    assert "DLI-405" in shown.out


def test_the_deadline_ends_in_7(dli: Dli) -> None:
    slow = "SELECT 1 FROM range(100000000) a, range(100000000) b WHERE sin(a.range * b.range) = 2"
    write(GOOD, f'  - {{name: slow, type: singular, sql: "{slow}"}}\n')
    shown = dli("quality", "run", "shop.orders", "--timeout", "1", "--json")
    assert shown.code == 7
    assert [one["status"] for one in json.loads(shown.out)["test_results"]] == ["pass", "error"]


def test_a_mock_gives_no_verdict(dli: Dli, monkeypatch: pytest.MonkeyPatch) -> None:
    write(GOOD)
    monkeypatch.setenv("DLI_EXECUTION_MODE", "mock")
    shown = dli("quality", "run", "shop.orders")
    assert shown.code == 3
    assert "MOCK" in shown.err
    assert "PASS" not in shown.out
    assert dli("quality", "run", "shop.orders", "--local").code == 0


def test_the_server_is_not_there_yet_and_says_so(dli: Dli) -> None:
    write(GOOD)
    shown = dli("quality", "run", "shop.orders", "--server")
    assert (shown.code, "DLI-501" in shown.err) == (6, True)
    assert dli("quality", "run", "shop.orders", "--server", "--local").code == 2


def test_a_test_that_is_not_there_ends_in_3_with_the_closest(dli: Dli) -> None:
    write(GOOD)
    shown = dli("quality", "run", "shop.orders", "--test", "goood")
    assert shown.code == 3
    assert "DLI-606" in shown.err
    assert "Did you mean 'good'?" in shown.err


def test_a_resource_that_nothing_tests_ends_in_3_with_the_closest(dli: Dli) -> None:
    write(GOOD)
    shown = dli("quality", "run", "shop.order")
    assert shown.code == 3
    assert "Did you mean 'shop.orders'?" in shown.err


def test_every_file_of_a_resource_runs_wherever_it_lies(dli: Dli) -> None:
    write(GOOD)
    Path("deep/er").mkdir(parents=True)
    Path("deep/er/quality.more.yml").write_text(_HEAD + FAILS)
    report = json.loads(dli("quality", "run", "shop.orders", "--json").out)
    assert [one["test_name"] for one in report["test_results"]] == ["fails", "good"]
    # one table, one statement
    assert sum(one["purpose"] == "count" for one in report["statements"]) == 1
    os.chdir("deep")
    assert dli("quality", "run", "er/quality.more.yml").code == 1


def test_junit_sarif_and_github_tell_each_test(dli: Dli) -> None:
    write(GOOD, FAILS, WARNS, BREAKS, EMPTY)
    cases = ET.fromstring(dli("quality", "run", "shop.orders", "--format", "junit").out)  # noqa: S314 - our own output
    assert len(cases.findall(".//testcase")) == 5
    sarif = json.loads(dli("quality", "run", "shop.orders", "--format", "sarif").out)
    assert {one["level"] for one in sarif["runs"][0]["results"]} >= {"error", "warning"}
    github = dli("quality", "run", "shop.orders", "--format", "github")
    assert github.code == 4
    assert "::error file=quality.shop.orders.yaml,line=5" in github.out


def test_a_report_goes_whole_into_a_file_and_the_screen_still_tells(dli: Dli) -> None:
    write(GOOD)
    shown = dli("quality", "run", "shop.orders", "--output", "report.xml")
    assert shown.code == 0
    assert "PASS" in shown.out
    assert ET.parse("report.xml").getroot().tag == "testsuites"  # noqa: S314 - our own output
    assert dli("quality", "run", "shop.orders", "-o", "no/such/report.json").code == 8


def test_the_table_shows_evidence_and_failing_rows(dli: Dli) -> None:
    write(GOOD, FAILS, EMPTY)
    out = dli("quality", "run", "shop.orders").out
    assert "FAIL     fails  45 rows tested, 1 row fails" in out
    assert "VACUOUS  empty  0 rows tested, there was nothing to test" in out
    assert "3 tests: 1 passed, 1 failed, 1 tested nothing" in out
    assert "2 statements" in out
    assert "-99" not in out


def test_verdicts_stand_in_line_behind_names_of_any_script(dli: Dli) -> None:
    write(GOOD, "  - {name: 한글_이름, type: not_null, column: day}\n", BREAKS)
    said = dli("quality", "run", "shop.orders", "--samples", "0").out.splitlines()
    lines = [line for line in said if line.startswith(("PASS", "FAIL", "ERROR"))]
    starts = ("45 rows", "45 rows", "DuckDB")
    ends = [line.index(what) for line, what in zip(lines, starts, strict=True)]
    assert len({cell_len(line[:end]) for line, end in zip(lines, ends, strict=True)}) == 1
    assert not any("\\n" in line for line in lines)


def test_list_and_get_show_what_the_files_say(dli: Dli) -> None:
    write(GOOD, FAILS)
    items = json.loads(dli("quality", "list", "--json").out)["items"]
    assert [(one["name"], one["test_type"]) for one in items] == [
        ("good", "row_count"),
        ("fails", "not_null"),
    ]
    assert "No quality tests." in dli("quality", "list", "--target", "other").out
    assert "Owner: kim@example.com" in dli("quality", "get", "shop.orders").out
    write("  - {name: fresh, type: freshness, column: day, max_age: 36h}\n")
    assert "day · at most 1.5 d old" in dli("quality", "get", "shop.orders").out


def test_validate_tells_every_problem_in_one_pass_with_its_place(dli: Dli) -> None:
    Path("quality.broken.yaml").write_text(
        "target: {type: dataset, name: shop.orders}\nmetadata: {ownr: x}\ntests:\n"
        "  - {name: a, type: not_nul, column: day}\n"
        "  - {name: a, type: unique}\n"
        "  - {name: b, type: accepted_values, column: day}\n"
        "  - {name: c, type: row_count, min: 1, max_failures: 3}\n"
        "  - {name: d, type: freshness, column: day, max_age: soon}\n"
        "  - {name: e, type: range_check, column: day, min: 9, max: 1}\n"
        "  - {name: f, type: singular}\n"
        "  - {name: g, type: not_null, colum: day}\n"
    )
    shown = dli("quality", "validate", "--json")
    assert shown.code == 1
    said = " ".join(one["message"] for one in json.loads(shown.out)["problems"])
    for part in ("ownr", "type", "twice", "names no column", "'values'", "max_failures", "max_age"):
        assert part in said
    for part in ("min 9 above max 1", "neither 'sql' nor 'file'", "colum"):
        assert part in said


@pytest.mark.parametrize(
    "test",
    [
        "{name: x, type: expression, expression: 'a > 0) OR (1 = 1'}",
        "{name: x, type: expression, expression: 'a > 0; DROP TABLE t'}",
        "{name: x, type: singular, sql: 'SELECT 1) UNION (SELECT 2'}",
        "{name: x, type: singular, sql: 'SELEC 1 FROM {{ target }}'}",
        "{name: x, type: singular, sql: 'SELECT {{ unknown }} FROM {{ target }}'}",
    ],
)
def test_validate_refuses_sql_that_is_not_one_whole_piece(dli: Dli, test: str) -> None:
    write(f"  - {test}\n")
    shown = dli("quality", "validate", "shop.orders")
    assert shown.code == 1
    assert dli("quality", "run", "shop.orders").code in (3, 4)


def test_validate_tells_problems_in_the_order_of_the_file(dli: Dli) -> None:
    write(
        "  - {name: x, type: expression, expression: 'a > 0) OR (1 = 1'}\n",
        "  - {name: y, type: range_check, column: day}\n",
    )
    problems = json.loads(dli("quality", "validate", "--json").out)["results"][0]["problems"]
    assert [one["location"]["line"] for one in problems] == [4, 5]


def test_what_suggest_prints_is_valid_and_passes_on_the_same_data(dli: Dli) -> None:
    text = dli("quality", "suggest", "shop.orders").out
    Path("quality.proposed.yaml").write_text(text)
    assert dli("quality", "validate", "quality.proposed.yaml", "--strict").code == 0
    shown = dli("quality", "run", "quality.proposed.yaml", "--json")
    assert shown.code == 0
    names = {one["test_name"] for one in json.loads(shown.out)["test_results"]}
    assert {"rows", "country_accepted", "user-id_accepted", "day_range"} <= names
    assert dli("quality", "suggest", "shop.empty").code == 3
    assert dli("quality", "suggest", "shop.nothing").code == 4


def test_a_metric_is_tested_as_its_query_with_its_parameters(dli: Dli) -> None:
    Path("metrics").mkdir()
    Path("metrics/metric.shop.kpi.days.yaml").write_text(
        "name: shop.kpi.days\nowner: kim@example.com\nteam: '@data'\ntype: Metric\n"
        "parameters: [{name: country, type: string}]\n"
        "query_statement: |\n  WITH d AS (SELECT day, count(*) AS n FROM shop.orders\n"
        "  WHERE country = {{ country }} GROUP BY day)\n  SELECT * FROM d;\n"
    )
    Path("quality.metric.yaml").write_text(
        "target: {type: metric, name: shop.kpi.days}\nmetadata: {owner: k@e.c}\ntests:\n"
        "  - {name: once, type: unique, column: day}\n"
        "  - {name: some, type: singular, sql: 'SELECT * FROM {{ target }} WHERE n < 1'}\n"
    )
    assert dli("quality", "run", "shop.kpi.days", "-p", "country=KR").code == 0
    assert dli("quality", "run", "shop.kpi.days").code == 3
    assert dli("quality", "run", "shop.kpi.days", "-p", "contry=KR").code == 3
    assert dli("quality", "validate", "shop.kpi.days").code == 0


def test_the_pages_of_the_new_codes_are_there(dli: Dli) -> None:
    for code in (ErrorCode.QUALITY_SPEC_NOT_FOUND, ErrorCode.QUALITY_NO_VERDICT):
        assert PAGES[code].meaning in dli("explain", code.value).out
