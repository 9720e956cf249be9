"""`dli transpile` as users see it."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Dli, Process, add_dataset, command


def rules(*lines: str) -> None:
    text = "".join(f"    - {line}\n" for line in lines)
    Path("dli.yaml").write_text(
        "local: {engine: duckdb}\ndefaults: {dialect: duckdb}\ntranspile:\n  rules:\n" + text
    )


def test_a_resource_is_rendered_and_translated(dli: Dli, project: Path) -> None:
    head = "parameters:\n  - {name: day, type: date}\n"
    add_dataset("a.b.c", "SELECT a // b AS q\nFROM t WHERE d = '{{ day }}'", head=head)
    done = dli("transpile", "a.b.c", "--to", "trino", "-p", "day=2025-01-31")
    assert (done.code, done.err) == (0, "")
    assert done.out == "SELECT\n  a / b AS q\nFROM t\nWHERE\n  d = '2025-01-31'\n"


def test_a_missing_parameter_is_the_error_of_render(dli: Dli, project: Path) -> None:
    add_dataset("a.b.c", "SELECT {{ x }}", head="parameters:\n  - {name: x, type: integer}\n")
    shown = dli("transpile", "a.b.c", "--to", "trino")
    assert shown.code == dli("dataset", "render", "a.b.c").code == 3
    assert "DLI-204" in shown.err


def test_metric_is_expanded_and_unknown_names_are_errors(dli: Dli, project: Path) -> None:
    Path("metrics").mkdir(exist_ok=True)
    Path("metrics/metric.k.p.i.yaml").write_text(
        "name: k.p.i\nowner: kim@example.com\nteam: '@data'\nquery_type: SELECT\n"
        "query_statement: SELECT 1\nmetrics:\n"
        "  - {name: revenue, aggregation: sum, expression: price * amount}\n"
    )
    add_dataset("a.b.c", "SELECT METRIC(k.p.i.revenue) / 2 AS r, 'METRIC(x)' FROM t")
    done = dli("transpile", "a.b.c", "--to", "bigquery")
    assert "SUM(price * amount)" in done.out
    assert "'METRIC(x)'" in done.out
    add_dataset("a.b.d", "SELECT METRIC(k.p.i.revenu) FROM t")
    assert "DLI-301" in dli("transpile", "a.b.d", "--to", "bigquery").err


def test_what_would_be_lost_is_refused_with_file_and_line(dli: Dli, project: Path) -> None:
    add_dataset("a.b.c", "SELECT 1,\n  sha256(x)\nFROM t")
    done = dli("transpile", "a.b.c", "--to", "trino")
    assert (done.code, done.out) == (3, "")
    assert "[DLI-301] The SQL cannot be said in trino without loss" in done.err
    assert "dataset.a.b.c.yaml:7:5" in done.err


def test_rules_rename_tables_and_are_shown(dli: Dli, project: Path) -> None:
    rules("{id: ev, source: raw.events, target: wh.v2}", "{source: raw.users, target: wh.u}")
    Path("q.sql").write_text("SELECT 1 FROM raw.events AS e")
    done = dli("transpile", "q.sql", "--from", "trino", "--to", "trino", "--show-rules")
    assert done.out == "SELECT 1 FROM wh.v2 AS e\n"
    assert done.err == "Rule: [ev] raw.events → wh.v2  (q.sql:1:15)\n"


def test_rules_that_disagree_are_an_error_of_their_own(dli: Dli, project: Path) -> None:
    rules("{source: a.b, target: c}", "{source: a.b, target: d}")
    Path("q.sql").write_text("SELECT 1")
    done = dli("transpile", "q.sql", "--to", "trino")
    assert done.code == 3
    assert "[DLI-303]" in done.err


def test_warnings_go_to_stderr_and_strict_refuses(dli: Dli, project: Path) -> None:
    Path("q.sql").write_text("SELECT 1,\n a / b FROM t")
    done = dli("transpile", "q.sql", "--from", "trino", "--to", "duckdb")
    assert (done.code, done.out) == (0, "SELECT\n  1,\n  a // b\nFROM t\n")
    assert done.err.startswith("Warning: q.sql:2:2: [DLI-301] a / b")
    strict = dli("transpile", "q.sql", "--from", "trino", "--to", "duckdb", "--strict")
    assert (strict.code, strict.out) == (3, "")
    assert "may lose meaning" in strict.err


@pytest.mark.parametrize("flags", [("--json",), ("--format", "json")])
def test_json_holds_both_texts_the_rules_and_the_warnings(
    dli: Dli, project: Path, flags: tuple[str, ...]
) -> None:
    rules("{id: ev, source: raw.events, target: wh.v2, description: new}")
    Path("q.sql").write_text("SELECT a / b FROM raw.events; SELECT 2")
    done = dli("transpile", "q.sql", "--from", "trino", "--to", "duckdb", *flags)
    said = json.loads(done.out)
    assert said["schema"] == "dli/v1"
    assert said["original_sql"] == "SELECT a / b FROM raw.events; SELECT 2"
    assert said["transpiled_sql"] == "SELECT\n  a // b\nFROM wh.v2;\nSELECT\n  2"
    assert (said["source_dialect"], said["target_dialect"]) == ("trino", "duckdb")
    rule = said["applied_rules"][0]
    assert (rule["id"], rule["source"], rule["target"]) == ("ev", "raw.events", "wh.v2")
    assert rule["places"] == [{"path": "q.sql", "line": 1, "column": 19}]
    assert (said["warnings"][0]["line"], said["warnings"][0]["column"]) == (1, 8)


def test_the_server_is_refused(dli: Dli, project: Path) -> None:
    done = dli("transpile", "a.b.c", "--to", "trino", "--server")
    assert done.code == 2
    assert "no --server" in done.err


def test_an_unknown_name_and_a_dialect_that_the_spec_does_not_have(dli: Dli, project: Path) -> None:
    add_dataset("a.b.c", "SELECT 1")
    assert "Did you mean 'a.b.c'" in dli("transpile", "a.b.cc", "--to", "trino").err
    done = dli("transpile", "a.b.c", "--to", "trino", "--from", "bigquery")
    assert done.code == 2
    assert "written in duckdb" in done.err


def test_a_file_needs_no_project_and_takes_parameters(dli: Dli) -> None:
    Path("q.sql").write_text("SELECT * FROM t WHERE s = '{{ word }}'")
    done = dli("transpile", "q.sql", "--from", "duckdb", "--to", "bigquery", "-p", "word=it's")
    assert done.out.splitlines()[-1] == r"  s = 'it\'s'"
    assert dli("transpile", "none.sql", "--to", "duckdb").code == 2


def test_standard_input_is_piped_through(process: Process) -> None:
    done = subprocess.run(
        command("transpile", "-", "--from", "trino", "--to", "bigquery"),
        input="SELECT 7 / 2 AS x -- half\n",
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "SELECT\n  DIV(7, 2) AS x /* half */\n"


def test_a_run_divides_as_the_specs_dialect_and_says_what_it_may_lose(
    dli: Dli, project: Path
) -> None:
    head = "execution: {dialect: trino}\n"
    add_dataset("a.b.c", "SELECT a / b AS q FROM (VALUES (7, 2)) AS t(a, b)", head=head)
    done = dli("dataset", "run", "a.b.c", "--json")
    said = json.loads(done.out)
    assert [list(row.values()) if isinstance(row, dict) else row for row in said["rows"]] == [[3]]
    assert "a / b" in said["warnings"][0]
    assert "a.b.c.yaml:7:10" in said["warnings"][0]
