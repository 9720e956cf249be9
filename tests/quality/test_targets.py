"""What a quality file's target stands for."""

from pathlib import Path

import duckdb

from tests.cli.conftest import Dli, dli

__all__ = ["dli"]

SPEC = """\
name: demo.mart.orders
owner: kim@example.com
team: "@shop"
type: Dataset
query_type: {query_type}
query_statement: {sql}
execution: {{dialect: duckdb}}
"""
TESTS = """\
version: 1
target: {type: dataset, name: demo.mart.orders}
metadata: {owner: kim@example.com}
tests:
  - {name: three, type: row_count, min: 3, max: 3}
  - {name: known, type: not_null, columns: [id]}
  - {name: own, type: singular, sql: "SELECT * FROM {{ target }} WHERE id > 2"}
"""


def project(query_type: str, sql: str) -> None:
    Path("dli.yaml").write_text("local: {engine: duckdb, duckdb: {attach: {demo: demo.duckdb}}}\n")
    Path("datasets").mkdir()
    text = SPEC.format(query_type=query_type, sql=sql)
    Path("datasets/dataset.demo.mart.orders.yaml").write_text(text)
    Path("quality.demo.mart.orders.yaml").write_text(TESTS)


def test_a_dataset_that_only_selects_is_tested_by_the_rows_of_its_query(dli: Dli) -> None:
    project("SELECT", "SELECT * FROM (VALUES (1), (2), (NULL)) t(id)")
    outcome = dli("quality", "run", "demo.mart.orders")
    assert outcome.code == 1
    lines = [line.split()[:2] for line in outcome.out.splitlines() if line[:4] in ("PASS", "FAIL")]
    assert lines == [["PASS", "three"], ["FAIL", "known"], ["PASS", "own"]]


def test_a_dataset_that_changes_a_table_is_tested_by_the_table(dli: Dli) -> None:
    connection = duckdb.connect("demo.duckdb")
    connection.execute(
        "CREATE SCHEMA mart; CREATE TABLE mart.orders AS SELECT range AS id FROM range(3)"
    )
    connection.close()
    project("DML", "INSERT INTO demo.mart.orders SELECT 9")
    assert dli("quality", "run", "demo.mart.orders").code == 0
