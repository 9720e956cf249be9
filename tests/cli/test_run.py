"""`run`: what each option does, seen in files, screens and exit codes."""

import csv
import json
import socket
from datetime import date
from pathlib import Path
from typing import get_args

import duckdb
import pytest

from dli_adapters.registry import ENGINES
from dli_cli.options import Engine
from tests.cli.conftest import Dli, Process, add_dataset

RUN = ("dataset", "run", "demo.daily_clicks")


def test_rows_reach_a_file_whole_whatever_is_shown(project: Path, dli: Dli) -> None:
    add_dataset("demo.many", "SELECT range AS n, 'x,\"' || range AS t FROM range(50000)")
    assert dli("dataset", "run", "demo.many", "-o", "all.csv", "--rows", "2").code == 0
    with Path("all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["n", "t"]
    assert len(rows) == 50_001
    assert rows[-1] == ["49999", 'x,"49999']


@pytest.mark.parametrize("name", ["csv", "json", "ndjson", "parquet"])
def test_a_format_is_chosen_by_ending_or_option(name: str, project: Path, dli: Dli) -> None:
    assert dli(*RUN, "-o", f"by_ending.{name}").code == 0
    assert dli(*RUN, "--output", "by_option.data", "--format", name).code == 0
    ending, option = Path(f"by_ending.{name}").read_bytes(), Path("by_option.data").read_bytes()
    assert ending == option
    reader = {"csv": "read_csv", "parquet": "read_parquet"}.get(name, "read_json")
    query = f"SELECT day::DATE, click_count FROM {reader}('by_ending.{name}')"
    assert duckdb.connect().execute(query).fetchone() == (date(2025, 1, 1), 45231)


def test_csv_safe_disarms_formulas_and_only_texts(project: Path, dli: Dli) -> None:
    add_dataset("demo.formula", "SELECT '=1+1' AS t, -5 AS n")
    dli("dataset", "run", "demo.formula", "-o", "plain.csv")
    dli("dataset", "run", "demo.formula", "-o", "safe.csv", "--csv-safe")
    assert Path("plain.csv").read_text(encoding="utf-8").splitlines()[1] == "=1+1,-5"
    assert Path("safe.csv").read_text(encoding="utf-8").splitlines()[1] == "'=1+1,-5"


def test_data_on_stdout_is_alone_there_and_the_panel_beside_it(
    project: Path, process: Process
) -> None:
    done = process(*RUN, "-o", "-")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "day,click_count,unique_users,conversion_rate",
        "2025-01-01,45231,12456,0.0234",
        "2025-01-02,48102,13021,0.0251",
        "2025-01-03,42816,11824,0.0223",
    ]
    assert "Rows: 3" in done.stderr
    quiet = process(*RUN, "-o", "-", "--quiet", "--format", "ndjson")
    assert quiet.stderr == ""
    assert len([json.loads(line) for line in quiet.stdout.splitlines()]) == 3


def test_parameters_reach_the_query(project: Path, dli: Dli) -> None:
    Path("pages.json").write_text('["상품"]', encoding="utf-8")
    shown = dli(*RUN, "-p", "from_day=2025-01-02", "--param", "pages=@pages.json", "--json")
    found = json.loads(shown.out)
    assert [row["click_count"] for row in found["rows"]] == [2452, 2018]
    assert found["parameters"] == {"from_day": "2025-01-02", "pages": ["상품"]}


def test_the_day_is_what_ds_says(project: Path, dli: Dli) -> None:
    add_dataset("demo.day", "SELECT DATE '{{ ds }}' AS d")
    shown = json.loads(dli("dataset", "run", "demo.day", "--ds", "2024-02-29", "--json").out)
    assert shown["rows"] == [{"d": "2024-02-29"}]


def test_json_holds_every_row_unless_a_number_is_said(project: Path, dli: Dli) -> None:
    add_dataset("demo.many", "SELECT range AS n FROM range(100)")
    every = json.loads(dli("dataset", "run", "demo.many", "--json").out)
    assert [row["n"] for row in every["rows"]] == list(range(100))
    some = json.loads(dli("dataset", "run", "demo.many", "--json", "--rows", "5").out)
    assert (len(some["rows"]), some["row_count"]) == (5, 100)
    saved = json.loads(dli("dataset", "run", "demo.many", "--json", "-o", "x.csv").out)
    assert (saved["output_path"], saved["row_count"], "rows" in saved) == ("x.csv", 100, False)


def test_json_loses_no_value(project: Path, dli: Dli) -> None:
    add_dataset(
        "demo.types",
        "SELECT 9007199254740993 AS i, 1000000000000000000000000000007::HUGEINT AS h, "
        "0.10::DECIMAL(4,2) AS d, 'NaN'::DOUBLE AS f, NULL AS n, '\\xFF'::BLOB AS b, "
        "TIMESTAMPTZ '2025-01-01 00:00:00+00' AS t, chr(27) AS e",
    )
    row = json.loads(dli("dataset", "run", "demo.types", "--json").out)["rows"][0]
    assert row == {
        "i": 9007199254740993,
        "h": "1000000000000000000000000000007",
        "d": "0.10",
        "f": "NaN",
        "n": None,
        "b": "/w==",
        "t": "2025-01-01T00:00:00Z",
        "e": "\x1b",
    }


def test_a_dry_run_prints_all_stages_opens_no_socket_and_needs_no_driver(
    project: Path, dli: Dli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    head = "pre_statements:\n  - {name: first, sql: SELECT 1}\n"
    add_dataset("demo.stages", "SELECT 2 -- the end", head=head)
    shown = dli("dataset", "run", "demo.stages", "--dry-run")
    assert shown.code == 0
    assert shown.out == (
        "-- pre · first\nSELECT 1\n;\n-- main · demo.stages\nSELECT 2 -- the end\n;\n"
    )
    assert dli("dataset", "run", "demo.stages", "--dry-run", "--skip-pre").out == (
        "SELECT 2 -- the end\n"
    )
    as_bigquery = dli(*RUN, "--dry-run", "--engine", "bigquery", "--json")
    assert json.loads(as_bigquery.out)["engine"] == "bigquery"


def test_an_estimate_runs_nothing_and_is_kept_to(project: Path, dli: Dli) -> None:
    add_dataset("demo.writes", "SELECT * FROM raw.visits")
    shown = dli("dataset", "run", "demo.writes", "--estimate")
    assert shown.code == 0
    assert "Would read: " in shown.out
    count = json.loads(dli("dataset", "run", "demo.writes", "--estimate", "--json").out)
    assert count["bytes_processed"] > 0
    for extra in ((), ("--estimate",)):
        refused = dli("dataset", "run", "demo.writes", "--max-bytes", "1", *extra)
        assert refused.code == 9
        assert refused.err.startswith("[DLI-408] 'demo.writes' would read ")
    assert dli("dataset", "run", "demo.writes", "--max-bytes", "1GB").code == 0


def test_the_sql_that_was_sent_is_shown(project: Path, dli: Dli) -> None:
    shown = dli(*RUN, "--show-sql").out
    assert shown.startswith("-- main · demo.daily_clicks\nSELECT\n")
    assert "AND page IN ('home', 'search', '상품')" in shown
    found = json.loads(dli(*RUN, "--show-sql", "--json").out)
    assert "page IN (" in found["statements"][0]["sql"]


def test_a_timeout_cancels_and_says_so(project: Path, dli: Dli) -> None:
    add_dataset(
        "demo.slow", "SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000) b"
    )
    shown = dli("dataset", "run", "demo.slow", "--timeout", "1")
    assert shown.code == 7
    assert shown.err.startswith("[DLI-402] ")


def test_the_mock_runs_nothing_and_says_mock(
    project: Path, dli: Dli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLI_EXECUTION_MODE", "mock")
    shown = dli(*RUN)
    assert shown.code == 0
    assert "Execution: MOCK (nothing ran)" in shown.out
    assert "Rows: 0" in shown.out
    assert json.loads(dli(*RUN, "--json").out)["execution"] == {"mode": "mock", "engine": "mock"}
    assert "LOCAL (DuckDB)" in dli(*RUN, "--local").out


def test_the_server_is_never_faked(
    project: Path, dli: Dli, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = dli(*RUN, "--server")
    assert shown.code == 6
    assert shown.err.startswith("[DLI-501] Cannot run through the server: no server is configured")
    assert "server.url" in shown.err
    monkeypatch.setenv("DLI_SERVER_URL", "http://127.0.0.1:9")
    there = dli(*RUN, "--server")
    assert there.code == 6
    assert "nothing was sent" in there.err
    monkeypatch.setenv("DLI_EXECUTION_MODE", "server")
    assert dli(*RUN).code == 6
    assert dli(*RUN, "--local").code == 0


@pytest.mark.parametrize(
    "tokens",
    [
        ("--local", "--server"),
        ("--timeout", "0"),
        ("--timeout", "3601"),
        ("--timeout", "1.5"),
        ("--rows", "-1"),
        ("--format", "xml", "-o", "x"),
        ("--format", "csv"),
        ("--csv-safe",),
        ("--csv-safe", "--format", "json", "-o", "x"),
        ("-o", "-", "--json"),
        ("-o", "--quiet"),
        ("-p", "novalue"),
        ("-p", "a=1", "-p", "a=2"),
        ("--ds", "yesterday"),
        ("--max-bytes", "lots"),
        ("--dry-run", "--estimate"),
        ("--dry-run", "-o", "x"),
        ("--estimate", "-o", "x"),
        ("-o", "x.parquet.zst"),
        ("-o", "x.json", "--csv-safe"),
        ("one", "too", "many"),
        ("--unknown",),
    ],
    ids=" ".join,
)
def test_a_command_line_that_cannot_be_meant_ends_in_2(
    tokens: tuple[str, ...], project: Path, dli: Dli
) -> None:
    shown = dli(*RUN, *tokens)
    assert shown.code == 2
    assert shown.err.startswith("Usage error: ")
    assert "Run 'dli dataset run --help'" in shown.err
    assert not any(Path().glob("x*"))


def test_a_file_that_cannot_be_written_is_known_before_anything_runs(
    project: Path, dli: Dli
) -> None:
    add_dataset("demo.broken", "SELECT * FROM nowhere")
    shown = dli("dataset", "run", "demo.broken", "-o", "missing/folder/x.csv")
    assert shown.code == 8
    assert shown.err.startswith("[DLI-414] ")


@pytest.mark.parametrize("engine", ["oracle", "trino", "bigqery", ""])
def test_an_engine_that_is_not_there_is_a_usage_error(engine: str, project: Path, dli: Dli) -> None:
    for command in (RUN, ("quality", "run", "demo.daily_clicks"), ("dataset", "render", RUN[-1])):
        shown = dli(*command, "--engine", engine)
        assert (shown.code, shown.out) == (2, "")
        assert 'Choose from: "bigquery", "duckdb".' in shown.err
        assert ('Did you mean "bigquery"?' in shown.err) is (engine == "bigqery")


def test_each_engine_that_runs_can_be_named() -> None:
    (choices, _) = get_args(get_args(Engine)[0])
    assert list(get_args(choices)) == list(ENGINES)


@pytest.mark.parametrize(
    ("tokens", "bounds"),
    [
        (("dataset", "run", "x", "--rows", "-1"), "of 0 or more"),
        (("dataset", "run", "x", "--rows", "1.5"), "of 0 or more"),
        (("dataset", "run", "x", "--max-rows", "0"), "of 1 or more"),
        (("dataset", "run", "x", "--timeout", "3601"), "from 1 to 3,600"),
        (("quality", "run", "x", "--samples", "-1"), "from 0 to 1,000"),
    ],
)
def test_a_number_out_of_its_bounds_is_told_them(
    tokens: tuple[str, ...], bounds: str, project: Path, dli: Dli
) -> None:
    shown = dli(*tokens)
    assert shown.code == 2
    assert f"{tokens[-1]!r} is not a whole number {bounds}." in shown.err


def test_quiet_says_nothing_when_all_is_well(project: Path, dli: Dli) -> None:
    shown = dli(*RUN, "--quiet", "-o", "x.csv")
    assert (shown.code, shown.out, shown.err) == (0, "", "")
    assert Path("x.csv").exists()


def test_a_project_is_found_by_option_and_by_variable(
    project: Path, dli: Dli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    missing = dli(*RUN)
    assert missing.code == 3
    assert missing.err.startswith("[DLI-003] ")
    assert dli(*RUN, "--project", str(project)).code == 0
    monkeypatch.setenv("DLI_PROJECT_PATH", str(project))
    assert dli(*RUN).code == 0
