"""`TranspileAPI` as a pipeline uses it."""

import subprocess
import sys
from pathlib import Path

import pytest

from dli import DliError, TranspileAPI
from dli_domain.errors import ErrorCode


def test_a_text_becomes_another_dialects() -> None:
    done = TranspileAPI().transpile(
        "SELECT 7 / 2; SELECT 1", source_dialect="trino", target_dialect="bigquery"
    )
    assert done.transpiled_sql == "SELECT\n  DIV(7, 2);\nSELECT\n  1"
    assert done.has_changes
    assert done.warnings == ()


def test_one_dialect_keeps_the_text_but_for_rules() -> None:
    Path("dli.yaml").write_text(
        "transpile:\n  rules:\n    - {source: raw.events, target: wh.events}\n"
    )
    api = TranspileAPI()
    text = "select  1\nfrom raw.events -- mine"
    assert api.transpile(text).transpiled_sql == "select  1\nfrom wh.events -- mine"
    assert not api.transpile(text, apply_rules=False).has_changes
    assert [(rule.source, rule.target) for rule in api.get_rules()] == [("raw.events", "wh.events")]


def test_what_cannot_be_said_is_raised_and_strict_raises_more() -> None:
    api = TranspileAPI()
    with pytest.raises(DliError) as info:
        api.transpile("SELECT a / b FROM t", source_dialect="trino", target_dialect="bigquery")
    assert info.value.code == ErrorCode.TRANSPILE_FAILED
    done = api.transpile("SELECT a / b FROM t", source_dialect="trino", target_dialect="duckdb")
    assert done.warnings
    with pytest.raises(DliError):
        api.transpile(
            "SELECT a / b FROM t", source_dialect="trino", target_dialect="duckdb", strict=True
        )


def test_a_metric_that_is_not_expanded_is_no_function_of_the_target() -> None:
    done = TranspileAPI().transpile(
        "SELECT METRIC(a) FROM t", target_dialect="duckdb", expand_metrics=False
    )
    assert "METRIC" in done.warnings[0].message


def test_validate_sql_tells_where_it_is_wrong() -> None:
    api = TranspileAPI()
    assert api.validate_sql("SELECT 1")
    found = api.validate_sql("SELECT FROM WHERE", dialect="duckdb")
    assert not found
    assert found.errors[0].code == ErrorCode.SQL_SYNTAX_ERROR
    with pytest.raises(DliError, match="DLI-302"):
        api.validate_sql("SELECT 1", dialect="oracle")


def test_format_sql_lays_out_and_keeps_all() -> None:
    found = TranspileAPI().format_sql("select a, b from t -- x", dialect="duckdb", indent=4)
    assert found == "SELECT\n    a,\n    b\nFROM t /* x */"


def test_importing_the_library_loads_no_sql_parser() -> None:
    code = "import sys; from dli import TranspileAPI; sys.exit('sqlglot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
